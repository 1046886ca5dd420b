/// What a model computed before its last activation, when that was a sigmoid or a softmax over the last axis.
///
/// Cross-entropies and accuracies computed from logits are exact where the activation itself has saturated: a probability that
/// rounds to 0 or 1 has no logarithm worth having and no gradient.
public struct Logits {
  /// Of each number alone, or of the last axis together.
  public enum Activation: Sendable { case sigmoid, softmax }

  /// What the activation was applied to.
  public let values: Tensor
  /// What was applied.
  public let activation: Activation

  /// - Parameters:
  ///   - values: what the activation is applied to.
  ///   - activation: what makes probabilities of them.
  public init(_ values: Tensor, of activation: Activation) {
    self.values = values
    self.activation = activation
  }

  /// Nil if the activation function is another one.
  /// - Parameters:
  ///   - values: what the function is applied to.
  ///   - function: a sigmoid, or a softmax over the last axis.
  public init?(_ values: Tensor, before function: ActivationFunction) {
    guard let activation = function.logitsActivation(rank: values.rank) else { return nil }
    self.init(values, of: activation)
  }
}
