/// Momentum divided by an estimate of the Hessian's diagonal, each element of the step limited.
///
///     m ← m + (1 − beta1) · (g − m)
///     every updatePeriod steps, from the first:  h ← h + (1 − beta2) · (ĥ − h)
///     w ← w − rate · clip(m / max(gamma · h, epsilon), ± clipThreshold)
///
/// ĥ estimates the diagonal of the loss's Hessian, never by the squared gradient:
///
/// - `.hutchinson`, the default: ĥ = z ⊙ ∇(g · z) with a random sign for each element of z, from the very graph that the gradients
///   are from. `fit` and ``Minimizer`` need nothing else; an estimate takes about twice the time of a gradient. The estimate is
///   exact where the Hessian is diagonal. (The paper's z is normal, which has the same mean and more variance.)
/// - `.given`: it is set by ``OptimizerState/setHessianEstimate(_:of:)`` before the updates it is due at; see
///   ``isEstimateDue(at:)``. So the paper's Gauss–Newton–Bartlett estimate can be used: batch size · ĝ ⊙ ĝ, where ĝ is the
///   gradient of the mean loss with labels drawn from the model's own predictions.
///
/// Defaults: `learningRate` 0.001, `beta1` 0.96, `beta2` 0.99, `gamma` 0.01, `epsilon` 1e-12, `clipThreshold` 1, `updatePeriod`
/// 10, `estimator` `.hutchinson`, `seed` 0; weight decay is decoupled.
///
/// pytorch_optimizer has no gamma: it is 1 there, and `p` is the threshold. optax corrects m for its start at zero and uses a
/// new estimate an update later.
///
/// Source: Liu et al., 2023, "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training" (arXiv
/// 2305.14342).
public struct Sophia: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.96
  /// Share of the average estimate that is kept, at least 0 and less than 1.
  public var beta2 = 0.99
  /// Multiplies the curvature: the smaller, the fewer elements keep to their Newton steps.
  public var gamma = 0.01
  /// The least divisor.
  public var epsilon = 1e-12
  /// The greatest element of a step before the rate.
  public var clipThreshold = 1.0
  /// Updates from one estimate to the next.
  public var updatePeriod = 10
  /// Where the estimates come from.
  public var estimator = SophiaEstimator.hutchinson
  /// Chooses the random signs.
  public var seed = 0

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    ["momentum", "hessian"] + (estimator == .given ? ["hessianEstimate"] : [])
  }

  public var variantCount: Int { 2 }
  public func variant(at number: Int) -> Int { isEstimateDue(at: number) ? 1 : 0 }

  /// Whether the update of that number (the first is 1) takes up a new estimate.
  public func isEstimateDue(at number: Int) -> Bool { (number - 1) % updatePeriod == 0 }

  public func update(_ parameters: inout [ParameterUpdate], shared: inout Slots, step: Step) {
    if step.variant == 1 {
      let estimates =
        estimator == .given ? parameters.map(\.slots.hessianEstimate) : hutchinson(parameters.map(\.origin), step.number)
      for (index, estimate) in estimates.enumerated() {
        parameters[index].slots.hessian = lerp(parameters[index].slots.hessian, estimate, 1 - beta2)
      }
    }
    for index in parameters.indices {
      var parameter = parameters[index]
      update(
        &parameter.value, gradient: parameter.gradient, slots: &parameter.slots, step: step.of(parameter, shared: shared))
      parameters[index] = parameter
    }
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    let newton = slots.momentum / maximum(gamma * slots.hessian, Tensor(number: epsilon))
    w -= step.learningRate * clip(newton, Tensor(number: -clipThreshold), Tensor(number: clipThreshold))
  }

  /// z ⊙ ∇(g · z) for random signs z.
  private func hutchinson(_ origins: [GradientOrigin], _ number: Tensor) -> [Tensor] {
    GradientOrigin.requireGraph(origins, "Sophia")
    let count = number.cast(to: .int32).reshaped([1])
    let signs = origins.enumerated().map { index, origin in
      let own = Int32(truncatingIfNeeded: seed &* 0x9E37_79B1 &+ index &* 0x85EB_CA77)
      let key = concatenate([Tensor([own]), count], axis: 0)
      let uniform = Tensor(.random(.uniform), [key], shape: origin.gradient.shape, dtype: origin.gradient.dtype)
      return select(uniform .< 0.5, -1, Tensor.ones([], dtype: uniform.dtype))
    }
    let products = zip(origins, signs).map { origin, sign in (origin.gradient * sign).sum() }
    let slope = products.dropFirst().reduce(products[0]) { $0 + $1.cast(to: $0.dtype) }
    let derivatives = gradients(of: slope, withRespectTo: origins.map(\.parameter))
    return zip(signs, derivatives).map { $0 * $1 }
  }

  public static let hyperparameters: [Hyperparameter<Sophia>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average estimate that is kept"),
    .number("gamma", \.gamma, in: .positive, "multiplies the curvature"),
    .number("epsilon", \.epsilon, in: .positive, "the least divisor"),
    .number("clip_threshold", \.clipThreshold, in: .positive, "the greatest element of a step before the rate"),
    .integer("update_period", \.updatePeriod, atLeast: 1, "updates from one estimate to the next"),
    .choice("estimator", \.estimator, "where the estimates come from"),
    .integer("seed", \.seed, atLeast: 0, "chooses the random signs"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let about = OptimizerDescription(
    summary: "momentum divided by an estimate of the Hessian's diagonal, with limited steps",
    formula: """
      m ← m + (1 − beta_1) · (g − m)
      every update_period steps, from the first:  h ← h + (1 − beta_2) · (ĥ − h)
      w ← w − rate · clip(m / max(gamma · h, epsilon), ± clip_threshold)
      """,
    source: """
      Liu et al., 2023, Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training (arXiv 2305.14342)
      """,
    advice: "For language models, with AdamW's rate and a gamma for which a tenth to a half of the elements are not limited.")
}

/// Where Sophia's estimates of the Hessian's diagonal come from.
public enum SophiaEstimator: String, Sendable, CaseIterable {
  /// Random signs times the derivative of the gradient along them.
  case hutchinson
  /// The training loop.
  case given
}

extension OptimizerState {
  /// Sets the estimate of the Hessian's diagonal that ``Sophia`` takes up at its next due update.
  /// - Throws: ``DescentError`` if the optimizer is not a Sophia with the estimator `.given`, or the estimate does not fit the
  ///   parameter.
  public func setHessianEstimate(_ estimate: Tensor, of path: String) throws {
    guard let entry = entries.first(where: { $0.variable.path == path }), let slot = entry.slotVariables["hessianEstimate"]
    else {
      throw DescentError(
        .invalidArgument,
        "there is no Hessian estimate of \(path) to set; it takes a parameter of that path and a Sophia(estimator: .given)")
    }
    guard estimate.shape == slot.shape, estimate.dtype == slot.dtype else {
      throw DescentError(
        .invalidArgument,
        "the Hessian estimate of \(path) is \(estimate.dtype) \(estimate.shape); expected \(slot.dtype) \(slot.shape)")
    }
    slot.assign(estimate)
  }
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Sophia {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.96 by default.
  ///   - beta2: share of the average estimate that is kept, at least 0 and less than 1; 0.99 by default.
  ///   - gamma: multiplies the curvature: the smaller, the fewer elements keep to their Newton steps; 0.01 by default.
  ///   - epsilon: the least divisor; 1e-12 by default.
  ///   - clipThreshold: the greatest element of a step before the rate; 1 by default.
  ///   - updatePeriod: updates from one estimate to the next; 10 by default.
  ///   - estimator: where the estimates come from; `.hutchinson` by default.
  ///   - seed: chooses the random signs; 0 by default.
  ///   - clipnorm: greatest L2 norm of each gradient; no limit by default.
  ///   - clipvalue: greatest absolute value of a gradient's element; no limit by default.
  ///   - globalClipnorm: greatest L2 norm of all gradients together; no limit by default.
  ///   - useEMA: whether averages of the weights over time are kept; false by default.
  ///   - emaMomentum: share of the old average in the new; 0.99 by default.
  ///   - emaOverwriteFrequency: updates after which the averages replace the weights; never by default.
  ///   - lossScaleFactor: multiplies the loss and divides the gradients; 1 by default.
  ///   - gradientAccumulationSteps: micro-steps whose mean gradient makes an update; 1 by default.
  ///   - name: its name in Keras's JSON; made from the class's by default.
  ///   - decay: Keras 2's time decay: the rate is divided by 1 + decay · (updates done); 0 by default.
  ///   - convention: whose defaults and formula are meant; Keras 3's by default.
  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    gamma: Double? = nil, epsilon: Double? = nil, clipThreshold: Double? = nil, updatePeriod: Int? = nil,
    estimator: SophiaEstimator? = nil, seed: Int? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let gamma { self.gamma = gamma }
    if let epsilon { self.epsilon = epsilon }
    if let clipThreshold { self.clipThreshold = clipThreshold }
    if let updatePeriod { self.updatePeriod = updatePeriod }
    if let estimator { self.estimator = estimator }
    if let seed { self.seed = seed }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Sophia {
  /// ``Sophia`` with its defaults.
  public static var sophia: Sophia { Sophia() }

  /// ``Sophia`` with the given settings; see its initializer.
  public static func sophia(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    gamma: Double? = nil, epsilon: Double? = nil, clipThreshold: Double? = nil, updatePeriod: Int? = nil,
    estimator: SophiaEstimator? = nil, seed: Int? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> Sophia {
    Sophia(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, gamma: gamma, epsilon: epsilon,
      clipThreshold: clipThreshold, updatePeriod: updatePeriod, estimator: estimator, seed: seed, clipnorm: clipnorm,
      clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum,
      emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}
