/// A step size for each weight, that grows while the gradient keeps its sign and shrinks when it turns; the gradient's size
/// plays no part. For full batches.
///
///     g · g_before > 0:  size ← min(size · increase, maximumStep)
///     g · g_before < 0:  size ← max(size · decrease, minimumStep), and g ← 0 in this step
///     w ← w − size · sign(g),  g_before ← g
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

  public init(
    learningRate: (any LearningRateConvertible)? = nil, decrease: Double? = nil, increase: Double? = nil,
    minimumStep: Double? = nil, maximumStep: Double? = nil, convention: Convention = .keras3
  ) {
    adopt(convention)
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let decrease { self.decrease = decrease }
    if let increase { self.increase = increase }
    if let minimumStep { self.minimumStep = minimumStep }
    if let maximumStep { self.maximumStep = maximumStep }
  }

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
      g · g_before > 0:  size ← min(size · increase, maximum_step)
      g · g_before < 0:  size ← max(size · decrease, minimum_step), and g ← 0 in this step
      w ← w − size · sign(g)
      """,
    source: "Riedmiller & Braun, 1993; Igel & Hüsken, 2000 (iRprop−)",
    advice: "Fast and without a rate to tune where the gradient is exact; useless with mini-batches, whose signs are noise.")
}

extension Optimizer where Self == Rprop {
  /// ``Rprop`` with its defaults.
  public static var rprop: Rprop { Rprop() }
}
