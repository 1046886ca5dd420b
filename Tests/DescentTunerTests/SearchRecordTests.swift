import DescentTestSupport
import Foundation
import Testing

@testable import DescentTuner

@Suite struct SearchRecordTests {
  private let entry: JSONValue = ["tuner": "RandomSearch", "space": "free", "direction": "max", "seed": 7, "max_trials": 4]

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  /// All files of a folder with what is in them.
  private func contents(_ folder: String) throws -> [String: String] {
    let names = try #require(FileManager.default.subpaths(atPath: folder)).filter { !FileDirectory.isFolder("\(folder)/\($0)") }
    return Dictionary(uniqueKeysWithValues: try names.map { ($0, try text("\(folder)/\($0)")) })
  }

  @Test func `a search that is another is refused, says in what, and is left as it is`() throws {
    let folder = TemporaryFolder()
    try scoredTuner(entry, in: folder.path).tuner.search(.none)
    let before = try contents(folder.path)
    let space = Space(name: "free"), score = Objective("score", direction: .max)
    for (part, make) in [
      ("whose tuner was Random and is Grid", { _ = try GridSearch(space, objective: score, directory: folder.path) }),
      ("objective.direction was max and is min", { _ = try RandomSearch(space, objective: Objective("score", direction: .min), directory: folder.path) }),
      ("objective.name was score and is loss", { _ = try RandomSearch(space, objective: Objective("loss", direction: .max), directory: folder.path) }),
      ("seed was 7 and is 8", { _ = try RandomSearch(space, objective: score, seed: 8, directory: folder.path) }),
      ("executions_per_trial was 1 and is 2", { _ = try RandomSearch(space, objective: score, executionsPerTrial: 2, directory: folder.path) }),
      (
        "units' is asked for twice with other settings: min_value was 1 and is 32; max_value was 1000 and is 128",
        { _ = try RandomSearch(Space(name: "plain"), objective: score, directory: folder.path) }
      ),
    ] as [(String, () throws -> Void)] {
      let told = message(make)
      #expect(told.contains(part) && told.contains("\(folder.file("untitled_project")): holds another search") && told.contains("overwrite: true"), "\(told)")
    }
    #expect(try contents(folder.path) == before)
  }

