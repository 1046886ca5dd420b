import Descent
import Foundation
import TensorCore

/// Tries hyperparameters: builds a model for each set, trains it, and remembers what came of it in a folder, so that a search that was killed goes on. What is tried
/// next is up to ``RandomSearch``, ``GridSearch``, ``BayesianOptimization`` and ``Hyperband``. (KerasTuner: `keras_tuner.Tuner`.)
///
/// The folder, `directory/projectName`, has a record of the search, `oracle.json`, and for each trial one (`trial_07/trial.json`) and the weights of its best epoch
/// (`trial_07/checkpoint.safetensors`). A tuner that is made where such a folder is goes on with it, unless it is to overwrite it; it has to be one of the same
/// search: class, objective, settings of the method, `executionsPerTrial` and hyperparameters. `maxTrials` and `hyperbandIterations` may be others, to search on.
///
/// A trial that was cut off is run again. With a `BackupAndRestore` among the callbacks its training goes on where the checkpoint is. That and `TensorBoard` get a folder
/// in theirs for each trial and execution (`07/execution0`).
///
/// A trial that throws, or whose objective is NaN, is tried again `maxRetriesPerTrial` times and then counts as failed; `maxConsecutiveFailedTrials` of them in a row
/// end the search with an error. An objective that the results lack ends it at once.
///
/// Models take their seeds from the tuner's, the trial and the execution, so that a search gives the same again, and one that was killed and goes on ends where one
/// ends that was not. Different from KerasTuner: there the seed is one of the draws alone; here it is the next of `setRandomSeed`'s if none is given.
///
/// A subclass of one of the four says by ``runTrial(_:_:)`` what a trial is.
open class Tuner {
  /// How models are built; nil for a subclass that needs none.
  public let hypermodel: (any HyperModel)?
  /// How often each set of hyperparameters is trained.
  public let executionsPerTrial: Int
  /// The folder that holds the search.
  public var projectDirectory: String { folder.path }
  /// Whether Ctrl-C ended the last search. Another call goes on with it.
  public private(set) var isInterrupted = false

  let oracle: Oracle
  private let folder: SearchFolder
  /// Told of each trial when it has been recorded, before it runs.
  var onTrialBegin: (Trial) -> Void = { _ in }
  /// Where it says what it does.
  package var write: (String) -> Void = { StandardOutput.write($0) }

  /// Where a search is kept, and how often a trial is run.
  struct Place {
    var executionsPerTrial: Int
    var directory: String
    var projectName: String
    var overwrite: Bool
  }

  init(_ hypermodel: (any HyperModel)?, _ strategy: any SearchStrategy, _ settings: Oracle.Settings, _ place: Place) throws {
    try NumberRange.count.check("executionsPerTrial", place.executionsPerTrial, "tuner")
    if place.projectName.isEmpty || place.projectName == "." || place.projectName == ".." {
      throw DescentError(.invalidArgument, "tuner: projectName is \(place.projectName.debugDescription); expected the name of a folder of the search's own")
    }
    self.hypermodel = hypermodel
    executionsPerTrial = place.executionsPerTrial
    oracle = try Oracle(settings, strategy)
    var conditions = JSONObject([
      ("tuner", .string("\(type(of: strategy))".replacingOccurrences(of: "Strategy", with: ""))), ("objective", oracle.objective.json),
      ("executions_per_trial", JSONValue(executionsPerTrial)),
    ])
    for (key, value) in strategy.conditions { conditions[key] = value }
    let given = settings.hyperparameters?.space.map { (key: $0.name, value: JSONValue.object($0.config)) } ?? []
    conditions["given_hyperparameters"] = .object(JSONObject(given))
    folder = SearchFolder(
      path: FileDirectory.joined(place.directory.isEmpty ? "." : place.directory, place.projectName), conditions: .object(conditions))
    if place.overwrite {
      try folder.removeSearch()
    } else if try folder.holdsSearch() {
      try oracle.restore(folder)
    }
    do {
      try findHyperparameters()
    } catch let error as DescentError where !oracle.trials.isEmpty && error.message.hasPrefix("hyperparameter '") {
      throw folder.another("hyperparameters are others (\(error.message))")
    }
  }

