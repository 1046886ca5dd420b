import DescentTestSupport
import Foundation
import Testing

@testable import DescentTuner

@Suite struct SearchTests {
  @Test func `searches try what KerasTuner tries, in the same order, and end as it does`() throws {
    for (place, entry) in try TunerFixture().cases("searches").enumerated() {
      let folder = TemporaryFolder()
      let (tuner, scorer) = try scoredTuner(entry, in: folder.path)
      let told = message { try tuner.search(.none) }
      let what = "case \(place): \(entry["tuner"]!) \(entry["space"]!) \(entry["direction"]!)"
      #expect(told == "nothing was thrown" || entry["ended"] == "failed" && told.contains("trials in a row have failed"), "\(what): \(told)")
      try check(tuner, scorer, entry, what)
    }
  }

  private func check(_ tuner: Tuner, _ scorer: Scorer, _ entry: JSONValue, _ what: String) throws {
    #expect(scorer.runs == entry["runs"]?.array?.compactMap(\.string), "\(what)")
    #expect(tuner.oracle.hyperparameters.space.map(\.name) == entry["known"]?.array?.compactMap(\.string), "\(what)")
    let expected = try needed(entry["trials"]?.array)
    #expect(tuner.trials.count == expected.count, "\(what)")
    for (trial, other) in zip(tuner.trials, expected) {
      let values = try needed(other["values"]?.object)
      #expect(trial.id == other["id"]?.string && trial.hyperparameters.values.count == values.count, "\(what) \(trial.id): \(trial.hyperparameters.values)")
      for (name, json) in values.members {
        let value = try TunerFixture.value(json)
        #expect(trial.hyperparameters.values[name].map { isClose($0, value) } ?? false, "\(what) \(trial.id): \(name)")
      }
      // KerasTuner leaves the trial at which it gives up as it is; here it is recorded.
      let isLast = entry["ended"] == "failed" && trial.id == expected.last?["id"]?.string
      if !isLast { #expect(trial.status.rawValue == other["status"]?.string, "\(what) \(trial.id)") }
      if trial.status == .completed { expectClose([try needed(trial.score)], try Fixture.numbers(other["score"]), "\(what) \(trial.id)") }
    }
    let best = entry["best"]?.array?.compactMap(\.string) ?? []
    #expect(tuner.bestTrials(best.count).map(\.id) == best, "\(what)")
  }

  @Test func `a search that is killed in the midst of trials and goes on tries the same`() throws {
    for entry in [
      ["tuner": "RandomSearch", "space": "growing", "direction": "max", "seed": 7, "max_trials": 9],
      ["tuner": "GridSearch", "space": "conditional", "direction": "max", "seed": 1, "max_trials": 16],
      ["tuner": "Hyperband", "space": "conditional", "direction": "min", "seed": 3, "max_epochs": 10, "factor": 3, "iterations": 1],
      ["tuner": "BayesianOptimization", "space": "conditional", "direction": "max", "seed": 3, "max_trials": 9, "initial": 6, "alpha": 1e-4, "beta": 2.6],
    ] as [JSONValue] {
      let (whole, parts) = (TemporaryFolder(), TemporaryFolder())
      let (tuner, scorer) = try scoredTuner(entry, in: whole.path)
      try tuner.search(.none)
      var runs: [String] = []
      var last: Tuner?
      while runs.count < scorer.runs.count + 1 {
        let (tuner, scorer) = try scoredTuner(entry, in: parts.path)
        // As a process that is killed in the midst of its fourth trial leaves it.
        let stopped = StoppingFolder(parts.path, after: 3)
        stopped.watch(tuner)
        try tuner.search(.none)
        last = tuner
        let finished = try stopped.restore() ?? scorer.runs
        if finished.isEmpty { break }
        runs += finished
      }
      #expect(runs == scorer.runs, "\(entry["tuner"]!) \(entry["space"]!): \(runs)")
      #expect(last?.trials.map(\.hyperparameters.values) == tuner.trials.map(\.hyperparameters.values), "\(entry["tuner"]!) \(entry["space"]!)")
      #expect(last?.trials.map(\.score) == tuner.trials.map(\.score))
    }
  }

  @Test func `more trials may be asked for when a search goes on`() throws {
    let entry: JSONValue = ["tuner": "RandomSearch", "space": "free", "direction": "max", "seed": 7, "max_trials": 3]
    let (folder, other) = (TemporaryFolder(), TemporaryFolder())
    let (short, _) = try scoredTuner(entry, in: folder.path)
    try short.search(.none)
    #expect(short.remainingTrials == 0)
    let (long, scorer) = try scoredTuner(entry, in: folder.path, maxTrials: 7)
    #expect(long.remainingTrials == 4 && long.trials.count == 3)
    try long.search(.none)
    #expect(scorer.runs == ["3", "4", "5", "6"])
    let (whole, _) = try scoredTuner(entry, in: other.path, maxTrials: 7)
    try whole.search(.none)
    #expect(whole.trials.map(\.hyperparameters.values) == long.trials.map(\.hyperparameters.values))
  }

  @Test func `brackets of Hyperband have KerasTuner's rounds, trials and epochs`() throws {
    for entry in try TunerFixture().cases("brackets") {
      let (epochs, factor) = (try needed(entry["max_epochs"]?.int), try needed(entry["factor"]?.int))
      let strategy = try HyperbandStrategy(maxEpochs: epochs, factor: factor, iterations: 1)
      let expected = try needed(entry["brackets"]?.array).map { try needed($0.array).map { try Fixture.integers($0) } }
      #expect(HyperbandStrategy.bracketCount(maxEpochs: epochs, factor: factor) == expected.count)
      for (bracket, rounds) in expected.enumerated() {
        for (round, numbers) in rounds.enumerated() {
          let found = [strategy.size(bracket: bracket, round: round), strategy.epochs(bracket: bracket, round: round)]
          #expect(found == numbers, "\(epochs), \(factor): bracket \(bracket), round \(round)")
        }
      }
    }
  }

  @Test func `settings that cannot be are refused`() {
    let space = Space(name: "plain")
    for (part, make) in [
      ("maxTrials is 0; it must be at least 1", { _ = try RandomSearch(space, objective: "loss", maxTrials: 0) }),
      ("maxRetriesPerTrial is -1", { _ = try GridSearch(space, objective: "loss", maxRetriesPerTrial: -1) }),
      ("maxConsecutiveFailedTrials is 0", { _ = try GridSearch(space, objective: "loss", maxConsecutiveFailedTrials: 0) }),
      ("executionsPerTrial is 0", { _ = try GridSearch(space, objective: "loss", executionsPerTrial: 0) }),
      ("projectName is \"..\"", { _ = try GridSearch(space, objective: "loss", projectName: "..") }),
      ("Hyperband: factor is 1; it must be at least 2", { _ = try Hyperband(space, objective: "loss", factor: 1) }),
      ("Hyperband: maxEpochs is 0", { _ = try Hyperband(space, objective: "loss", maxEpochs: 0) }),
      ("BayesianOptimization: alpha is 0.0; it must be greater than 0", { _ = try BayesianOptimization(space, objective: "loss", alpha: 0) }),
      ("BayesianOptimization: numInitialPoints is 0", { _ = try BayesianOptimization(space, objective: "loss", numInitialPoints: 0) }),
      ("tuneNewEntries is false, but no hyperparameters are given", { _ = try RandomSearch(space, objective: "loss", tuneNewEntries: false) }),
      ("whether 'bogus' gets better", { _ = try RandomSearch(space, objective: "bogus") }),
    ] as [(String, () throws -> Void)] {
      let told = message(make)
      #expect(told.contains(part), "\(part): \(told)")
    }
  }

  @Test func `given hyperparameters alone are tuned if nothing else may be`() throws {
    let folder = TemporaryFolder()
    let given = HyperParameters()
    _ = try given.int("units", minValue: 5, maxValue: 6)
    #expect(
      message {
        _ = try RandomSearch(Space(name: "plain"), objective: "loss", hyperparameters: given, allowNewEntries: false, directory: folder.path)
      }.contains("the model asks for 'rate', 'activation', 'dropout', which the given hyperparameters lack"))
    let tuner = try ScoredRandomSearch(
      Space(name: "plain"), objective: Objective("score", direction: .max), maxTrials: 9, seed: 1, hyperparameters: given, tuneNewEntries: false,
      directory: folder.path)
    try tuner.search(.none)
    // Two values, and then nothing that was not tried; what else the model asks for has its default.
    #expect(Set(tuner.trials.map { $0.hyperparameters.values["units"] }) == [5, 6] && tuner.trials.count == 2)
    #expect(tuner.trials.allSatisfy { $0.hyperparameters.values["activation"] == "tanh" })
    #expect(tuner.oracle.hyperparameters.space.map(\.name) == ["units"])
  }
}
