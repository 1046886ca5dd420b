/// Schedules one after the other, each counted from its own beginning.
///
///     SequentialSchedule([ConstantSchedule(0.1), CosineDecay(initialLearningRate: 0.1, decaySteps: 900)], boundaries: [100])
public struct SequentialSchedule: ConfigurableSchedule {
  /// One after another.
  public var schedules: [any LearningRateSchedule]
  /// The number of updates done at which each schedule after the first begins; increasing.
  public var boundaries: [Int]

  /// - Parameters:
  ///   - schedules: one after another.
  ///   - boundaries: the updates at which the next one begins, one fewer than there are schedules.
  public init(_ schedules: [any LearningRateSchedule], boundaries: [Int]) {
    self.schedules = schedules
    self.boundaries = boundaries
  }

  public func callAsFunction(step: Int) -> Double {
    guard schedules.count == boundaries.count + 1 else { return .nan }
    let index = boundaries.count { $0 <= step }
    return schedules[index](step: index == 0 ? step : step - boundaries[index - 1])
  }

  public func validate() throws {
    guard schedules.count == boundaries.count + 1 else {
      throw DescentError(
        .invalidArgument,
        "SequentialSchedule: \(schedules.count) schedules for \(boundaries.count) boundaries; expected \(boundaries.count + 1)")
    }
    guard zip(boundaries, boundaries.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw DescentError(.invalidArgument, "SequentialSchedule: the boundaries \(boundaries) do not increase")
    }
  }

  public static let template = SequentialSchedule([ConstantSchedule(0)], boundaries: [])
  public static let hyperparameters: [Hyperparameter<SequentialSchedule>] = [
    .schedules("schedules", \.schedules, "what follows one another"),
    .integers("boundaries", \.boundaries, atLeast: 0, "where each but the first begins", isRequired: true),
  ]
}