  /// Builds the model, and again with each condition met that was not, until all hyperparameters are known that there are without training.
  private func findHyperparameters() throws {
    guard let hypermodel else { return }
    var open: [[HyperParameter.Condition]] = [], seen: [[HyperParameter.Condition]] = []
    let space = oracle.hyperparameters.copy()
    var next: HyperParameters? = space
    while let hp = next {
      _ = try withDefaultSeeds(from: oracle.seed) { try hypermodel.build(hp) }
      try oracle.update(from: hp)
      for scope in hp.enteredScopes where scope.isActive {
        seen.append(scope.conditions)
        open.removeAll { $0 == scope.conditions }
      }
      for scope in hp.enteredScopes where !scope.isActive && !seen.contains(scope.conditions) && !open.contains(scope.conditions) {
        open.append(scope.conditions)
      }
      next = nil
      if !open.isEmpty {
        // Once: a scope whose conditions contradict one another is never active.
        let conditions = open.removeFirst()
        seen.append(conditions)
        let met = oracle.hyperparameters.copy()
        for condition in conditions { met.values[condition.parentName] = condition.parentValues[0] }
        met.ensureActiveValues()
        next = met
      }
    }
  }

  // MARK: - Searching

  /// Tries one set of hyperparameters after another, each in models that are trained with such arguments, until there is nothing more to try or there were as many
  /// trials as may be.
  /// - Throws: ``DescentError`` if too many trials failed in a row, the results lack the objective, another process searches in the folder, or a record cannot be
  ///   written. What is finished by then stays.
  public func search(_ arguments: FitArguments) throws {
    try arguments.verbose.validate("search")
    try makeFolder(folder.path)
    let lock = try FolderLock(folder.path)
    defer { lock.release() }
    isInterrupted = false
    let display = SearchDisplay(oracle, isSilent: arguments.verbose == .silent, write)
    while let trial = try oracle.makeTrial(folder) {
      display.begin(trial)
      onTrialBegin(trial)
      do {
        try take(try runTrial(trial, arguments), of: trial)
        trial.status = .completed
      } catch is SearchInterrupted {
        isInterrupted = true
        return
      } catch let missing as ObjectiveMissing {
        throw missing.error
      } catch let failure as FailedTrial {
        (trial.status, trial.message) = (.failed, failure.message)
      } catch {
        (trial.status, trial.message) = (.invalid, "\(error)")
      }
      try oracle.end(trial, folder)
      display.end(trial)
    }
  }

  /// The means over the executions.
  private func take(_ results: [TrialResult], of trial: Trial) throws {
    let best = try results.map { try $0.best(by: oracle.objective) }
    guard !best.isEmpty else { throw ObjectiveMissing(oracle.objective, there: []) }
    var columns: [String: [Double]] = [:]
    for (name, value) in best.flatMap(\.metrics) { columns[name, default: []].append(value) }
    trial.metrics = columns.mapValues { $0.reduce(0, +) / Double($0.count) }
    trial.bestStep = best.map(\.step).reduce(0, +) / best.count
  }

  /// Runs a trial: builds and trains a model as often as there are executions, and keeps the weights of the best epoch of them all. A subclass may do something else;
  /// one that has no hypermodel must. It asks `trial.hyperparameters` for what it tries. (KerasTuner: `Tuner.run_trial`.)
  /// - Parameters:
  ///   - trial: what is tried.
  ///   - arguments: what the search was asked to train with.
  /// - Returns: what each execution gave.
  /// - Throws: what keeps the trial from its end; ``FailedTrial`` for one that is not to be tried again.
  open func runTrial(_ trial: Trial, _ arguments: FitArguments) throws -> [TrialResult] {
    guard let hypermodel else { throw DescentError(.state, "tuner: there is no hypermodel to build a model with; give one, or override runTrial") }
    let savers = (0..<executionsPerTrial).map { SaveBestEpoch(oracle.objective, folder.checkpointPath(trial.id, execution: $0, of: executionsPerTrial)) }
    func remove(_ backup: BackupAndRestore) throws {
      for execution in 0..<executionsPerTrial { try backup.writing(to: Tuner.folder(in: backup.folder, trial, execution)).remove() }
      for folder in ["\(backup.folder)/\(trial.id)", backup.folder] { rmdir(folder) }
    }
    let backups = arguments.callbacks.compactMap { $0 as? BackupAndRestore }.filter(\.deletesAtEnd)
    do {
      let results = try savers.enumerated().map { try run($0, of: trial, hypermodel, arguments, $1) }
      try SaveBestEpoch.keepBest(of: savers, at: folder.checkpointPath(trial.id))
      try backups.forEach(remove)
      return results
    } catch let interruption as SearchInterrupted {
      throw interruption
    } catch {
      // What threw is not gone on with: a trial that is tried again begins anew.
      savers.forEach { $0.remove() }
      try backups.forEach(remove)
      throw error
    }
  }

