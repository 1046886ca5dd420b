/// Where a gradient came from: for optimizers that need more of the loss than its gradient at the weights.
struct GradientOrigin {
  /// The parameter as the gradient's graph reads it.
  let parameter: Tensor
  /// The gradient before it is accumulated and clipped.
  let gradient: Tensor
  /// The gradient was computed elsewhere, so that nothing can be known but its value.
  let isGiven: Bool

  init(_ variable: Variable, gradient: Tensor) {
    parameter = variable.value
    self.gradient = gradient
    isGiven = if case .argument = gradient.node.operation { true } else { false }
  }

  private init(parameter: Tensor, gradient: Tensor, isGiven: Bool) {
    self.parameter = parameter
    self.gradient = gradient
    self.isGiven = isGiven
  }

  func with(_ gradient: Tensor) -> GradientOrigin {
    GradientOrigin(parameter: parameter, gradient: gradient, isGiven: isGiven)
  }

  /// The gradients that the optimizer wants instead of those at the weights.
  static func moved(_ origins: [GradientOrigin], by optimizer: any Optimizer) -> [GradientOrigin] {
    if let sam = optimizer as? SAM {
      let inner = moved(origins, by: sam.innerOptimizer)
      return zip(inner, sam.gradients(inner)).map { $0.with($1) }
    }
    if let wrapper = optimizer as? any OptimizerWrapper { return moved(origins, by: wrapper.innerOptimizer) }
    return origins
  }

  /// Stops if gradients came from elsewhere.
  static func requireGraph(_ origins: [GradientOrigin], _ name: String) {
    if origins.contains(where: \.isGiven) {
      programmingError(
        "\(name) needs more of the loss than the gradients that are given; let them be taken in the same function")
    }
  }
}

extension Optimizer {
  /// Whether gradients that are computed elsewhere are enough.
  package var takesGivenGradients: Bool { (try? requireGivenGradients()) != nil }

  /// - Throws: ``DescentError`` if gradients that are computed elsewhere are not enough.
  func requireGivenGradients() throws {
    if self is SAM {
      throw DescentError(
        .invalidArgument,
        "SAM takes gradients at other points than the parameters, so they cannot be given; use a Minimizer or fit")
    }
    if let sophia = self as? Sophia, sophia.estimator == .hutchinson {
      throw DescentError(
        .invalidArgument,
        "Sophia's Hutchinson estimate needs the loss, so gradients alone are not enough; use a Minimizer or fit, or estimator \"given\""
      )
    }
    try refuseLineSearch()
    for part in parts { try part.requireGivenGradients() }
  }
}

/// The same tensors computed from other values of some of what they are computed from.
func replacing(_ replacements: [(old: Tensor, new: Tensor)], in outputs: [Tensor]) -> [Tensor] {
  var known: [Int: Tensor] = [:]
  for (old, new) in replacements { known[old.node.id] = new }
  var seen = Set(known.keys)
  var stack = outputs.map(\.node).filter { seen.insert($0.id).inserted }
  var nodes: [Node] = []
  while let node = stack.popLast() {
    nodes.append(node)
    for input in node.inputs where seen.insert(input.id).inserted { stack.append(input) }
  }
  // Inputs have smaller numbers than what is computed from them.
  for node in nodes.sorted(by: { $0.id < $1.id }) {
    let inputs = node.inputs.map { known[$0.id]! }
    let isUnchanged = zip(inputs, node.inputs).allSatisfy { $0.node === $1 }
    known[node.id] =
      isUnchanged
      ? Tensor(node) : Tensor(node.operation, inputs, shape: node.shape, dtype: node.dtype, isNumber: node.isNumber)
  }
  return outputs.map { known[$0.node.id]! }
}
