/// Any optimizer with a second, slow set of weights that goes a part of the way after it every few steps.
///
///     w ← w − the inner optimizer's step
///     every syncPeriod steps:  slow ← slow + alpha · (w − slow),  w ← slow       (slow starts at the weights)
///
/// Defaults: `innerOptimizer` ``Adam``, `syncPeriod` 5, `alpha` 0.5, `momentum` `.keep` (what becomes of the inner optimizer's
/// slot of that name).
///
/// As in pytorch_optimizer (`k`, `pullback_momentum`). optax's `lookahead` calls them `sync_period` and `slow_step_size`; its
/// `reset_state` forgets all slots.
///
/// Source: Zhang et al., 2019, "Lookahead Optimizer: k steps forward, 1 step back" (arXiv 1907.08610).
public struct Lookahead: OptimizerWrapper {
  public var innerOptimizer: any Optimizer
  /// Steps from one meeting of fast and slow weights to the next.
  public var syncPeriod = 5
  /// How much of the way the slow weights go, greater than 0 and at most 1.
  public var alpha = 0.5
  /// What becomes of the inner optimizer's momentum then.
  public var momentum = LookaheadMomentum.keep
  /// Its name in Keras's JSON; made from the class's if nil.
  public var name: String?

  public init() { self.init(Adam()) }

  /// - Parameters:
  ///   - innerOptimizer: the optimizer that makes the steps; its options are those of the whole.
  ///   - syncPeriod: steps from one meeting of fast and slow weights to the next; 5 by default.
  ///   - alpha: how much of the way the slow weights go; 0.5 by default.
  ///   - momentum: what becomes of the inner optimizer's momentum then; `.keep` by default.
  ///   - name: its name in Keras's JSON; made from the class's by default.
  public init(
    _ innerOptimizer: any Optimizer, syncPeriod: Int? = nil, alpha: Double? = nil, momentum: LookaheadMomentum? = nil, name: String? = nil
  ) {
    self.innerOptimizer = innerOptimizer
    if let syncPeriod { self.syncPeriod = syncPeriod }
    if let alpha { self.alpha = alpha }
    if let momentum { self.momentum = momentum }
    self.name = name
  }

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    let inner = innerOptimizer.slots(for: parameter)
    let hasMomentum = inner.contains { $0.name == "momentum" }
    return inner + [Slot("slowWeights", start: .parameter)] + (momentum == .pullBack && hasMomentum ? ["slowMomentum"] : [])
  }

  // The inner optimizer's formulas, each at the first step or later, and with or without a meeting.
  public var variantCount: Int { 4 * innerOptimizer.variantCount }

  public func variant(at number: Int) -> Int {
    let kind = (number == 1 ? 2 : 0) + (number % syncPeriod == 0 ? 1 : 0)
    return innerOptimizer.variant(at: number) + kind * innerOptimizer.variantCount
  }

  public func update(_ parameters: inout [ParameterUpdate], shared: inout Slots, step: Step) {
    let kind = step.variant / innerOptimizer.variantCount
    if kind >= 2 {
      for index in parameters.indices { parameters[index].slots.slowWeights = parameters[index].value }
    }
    let inner = Step(
      learningRate: step.learningRate, number: step.number, variant: step.variant % innerOptimizer.variantCount,
      shared: step.shared)
    innerOptimizer.update(&parameters, shared: &shared, step: inner)
    if kind % 2 == 0 { return }
    for index in parameters.indices { meet(&parameters[index]) }
  }

  private func meet(_ parameter: inout ParameterUpdate) {
    parameter.value = lerp(parameter.slots.slowWeights, parameter.value, alpha)
    parameter.slots.slowWeights = parameter.value
    guard parameter.slots.contains("momentum") else { return }
    switch momentum {
    case .keep: break
    case .reset: parameter.slots.momentum = Tensor.zeros(parameter.value.shape, dtype: parameter.value.dtype)
    case .pullBack:
      parameter.slots.momentum = lerp(parameter.slots.slowMomentum, parameter.slots.momentum, alpha)
      parameter.slots.slowMomentum = parameter.slots.momentum
    }
  }

  public static let hyperparameters: [Hyperparameter<Lookahead>] = [
    .optionalText("name", \.name, "name in Keras's JSON"),
    .optimizer("inner_optimizer", \.innerOptimizer, "the optimizer that makes the steps"),
    .integer("sync_period", \.syncPeriod, atLeast: 1, "steps from one meeting to the next"),
    .number("alpha", \.alpha, in: .interpolation, "how much of the way the slow weights go", aliases: ["slow_step_size"]),
    .choice("momentum", \.momentum, "what becomes of the inner optimizer's momentum then"),
  ]

  public static let about = OptimizerDescription(
    summary: "any optimizer with slow weights that follow it every few steps",
    formula: """
      w ← w − the inner optimizer's step
      every sync_period steps:  slow ← slow + alpha · (w − slow),  w ← slow       (slow starts at the weights)
      """,
    source: "Zhang et al., 2019, Lookahead Optimizer: k steps forward, 1 step back (arXiv 1907.08610)",
    advice: "Steadies a nervous optimizer; one more number for each weight.")
}

/// What becomes of the inner optimizer's momentum when fast and slow weights meet.
public enum LookaheadMomentum: String, Sendable, CaseIterable {
  /// It stays.
  case keep
  /// It becomes 0.
  case reset
  /// It meets a slow momentum as the weights do.
  case pullBack = "pull_back"
}

extension Optimizer where Self == Lookahead {
  /// ``Lookahead`` around another optimizer; see its initializer.
  public static func lookahead(
    _ innerOptimizer: any Optimizer = Adam(), syncPeriod: Int? = nil, alpha: Double? = nil, momentum: LookaheadMomentum? = nil, name: String? = nil
  ) -> Lookahead {
    Lookahead(innerOptimizer, syncPeriod: syncPeriod, alpha: alpha, momentum: momentum, name: name)
  }
}
