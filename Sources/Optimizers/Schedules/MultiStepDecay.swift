import Foundation

/// initial · gamma^(number of milestones reached). A milestone is reached when so many updates are done. `gamma` is 0.1 by
/// default.
///
/// Source: PyTorch, `MultiStepLR`.
public struct MultiStepDecay: ConfigurableSchedule {
  /// The rate of the first update.
  public var initialLearningRate: Double
  /// Numbers of updates.
  public var milestones: [Int]
  /// The factor of each fall.
  public var gamma = 0.1

  /// - Parameters:
  ///   - initialLearningRate: the rate of the first update.
  ///   - milestones: after how many updates the rate falls.
  ///   - gamma: the factor of each fall; 0.1 by default.
  public init(initialLearningRate: Double, milestones: [Int], gamma: Double? = nil) {
    self.initialLearningRate = initialLearningRate
    self.milestones = milestones
    if let gamma { self.gamma = gamma }
  }

  public func callAsFunction(step: Int) -> Double {
    initialLearningRate * pow(gamma, Double(milestones.count { $0 <= step }))
  }

  public static let template = MultiStepDecay(initialLearningRate: 0, milestones: [])
  public static let hyperparameters: [Hyperparameter<MultiStepDecay>] = [
    .number("initial_learning_rate", \.initialLearningRate, in: .nonNegative, "rate of the first update", isRequired: true),
    .integers("milestones", \.milestones, atLeast: 0, "numbers of updates", isRequired: true),
    .number("gamma", \.gamma, in: .nonNegative, "factor of each fall"),
  ]
}
