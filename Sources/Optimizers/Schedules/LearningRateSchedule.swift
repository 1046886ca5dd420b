/// A learning rate that depends on the number of updates done.
///
/// A schedule of one's own is a struct with a `callAsFunction(step:)`. It is evaluated in `Double` once a step, and the plan
/// takes the rate as an input. To be written to JSON and read from it, it is a ``ConfigurableSchedule`` as well.
public protocol LearningRateSchedule: Sendable, LearningRateConvertible {
  /// The rate of an update; the first update is number 0. Descent's own give NaN where their settings are none that an optimizer takes.
  func callAsFunction(step: Int) -> Double
}

extension LearningRateSchedule {
  /// The schedule as a learning rate.
  public var learningRate: LearningRate { .schedule(self) }
}

/// A schedule that JSON can describe.
public protocol ConfigurableSchedule: LearningRateSchedule {
  /// Its name in JSON; Keras's, where Keras has the schedule. The name of the type by default.
  static var className: String { get }

  /// Its settings: JSON and validation follow from this list.
  static var hyperparameters: [Hyperparameter<Self>] { get }

  /// A schedule whose optional settings have their defaults, for JSON to be read into.
  static var template: Self { get }

  /// Checks what ranges of single settings cannot say.
  func validate() throws
}

extension ConfigurableSchedule {
  public static var className: String { String(describing: Self.self) }
  public func validate() throws {}
}
