/// Where epsilon stands in a root that divides.
public enum EpsilonPlace: String, Sendable, CaseIterable {
  /// √(x + epsilon) (Keras 3).
  case inside
  /// √x + epsilon (Keras 2, PyTorch, most papers).
  case outside

  func root(_ x: Tensor, _ epsilon: Double) -> Tensor {
    self == .inside ? sqrt(x + epsilon) : sqrt(x) + epsilon
  }
}

/// How epsilon keeps something from zero.
public enum EpsilonForm: String, Sendable, CaseIterable {
  /// x + epsilon (Keras).
  case added
  /// max(x, epsilon) (PyTorch).
  case floor

  func apply(_ x: Tensor, _ epsilon: Double) -> Tensor {
    self == .added ? x + epsilon : maximum(x, Tensor(number: epsilon))
  }
}
