import Descent
import TensorCore

/// The course of a search: which trials there are, what they gave, and what is tried next. (KerasTuner: `keras_tuner.Oracle`.)
final class Oracle {
  /// What the tuners are given for it.
  struct Settings {
    var objective: Objective
    var maxTrials: Int?
    var hyperparameters: HyperParameters?
    var allowNewEntries: Bool
    var tuneNewEntries: Bool
    var seed: UInt64?
    var maxRetriesPerTrial: Int
    var maxConsecutiveFailedTrials: Int
  }

  let settings: Settings
  let objective: Objective
  let strategy: any SearchStrategy
  /// All that is known to be tuned. Values are the defaults.
  private(set) var hyperparameters: HyperParameters
  private(set) var trials: [String: Trial] = [:]
  /// In the order in which they began.
  private(set) var startOrder: [String] = []
  private(set) var endOrder: [String] = []
  private var runTimes: [String: Int] = [:]
  private var retryQueue: [String] = []
  /// The trial that runs.
  private(set) var ongoing: String?
  private(set) var seed: UInt64
  private var seedState: UInt64
  /// What has been tried, by trial.
  private var tried: [String: String] = [:]

  /// How many times values that were tried before are drawn until the space counts as exhausted.
  private static let maxCollisions = 20

  init(_ settings: Settings, _ strategy: any SearchStrategy) throws {
    try NumberRange.count.check("maxTrials", settings.maxTrials, "tuner")
    try NumberRange.nonNegative.check("maxRetriesPerTrial", settings.maxRetriesPerTrial, "tuner")
    try NumberRange.count.check("maxConsecutiveFailedTrials", settings.maxConsecutiveFailedTrials, "tuner")
    for (name, isSet) in [("tuneNewEntries", settings.tuneNewEntries), ("allowNewEntries", settings.allowNewEntries)]
    where !isSet && settings.hyperparameters == nil {
      throw DescentError(.invalidArgument, "tuner: \(name) is false, but no hyperparameters are given; give those that there are to be")
    }
    self.settings = settings
    self.strategy = strategy
    objective = try settings.objective.resolved()
    hyperparameters = settings.hyperparameters?.presetting() ?? HyperParameters()
    seed = settings.seed ?? nextDefaultSeed()
    seedState = seed
  }

  /// In the order in which they began.
  var orderedTrials: [Trial] { startOrder.compactMap { trials[$0] } }

  // MARK: - The space

  /// Adds what a model's build has asked for.
  /// - Throws: ``DescentError`` if there may be nothing new.
  func update(from asked: HyperParameters) throws {
    let new = asked.space.filter { !hyperparameters.contains($0) }
    if !new.isEmpty && !settings.allowNewEntries {
      let names = new.map { "'\($0.name)'" }.joined(separator: ", ")
      throw DescentError(.invalidArgument, "tuner: allowNewEntries is false, but the model asks for \(names), which the given hyperparameters lack")
    }
    if settings.tuneNewEntries { hyperparameters.merge(new) }
  }

  // MARK: - Draws

  /// A number from 0 to 1: KerasTuner's for the same seed.
  private func draw() -> Double {
    var generator = MersenneTwister(pythonSeed: seedState)
    seedState &+= 1
    return generator.nextDouble()
  }

  /// Values at random that were not tried; nil if there seem to be none.
  func randomValues() -> [String: HyperParameterValue]? {
    for _ in 0...Oracle.maxCollisions {
      let drawn = HyperParameters()
      for hyperparameter in hyperparameters.space {
        drawn.merge([hyperparameter])
        if drawn.isActive(hyperparameter) { drawn.values[hyperparameter.name] = hyperparameter.value(at: draw()) }
      }
      if !tried.values.contains(key(of: drawn.values)) { return drawn.values }
    }
    return nil
  }

  private func key(of values: [String: HyperParameterValue]) -> String { Trial.key(of: values, ignoring: strategy.ignoredValues) }

  /// Without what the model asked for and is not tuned.
  private func triedKey(of trial: Trial) -> String {
    let untuned = Set(trial.hyperparameters.space.filter { !hyperparameters.contains($0) }.map(\.name))
    return key(of: trial.hyperparameters.values.filter { !untuned.contains($0.key) })
  }

  private func recordValues(of trial: Trial) {
    trial.hyperparameters.ensureActiveValues()
    tried[trial.id] = triedKey(of: trial)
  }

  // MARK: - Trials

  /// The next trial to run: one that is to be run again, or a new one; nil when the search is at its end.
  func makeTrial(_ folder: SearchFolder) throws -> Trial? {
    // What a search before left unfinished.
    if let ongoing { retryQueue.append(ongoing) }
    ongoing = nil
    if let id = retryQueue.popLast(), let trial = trials[id] {
      (trial.status, trial.metrics, trial.score, trial.message, trial.bestStep) = (.running, [:], nil, nil, 0)
      ongoing = id
      try save(trial, folder)
      return trial
    }
    let width = String(settings.maxTrials.map { "\($0)" } ?? "None").count
    let number = String(trials.count)
    let id = String(repeating: "0", count: max(0, width - number.count)) + number
    if let maxTrials = settings.maxTrials, trials.count >= maxTrials { return nil }
    guard let values = try strategy.nextValues(for: id, in: self) else { return nil }
    let space = hyperparameters.copy()
    space.values = values
    let trial = Trial(id: id, hyperparameters: space)
    recordValues(of: trial)
    (trials[id], ongoing) = (trial, id)
    startOrder.append(id)
    try save(trial, folder)
    return trial
  }

