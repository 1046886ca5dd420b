import Foundation

/// initial · gamma^⌊s / stepSize⌋, where s is the number of updates done. `gamma` is 0.1 by default.
///
/// Source: PyTorch, `StepLR`.
public struct StepDecay: ConfigurableSchedule {
  /// The rate of the first update.
  public var initialLearningRate: Double
  /// The number of updates between two falls.
  public var stepSize: Int
  /// The factor of each fall.
  public var gamma = 0.1

  /// - Parameters:
  ///   - initialLearningRate: the rate of the first update.
  ///   - stepSize: the number of updates between two falls.
  ///   - gamma: the factor of each fall; 0.1 by default.
  public init(initialLearningRate: Double, stepSize: Int, gamma: Double? = nil) {
    self.initialLearningRate = initialLearningRate
    self.stepSize = stepSize
    if let gamma { self.gamma = gamma }
  }

  public func callAsFunction(step: Int) -> Double {
    stepSize > 0 ? initialLearningRate * pow(gamma, Double(step / stepSize)) : .nan
  }

  public static let template = StepDecay(initialLearningRate: 0, stepSize: 1)
  public static let hyperparameters: [Hyperparameter<StepDecay>] = [
    .number("initial_learning_rate", \.initialLearningRate, in: .nonNegative, "rate of the first update", isRequired: true),
    .integer("step_size", \.stepSize, atLeast: 1, "updates between two falls", isRequired: true),
    .number("gamma", \.gamma, in: .nonNegative, "factor of each fall"),
  ]
}
