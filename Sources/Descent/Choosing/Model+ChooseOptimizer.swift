import Foundation
import Optimizers
import TensorCore

extension Model {
  /// Which optimizer should I use? Compares optimizers on this model and these data.
  ///
  ///     let choice = try model.chooseOptimizer(x, y, validationData: (xVal, yVal))
  ///     print(choice.verdict)
  ///     try choice.html().write(toFile: "report.html", atomically: true, encoding: .utf8)
  ///
  /// Each candidate is measured (time of a step, memory, range of learning rates), run once with its own settings, and tuned: the same
  /// number of settings each, of which the better third goes on at a ninth and at a third of a full run. The three best and Adam then
  /// run to the end with several seeds, the same for all: initial weights, order of rows and dropout are those of the seed. What differs
  /// is told with intervals that are corrected for the number of comparisons; "no difference found with this budget" is an answer.
  /// Rows for testing are looked at once, at the end. How many runs there are, and how long they are, follows from the budget and from what
  /// runs take, never from what comes out: looking at results to decide whether to go on would make chance differences look real.
  ///
  /// The model itself is not changed: the runs train copies with new weights, or, with `startsFromWeights`, with this one's.
  /// - Parameters:
  ///   - x: rows to train on.
  ///   - y: rows to train on.
  ///   - validationData: other rows, by which settings are chosen and finalists judged; nil for a fifth of the rows, from their end.
  ///   - testData: rows for the recommended optimizer and the baseline at the end; nil for none.
  ///   - options: candidates, budget, metric.
  ///   - startsFromWeights: whether all runs begin with this model's weights, as when a trained model is trained further.
  ///   - journal: a file that gets a line for each finished run. Where there is one of the same comparison, it goes on from there.
  ///   - progress: is told after each run.
  ///   - group: processes that make the runs, some each at the same time; each makes the same call. The answer is that of one process, unless time is
  ///     what the budget limits. Rank 0 keeps the journal and is told of progress.
  /// - Returns: nil if Ctrl-C ended it; the journal has what was finished.
  /// - Throws: ``DescentError`` if the model is not compiled or cannot be copied, the data does not fit it, or the budget is too small.
  public func chooseOptimizer(
    _ x: any ModelData, _ y: any ModelData, validationData: (x: any ModelData, y: any ModelData)? = nil,
    testData: (x: any ModelData, y: any ModelData)? = nil, options: ChoosingOptions = ChoosingOptions(), startsFromWeights: Bool = false,
    journal: String? = nil, progress: @escaping (ChoosingProgress) -> Void = { _ in }, group: (any ProcessGroup)? = nil
  ) throws -> OptimizerChoice? {
    try GroupRun.telling(group, "chooseOptimizer") { sharing in
      do {
        return try choose(
          x, y, validationData, testData, options, startsFromWeights: startsFromWeights, journal: journal, progress: progress, group: sharing?.group)
      } catch is ChoosingInterrupted {
        sharing?.group.fail("it was interrupted")
        return nil
      }
    }
  }

  private func choose(
    _ x: any ModelData, _ y: any ModelData, _ validationData: (x: any ModelData, y: any ModelData)?, _ testData: (x: any ModelData, y: any ModelData)?,
    _ options: ChoosingOptions, startsFromWeights: Bool, journal: String?, progress: @escaping (ChoosingProgress) -> Void, group: (any ProcessGroup)?
  ) throws -> OptimizerChoice {
    let caller = "chooseOptimizer"
    let training = try compiled(caller)
    try options.validate()
    let rows = try CheckedData(x: x, y: y, sampleWeight: nil, of: self, caller)
    try prepare(for: rows, caller)
    var options = options
    let metric = options.metric ?? training.namedMetrics.first?.name ?? "loss"
    options.metric = metric
    guard let isGreaterBetter = isGreaterBetter(forLog: metric) else {
      throw DescentError(
        .invalidArgument, "\(caller): metric '\(metric)' is none of the model's, or which way it gets better is not known; there are \((["loss"] + training.namedMetrics.map(\.name)).joined(separator: ", "))")
    }
    let split = try ChoosingRows(x, y, validationData, count: rows.count)
    for (part, name) in [(split.validation, "validation rows"), (testData, "test rows")] {
      if let part { try check(part.x, part.y, "\(caller): \(name)") }
    }
    // Copies are made from the description, and weights given by hand: a subclass without one is refused here.
    let description = try json()
    let own = startsFromWeights ? weights.map { $0.evaluated() } : nil
    let runner = ModelTrialRunner(
      train: split.train, validation: split.validation, test: testData, rows: split.trainCount, metric: metric, options: options
    ) { [self] seed, optimizer in
      let copy = try copied(description, seed: seed)
      if !copy.isBuilt, let inputShapes { try copy.build(specifications: inputShapes.map { ($0, dtype) }) }
      if let own { try copy.setWeights(own) }
      try copy.compile(optimizer, training.choices)
      return copy
    }
    let conditions = try ChoosingRows.conditions(options, self, split, testData, startsFromWeights ? own : nil)
    let isLeader = (group?.rank ?? 0) == 0
    let lines = try TrialJournal(isLeader ? journal : nil, conditions: conditions)
    if let group {
      try GroupRun(self, group, caller).compare(JSONObject([("comparison", conditions)]))
      let known = try group.broadcast(text: JSONValue.array(lines.entries).text())
      if !isLeader { lines.adopt(try JSONValue(parsing: Array(known.utf8), name: "rank 0").array ?? []) }
    }
    let chooser = OptimizerChooser(
      options, runner, lines, crew: TrialCrew(group), isGreaterBetter: isGreaterBetter, progress: isLeader ? progress : { _ in })
    return try Interruption.watched { try chooser.run() }
  }

