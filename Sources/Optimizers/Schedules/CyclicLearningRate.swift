import Foundation

/// Straight lines up and down between two rates, for ever.
///
/// Defaults: `stepSizeUp` 2000, `stepSizeDown` the same, `mode` triangular, `gamma` 1.
///
/// Source: Smith, 2017, "Cyclical Learning Rates for Training Neural Networks" (arXiv 1506.01186); PyTorch, `CyclicLR` (its rates;
/// momentum is not cycled).
public struct CyclicLearningRate: ConfigurableSchedule {
  /// What becomes of the height.
  public enum Mode: String, Sendable, CaseIterable {
    /// It stays.
    case triangular
    /// It is halved in each cycle.
    case triangular2
    /// It is multiplied by `gamma` in each update.
    case exponentialRange = "exp_range"
  }

  /// The lowest rate.
  public var baseLearningRate: Double
  /// The highest rate.
  public var maximumLearningRate: Double
  /// Updates of a rise.
  public var stepSizeUp = 2000
  /// Updates of a fall; those of a rise if nil.
  public var stepSizeDown: Int?
  /// How the height of cycles changes.
  public var mode = Mode.triangular
  /// The factor of `expRange`, an update.
  public var gamma = 1.0

  /// - Parameters:
  ///   - baseLearningRate: the lowest rate.
  ///   - maximumLearningRate: the highest rate.
  ///   - stepSizeUp: the number of updates that the rate rises; 2,000 by default.
  ///   - stepSizeDown: the number of updates that it falls; as many as it rises by default.
  ///   - mode: how the height of cycles changes; not at all by default.
  ///   - gamma: the factor of `expRange`, an update; 1 by default.
  public init(
    baseLearningRate: Double, maximumLearningRate: Double, stepSizeUp: Int? = nil, stepSizeDown: Int? = nil, mode: Mode? = nil,
    gamma: Double? = nil
  ) {
    self.baseLearningRate = baseLearningRate
    self.maximumLearningRate = maximumLearningRate
    if let stepSizeUp { self.stepSizeUp = stepSizeUp }
    self.stepSizeDown = stepSizeDown
    if let mode { self.mode = mode }
    if let gamma { self.gamma = gamma }
  }

  public func callAsFunction(step: Int) -> Double {
    let down = stepSizeDown ?? stepSizeUp
    guard stepSizeUp > 0, down > 0 else { return .nan }
    let (sum, isTooLong) = stepSizeUp.addingReportingOverflow(down)
    // No run comes to the end of such a cycle.
    let length = isTooLong ? .max : sum
    let inCycle = step % length
    let part = inCycle <= stepSizeUp ? Double(inCycle) / Double(stepSizeUp) : Double(length - inCycle) / Double(down)
    let height =
      switch mode {
      case .triangular: 1.0
      case .triangular2: pow(0.5, Double(step / length))
      case .exponentialRange: pow(gamma, Double(step))
      }
    return baseLearningRate + (maximumLearningRate - baseLearningRate) * part * height
  }

  public static let template = CyclicLearningRate(baseLearningRate: 0, maximumLearningRate: 0)
  public static let hyperparameters: [Hyperparameter<CyclicLearningRate>] = [
    .number("base_learning_rate", \.baseLearningRate, in: .nonNegative, "the least rate", isRequired: true),
    .number("max_learning_rate", \.maximumLearningRate, in: .nonNegative, "the greatest rate", isRequired: true),
    .integer("step_size_up", \.stepSizeUp, atLeast: 1, "updates of a rise"),
    .optionalInteger("step_size_down", \.stepSizeDown, atLeast: 1, "updates of a fall"),
    .choice("mode", \.mode, "what becomes of the height"),
    .number("gamma", \.gamma, in: .nonNegative, "factor of the height in each update, in mode exp_range"),
  ]
}