  /// Builds and trains one model of a trial. Callbacks with a folder have one of their own in it.
  private func run(
    _ execution: Int, of trial: Trial, _ hypermodel: any HyperModel, _ arguments: FitArguments, _ saver: SaveBestEpoch
  ) throws -> TrialResult {
    var arguments = arguments
    arguments.callbacks = arguments.callbacks.map { callback in
      if let board = callback as? TensorBoard { return board.writing(to: Tuner.folder(in: board.logDirectory, trial, execution)) }
      if let backup = callback as? BackupAndRestore { return backup.writing(to: Tuner.folder(in: backup.folder, trial, execution)) }
      return callback
    }
    arguments.callbacks.append(saver)
    return try withDefaultSeeds(from: seed(of: trial, execution)) {
      let hp = trial.hyperparameters
      let model = try builtModel(hp)
      let result = try hypermodel.fit(hp, model, arguments)
      if case .history(let history) = result, history.isInterrupted { throw SearchInterrupted() }
      if let shapes = model.rowInputShapes { try folder.writeBuildConfig(shapes, of: trial.id) }
      return result
    }
  }

  private static func folder(in folder: String, _ trial: Trial, _ execution: Int) -> String { "\(folder)/\(trial.id)/execution\(execution)" }

  private func seed(of trial: Trial, _ execution: Int) -> UInt64 { mixed(mixed(oracle.seed, UInt64(trial.id) ?? 0), UInt64(execution)) }

  /// The model of some hyperparameters as its training begins.
  func builtModel(_ hp: HyperParameters) throws -> Model {
    guard let hypermodel else { throw DescentError(.state, "tuner: there is no hypermodel to build a model with") }
    return try hypermodel.build(hp)
  }

  /// Puts the weights of a trial's best epoch into a model of the same layers.
  func loadWeights(of id: String, into model: Model) throws {
    try folder.build(model, asOf: id)
    try model.loadWeights(folder.checkpointPath(id), format: .safetensors)
  }

  // MARK: - Results

  /// The best trials, the best first; where fewer are completed than asked for, the others follow. (KerasTuner: `tuner.oracle.get_best_trials`.)
  /// - Parameter count: how many, if there are so many.
  public func bestTrials(_ count: Int = 1) -> [Trial] { oracle.bestTrials(count) }

  /// All trials in the order in which they began.
  public var trials: [Trial] { oracle.orderedTrials }

  /// The hyperparameters of the best trials, the best first: `hypermodel.build(tuner.bestHyperparameters()[0])` is a new model. (KerasTuner:
  /// `get_best_hyperparameters`.)
  /// - Parameter count: how many, if there are so many.
  public func bestHyperparameters(_ count: Int = 1) -> [HyperParameters] { oracle.bestTrials(count).map { $0.hyperparameters.copy() } }

  /// The models of the best trials with the weights of their best epochs, the best first. (KerasTuner: `get_best_models`.)
  /// - Parameter count: how many, if there are so many.
  /// - Throws: ``DescentError`` if a trial has no weights, as it failed, or they do not fit what the hypermodel builds now.
  public func bestModels(_ count: Int = 1) throws -> [Model] {
    try oracle.bestTrials(count).map { trial in
      guard trial.status == .completed else {
        throw DescentError(.state, "bestModels: trial \(trial.id) has no model: it is \(trial.status.rawValue.lowercased()); ask for fewer")
      }
      let model = try withDefaultSeeds(from: seed(of: trial, 0)) { try Tuner.plainModel(hypermodel, trial.hyperparameters.copy()) }
      try loadWeights(of: trial.id, into: model)
      return model
    }
  }

  private static func plainModel(_ hypermodel: (any HyperModel)?, _ hp: HyperParameters) throws -> Model {
    guard let hypermodel else { throw DescentError(.state, "bestModels: there is no hypermodel to build a model with") }
    return try hypermodel.build(hp)
  }

  /// How many trials there may still be; nil where their number has no limit. (KerasTuner: `remaining_trials`.)
  public var remainingTrials: Int? { oracle.settings.maxTrials.map { max(0, $0 - oracle.trials.count) } }
}

/// Ctrl-C: the trial is run again when the search goes on.
struct SearchInterrupted: Error {}
