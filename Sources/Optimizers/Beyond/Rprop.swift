/// A step size for each weight, that grows while the gradient keeps its sign and shrinks when it turns; the gradient's size
/// plays no part. For full batches.
///
///     turn = g · gBefore
///     size ← min(size · increase, maximumStep) where turn > 0, max(size · decrease, minimumStep) where turn < 0, else size
///     g ← 0 where turn < 0, else g
///     w ← w − size · sign(g),  gBefore ← g
///
/// Defaults: `learningRate` 0.01 (where sizes start), `decrease` 0.5, `increase` 1.2, `minimumStep` 1e-6, `maximumStep` 50.
///
/// As in PyTorch (`etas`, `step_sizes`). optax applies each step one update later. The learning rate is used at the first
/// update only, and schedules have no effect.
///
/// Source: Riedmiller & Braun, 1993, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm"; the
/// variant iRprop− of Igel & Hüsken, 2000.
public struct Rprop: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.01)
  /// Factor of the size when the gradient turns, greater than 0 and at most 1.
  public var decrease = 0.5
  /// Factor of the size while the gradient keeps its sign, at least 1.
  public var increase = 1.2
  /// The least size.
  public var minimumStep = 1e-6
  /// The greatest size.
  public var maximumStep = 50.0

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["previousGradient", "stepSize"] }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    // The product of two small gradients could vanish; that of their signs does not.
    let turn = sign(g) * sign(slots.previousGradient)
    let size = select(step.number .== 1, step.learningRate, slots.stepSize)
    let same = Tensor.ones([], dtype: w.dtype)
    let factor = select(turn .> 0, Tensor(number: increase), select(turn .< 0, Tensor(number: decrease), same))
    slots.stepSize = clip(size * factor, Tensor(number: minimumStep), Tensor(number: maximumStep))
    slots.previousGradient = select(turn .< 0, 0, g)
    w -= slots.stepSize * sign(slots.previousGradient)
  }

  public static let hyperparameters: [Hyperparameter<Rprop>] = [
    .number("decrease", \.decrease, in: .interpolation, "factor of the size when the gradient turns"),
    .number("increase", \.increase, in: .atLeast(1), "factor of the size while the gradient keeps its sign"),
    .number("minimum_step", \.minimumStep, in: .nonNegative, "the least size"),
    .number("maximum_step", \.maximumStep, in: .positive, "the greatest size"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.torch: [:], .paper: [:]]

  public static let about = OptimizerDescription(
    summary: "a step size for each weight, by the gradient's sign alone; for full batches",
    formula: """
      turn = g · gBefore
      size ← min(size · increase, maximum_step) where turn > 0, max(size · decrease, minimum_step) where turn < 0, else size
      g ← 0 where turn < 0, else g
      w ← w − size · sign(g),  gBefore ← g
      """,
    source: "Riedmiller & Braun, 1993; Igel & Hüsken, 2000 (iRprop−)",
    advice: "Fast and without a rate to tune where the gradient is exact; useless with mini-batches, whose signs are noise.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Rprop {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.01 by default.
  ///   - decrease: factor of the size when the gradient turns, greater than 0 and at most 1; 0.5 by default.
  ///   - increase: factor of the size while the gradient keeps its sign, at least 1; 1.2 by default.
  ///   - minimumStep: the least size; 1e-6 by default.
  ///   - maximumStep: the greatest size; 50 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
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
    learningRate: (any LearningRateConvertible)? = nil, decrease: Double? = nil, increase: Double? = nil,
    minimumStep: Double? = nil, maximumStep: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let decrease { self.decrease = decrease }
    if let increase { self.increase = increase }
    if let minimumStep { self.minimumStep = minimumStep }
    if let maximumStep { self.maximumStep = maximumStep }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Rprop {
  /// ``Rprop`` with its defaults.
  public static var rprop: Rprop { Rprop() }

  /// ``Rprop`` with the given settings; see its initializer.
  public static func rprop(
    learningRate: (any LearningRateConvertible)? = nil, decrease: Double? = nil, increase: Double? = nil,
    minimumStep: Double? = nil, maximumStep: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> Rprop {
    Rprop(
      learningRate: learningRate, decrease: decrease, increase: increase, minimumStep: minimumStep, maximumStep: maximumStep,
      weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}
