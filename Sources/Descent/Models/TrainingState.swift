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
  let plans = PlanCache<Plan>()
  /// Totals and plans for scores that are counted while another thread's `fit` counts in these.
  private(set) lazy var aside = TrainingState(optimizer: optimizer, choices: choices)
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
    guard let key else { return try makeIt() }
    if let index = plans.lastIndex(where: { $0.key == key }) {
      let found = plans.remove(at: index)
      plans.append(found)
      return found.plan
    }
    let plan = try makeIt()
    if plans.count == capacity { plans.removeFirst() }
    plans.append((key, plan))
    return plan
  }

  func removeAll() { plans = [] }
}

/// What a traced step depends on, beside the model.
struct PlanKey: Hashable {
  enum Purpose: Hashable {
    case train(StepPhase)
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
  let rows: Int
  let arguments: [Argument]
  /// Which targets and weights there are.
  var layout: [Bool] = []
}

/// Traces a step that may throw.
func tracedPlan(_ arguments: [(shape: [Int], dtype: DType)], _ body: @escaping ([Tensor]) throws -> [Tensor]) throws -> Plan {
  try tracedPlans(arguments, body).first
}

/// The same as plans for several threads.
func tracedPlans(_ arguments: [(shape: [Int], dtype: DType)], _ body: @escaping ([Tensor]) throws -> [Tensor]) throws -> PlanPool {
  try ObservedPlans(arguments: arguments, body).plans
}