  @Test func `records that are damaged are refused and named, whatever is wrong with them, and left as they are`() throws {
    let folder = TemporaryFolder()
    try scoredTuner(entry, in: folder.path).tuner.search(.none)
    let oracle = folder.file("untitled_project/oracle.json"), trial = folder.file("untitled_project/trial_2/trial.json")
    for path in [oracle, trial] {
      let whole = try text(path)
      for key in try #require(JSONValue(parsing: whole).object).keys where !["score", "message", "ongoing", "strategy", "conditions"].contains(key) {
        try whole.replacingOccurrences(of: "\"\(key)\"", with: "\"not \(key)\"").write(toFile: path, atomically: true, encoding: .utf8)
        let before = try contents(folder.path)
        let told = message { _ = try scoredTuner(entry, in: folder.path) }
        #expect(told.hasPrefix(path) && told.contains("overwrite: true"), "\(key): \(told)")
        #expect(try contents(folder.path) == before)
      }
      for count in stride(from: 0, to: whole.utf8.count - 2, by: 97) {
        try String(whole.prefix(count)).write(toFile: path, atomically: true, encoding: .utf8)
        #expect(message { _ = try scoredTuner(entry, in: folder.path) }.hasPrefix(path))
      }
      try whole.write(toFile: path, atomically: true, encoding: .utf8)
    }
    let whole = try text(oracle)
    try whole.replacingOccurrences(of: "\"2\"", with: "\"0/../trial_2\"").write(toFile: oracle, atomically: true, encoding: .utf8)
    #expect(message { _ = try scoredTuner(entry, in: folder.path) }.contains("its 'start_order' is missing or not understood"))
    try whole.write(toFile: oracle, atomically: true, encoding: .utf8)
    try FileManager.default.removeItem(atPath: trial)
    #expect(message { _ = try scoredTuner(entry, in: folder.path) }.contains("trial_2/trial.json: cannot be read"))
    try FileManager.default.removeItem(atPath: oracle)
    #expect(message { _ = try scoredTuner(entry, in: folder.path) }.contains("trial_0: there is a trial, but no oracle.json"))
    try "{\"ongoing_trials\": {}}".write(toFile: oracle, atomically: true, encoding: .utf8)
    #expect(message { _ = try scoredTuner(entry, in: folder.path) }.contains("is no record of a search that this library wrote"))
  }

  @Test func `what is overwritten is the search alone`() throws {
    let folder = TemporaryFolder()
    try scoredTuner(entry, in: folder.path).tuner.search(.none)
    try "mine".write(toFile: folder.file("untitled_project/notes.txt"), atomically: true, encoding: .utf8)
    try FileManager.default.createDirectory(atPath: folder.file("untitled_project/trial_of_mine"), withIntermediateDirectories: true)
    let (tuner, scorer) = try scoredTuner(entry, in: folder.path, overwrite: true)
    #expect(tuner.trials.isEmpty)
    #expect(try contents(folder.path) == ["untitled_project/notes.txt": "mine"])
    #expect(FileDirectory.isFolder(folder.file("untitled_project/trial_of_mine")))
    try tuner.search(.none)
    #expect(scorer.runs.count == 4)
  }

  @Test func `a folder has one search at a time`() throws {
    let folder = TemporaryFolder()
    let (tuner, _) = try scoredTuner(entry, in: folder.path)
    let (other, _) = try scoredTuner(entry, in: folder.path)
    var told = ""
    tuner.onTrialBegin = { _ in told = message { try other.search(.none) } }
    try tuner.search(.none)
    #expect(told.contains("another run"), "\(told)")
    #expect(try contents(folder.path).keys.filter { $0.hasSuffix(".lock") }.isEmpty)
  }

  @Test func `an objective that the history lacks ends the search at once, with the names that it has`() throws {
    let folder = TemporaryFolder()
    let tuner = try RandomSearch(
      { hp in
        let model = try SmallData.model()
        _ = try hp.boolean("flag")
        return model
      }, objective: "val_accuracy", directory: folder.path)
    let told = message { try tuner.search(SmallData.x(), SmallData.labels, verbose: .silent) }
    #expect(told == "objective: the results have no 'val_accuracy'; there are loss")
    #expect(tuner.trials.count == 1 && tuner.trials[0].status == .running)
  }

  @Test func `trials that fail are told of, tried again as often as may be, and end the search`() throws {
    let folder = TemporaryFolder()
    var builds = 0
    let tuner = try RandomSearch(
      { hp in
        builds += 1
        _ = try hp.float("x", minValue: 0, maxValue: 1)
        if builds > 1 { throw DescentError(.numerics, "this cannot be built") }
        return try SmallData.model()
      }, objective: "loss", maxRetriesPerTrial: 1, maxConsecutiveFailedTrials: 2, directory: folder.path)
    let told = message { try tuner.search(SmallData.x(), SmallData.labels, verbose: .silent) }
    #expect(told == "search: 2 trials in a row have failed, and maxConsecutiveFailedTrials is 2; the last, trial 01: this cannot be built")
    #expect(builds == 5 && tuner.trials.map(\.status) == [.failed, .failed] && tuner.trials[0].message == "this cannot be built")
    #expect(message { _ = try tuner.bestModels() }.contains("trial 00 has no model: it is failed"))
    #expect(tuner.resultsText().contains("this cannot be built"))
  }

  @Test func `a trial that says that it has failed is not tried again`() throws {
    let folder = TemporaryFolder()
    let tuner = try Refusing(Space(name: "plain"), objective: "loss", maxTrials: 3, maxRetriesPerTrial: 5, directory: folder.path)
    try tuner.search(.none)
    #expect(tuner.runs == 3 && tuner.trials.map(\.status) == [.completed, .failed, .completed] && tuner.trials[1].message == "too large")
  }
}

private final class Refusing: RandomSearch {
  var runs = 0

  override func runTrial(_ trial: Trial, _ arguments: FitArguments) throws -> [TrialResult] {
    runs += 1
    if trial.id == "1" { throw FailedTrial("too large") }
    return [.value(1)]
  }
}
