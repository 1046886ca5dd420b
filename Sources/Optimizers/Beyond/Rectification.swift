/// How far the variance of Adam's step can be trusted while its average of squares is young (Liu et al., 2020): the length of
/// the simple average that it amounts to, and the factor that makes up for the variance.
///
///     ρ∞ = 2 / (1 − beta2) − 1
///     ρ  = ρ∞ − 2 · t · beta2ᵗ / (1 − beta2ᵗ)
///     factor = √((ρ − 4) · (ρ − 2) · ρ∞ / ((ρ∞ − 4) · (ρ∞ − 2) · ρ))
struct Rectification {
  /// ρ: a number.
  let length: Tensor
  /// A number; without meaning while ρ is 4 or less.
  let factor: Tensor

  init(beta2: Double, number: Tensor) {
    let longest = 2 / (1 - beta2) - 1
    let power = pow(beta2, number)
    length = longest - 2 * number * power / (1 - power)
    factor = sqrt((length - 4) * (length - 2) / length * (longest / ((longest - 4) * (longest - 2))))
  }
}

/// What is done while the average of squares is too young to divide by.
public enum UnrectifiedStep: String, Sendable, CaseIterable {
  /// The corrected momentum, undivided (the paper, PyTorch).
  case momentum
  /// Nothing.
  case none
}
