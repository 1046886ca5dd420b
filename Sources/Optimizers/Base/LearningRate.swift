/// A learning rate: a number or a schedule.
public enum LearningRate: Sendable {
  /// The same for all updates.
  case constant(Double)
  /// A rate that depends on the number of updates done.
  case schedule(any LearningRateSchedule)

  /// The rate of an update; the first update is number 0.
  public func callAsFunction(step: Int) -> Double {
    switch self {
    case .constant(let rate): rate
    case .schedule(let schedule): schedule(step: step)
    }
  }

  package var isSchedule: Bool { constant == nil }

  /// The rate where it is the same for all updates.
  var constant: Double? {
    if case .constant(let rate) = self { rate } else { nil }
  }
}

extension LearningRate: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  public init(floatLiteral rate: Double) { self = .constant(rate) }
  public init(integerLiteral rate: Int) { self = .constant(Double(rate)) }
}

/// What can be given as a learning rate: numbers, schedules, and ``LearningRate`` itself.
public protocol LearningRateConvertible {
  /// The learning rate that it stands for.
  var learningRate: LearningRate { get }
}

extension LearningRate: LearningRateConvertible {
  /// The learning rate that it stands for.
  public var learningRate: LearningRate { self }
}
extension Double: LearningRateConvertible {
  /// The learning rate that it stands for.
  public var learningRate: LearningRate { .constant(self) }
}
extension Float: LearningRateConvertible {
  /// The learning rate that it stands for.
  public var learningRate: LearningRate { .constant(Double(self)) }
}
extension Int: LearningRateConvertible {
  /// The learning rate that it stands for.
  public var learningRate: LearningRate { .constant(Double(self)) }
}
