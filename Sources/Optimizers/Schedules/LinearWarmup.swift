/// A straight rise to the first rate of another schedule, which then follows.
///
///     s < warmupSteps:  start + (first − start) · (s + 1) / warmupSteps
///     afterwards:       schedule(s − warmupSteps)
///
/// where s is the number of updates done. The first update has a rate greater than 0, and the last of the warm-up the first
/// rate of the schedule. `startLearningRate` is 0 by default.
///
///     Adam(learningRate: CosineDecay(initialLearningRate: 0.001, decaySteps: 9000).warmedUp(steps: 1000))
public struct LinearWarmup: ConfigurableSchedule {
  /// What follows the warm-up.
  public var schedule: any LearningRateSchedule
  /// The number of updates in which the rate rises.
  public var warmupSteps: Int
  /// Where the straight line of the rise starts, one update before the first.
  public var startLearningRate = 0.0

  /// - Parameters:
  ///   - schedule: what follows the warm-up.
  ///   - warmupSteps: the number of updates in which the rate rises.
  ///   - startLearningRate: where the straight line of the rise starts, one update before the first; 0 by default.
  public init(_ schedule: any LearningRateSchedule, warmupSteps: Int, startLearningRate: Double? = nil) {
    self.schedule = schedule
    self.warmupSteps = warmupSteps
    if let startLearningRate { self.startLearningRate = startLearningRate }
  }

  public func callAsFunction(step: Int) -> Double {
    if step >= warmupSteps { return schedule(step: step - warmupSteps) }
    return startLearningRate + (schedule(step: 0) - startLearningRate) * Double(step + 1) / Double(warmupSteps)
  }

  public static let template = LinearWarmup(ConstantSchedule(0), warmupSteps: 0)
  public static let hyperparameters: [Hyperparameter<LinearWarmup>] = [
    .schedule("schedule", \.schedule, "what follows the warm-up"),
    .integer("warmup_steps", \.warmupSteps, atLeast: 0, "updates of the warm-up", isRequired: true),
    .number("start_learning_rate", \.startLearningRate, in: .nonNegative, "where the rise starts"),
  ]
}

extension LearningRateSchedule {
  /// This schedule after a straight rise to its first rate; see ``LinearWarmup``.
  public func warmedUp(steps: Int) -> LinearWarmup { LinearWarmup(self, warmupSteps: steps) }
}
