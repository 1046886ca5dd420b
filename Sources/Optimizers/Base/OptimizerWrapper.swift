/// An optimizer around another one, whose options, slots and formulas are the other's unless it says otherwise.
public protocol OptimizerWrapper: Optimizer {
  /// The optimizer that makes the steps.
  var innerOptimizer: any Optimizer { get set }
}

extension OptimizerWrapper {
  public var options: OptimizerOptions {
    get {
      // Which convention is meant is the inner optimizer's own affair.
      var options = innerOptimizer.options
      options.convention = .keras3
      return options
    }
    set {
      let convention = innerOptimizer.options.convention
      innerOptimizer.options = newValue
      innerOptimizer.options.convention = convention
    }
  }

  public var parts: [any Optimizer] { [innerOptimizer] }
  public func slots(for parameter: ParameterDescription) -> [Slot] { innerOptimizer.slots(for: parameter) }
  public var sharedSlots: [Slot] { innerOptimizer.sharedSlots }
  public func prepare(shared: inout Slots, step: Step) { innerOptimizer.prepare(shared: &shared, step: step) }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    innerOptimizer.update(&w, gradient: g, slots: &slots, step: step)
  }

  public func update(_ parameters: inout [ParameterUpdate], shared: inout Slots, step: Step) {
    innerOptimizer.update(&parameters, shared: &shared, step: step)
  }

  public var variantCount: Int { innerOptimizer.variantCount }
  public func variant(at number: Int) -> Int { innerOptimizer.variant(at: number) }
  public func weightDecay(for parameter: ParameterDescription) -> Double? { innerOptimizer.weightDecay(for: parameter) }
  public var decaysWeightsItself: Bool { innerOptimizer.decaysWeightsItself }
  public func evaluationValue(of w: Tensor, slots: Slots) -> Tensor? { innerOptimizer.evaluationValue(of: w, slots: slots) }
  public static var commonHyperparameters: [Hyperparameter<OptimizerOptions>] { [] }
}