  private func copied(_ description: JSONValue, seed: UInt64) throws -> Model {
    // The class's own maker: a Sequential stays one.
    try type(of: self).fromJSON(description, name: "chooseOptimizer", compiled: false, seed: seed)
  }
}

/// The rows of a comparison.
struct ChoosingRows {
  let train: ModelTrialRunner.Rows
  let validation: ModelTrialRunner.Rows
  let trainCount: Int

  init(_ x: any ModelData, _ y: any ModelData, _ validation: ModelTrialRunner.Rows?, count: Int) throws {
    if let validation {
      (train, self.validation, trainCount) = ((x, y), validation, count)
      return
    }
    let kept = count - count / 5
    guard count >= 5 else { throw DescentError(.data, "chooseOptimizer: \(count) rows leave none for validation; give validationData") }
    func part(_ data: any ModelData, _ range: Range<Int>) throws -> any ModelData {
      func cut(_ input: any ModelInput) throws -> any ModelData {
        if let pixels = input as? Pixels { return try Pixels(pixels.bytes[range].evaluated(), divisor: pixels.divisor) }
        guard let tensor = input as? Tensor else {
          throw DescentError(.invalidArgument, "chooseOptimizer: rows of \(type(of: input)) cannot be split; give validationData")
        }
        return tensor[range].evaluated()
      }
      guard case .one(let input) = data.parts else {
        throw DescentError(.invalidArgument, "chooseOptimizer: a model of several inputs or outputs needs validationData")
      }
      return try cut(input)
    }
    train = (try part(x, 0..<kept), try part(y, 0..<kept))
    self.validation = (try part(x, kept..<count), try part(y, kept..<count))
    trainCount = kept
  }

  /// What must be the same for the rest of a comparison to be the rest of that one.
  static func conditions(
    _ options: ChoosingOptions, _ model: Model, _ rows: ChoosingRows, _ test: ModelTrialRunner.Rows?, _ weights: [Tensor]?
  ) throws -> JSONValue {
    let budget: JSONValue = switch options.budget {
      case .epochs(let amount)?: ["epochs": JSONValue(amount)]
      case .seconds(let amount)?: ["seconds": JSONValue(amount)]
      case nil: .null
    }
    var members: [(key: String, value: JSONValue)] = [
      ("candidates", .object(JSONObject(try options.allCandidates.map { ($0.name, try OptimizerRegistry.compactConfiguration(of: $0.optimizer)) }))),
      ("budget", budget), ("epochs", options.epochs.map { JSONValue($0) } ?? .null), ("tuning_trials", JSONValue(options.tuningTrials)),
      ("seeds", JSONValue(options.seeds)), ("metric", .string(options.metric ?? "")), ("batch_size", JSONValue(options.batchSize)),
      ("schedule", .string(options.schedule.rawValue)), ("seed", .string(String(options.seed))),
      ("instruction_set", .string(instructionSet)), ("model", RunConditions.model(model)),
      ("compile", (try? model.json())?["compile_config"]?["loss"] ?? .null),
    ]
    for (name, part) in [("train", rows.train), ("validation", rows.validation)] + (test.map { [("test", $0)] } ?? []) {
      members.append((name + " x", RunConditions.data(part.x)))
      members.append((name + " y", RunConditions.data(part.y)))
    }
    for (place, weight) in (weights ?? []).enumerated() { members.append(("weight \(place)", RunConditions.data(weight))) }
    return .object(JSONObject(members))
  }
}
