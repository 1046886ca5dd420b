import Optimizers
import Testing

/// Adafactor as optax has it: factored, the rate as it is given, and with the paper's average of steps.
@Suite struct FactoredAdafactorTests {
  /// The parameters of rank 2 and less: of higher ranks optax factors the two longest axes, and not the last two.
  private let names = ["scale", "bias", "kernel"]

  @Test func optax() throws {
    let known = ["decay_rate": "beta_2_decay", "clipping_threshold": "clip_threshold", "momentum": "beta_1", "eps": "epsilon_1"]
    var count = 0
    for json in try Fixture.cases("optax") where json["optimizer"] == "adafactor" {
      let given = json["config"]!.object!
      // Only matrices are factored here, and always; the other arguments are optax's own.
      let others = ["min_dim_size_to_factor", "dtype_momentum", "learning_rate"]
      guard given["min_dim_size_to_factor"] == 2, given.keys.allSatisfy({ known[$0] != nil || others.contains($0) }) else { continue }
      guard let rate = given["learning_rate"], rate != .null, given["clipping_threshold"] != .null else { continue }
      var config = JSONObject([("learning_rate", rate), ("limits_rate", false)])
      for (key, value) in given.members { if let name = known[key] { config[name] = value } }
      if let decay = config["beta_2_decay"]?.double { config["beta_2_decay"] = JSONValue(-decay) }
      let optimizer = try OptimizerRegistry.optimizer(from: ["class_name": "Adafactor", "config": .object(config)])
      let run = try FixtureRun(optimizer, only: names)
      for _ in 1...50 { try run.advance() }
      for name in names {
        let difference = relativeDifference(run.values()[name]!, json["steps"]!["50"]![name]!.numbers)
        #expect(difference < 1e-12, "\(given): \(name) \(difference)")
      }
      count += 1
    }
    #expect(count == 5)
  }

  @Test func memory() throws {
    let plain = try FixtureRun(Adafactor(), dtype: .float32, only: ["kernel"]).state.byteCount
    let averaging = try FixtureRun(Adafactor(beta1: 0.9), dtype: .float32, only: ["kernel"]).state.byteCount
    #expect(plain == 4 * (5 + 6))
    #expect(averaging == plain + 4 * 30)
  }
}
