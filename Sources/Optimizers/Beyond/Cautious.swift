/// Any optimizer, without those parts of its step that the present gradient disagrees with.
///
///     u = the inner optimizer's step
///     mask = 1 where u · g > 0, else 0
///     w ← w − u · mask · elements / (Σ mask + 1)
///
/// Defaults: `innerOptimizer` ``AdamW``, `scaling` `.plusOne`.
///
/// The paper scales as above; its authors' later code and timm by 1 / max(kept share, 0.001): `scaling: .leastShare`. The slots
/// are the inner optimizer's and change as without the mask. pytorch_optimizer's cautious AdEMAMix masks the fast average
/// alone.
///
/// Source: Liang et al., 2024, "Cautious Optimizers: Improving Training with One Line of Code" (arXiv 2411.16085).
public struct Cautious: OptimizerWrapper {
  public var innerOptimizer: any Optimizer
  /// How the kept elements make up for the others.
  public var scaling = CautiousScaling.plusOne
  /// Its name in Keras's JSON; made from the class's if nil.
  public var name: String?

  public init() { self.init(AdamW()) }

  /// - Parameters:
  ///   - innerOptimizer: the optimizer that makes the steps; its options are those of the whole.
  ///   - scaling: how the kept elements make up for the others; `.plusOne` by default.
  ///   - name: its name in Keras's JSON; made from the class's by default.
  public init(
    _ innerOptimizer: any Optimizer, scaling: CautiousScaling? = nil, name: String? = nil
  ) {
    self.innerOptimizer = innerOptimizer
    if let scaling { self.scaling = scaling }
    self.name = name
  }

  public func update(_ parameters: inout [ParameterUpdate], shared: inout Slots, step: Step) {
    let before = parameters.map(\.value)
    innerOptimizer.update(&parameters, shared: &shared, step: step)
    for index in parameters.indices {
      parameters[index].value = scaling.masked(
        parameters[index].value, before: before[index], gradient: parameters[index].gradient)
    }
  }

  public static let hyperparameters: [Hyperparameter<Cautious>] = [
    .optionalText("name", \.name, "name in Keras's JSON"),
    .optimizer("inner_optimizer", \.innerOptimizer, "the optimizer whose steps are masked"),
    .choice("scaling", \.scaling, "how the kept elements make up for the others"),
  ]

  public static let about = OptimizerDescription(
    summary: "any optimizer, without the parts of its step that the gradient disagrees with",
    formula: """
      u = the inner optimizer's step
      mask = 1 where u · g > 0, else 0
      w ← w − u · mask · elements / (Σ mask + 1)
      """,
    source: "Liang et al., 2024, Cautious Optimizers: Improving Training with One Line of Code (arXiv 2411.16085)",
    advice: "One line that helps most optimizers with momentum; the settings stay as they are.")
}

/// How the elements of a cautious step that are kept make up for the others.
public enum CautiousScaling: String, Sendable, CaseIterable {
  /// Times elements / (kept elements + 1) (the paper, pytorch_optimizer).
  case plusOne = "plus_one"
  /// Divided by max(kept share, 0.001) (the authors' later code, timm).
  case leastShare = "least_share"

  /// The new value without those parts of the step that the gradient disagrees with.
  func masked(_ moved: Tensor, before w: Tensor, gradient g: Tensor) -> Tensor {
    let change = CautiousScaling.change(from: w, to: moved)
    // The product of two small numbers could vanish; that of their signs does not.
    let mask = select(sign(change) * sign(g) .> 0, 1, Tensor.zeros([], dtype: w.dtype))
    let kept = mask.sum()
    let scale =
      switch self {
      case .plusOne: Double(w.count) / (kept + 1)
      case .leastShare: 1 / maximum(kept / Double(w.count), 1e-3)
      }
    return w - change * mask * scale
  }

  /// What was subtracted. The formula's own expression where it is a subtraction: the difference of the values would have lost
  /// the sign of steps too small to change them.
  private static func change(from w: Tensor, to moved: Tensor) -> Tensor {
    if case .binary(.subtract) = moved.node.operation, moved.node.inputs[0] === w.node { return Tensor(moved.node.inputs[1]) }
    return w - moved
  }
}

extension Optimizer where Self == Cautious {
  /// ``Cautious`` around another optimizer; see its initializer.
  public static func cautious(
    _ innerOptimizer: any Optimizer = AdamW(), scaling: CautiousScaling? = nil, name: String? = nil
  ) -> Cautious {
    Cautious(innerOptimizer, scaling: scaling, name: name)
  }
}
