import Foundation

/// initial · gamma^⌊s / stepSize⌋, where s is the number of updates done. `gamma` is 0.1 by default.
///
/// Source: PyTorch, `StepLR`.
public struct StepDecay: ConfigurableSchedule {
  public var initialLearningRate: Double
  public var stepSize: Int
  public var gamma = 0.1

  public init(initialLearningRate: Double, stepSize: Int, gamma: Double? = nil) {
    self.initialLearningRate = initialLearningRate
    self.stepSize = stepSize
    if let gamma { self.gamma = gamma }
  }

  public func callAsFunction(step: Int) -> Double { initialLearningRate * pow(gamma, Double(step / stepSize)) }

  public static let template = StepDecay(initialLearningRate: 0, stepSize: 1)
  public static let hyperparameters: [Hyperparameter<StepDecay>] = [
    .number("initial_learning_rate", \.initialLearningRate, in: .nonNegative, "rate of the first update", isRequired: true),
    .integer("step_size", \.stepSize, atLeast: 1, "updates between two falls", isRequired: true),
    .number("gamma", \.gamma, in: .nonNegative, "factor of each fall"),
  ]
}
