/// What a formula may know of the step it computes. The numbers are inputs of the plan, so a change of them traces nothing anew.
public struct Step {
  /// The rate of this update, from the number, schedule or decay in force: a number.
  public let learningRate: Tensor
  /// 1 for the first update, then 2 …: a number. Accumulated micro-steps are not counted.
  public var number: Tensor { deferredNumber.value }
  private let deferredNumber: DeferredNumber
  /// Which of the optimizer's formulas is wanted; see ``Optimizer/variant(at:)``.
  public let variant: Int
  /// The strength of the weight decay of the parameter at hand, for optimizers that say ``Optimizer/decaysWeightsItself``.
  public let weightDecay: Double
  /// The numbers shared by all parameters, as ``Optimizer/prepare(shared:step:)`` left them.
  public let shared: Slots

  /// - Parameter number: evaluated where a formula asks for it.
  package init(
    learningRate: Tensor, number: @autoclosure @escaping () -> Tensor, variant: Int = 0, weightDecay: Double = 0,
    shared: Slots = Slots(owner: "", values: [:])
  ) {
    self.weightDecay = weightDecay
    self.learningRate = learningRate
    deferredNumber = DeferredNumber(number)
    self.variant = variant
    self.shared = shared
  }

  /// The same step at another rate.
  public func scaled(by factor: Double) -> Step {
    factor == 1 ? self : with(learningRate: learningRate * factor)
  }

  /// The same step at another rate.
  public func with(learningRate rate: Tensor) -> Step {
    Step(learningRate: rate, number: number, variant: variant, weightDecay: weightDecay, shared: shared)
  }

  /// The step as one parameter sees it.
  /// - Parameters:
  ///   - parameter: which it is, with its own rate and decay.
  ///   - shared: the numbers shared by all parameters.
  ///   - precision: that of the numbers a formula makes of the rate and of the step's own number.
  public func of(_ parameter: ParameterUpdate, shared: Slots, precision: NumberPrecision = .float64) -> Step {
    let rate = parameter.rateMultiplier == 1 ? learningRate : learningRate * parameter.rateMultiplier
    // Numbers are float64; cast, they are tensors of the parameter's dtype, and so is all that is computed from them.
    func inPrecision(_ number: Tensor) -> Tensor {
      let dtype = parameter.value.dtype
      return precision == .parameter && dtype != number.dtype ? number.cast(to: dtype) : number
    }
    return Step(
      learningRate: inPrecision(rate), number: inPrecision(number), variant: variant, weightDecay: parameter.weightDecay,
      shared: shared)
  }
}

/// The number of a step, which most formulas do not need: none of them asks for it, no step writes it.
private final class DeferredNumber {
  private let make: () -> Tensor
  lazy var value = make()

  init(_ make: @escaping () -> Tensor) { self.make = make }
}

/// Which plan a training step runs: what is to be done differs between steps that accumulate and steps that update, and
/// between the formulas an optimizer alternates between. A training loop keeps one compiled function for each phase it meets.
package struct StepPhase: Hashable, Sendable {
  /// Numbers the combinations of the parts' phases in the order in which steps met them; of a part, 0 accumulates, 1 updates, and so do the
  /// others but the last.
  let code: Int

  init(code: Int) { self.code = code }
}
