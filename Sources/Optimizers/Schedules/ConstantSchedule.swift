/// The same rate at all times: a part of a ``SequentialSchedule`` or what follows a ``LinearWarmup``.
public struct ConstantSchedule: ConfigurableSchedule {
  /// The rate of every update.
  public var rate: Double

  /// `rate` for every update.
  public init(_ rate: Double) { self.rate = rate }

  public func callAsFunction(step: Int) -> Double { rate }

  public static let template = ConstantSchedule(0)
  public static let hyperparameters: [Hyperparameter<ConstantSchedule>] = [
    .number("learning_rate", \.rate, in: .nonNegative, "the rate", isRequired: true)
  ]
}