  /// Takes up what a trial gave.
  /// - Throws: ``DescentError`` when as many trials have failed in a row as may.
  func end(_ trial: Trial, _ folder: SearchFolder) throws {
    try update(from: trial.hyperparameters)
    if trial.status == .completed {
      trial.score = trial.metrics[objective.name]
      if trial.score?.isNaN ?? true {
        trial.status = .invalid
        trial.score = nil
        trial.message = "\(objective.name) is not a number"
      }
    }
    recordValues(of: trial)
    runTimes[trial.id, default: 0] += 1
    if trial.status == .invalid && runTimes[trial.id]! <= settings.maxRetriesPerTrial {
      retryQueue.append(trial.id)
    } else {
      if trial.status == .invalid { trial.status = .failed }
      endOrder.append(trial.id)
    }
    strategy.didEnd(trial)
    ongoing = nil
    try save(trial, folder)
    let failed = endOrder.reversed().prefix { trials[$0]?.status == .failed }.count
    if trial.status == .failed && failed >= settings.maxConsecutiveFailedTrials {
      throw DescentError(
        .state,
        "search: \(failed) trials in a row have failed, and maxConsecutiveFailedTrials is \(settings.maxConsecutiveFailedTrials); the last, trial \(trial.id): \(trial.message ?? "")")
    }
  }

  /// Whether a trial will be run again, and how many times more it may.
  func retriesLeft(of trial: Trial) -> Int { settings.maxRetriesPerTrial + 1 - (runTimes[trial.id] ?? 0) }

  /// The best first; where fewer are completed than asked for, the others follow.
  func bestTrials(_ count: Int) -> [Trial] {
    let completed = orderedTrials.filter { $0.status == .completed }.enumerated().sorted { a, b in
      let (left, right) = (a.element.score ?? .nan, b.element.score ?? .nan)
      return left == right ? a.offset < b.offset : objective.isBetter(left, than: right)
    }.map(\.element)
    let others = completed.count < count ? orderedTrials.filter { $0.status != .completed } : []
    return Array((completed + others).prefix(max(0, count)))
  }

  // MARK: - Records

  private func save(_ trial: Trial, _ folder: SearchFolder) throws {
    // In this order: a trial that the oracle's record does not name does not count yet.
    try folder.write(trial, objective)
    try folder.write(oracle: json)
  }

  private var json: JSONValue {
    func list(_ ids: [String]) -> JSONValue { .array(ids.map { .string($0) }) }
    return [
      "hyperparameters": hyperparameters.json, "ongoing": ongoing.map { .string($0) } ?? .null, "start_order": list(startOrder),
      "end_order": list(endOrder), "run_times": .object(JSONObject(runTimes.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSONValue($0.value)) })),
      "retry_queue": list(retryQueue), "seed": .string(String(seed)), "seed_state": .string(String(seedState)), "strategy": strategy.state,
    ]
  }

  /// Takes up the search that a folder holds.
  /// - Throws: ``DescentError`` naming what is damaged, or in what the search there is another.
  func restore(_ folder: SearchFolder) throws {
    let (path, record) = try folder.readOracle()
    func fault(_ key: String) -> DescentError { folder.damaged(path, "its '\(key)' is missing or not understood") }
    func ids(_ key: String) throws -> [String] {
      guard let ids = record[key]?.array?.map(\.string), !ids.contains(nil) else { throw fault(key) }
      // A trial's folder is called by it: nothing outside of the search's is looked at.
      guard ids.allSatisfy({ $0!.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { throw fault(key) }
      return ids.compactMap { $0 }
    }
    guard let seed = record["seed"]?.string.flatMap(UInt64.init) else { throw fault("seed") }
    guard let seedState = record["seed_state"]?.string.flatMap(UInt64.init) else { throw fault("seed_state") }
    guard let times = record["run_times"]?.object else { throw fault("run_times") }
    if let own = settings.seed, own != seed { throw folder.another("seed was \(seed) and is \(own)") }
    let (startOrder, endOrder, retryQueue) = (try ids("start_order"), try ids("end_order"), try ids("retry_queue"))
    let ongoing = record["ongoing"]?.string
    let trials = Dictionary(try startOrder.map { ($0, try folder.readTrial($0)) }, uniquingKeysWith: { $1 })
    for (key, ids) in [("end_order", endOrder), ("retry_queue", retryQueue), ("ongoing", ongoing.map { [$0] } ?? [])]
    where ids.contains(where: { trials[$0] == nil }) { throw fault(key) }
    guard trials.count == startOrder.count else { throw fault("start_order") }
    let space = try folder.naming { try HyperParameters(record["hyperparameters"], of: path) }
    (self.seed, self.seedState, self.trials, hyperparameters) = (seed, seedState, trials, space)
    (self.startOrder, self.endOrder, self.retryQueue, self.ongoing) = (startOrder, endOrder, retryQueue, ongoing)
    runTimes = Dictionary(times.members.map { ($0.key, $0.value.int ?? 0) }, uniquingKeysWith: { $1 })
    tried = trials.mapValues { triedKey(of: $0) }
    try folder.naming { try strategy.restore(record["strategy"] ?? [:], in: self, of: path) }
  }
}
