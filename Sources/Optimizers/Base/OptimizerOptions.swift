/// What all optimizers have in common.
///
/// A step does, in this order (`OptimizerState.apply` is the one place where it is written):
///
/// 1. divide the gradients by the loss scale;
/// 2. look for gradients that are not finite, if ``nonFinite`` says so;
/// 3. with ``gradientAccumulationSteps``: add the gradients up and stop here, or, in the last micro-step, take their mean;
/// 4. clip: ``clipnorm``, ``globalClipnorm`` or ``clipvalue``;
/// 5. decay the weights;
/// 6. the optimizer's formula;
/// 7. ``useEMA``: update the averages, and put them in place of the weights if it is time to;
/// 8. constraints of the parameters;
/// 9. count the update.
///
/// The learning rate's schedule, the averages and the optimizer's own step number all count updates, not micro-steps.
public struct OptimizerOptions: Sendable {
  /// A number or a schedule. Each optimizer has its own default.
  public var learningRate: LearningRate
  /// Time decay as in Keras 2: the rate is divided by 1 + `decay` · (updates done). 0 by default.
  public var decay = 0.0
  /// Strength of the weight decay, in the way of ``weightDecayMode``. `nil` (none) by default.
  public var weightDecay: Double?
  /// How weights decay.
  public var weightDecayMode = WeightDecayMode.decoupled
  /// Parameters whose weights do not decay. None by default.
  public var weightDecayExclusions: [ParameterRule] = []
  /// Each gradient is scaled down to at most this L2 norm; see ``clipnormScope``. `nil` or 0 (not at all) by default.
  public var clipnorm: Double?
  /// What ``clipnorm`` measures: each gradient on its own (Keras 3, by default) or all of them together (Keras 2).
  public var clipnormScope = ClipnormScope.variable
  /// All gradients are scaled down together to at most this L2 norm. `nil` or 0 (not at all) by default.
  public var globalClipnorm: Double?
  /// Elements of gradients are limited to ± this. `nil` or 0 (not at all) by default.
  public var clipvalue: Double?
  /// Whether averages of the weights over time are kept. `false` by default.
  public var useEMA = false
  /// average ← `emaMomentum` · average + (1 − `emaMomentum`) · weights; 0.99 by default.
  public var emaMomentum = 0.99
  /// After every so many updates the averages replace the weights. `nil` (never) by default.
  public var emaOverwriteFrequency: Int?
  /// The loss is multiplied by this before the gradients are taken, and the gradients divided by it. `nil` (1) by default.
  public var lossScaleFactor: Double?
  /// Every so many micro-steps the mean of their gradients makes one update. `nil` (every step is an update) by default.
  public var gradientAccumulationSteps: Int?
  /// What happens when a gradient is not finite. `.propagate` by default.
  public var nonFinite = NonFinitePolicy.propagate
  /// With accumulation, let the schedule and the averages count micro-steps and constraints act in each, as Keras 3 does. `false` by default.
  public var countsMicroSteps = false
  /// Parameters with a rate, a decay, a freeze or lazy updates of their own. None by default.
  public var parameterSettings: [ParameterSetting] = []
  /// In which precision a step's numbers are computed. `.float64` by default; `.parameter` for those of Keras's optimizers that
  /// correct averages for their start at zero.
  public var numberPrecision = NumberPrecision.float64
  /// The optimizer's name in Keras's JSON. Made from the class's by default.
  public var name: String?
  /// The convention the optimizer was made for.
  public internal(set) var convention = Convention.keras3

  /// - Parameters:
  ///   - learningRate: a number or a schedule.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - numberPrecision: in which precision bias corrections are computed.
  public init(
    learningRate: any LearningRateConvertible, weightDecay: Double? = nil, numberPrecision: NumberPrecision = .float64
  ) {
    self.learningRate = learningRate.learningRate
    self.weightDecay = weightDecay
    self.numberPrecision = numberPrecision
  }
}

/// How weights decay.
public enum WeightDecayMode: String, Sendable, CaseIterable {
  /// w ← w − rate · decay · w before the formula (Loshchilov & Hutter, 2019; Keras, PyTorch's AdamW).
  case decoupled
  /// w ← w − decay · w before the formula, whatever the rate.
  case independent
  /// g ← g + decay · w after clipping: the derivative of decay/2 · ‖w‖² (PyTorch's SGD, Adam …).
  case l2
}

/// What ``OptimizerOptions/clipnorm`` measures.
public enum ClipnormScope: String, Sendable, CaseIterable {
  /// Each gradient's own norm (Keras 3).
  case variable
  /// The norm of all gradients together (Keras 2); ``OptimizerOptions/clipvalue`` may then follow.
  case global
}

/// In which precision the numbers of a step are computed that all elements share: 1 − betaᵗ and what is made of it.
public enum NumberPrecision: String, Sendable, CaseIterable {
  /// `float64`, and rounded once to the parameter's dtype (PyTorch, the papers).
  case float64
  /// The parameter's dtype (Keras). In `float32` 1 − 0.999ᵗ, and with it the size of early steps, is off by up to 1e-5 of itself;
  /// 1 − 0.9999ᵗ by 2e-4.
  case parameter
}

/// What happens when a gradient has an element that is NaN or infinite.
public enum NonFinitePolicy: String, Sendable, CaseIterable {
  /// It is computed with, as Keras does.
  case propagate
  /// The step changes nothing: no weight, no slot, no counter. ``OptimizerState/skippedSteps`` counts it.
  case skip
  /// The step changes nothing, and an error names the step and the parameters.
  case stop
}

extension Optimizer {
  /// The same optimizer with other options: the closure sets those it names. See ``OptimizerOptions`` for their meaning.
  ///
  ///     Adam(beta1: 0.8).with { $0.weightDecay = 0.01; $0.weightDecayExclusions = [.vectors] }
  public func with(_ set: (inout OptimizerOptions) -> Void) -> Self {
    var result = self
    set(&result.options)
    return result
  }
}
