/// A rule that changes parameters by their gradients: its hyperparameters, what it remembers of each parameter, and its formula.
///
/// To write one, give the struct its hyperparameters with their defaults, ``options`` with the default learning rate, the
/// ``slots(for:)`` it needs and the formula in ``update(_:gradient:slots:step:)``:
///
///     struct SignSGD: Optimizer {
///       var options = OptimizerOptions(learningRate: 0.001)
///       func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
///         w -= step.learningRate * sign(g)
///       }
///     }
///
/// The formula is traced once for each parameter and then runs as a plan, fused and in place, however often the learning rate
/// changes. What is common to all optimizers (clipping, weight decay, averaging, accumulation) is done around it; see
/// ``OptimizerOptions`` for what there is and in which order.
public protocol Optimizer: Sendable, CustomStringConvertible {
  /// The optimizer with its default hyperparameters.
  init()

  /// What all optimizers have in common: the learning rate, clipping, weight decay, averaging …
  var options: OptimizerOptions { get set }

  /// The optimizers inside this one. None by default.
  var parts: [any Optimizer] { get }

  /// What is remembered of one parameter from step to step, in the order of Keras's files. None by default.
  func slots(for parameter: ParameterDescription) -> [Slot]

  /// Numbers (`float64`) remembered for all parameters together. None by default.
  var sharedSlots: [Slot] { get }

  /// Changes the shared numbers, once a step and before the parameters. Does nothing by default.
  func prepare(shared: inout Slots, step: Step)

  /// The new value of one parameter, given its gradient.
  ///
  /// - Parameters:
  ///   - w: the parameter; the formula changes it.
  ///   - g: the gradient, of the same shape and dtype, after clipping.
  ///   - slots: what is remembered of this parameter; the formula changes it.
  ///   - step: the learning rate, the number of the step, and the shared numbers.
  func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step)

  /// All parameters at once, for optimizers whose parameters depend on one another. By default ``prepare(shared:step:)`` and
  /// then ``update(_:gradient:slots:step:)`` for each.
  func update(_ parameters: inout [ParameterUpdate], shared: inout Slots, step: Step)

  /// How many different formulas the optimizer alternates between; each has a plan of its own. 1 by default.
  var variantCount: Int { get }

  /// Which of the formulas the update of that number (the first is 1) takes; the formula finds it in ``Step/variant``.
  func variant(at number: Int) -> Int

  /// Weight decay for a parameter that no setting speaks of. ``OptimizerOptions/weightDecay`` by default.
  func weightDecay(for parameter: ParameterDescription) -> Double?

  /// Whether the formula decays the weights, by ``Step/weightDecay``, so that it is not done before it. `false` by default.
  var decaysWeightsItself: Bool { get }

  /// Whether a step may leave rows alone that have no gradient, which is what makes large embeddings cheap. ``SparseUpdates/none``
  /// by default: to say anything else, the formula must compute each row from that row of the parameter, the gradient and the slots.
  var sparseUpdates: SparseUpdates { get }

  /// The value with which to evaluate a parameter, where that is not the one being trained. `nil` by default.
  func evaluationValue(of w: Tensor, slots: Slots) -> Tensor?

  /// Its name in Keras's JSON. The name of the type by default.
  static var className: String { get }

  /// Checks what the ranges of single hyperparameters cannot say. Nothing by default.
  /// - Throws: ``DescentError`` saying what does not go together.
  func check() throws

  /// The common hyperparameters that it understands. All by default.
  static var commonHyperparameters: [Hyperparameter<OptimizerOptions>] { get }

  /// The optimizer's own hyperparameters: JSON, the command line, validation and the documentation follow from this list. None by
  /// default: an optimizer that has a property which is not at its default, and which the list does not name, cannot be written.
  static var hyperparameters: [Hyperparameter<Self>] { get }

  /// What other conventions have otherwise than Keras 3, by Keras's name of the hyperparameter. A convention that is not
  /// listed does not know the optimizer.
  static var conventions: [Convention: [String: JSONValue]] { get }

  /// The settings beside the learning rate that are worth trying values of, the most important first. None by default.
  static var tunings: [TuningRange] { get }

  /// What the command line and the documentation say.
  static var about: OptimizerDescription { get }
}

extension Optimizer {
  public var parts: [any Optimizer] { [] }
  public func slots(for parameter: ParameterDescription) -> [Slot] { [] }
  public var sharedSlots: [Slot] { [] }
  public func prepare(shared: inout Slots, step: Step) {}

  public func update(_ parameters: inout [ParameterUpdate], shared: inout Slots, step: Step) {
    prepare(shared: &shared, step: step)
    for index in parameters.indices {
      var parameter = parameters[index]
      update(
        &parameter.value, gradient: parameter.gradient, slots: &parameter.slots,
        step: step.of(parameter, shared: shared, precision: options.numberPrecision))
      parameters[index] = parameter
    }
  }

  public var variantCount: Int { 1 }
  public func variant(at number: Int) -> Int { 0 }
  public func weightDecay(for parameter: ParameterDescription) -> Double? { options.weightDecay }
  public var decaysWeightsItself: Bool { false }
  public var sparseUpdates: SparseUpdates { .none }
  public func evaluationValue(of w: Tensor, slots: Slots) -> Tensor? { nil }

  public func check() throws {}

  public static var className: String { String(describing: Self.self) }
  public static var commonHyperparameters: [Hyperparameter<OptimizerOptions>] { OptimizerOptions.hyperparameters }
  public static var hyperparameters: [Hyperparameter<Self>] { [] }
  public static var conventions: [Convention: [String: JSONValue]] { [:] }
  public static var tunings: [TuningRange] { [] }
  public static var about: OptimizerDescription { OptimizerDescription(summary: className, formula: "", source: "") }
}

/// What the command line and the documentation say of an optimizer.
public struct OptimizerDescription: Sendable, Equatable {
  /// One line.
  public var summary: String
  /// One line for each assignment.
  public var formula: String
  /// The paper or page the formula is from.
  public var source: String
  /// When to use it, and how it differs from its namesakes.
  public var advice: String

  /// - Parameters:
  ///   - summary: what it does, in a few words.
  ///   - formula: its update, with Keras's names of settings.
  ///   - source: the paper, or where Keras documents it.
  ///   - advice: when to use it.
  public init(summary: String, formula: String, source: String, advice: String = "") {
    self.summary = summary
    self.formula = formula
    self.source = source
    self.advice = advice
  }
}
