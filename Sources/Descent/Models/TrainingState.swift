import TensorCore

/// What `compile` was given, and all that training makes of it.
final class TrainingState {
  let optimizer: any Optimizer
  let choices: CompileChoices

  /// The optimizer's slots, made when training starts, for all variables that may ever be trained.
  var optimizerState: OptimizerState?
  /// Layers came or went since.
  var isOutdated = false

  private var totals: [TotalsKey: RunningTotals] = [:]
  /// How many loops, one inside the other's callbacks, are counting.
  var activeLoops = 0
  /// Those that were used last.
  private(set) var currentTotals: RunningTotals?
  let plans = PlanCache<StepPlan>()
  /// How often plans were given data to look at. A loop whose callbacks have had the model do something else gives its plans its own data again.
  var bindings = 0
  /// The optimizers that step in steps of the program's own beside the model's, as far as steps were traced.
  var ownSteppers: [any RunObserver] = []
  /// The variables that a step changes beside the optimizer's, as far as steps were traced.
  var changedVariables: [Variable] = []
  private lazy var aside = TrainingState(optimizer: optimizer, choices: choices)
  private var trainability: Trainability?

  /// The shapes of one row of target and prediction.
  private struct TotalsKey: Hashable {
    let targets: [[Int]?]
    let predictions: [[Int]]
  }

  init(optimizer: any Optimizer, choices: CompileChoices) {
    self.optimizer = optimizer
    self.choices = choices
  }

  /// Where scores are counted while another thread's `fit` counts here.
  /// - Throws: ``DescentError`` for metrics that have one state, in which the fit counts.
  func counting(aside isFittedElsewhere: Bool, for model: Model, _ caller: String) throws -> TrainingState {
    if !isFittedElsewhere { return self }
    let compiled = (choices.metrics.all + choices.weightedMetrics.all).filter { $0.statefulMetric != nil }.map(\.name)
    if let name = (compiled + model.heldMetrics.map(\.name)).first {
      throw DescentError(
        .state, "\(caller): the metric '\(name)' has one state, in which another thread's fit is counting; wait for its end")
    }
    return aside
  }

  private var resolved: (names: [[String]], outputs: [OutputTraining])?

  /// What was given for each output of the model.
  /// - Throws: ``DescentError`` if it does not fit the outputs.
  func outputs(of model: Model) throws -> [OutputTraining] {
    let names = model.outputNameLists
    if let resolved, resolved.names == names { return resolved.outputs }
    let outputs = try choices.outputs(names: names)
    resolved = (names, outputs)
    return outputs
  }

  /// All metrics by what the logs call them, as far as the outputs are known.
  var namedMetrics: [(name: String, metric: Metric)] {
    (resolved?.outputs ?? (try? choices.outputs(names: [["output"]])) ?? []).flatMap(\.allMetrics)
  }

  /// The running totals for rows of these shapes. Plans add to those that they were traced with, so there are no others.
  func totals(_ outputs: [OutputTraining], targetShapes: [[Int]?], predictionShapes: [[Int]]) throws -> RunningTotals {
    let key = TotalsKey(targets: targetShapes, predictions: predictionShapes)
    let found = try totals[key] ?? RunningTotals(outputs, targetShapes: targetShapes, predictionShapes: predictionShapes)
    totals[key] = found
    currentTotals = found
    return found
  }

  /// Forgets the plans if other layers or variables are trained than when they were traced.
  func notice(_ present: Trainability) {
    if present != trainability { plans.removeAll() }
    trainability = present
  }
}

/// Traced steps by what they depend on; those not used for longest are let go, so that batches of many sizes do not pile up.
final class PlanCache<Cached> {
  private var plans: [(key: PlanKey, plan: Cached)] = []
  private let capacity = 16

  /// The plan for that key, traced if need be. A nil key is never found again.
  func plan(for key: PlanKey?, makeIt: () throws -> Cached) rethrows -> Cached {
    if let found = plan(for: key) { return found }
    let plan = try makeIt()
    keep(plan, for: key)
    return plan
  }

  /// The plan for that key, if there is one.
  func plan(for key: PlanKey?) -> Cached? {
    guard let key, let index = plans.lastIndex(where: { $0.key == key }) else { return nil }
    let found = plans.remove(at: index)
    plans.append(found)
    return found.plan
  }

  func keep(_ plan: Cached, for key: PlanKey?) {
    guard let key else { return }
    if plans.count == capacity { plans.removeFirst() }
    plans.append((key, plan))
  }

  func removeAll() { plans = [] }

  var count: Int { plans.count }
  /// The one that was used last.
  var latest: Cached? { plans.last?.plan }
}

/// What a traced step depends on, beside the model.
struct PlanKey: Hashable {
  enum Purpose: Hashable {
    /// With what optimizers of the program's own say of the step.
    case train(StepPhase, [RunVariant])
    case test
    case predict
  }

  struct Argument: Hashable {
    let shape: [Int]
    let dtype: DType
    let preparation: Preparation
  }

  /// How stored rows become the model's.
  enum Preparation: Hashable {
    case none
    case pixels(divisor: Double)
  }

  let purpose: Purpose
  /// Of the model's layers.
  let revision: Int
  let rows: Int
  let arguments: [Argument]
  /// Which targets and weights there are.
  var layout: [Bool] = []
  /// Who takes part in the step, if it is shared.
  var group: ObjectIdentifier?
  var shards: Int?
  var spreadsOptimizerState = false
}

