import DescentTestSupport
import Testing

@testable import DescentTuner

@Suite struct ObjectiveTests {
  /// Metrics that KerasTuner makes small though more of them is better.
  private static let better: Set<String> = ["f1_score", "r2_score", "cosine_similarity", "top_k_categorical_accuracy"]

  @Test func `the direction is KerasTuner's where that knows it, and the metric's own where it has it wrong`() throws {
    for entry in try TunerFixture().cases("directions") {
      let name = try needed(entry["name"]?.string)
      let found = try? Objective(name).resolved().direction
      if ObjectiveTests.better.contains(name) {
        #expect(found == .max, "\(name)")
      } else {
        #expect(found?.rawValue == entry["direction"]?.string, "\(name)")
      }
    }
    #expect(try Objective("val_auc_1").resolved().direction == .max)
    #expect(try Objective("class_loss").resolved().direction == .min)
  }

  @Test func `an unknown name needs a direction`() throws {
    #expect(message { _ = try Objective("val_bogus").resolved() }.contains(#"give a direction: Objective("val_bogus", direction: .min)"#))
    #expect(try Objective("val_bogus", direction: .max).resolved().direction == .max)
    #expect(message { _ = try (["val_loss", "bogus"] as Objective).resolved() }.contains("'bogus'"))
    #expect(message { _ = try ([] as Objective).resolved() }.contains("there is none in the list"))
  }

  @Test func `the best epoch of each execution counts, and of several the mean`() throws {
    for entry in try TunerFixture().cases("results") {
      let names = try entry["objective"]?.array?.compactMap(\.string) ?? [needed(entry["objective"]?.string)]
      let objective = try (names.count > 1 ? Objective(names.map { Objective($0) }) : Objective(names[0])).resolved()
      let histories = try needed(entry["histories"]?.array).map { try history($0) }
      let best = try histories.map { try TrialResult.history($0).best(by: objective) }
      let expected = try needed(entry["metrics"]?.object)
      for (name, value) in expected.members {
        let mean = best.map { $0.metrics[name] ?? .nan }.reduce(0, +) / Double(best.count)
        expectClose([mean], try Fixture.numbers(value), tolerance: 1e-14, "\(names) \(name)")
      }
      #expect(best.map(\.step).reduce(0, +) / best.count == entry["step"]?.int, "\(names)")
    }
  }

  @Test func `a result without the objective names what it has`() throws {
    let objective = try Objective("val_accuracy").resolved()
    func told(_ result: TrialResult) -> String {
      do {
        _ = try result.best(by: objective)
        return "nothing"
      } catch { return (error as? ObjectiveMissing)?.error.message ?? "\(error)" }
    }
    #expect(told(.metrics(["loss": 1, "accuracy": 2])) == "objective: the results have no 'val_accuracy'; there are accuracy, loss")
    #expect(told(.history(History())) == "objective: the results have no 'val_accuracy'; there are none")
    #expect(try TrialResult.value(3).best(by: objective).metrics == ["val_accuracy": 3])
  }

  @Test func `an epoch whose number is NaN is passed over`() throws {
    let objective = try Objective("loss").resolved()
    let made = try history(["loss": [JSONValue(.nan), 0.5, 0.75]])
    let best = try TrialResult.history(made).best(by: objective)
    #expect(best.step == 1 && best.metrics["loss"] == 0.5)
  }

  private func history(_ columns: JSONValue) throws -> History {
    let numbers = Dictionary(uniqueKeysWithValues: try needed(columns.object).members.map { ($0.key, try Fixture.numbers($0.value)) })
    let history = History()
    for epoch in 0..<(numbers.values.first?.count ?? 0) { history.onEpochEnd(epoch, Logs(numbers.mapValues { $0[epoch] })) }
    return history
  }
}
