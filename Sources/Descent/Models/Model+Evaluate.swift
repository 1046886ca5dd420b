import TensorCore

/// What `evaluate` returns: the loss and the metrics.
public struct Scores: Sendable, Equatable, CustomStringConvertible {
  /// All numbers by name.
  public let values: [String: Double]

  /// The mean loss with all penalties.
  public var loss: Double { values["loss"] ?? .nan }
  /// The number of that name, or nil.
  public subscript(name: String) -> Double? { values[name] }
  /// The names in alphabetical order.
  public var names: [String] { values.keys.sorted() }
  public var description: String { names.map { "\($0.printable): \(ProgressBar.number(values[$0]!))" }.joined(separator: " - ") }
}

/// Rows to judge the model on.
struct Evaluation {
  let data: CheckedData
  let rows: Range<Int>
  var batchSize = 32
  /// Batches; nil for all.
  var steps: Int?

  init(data: CheckedData, rows: Range<Int>) {
    self.data = data
    self.rows = rows
  }

  /// The rows of each batch, in order.
  var batches: [Range<Int>] {
    let starts = stride(from: rows.lowerBound, to: rows.upperBound, by: batchSize)
    return starts.prefix(steps ?? .max).map { $0..<$0 + min(batchSize, rows.upperBound - $0) }
  }
}

/// Which batches callbacks are told of: the first and the last of so many.
struct Executions {
  private let steps: Int

  init(_ steps: Int) { self.steps = steps }

  func begin(at step: Int) -> Bool { step % steps == 0 }
  func end(after step: Int) -> Bool { step % steps == steps - 1 }
}

extension Model {
  /// Loss and metrics on rows that the model is not trained on. (Keras: `Model.evaluate`.)
  ///
  /// Both are means over the batches, weighted by their rows, so the size of a batch changes nothing but rounding, as long as the loss
  /// is a mean.
  /// - Parameters: as those of `fit`; `steps` is how many batches to look at, nil for all. Of a `group` each member looks at its part of each
  ///   batch, with the weights of rank 0, and all return the numbers of all rows. In `shards`, a power of two, each batch is cut in as many parts that are computed one by one,
  ///   which gives the same bits for any number of processes that is a power of two up to that.
  /// - Throws: ``DescentError`` if the model is not compiled or the data does not fit it.
  @discardableResult
  public func evaluate(
    _ x: any ModelData, _ y: (any ModelData)? = nil, batchSize: Int = 32, verbose: Verbosity = .auto, sampleWeight: (any ModelData)? = nil,
    steps: Int? = nil, callbacks: [Callback] = [], group: (any ProcessGroup)? = nil, shards: Int? = nil
  ) throws -> Scores {
    try GroupRun.telling(group, shards: shards, "evaluate") { sharing in
      try evaluate(
        x, y, batchSize: batchSize, verbose: verbose, sampleWeight: sampleWeight, steps: steps, callbacks: callbacks, in: sharing)
    }
  }

  private func evaluate(
    _ x: any ModelData, _ y: (any ModelData)?, batchSize: Int, verbose: Verbosity, sampleWeight: (any ModelData)?, steps: Int?,
    callbacks: [Callback], in sharing: GroupSharing?
  ) throws -> Scores {
    let group = sharing?.group
    _ = try compiled("evaluate")
    try checkCounts(batchSize: batchSize, steps: steps, verbose: verbose, "evaluate")
    try checkTargets(y, "evaluate")
    let data = try CheckedData(x: x, y: y, sampleWeight: sampleWeight, of: self, "evaluate", group: group)
    try prepare(for: data, "evaluate")
    var evaluation = Evaluation(data: data, rows: 0..<data.count)
    evaluation.batchSize = min(batchSize, data.count)
    evaluation.steps = steps
    let bar = ProgbarLogger(verbose)
    let list = CallbackList(
      callbacks + (bar.map { [$0] } ?? []), model: self,
      parameters: RunParameters(epochs: 1, steps: evaluation.batches.count, batchSize: evaluation.batchSize), group: group)
    if let group {
      try GroupRun(self, group, "evaluate").begin(
        data: [("", data)], settings: JSONObject([
          ("batch_size", JSONValue(batchSize)), ("steps", JSONValue(evaluation.batches.count)), ("shards", sharing?.shards.map { JSONValue($0) } ?? .null),
        ]))
    }
    return try access.scoring { isFittedElsewhere in
      let training = try compiled("evaluate")
      let runner = try StepRunner(
        model: self, training: training.counting(aside: isFittedElsewhere, for: self, "evaluate"), data: data,
        trainability: Trainability(of: self), sharing: sharing)
      let isUnchanged = isFittedElsewhere && callbacks.isEmpty
      return Scores(values: try puttingWeightsBackOnFailure { try runner.counting { try run(evaluation, runner, list, isUnchanged: isUnchanged) } })
    }
  }

  func run(
    _ evaluation: Evaluation, _ trainability: Trainability, callbacks: CallbackList, sharing: GroupSharing?
  ) throws -> [String: Double] {
    let runner = try StepRunner(
      model: self, training: try compiled("evaluate"), data: evaluation.data, trainability: trainability, sharing: sharing)
    return try puttingWeightsBackOnFailure { try runner.counting { try run(evaluation, runner, callbacks, isUnchanged: false) } }
  }

  /// - Parameter isUnchanged: whether all batches are judged by the same weights, other threads' training waiting meanwhile.
  private func run(
    _ evaluation: Evaluation, _ runner: StepRunner, _ callbacks: CallbackList, isUnchanged: Bool
  ) throws -> [String: Double] {
    let totals = runner.totals
    let logs = Logs { totals.results }
    try callbacks.each { try $0.onTestBegin() }
    var steps: [Int: StepPlan] = [:]
    for rows in Set(evaluation.batches.map(\.count)).sorted() { steps[rows] = try runner.testStep(rows: rows) }
    var bindings = runner.training.bindings
    func runBatches() throws {
      let batches = evaluation.batches, executions = Executions(runner.training.choices.stepsPerExecution)
      for (step, batch) in batches.enumerated() {
        if executions.begin(at: step) {
          for callback in callbacks.callbacks { try callback.onTestBatchBegin(step) }
        }
        if bindings != runner.training.bindings {
          for plan in steps.values { runner.bind(plan) }
          bindings = runner.training.bindings
        }
        let plan = steps[batch.count]!
        runner.bind(plan, toBatchAt: batch.lowerBound)
        // In each batch where callbacks may train.
        try runner.judge(plan, rows: batch.count, isUnchanged: isUnchanged)
        if executions.end(after: step) || step == batches.count - 1 {
          logs.invalidate()
          for callback in callbacks.callbacks { try callback.onTestBatchEnd(step, logs) }
        }
      }
    }
    if isUnchanged { try judging(all: .changing, runBatches) } else { try runBatches() }
    let results = totals.results
    try callbacks.each { try $0.onTestEnd(Logs(results)) }
    return results
  }

  func checkCounts(batchSize: Int, steps: Int?, verbose: Verbosity, _ caller: String) throws {
    try NumberRange.count.check("batchSize", batchSize, caller)
    try NumberRange.count.check("steps", steps, caller)
    try verbose.validate(caller)
  }
}
