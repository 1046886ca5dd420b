import Foundation

/// The transformer's schedule: a straight warm-up, then the inverse root of the number of updates.
///
///     scale · modelSize^−½ · min(t^−½, t · warmupSteps^−1.5)
///
/// where t is the number of the update, from 1. Defaults: `warmupSteps` 4000, `scale` 1.
///
/// Source: Vaswani et al., 2017, "Attention Is All You Need" (arXiv 1706.03762), section 5.3 (named after Noam Shazeer).
public struct NoamDecay: ConfigurableSchedule {
  /// The width of the model's layers.
  public var modelSize: Int
  /// The number of updates in which the rate rises.
  public var warmupSteps = 4000
  /// Multiplies the rate.
  public var scale = 1.0

  /// - Parameters:
  ///   - modelSize: the width of the model's layers.
  ///   - warmupSteps: the number of updates in which the rate rises; 4,000 by default.
  ///   - scale: multiplies the rate; 1 by default.
  public init(modelSize: Int, warmupSteps: Int? = nil, scale: Double? = nil) {
    self.modelSize = modelSize
    if let warmupSteps { self.warmupSteps = warmupSteps }
    if let scale { self.scale = scale }
  }

  public func callAsFunction(step: Int) -> Double {
    let number = Double(step + 1)
    return scale / Double(modelSize).squareRoot() * min(1 / number.squareRoot(), number * pow(Double(warmupSteps), -1.5))
  }

  public static let template = NoamDecay(modelSize: 1)
  public static let hyperparameters: [Hyperparameter<NoamDecay>] = [
    .integer("model_size", \.modelSize, atLeast: 1, "width of the model", isRequired: true),
    .integer("warmup_steps", \.warmupSteps, atLeast: 1, "updates of the warm-up"),
    .number("scale", \.scale, in: .nonNegative, "multiplies the rate"),
  ]
}
