/// ``Adam`` in the eigenvectors of Shampoo's matrices.
///
///     for each axis:  L ← L + (1 − shampooBeta) · (gram of g along it − L),   Q: L's eigenvectors
///     m ← m + (1 − beta1) · (g − m)
///     v ← v + (1 − beta2) · ((Q g)² − v)                        Q g: g multiplied along each axis by Qᵀ
///     w ← w − rate · √(1 − beta2ᵏ) / (1 − beta1ᵏ) · Qᵀ (Q m / (√v + epsilon))
///     w ← w − rate · weightDecay · w
///     every updatePeriod steps:  Q ← one turn of orthogonal iteration; v is sorted with it
///
/// The first update only starts the matrices, and Q from all of L's eigenvectors; k counts the updates after it.
///
/// Defaults: `learningRate` 0.003, `weightDecay` 0.01, `beta1` 0.95, `beta2` 0.95, `shampooBeta` nil (as `beta2`), `epsilon`
/// 1e-8, `updatePeriod` 10, `maximumSize` 1024, `mergeDims` false, `normalizeGradient` false, `correctBias` true.
///
/// As in the authors' code, whose greatest size is 10000. Vectors and scalars, and axes longer than `maximumSize`, are not
/// rotated: with none, it is Adam. Decompositions are computed in float64, the first one on one thread; the authors' QR is in float32.
///
/// Source: Vyas et al., 2024, "SOAP: Improving and Stabilizing Shampoo using Adam" (arXiv 2409.11321).
public struct SOAP: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.003, weightDecay: 0.01)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.95
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.95
  /// Share of the matrices that is kept; `nil` for ``beta2``.
  public var shampooBeta: Double?
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// Updates from one turn of the eigenvectors to the next.
  public var updatePeriod = 10
  /// The longest axis that is rotated.
  public var maximumSize = 1024
  /// Whether neighbouring axes are taken together while their product is at most ``maximumSize``.
  public var mergeDims = false
  /// Whether each parameter's step is divided by its root mean square.
  public var normalizeGradient = false
  /// Whether the averages are corrected for their start at zero.
  public var correctBias = true

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    let shape = merged(parameter.shape)
    let matrices = axes(shape).flatMap { axis in
      ["preconditioner\(axis)", "basis\(axis)"].map { Slot($0, shape: .fixed([shape[axis], shape[axis]])) }
    }
    return ["momentum", "velocity"] + matrices
  }

  public var decaysWeightsItself: Bool { options.weightDecayMode == .decoupled }

  // Starting, stepping, and stepping with a turn of the eigenvectors.
  public var variantCount: Int { 3 }
  public func variant(at number: Int) -> Int { number == 1 ? 0 : (number - 1) % updatePeriod == 0 ? 2 : 1 }

  public func update(_ w: inout Tensor, gradient: Tensor, slots: inout Slots, step: Step) {
    let g = gradient.reshaped(merged(w.shape))
    let axes = axes(g.shape)
    if step.variant == 0 {
      for axis in axes {
        accumulate(g, axis, &slots)
        slots["basis\(axis)"] = slots["preconditioner\(axis)"].eigenvectors()
      }
      return
    }

    slots.momentum = lerp(slots.momentum, gradient, 1 - beta1)
    let slope = rotated(g, axes, slots)
    let velocity = lerp(slots.velocity.reshaped(g.shape), slope * slope, 1 - beta2)
    let direction = rotated(slots.momentum.reshaped(g.shape), axes, slots) / (sqrt(velocity) + epsilon)
    var change = rotated(direction, axes, slots, back: true).reshaped(w.shape)
    if normalizeGradient { change = change / (sqrt((change * change).mean()) + epsilon) }
    var rate = step.learningRate
    if correctBias {
      let count = step.number - 1
      rate = rate * sqrt(1 - pow(beta2, count)) / (1 - pow(beta1, count))
    }
    w -= rate * change
    if decaysWeightsItself && step.weightDecay > 0 { w *= 1 - step.learningRate * step.weightDecay }

    var sorted = velocity
    for axis in axes {
      accumulate(g, axis, &slots)
      if step.variant != 2 { continue }
      let size = g.shape[axis]
      let turned = slots["preconditioner\(axis)"].refinedEigenvectors(slots["basis\(axis)"])
      slots["basis\(axis)"] = turned.sliced(starts: [0, 0, 0], sizes: [1, size, size]).reshaped([size, size])
      let order = turned.sliced(starts: [1, 0, 0], sizes: [1, size, size]).reshaped([size, size])
      sorted = sorted.multiplied(axis: axis, by: order)
    }
    slots.velocity = sorted.reshaped(w.shape)
  }

  private func accumulate(_ g: Tensor, _ axis: Int, _ slots: inout Slots) {
    let name = "preconditioner\(axis)"
    slots[name] = lerp(slots[name], g.gram(axis: axis), 1 - (shampooBeta ?? beta2))
  }

  /// In the eigenvectors' axes, or back.
  private func rotated(_ x: Tensor, _ axes: [Int], _ slots: Slots, back: Bool = false) -> Tensor {
    axes.reduce(x) { $0.multiplied(axis: $1, by: slots["basis\($1)"], transposed: back) }
  }

  /// The axes that are rotated.
  private func axes(_ shape: [Int]) -> [Int] { shape.count < 2 ? [] : shape.indices.filter { shape[$0] <= maximumSize } }

  /// The shape with neighbouring axes taken together, if asked.
  private func merged(_ shape: [Int]) -> [Int] {
    if !mergeDims || shape.isEmpty { return shape }
    var result: [Int] = []
    var product = 1
    for size in shape {
      if product * size > maximumSize && product > 1 {
        result.append(product)
        product = 1
      }
      product *= size
    }
    return result + [product]
  }

  public static let hyperparameters: [Hyperparameter<SOAP>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .optionalNumber("shampoo_beta", \.shampooBeta, in: .decay, "share of the matrices that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .integer("update_period", \.updatePeriod, atLeast: 1, "updates from one turn of the eigenvectors to the next"),
    .integer("maximum_size", \.maximumSize, atLeast: 1, "the longest axis that is rotated"),
    .flag("merge_dims", \.mergeDims, "whether neighbouring axes are taken together"),
    .flag("normalize_gradient", \.normalizeGradient, "whether each parameter's step is divided by its root mean square"),
    .flag("correct_bias", \.correctBias, "whether the averages are corrected for their start at zero"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let tunings = [TuningRange("weight_decay", 1e-4...0.3, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "Adam in the eigenvectors of Shampoo's matrices",
    formula: """
      for each axis:  L ← L + (1 − shampoo_beta) · (gram of g along it − L),   Q: L's eigenvectors
      m ← m + (1 − beta_1) · (g − m)
      v ← v + (1 − beta_2) · ((Q g)² − v)                        Q g: g multiplied along each axis by Qᵀ
      w ← w − rate · √(1 − beta_2ᵏ) / (1 − beta_1ᵏ) · Qᵀ (Q m / (√v + epsilon))
      w ← w − rate · weight_decay · w
      every update_period steps:  Q ← one turn of orthogonal iteration; v is sorted with it
      """,
    source: "Vyas et al., 2024, SOAP: Improving and Stabilizing Shampoo using Adam (arXiv 2409.11321)",
    advice: "Fewer steps than AdamW for language models, each costlier. The first update makes no step.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension SOAP {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.003 by default.
  ///   - weightDecay: strength of the weight decay; 0.01 by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.95 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.95 by default.
  ///   - shampooBeta: share of the matrices that is kept; `nil` for ``beta2``.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - updatePeriod: updates from one turn of the eigenvectors to the next; 10 by default.
  ///   - maximumSize: the longest axis that is rotated; 1024 by default.
  ///   - mergeDims: whether neighbouring axes are taken together while their product is at most ``maximumSize``; false by
  ///     default.
  ///   - normalizeGradient: whether each parameter's step is divided by its root mean square; false by default.
  ///   - correctBias: whether the averages are corrected for their start at zero; true by default.
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
    shampooBeta: Double? = nil, epsilon: Double? = nil, updatePeriod: Int? = nil, maximumSize: Int? = nil, mergeDims: Bool? = nil,
    normalizeGradient: Bool? = nil, correctBias: Bool? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let shampooBeta { self.shampooBeta = shampooBeta }
    if let epsilon { self.epsilon = epsilon }
    if let updatePeriod { self.updatePeriod = updatePeriod }
    if let maximumSize { self.maximumSize = maximumSize }
    if let mergeDims { self.mergeDims = mergeDims }
    if let normalizeGradient { self.normalizeGradient = normalizeGradient }
    if let correctBias { self.correctBias = correctBias }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == SOAP {
  /// ``SOAP`` with its defaults.
  public static var soap: SOAP { SOAP() }

  /// ``SOAP`` with the given settings; see its initializer.
  public static func soap(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    shampooBeta: Double? = nil, epsilon: Double? = nil, updatePeriod: Int? = nil, maximumSize: Int? = nil, mergeDims: Bool? = nil,
    normalizeGradient: Bool? = nil, correctBias: Bool? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> SOAP {
    SOAP(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, shampooBeta: shampooBeta, epsilon: epsilon,
      updatePeriod: updatePeriod, maximumSize: maximumSize, mergeDims: mergeDims, normalizeGradient: normalizeGradient,
      correctBias: correctBias, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}
