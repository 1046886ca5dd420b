import TensorCore

/// What `compile` was given, and all that training makes of it.
final class TrainingState {
  let optimizer: any Optimizer
  let loss: Loss
  let metrics: [Metric]
  let weightedMetrics: [Metric]

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
  private(set) lazy var aside = TrainingState(optimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weightedMetrics)
  private var trainability: Trainability?

  /// The shapes of one row of target and prediction.
  private struct TotalsKey: Hashable {
    let target: [Int]
    let prediction: [Int]
  }

  init(optimizer: any Optimizer, loss: Loss, metrics: [Metric], weightedMetrics: [Metric]) {
    self.optimizer = optimizer
    self.loss = loss
    self.metrics = metrics
    self.weightedMetrics = weightedMetrics
    namedMetrics = TrainingState.named(metrics, weightedMetrics)
  }

  /// All metrics by what the logs call them, as in Keras: one of a name that there is already has a number, and a weighted one is
  /// `weighted_…`.
  let namedMetrics: [(name: String, metric: Metric)]

  private static func named(_ metrics: [Metric], _ weightedMetrics: [Metric]) -> [(name: String, metric: Metric)] {
    var counts = ["loss": 1]
    func unique(_ name: String) -> String {
      let count = counts[name, default: 0]
      counts[name] = count + 1
      return count == 0 ? name : "\(name)_\(count)"
    }
    return metrics.map { (unique($0.name), $0) }
      + weightedMetrics.map { (unique(counts[$0.name] == nil ? $0.name : "weighted_" + $0.name), $0) }
  }

  /// The running totals for rows of these shapes. Plans add to those that they were traced with, so there are no others.
  func totals(targetShape: [Int], predictionShape: [Int]) throws -> RunningTotals {
    let key = TotalsKey(target: targetShape, prediction: predictionShape)
    let found = try totals[key] ?? RunningTotals(training: self, targetShape: targetShape, predictionShape: predictionShape)
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
}

/// Traces a step that may throw.
func tracedPlan(_ arguments: [(shape: [Int], dtype: DType)], _ body: @escaping ([Tensor]) throws -> [Tensor]) throws -> Plan {
  try tracedPlans(arguments, body).first
}

/// The same as plans for several threads.
func tracedPlans(_ arguments: [(shape: [Int], dtype: DType)], _ body: @escaping ([Tensor]) throws -> [Tensor]) throws -> PlanPool {
  // Stand-ins of zeros: only shapes and dtypes are looked at, nothing is computed.
  try ThrowingCompiledFunction(body).plans(for: arguments.map { Tensor(repeating: 0, shape: $0.shape, dtype: $0.dtype) })
}
