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

  private var totals: (targetShape: [Int], predictionShape: [Int], totals: RunningTotals)?
  let plans = PlanCache()
  private var trainedPaths: [ObjectIdentifier] = []

  init(optimizer: any Optimizer, loss: Loss, metrics: [Metric], weightedMetrics: [Metric]) {
    self.optimizer = optimizer
    self.loss = loss
    self.metrics = metrics
    self.weightedMetrics = weightedMetrics
  }

  /// The running totals for rows of these shapes; those of the last call if they fit.
  func totals(targetShape: [Int], predictionShape: [Int]) throws -> RunningTotals {
    if let totals, totals.targetShape == targetShape, totals.predictionShape == predictionShape { return totals.totals }
    let made = try RunningTotals(
      metrics: metrics, weightedMetrics: weightedMetrics, loss: loss, targetShape: targetShape,
      predictionShape: predictionShape)
    // Plans add to the totals they were traced with.
    plans.removeAll()
    totals = (targetShape, predictionShape, made)
    return made
  }

  /// Forgets the plans if other variables are trained than when they were traced.
  func notice(trained variables: [Variable]) {
    let identities = variables.map(ObjectIdentifier.init)
    if identities != trainedPaths { plans.removeAll() }
    trainedPaths = identities
  }

  var currentTotals: RunningTotals? { totals?.totals }
}

/// Traced steps by what they depend on; those not used for longest are let go, so that batches of many sizes do not pile up.
final class PlanCache {
  private var plans: [(key: PlanKey, plan: Plan)] = []
  private static let capacity = 16

  /// The plan for that key, traced if need be. A nil key is never found again.
  func plan(for key: PlanKey?, makeIt: () throws -> Plan) rethrows -> Plan {
    guard let key else { return try makeIt() }
    if let index = plans.lastIndex(where: { $0.key == key }) {
      let found = plans.remove(at: index)
      plans.append(found)
      return found.plan
    }
    let plan = try makeIt()
    if plans.count == PlanCache.capacity { plans.removeFirst() }
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
  var failure: (any Error)?
  let function = compile { (arguments: [Tensor]) -> [Tensor] in
    do {
      return try body(arguments)
    } catch {
      failure = error
      return []
    }
  }
  // Stand-ins of zeros: only shapes and dtypes are looked at, nothing is computed.
  let plan = function.plan(for: arguments.map { Tensor(repeating: 0, shape: $0.shape, dtype: $0.dtype) })
  if let failure { throw failure }
  return plan
}
