import Foundation

/// ``Adam`` with a second, very slow average of the gradient beside the usual one.
///
///     m ← m + (1 − beta1) · (g − m)
///     s ← s + (1 − b) · (g − s)
///     v ← v + (1 − beta2) · (g² − v)
///     w ← w − rate · (m / (1 − beta1ᵗ) + a · s) / (√(v / (1 − beta2ᵗ)) + epsilon)
///
/// a is `alpha` and b `beta3`, or with `warmupSteps` = T, r = min(t / T, 1)
///
///     a = r · alpha,   b = min(beta3, exp(ln beta1 · ln beta3 / ((1 − r) · ln beta3 + r · ln beta1)))
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.999, `beta3` 0.9999, `alpha` 5, `epsilon` 1e-8, `warmupSteps` 0
/// (none).
///
/// Weight decay is decoupled, as in the paper. s is not corrected for its start at zero.
///
/// Source: Pagliardini et al., 2024, "The AdEMAMix Optimizer: Better, Faster, Older" (arXiv 2409.03137).
public struct AdEMAMix: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the fast average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Share of the slow average gradient that is kept, at least 0 and less than 1.
  public var beta3 = 0.9999
  /// Weight of the slow average.
  public var alpha = 5.0
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// Updates until `alpha` and `beta3` are reached.
  public var warmupSteps = 0

  public init() {}

  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    beta3: Double? = nil, alpha: Double? = nil, epsilon: Double? = nil, warmupSteps: Int? = nil
  ) {
    if let learningRate { options.learningRate = learningRate.learningRate }
    options.weightDecay = weightDecay
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let beta3 { self.beta3 = beta3 }
    if let alpha { self.alpha = alpha }
    if let epsilon { self.epsilon = epsilon }
    if let warmupSteps { self.warmupSteps = warmupSteps }
  }

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", "slowMomentum", "velocity"] }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let (weight, kept) = slowAverage(at: step.number)
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    slots.slowMomentum = lerp(slots.slowMomentum, g, 1 - kept)
    slots.velocity = lerp(slots.velocity, g * g, 1 - beta2)

    let correction = sqrt(1 - pow(beta2, step.number))
    let rate = step.learningRate * correction
    let change = rate / (1 - pow(beta1, step.number)) * slots.momentum + rate * weight * slots.slowMomentum
    w -= change / (sqrt(slots.velocity) + epsilon * correction)
  }

  /// The slow average's weight and the share of it that is kept.
  private func slowAverage(at number: Tensor) -> (weight: Tensor, kept: Tensor) {
    // With beta1 = 0 or beta3 = 0 the half-life has no logarithm to go by.
    guard warmupSteps > 0, beta1 > 0, beta3 > 0 else { return (Tensor(number: alpha), Tensor(number: beta3)) }
    let share = minimum(number / Double(warmupSteps), 1)
    let (fast, slow) = (Foundation.log(beta1), Foundation.log(beta3))
    let kept = exp(fast * slow / ((1 - share) * slow + share * fast))
    return (share * alpha, minimum(kept, Tensor(number: beta3)))
  }

  public static let hyperparameters: [Hyperparameter<AdEMAMix>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the fast average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("beta_3", \.beta3, in: .decay, "share of the slow average gradient that is kept"),
    .number("alpha", \.alpha, in: .nonNegative, "weight of the slow average"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .integer("warmup_steps", \.warmupSteps, atLeast: 0, "updates until alpha and beta_3 are reached"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let about = OptimizerDescription(
    summary: "Adam with a second, very slow average of the gradient",
    formula: """
      m ← m + (1 − beta_1) · (g − m);  s ← s + (1 − beta_3) · (g − s);  v ← v + (1 − beta_2) · (g² − v)
      w ← w − rate · (m / (1 − beta_1ᵗ) + alpha · s) / (√(v / (1 − beta_2ᵗ)) + epsilon)
      """,
    source: "Pagliardini et al., 2024, The AdEMAMix Optimizer: Better, Faster, Older (arXiv 2409.03137)",
    advice: "For long trainings, where old gradients still help; set warmup_steps to the number of all updates.")
}

extension Optimizer where Self == AdEMAMix {
  /// ``AdEMAMix`` with its defaults.
  public static var adEMAMix: AdEMAMix { AdEMAMix() }
}
