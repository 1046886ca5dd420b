import DescentTestSupport
import Foundation
import Testing

@testable import DescentTuner

/// A classifier of the small data.
private func buildModel(_ hp: HyperParameters) throws -> Model {
  let units = try hp.int("units", minValue: 4, maxValue: 16, step: 4)
  let model = Sequential {
    Dense(units, activation: .relu)
    Dense(3, activation: .softmax)
  }
  let rate = try hp.float("learning_rate", minValue: 1e-3, maxValue: 1e-1, sampling: .log)
  try model.compile(optimizer: Adam(learningRate: rate), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
  return model
}

private func search(_ tuner: Tuner, epochs: Int = 3, callbacks: [Callback] = []) throws {
  try tuner.search(SmallData.x(), SmallData.labels, batchSize: 20, epochs: epochs, verbose: .silent, callbacks: callbacks, validationSplit: 0.25)
}

@Suite struct TunerTests {
  @Test func `a search leaves trials, records and the weights of the best epochs`() throws {
    let folder = TemporaryFolder()
    let tuner = try RandomSearch(
      buildModel, objective: "val_loss", maxTrials: 4, seed: 5, executionsPerTrial: 2, directory: folder.path, projectName: "small")
    try search(tuner)
    #expect(tuner.projectDirectory == folder.file("small") && tuner.remainingTrials == 0)
    let scores = tuner.bestTrials(4).compactMap(\.score)
    #expect(scores.count == 4 && scores == scores.sorted() && tuner.trials.allSatisfy { $0.status == .completed })
    #expect(Set(tuner.trials[0].metrics.keys) == ["loss", "accuracy", "val_loss", "val_accuracy"])
    let best = try #require(tuner.bestHyperparameters().first)
    #expect((4...16).contains(best.values["units"]?.int ?? 0))
    #expect(tuner.resultsText().contains("Trial \(tuner.bestTrials()[0].id) summary\nHyperparameters:\nunits: "))
    #expect(tuner.searchSpaceText().hasPrefix("Search space summary\nDefault search space size: 2\nunits (Int)\n{\"default\""))

    // The best epoch of both executions: no worse than the mean of the best.
    let model = try #require(try tuner.bestModels().first)
    let rows = 45..<SmallData.rows
    let x = SmallData.x().sliced(starts: [45, 0], sizes: [rows.count, 4]), y = SmallData.labels.sliced(starts: [45], sizes: [rows.count])
    let loss = try #require(model.evaluate(x, y, verbose: .silent)["loss"])
    #expect(loss <= scores[0] + 1e-6)
  }

  @Test func `a model of one execution is that of its best epoch`() throws {
    let folder = TemporaryFolder()
    // What is right in the rows trained on is wrong in those judged on: each epoch is worse than the one before.
    let wrong = Tensor((0..<SmallData.rows).map { UInt8(($0 + ($0 < 45 ? 1 : 0)) % 3) })
    let tuner = try GridSearch(
      { hp in
        let model = Sequential(seed: 2) { Dense(3, activation: .softmax, inputShape: [4]) }
        try model.compile(
          optimizer: SGD(learningRate: hp.choice("rate", [0.1, 0.5])), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        return model
      }, objective: "val_loss", directory: folder.path)
    try tuner.search(SmallData.x(), wrong, batchSize: 20, epochs: 6, verbose: .silent, validationSplit: 0.25)
    #expect(tuner.trials.count == 2 && tuner.trials.allSatisfy { $0.bestStep < 5 })
    let x = SmallData.x().sliced(starts: [45, 0], sizes: [15, 4]), y = SmallData.labels.sliced(starts: [45], sizes: [15])
    for (trial, model) in zip(tuner.bestTrials(2), try tuner.bestModels(2)) {
      expectClose([try #require(model.evaluate(x, y, verbose: .silent)["loss"])], [try #require(trial.score)], tolerance: 1e-5)
    }
  }

  @Test func `the same seed gives the same search, also of one that was made after other models`() throws {
    let scores = try (0..<2).map { round in
      let folder = TemporaryFolder()
      for _ in 0..<round { _ = Sequential { Dense(3) } }
      let tuner = try RandomSearch(buildModel, objective: "val_accuracy", maxTrials: 3, seed: 9, directory: folder.path)
      try search(tuner)
      return tuner.trials.map { $0.metrics["loss"] }
    }
    #expect(scores[0] == scores[1] && Set(scores[0]).count == 3)
  }

  @Test func `Hyperband trains from epoch to epoch and goes on with the weights of the trial before`() throws {
    let folder = TemporaryFolder()
    let watch = EpochWatch()
    let tuner = try Hyperband(buildModel, objective: "val_loss", maxEpochs: 4, factor: 2, seed: 3, directory: folder.path)
    try search(tuner, epochs: 99, callbacks: [watch])
    let asked = tuner.trials.map { trial in
      (trial.hyperparameters.values["tuner/initial_epoch"]?.int ?? -1)..<(trial.hyperparameters.values["tuner/epochs"]?.int ?? -1)
    }
    #expect(watch.epochs == asked)
    let later = try #require(tuner.trials.last { $0.hyperparameters.values["tuner/trial_id"] != nil })
    let past = try #require(later.hyperparameters.values["tuner/trial_id"]?.string)
    let before = try SafeTensors(reading: "\(tuner.projectDirectory)/trial_\(past)/checkpoint.safetensors")
    let begun = try #require(watch.weights[later.id == tuner.trials.last?.id ? watch.weights.count - 1 : tuner.trials.firstIndex { $0.id == later.id }!])
    #expect(try before.names.contains { try before.tensor($0).doubles == begun })
  }

  @Test func `a search whose process is killed in the midst of a training ends in the same bits`() throws {
    let (whole, parts) = (TemporaryFolder(), TemporaryFolder())
    func tuner(_ folder: TemporaryFolder) throws -> Tuner {
      try Hyperband(buildModel, objective: "val_loss", maxEpochs: 3, factor: 3, seed: 3, executionsPerTrial: 2, directory: folder.path)
    }
    let one = try tuner(whole)
    try search(one)
    let first = try tuner(parts)
    let killed = StoppingFolder(parts.path, after: 2)
    killed.watch(first)
    try search(first)
    _ = try killed.restore()
    // Half of a record that the process was about to write, and weights of an epoch that does not count.
    try "{".write(toFile: parts.file("untitled_project/oracle.json.1-1.tmp"), atomically: true, encoding: .utf8)
    let second = try tuner(parts)
    #expect(second.trials.map(\.status) == [.completed, .completed, .running])
    try search(second)
    #expect(second.trials.map(\.metrics) == one.trials.map(\.metrics) && one.trials.count == 6)
    for trial in one.trials {
      let name = "untitled_project/trial_\(trial.id)/checkpoint.safetensors"
      #expect(try Data(contentsOf: URL(fileURLWithPath: parts.file(name))) == Data(contentsOf: URL(fileURLWithPath: whole.file(name))))
    }
  }

  @Test func `a search that Ctrl-C ends goes on with the trial that it ended in`() throws {
    let folder = TemporaryFolder()
    let tuner = try Interrupted(Space(name: "plain"), objective: "loss", maxTrials: 3, directory: folder.path)
    try tuner.search(.none)
    #expect(tuner.isInterrupted && tuner.trials.map(\.status) == [.completed, .running])
    try tuner.search(.none)
    #expect(!tuner.isInterrupted && tuner.runs == ["0", "1", "1", "2"] && tuner.trials.allSatisfy { $0.status == .completed })
  }

  @Test func `training has hyperparameters of its own`() throws {
    struct Batches: HyperModel {
      func build(_ hp: HyperParameters) throws -> Model { try buildModel(hp) }
      func fit(_ hp: HyperParameters, _ model: Model, _ arguments: FitArguments) throws -> TrialResult {
        var arguments = arguments
        arguments.batchSize = try hp.choice("batch_size", [15, 45])
        return .history(try arguments.fit(model))
      }
    }
    let folder = TemporaryFolder()
    let watch = EpochWatch()
    let tuner = try RandomSearch(Batches(), objective: "val_loss", maxTrials: 6, seed: 4, directory: folder.path)
    #expect(tuner.oracle.hyperparameters.space.count == 2)
    try search(tuner, epochs: 1, callbacks: [watch])
    // Known from the first trial on.
    #expect(watch.batchSizes == tuner.trials.map { $0.hyperparameters.values["batch_size"]?.int } && Set(watch.batchSizes).count == 2)
  }

  @Test func `streams are searched on as rows are`() throws {
    let folder = TemporaryFolder()
    let batches = try Dataset(SmallData.x(), SmallData.labels).batch(20)
    let tuner = try RandomSearch(buildModel, objective: "val_accuracy", maxTrials: 2, seed: 1, directory: folder.path)
    try tuner.search(batches, epochs: 2, verbose: .silent, validationData: batches)
    #expect(tuner.trials.allSatisfy { $0.status == .completed })
    var arguments = FitArguments(batches)
    arguments.validationData = .rows(x: SmallData.x(), y: SmallData.labels)
    arguments.verbose = .silent
    #expect(try arguments.fit(buildModel(HyperParameters()))["val_loss"].count == 1)
    arguments.validationSplit = 0.5
    #expect(message { _ = try arguments.fit(buildModel(HyperParameters())) }.contains("validationSplit is for rows in memory"))
    var rows = FitArguments(SmallData.x(), SmallData.labels)
    rows.validationData = .stream(batches)
    rows.verbose = .silent
    #expect(try rows.fit(buildModel(HyperParameters()))["val_loss"].count == 1)
    for (name, set) in [
      ("validationSplit", { $0.validationSplit = 0.5 }), ("validationBatchSize", { $0.validationBatchSize = 8 }),
      ("validationSampleWeight", { $0.validationSampleWeight = Tensor.ones([60]) }),
    ] as [(String, (inout FitArguments) -> Void)] {
      var other = rows
      set(&other)
      #expect(message { _ = try other.fit(buildModel(HyperParameters())) }.contains("\(name) is for rows in memory"))
    }
  }

  /// Trains, and is cut off after so many epochs in all.
  private final class Cut: Callback, @unchecked Sendable {
    struct Failure: Error {}
    var epochs: Int?
    var error: any Error = SearchInterrupted()
    /// Set where `fit` did not come to its end.
    var isMet = false

    override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
      guard let left = epochs else { return }
      epochs = left == 1 ? nil : left - 1
      if left == 1 {
        isMet = true
        throw error
      }
    }
  }

  /// The best epoch comes early: what is right in the rows trained on is wrong in those judged on.
  private func searchThatWorsens(_ folder: TemporaryFolder, _ callbacks: [Callback], maxTrials: Int = 1, units: [Int] = [6, 4]) throws -> Tuner {
    let wrong = Tensor((0..<SmallData.rows).map { UInt8(($0 + ($0 < 45 ? 1 : 0)) % 3) })
    let tuner = try GridSearch(
      { hp in
        let count = try hp.choice("units", units)
        let model = Sequential {
          Dense(count, activation: .relu, inputShape: [4])
          Dense(3, activation: .softmax)
        }
        try model.compile(optimizer: Adam(learningRate: 0.02), loss: .sparseCategoricalCrossentropy)
        return model
      }, objective: "val_loss", maxTrials: maxTrials, seed: 4, executionsPerTrial: 2, directory: folder.path)
    try tuner.search(SmallData.x(), wrong, batchSize: 20, epochs: 6, verbose: .silent, callbacks: callbacks, validationSplit: 0.25)
    return tuner
  }

  @Test(arguments: [2, 4, 6, 7, 8, 11])
  func `a trial that goes on from a checkpoint leaves the weights of its best epoch`(_ cut: Int) throws {
    let (whole, parts) = (TemporaryFolder(), TemporaryFolder())
    let one = try searchThatWorsens(whole, [])
    let cutter = Cut()
    cutter.epochs = cut
    let backup = BackupAndRestore(parts.file("b"))
    let first = try searchThatWorsens(parts, [backup, cutter])
    #expect(first.isInterrupted && cutter.isMet)
    let second = try searchThatWorsens(parts, [backup, cutter])
    #expect(second.trials.map(\.metrics) == one.trials.map(\.metrics))
    func files(_ folder: TemporaryFolder) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.file("untitled_project/trial_0")).sorted()
    }
    #expect(try files(parts) == files(whole))
    let name = "untitled_project/trial_0/checkpoint.safetensors"
    #expect(try Data(contentsOf: URL(fileURLWithPath: parts.file(name))) == Data(contentsOf: URL(fileURLWithPath: whole.file(name))))
    #expect(!FileManager.default.fileExists(atPath: parts.file("b")))
  }

  @Test func `a trial that throws leaves nothing that another would take up`() throws {
    let folder = TemporaryFolder(), cutter = Cut()
    cutter.epochs = 3
    cutter.error = Cut.Failure()
    let tuner = try searchThatWorsens(folder, [BackupAndRestore(folder.file("b")), cutter], maxTrials: 2)
    #expect(cutter.isMet && tuner.trials.map(\.status) == [.failed, .completed], "\(tuner.trials.map { ($0.status, $0.message) })")
    #expect(!FileManager.default.fileExists(atPath: folder.file("b")))
  }

  @Test func `TensorBoard's files of each execution are in a folder of their own`() throws {
    let folder = TemporaryFolder()
    let tuner = try RandomSearch(buildModel, objective: "loss", maxTrials: 2, seed: 1, executionsPerTrial: 2, directory: folder.path)
    try search(tuner, epochs: 1, callbacks: [TensorBoard(logDirectory: folder.file("logs"))])
    for trial in ["0", "1"] {
      for execution in 0..<2 { #expect(FileManager.default.fileExists(atPath: folder.file("logs/\(trial)/execution\(execution)/train"))) }
    }
  }

  @Test func `what a search says is what KerasTuner says`() throws {
    let folder = TemporaryFolder()
    let tuner = try ScoredGridSearch(
      Space(name: "plain"), objective: Objective("score", direction: .max), maxTrials: 2, directory: folder.path)
    var text = ""
    tuner.write = { text += $0 }
    try tuner.search(FitArguments(Tensor([0.0])))
    #expect(
      text.hasPrefix(
        """

        Search: Running Trial #1

        Value             |Best Value So Far |Hyperparameter
        32                |?                 |units
        0.01              |?                 |rate
        tanh              |?                 |activation
        false             |?                 |dropout

        Trial 1 Complete [00h 00m 00s]
        score: \(try #require(tuner.trials[0].score))

        Best score So Far: \(try #require(tuner.trials[0].score))
        Total elapsed time: 00h 00m 00s

        Search: Running Trial #2
        """), "\(text)")
    #expect(SearchDisplay.duration(90_061) == "1d 01h 01m 01s")
  }
}

/// Ctrl-C in the second run.
private final class Interrupted: RandomSearch {
  var runs: [String] = []

  override func runTrial(_ trial: Trial, _ arguments: FitArguments) throws -> [TrialResult] {
    runs.append(trial.id)
    if runs.count == 2 { throw SearchInterrupted() }
    return [.value(1)]
  }
}

/// What is asked of each training, and the weights that it begins with.
private final class EpochWatch: Callback {
  var epochs: [Range<Int>] = []
  var batchSizes: [Int?] = []
  var weights: [[Double]] = []
  private var begin = 0
  private var isFirst = true

  override func onTrainBegin() { isFirst = true }

  override func onEpochBegin(_ epoch: Int) {
    if isFirst {
      begin = epoch
      batchSizes.append(parameters.batchSize)
    }
  }

  override func onTrainBatchBegin(_ batch: Int) {
    if isFirst { weights.append(model?.weights[0].doubles ?? []) }
    isFirst = false
  }

  override func onTrainEnd(_ logs: Logs) { epochs.append(begin..<parameters.epochs) }
}
