import TensorCore

/// Which way a number gets better.
public enum MonitorMode: String, Sendable {
  /// `loss` and the losses as metrics: smaller; other metrics as they say themselves.
  case auto
  /// Less, or more, is better.
  case min, max
}

/// Watches one number of the epochs for improvement: what ``EarlyStopping`` and ``ReduceLROnPlateau`` have in common.
///
/// A number that is NaN is never an improvement, and never the best. (In Keras a NaN in the first epoch becomes the best, and
/// nothing can beat it.)
struct Monitor {
  let name: String
  let minDelta: Double
  private(set) var best: Double?
  private let isGreaterBetter: Bool
  private var wasSeen = false

  init(_ name: String, mode: MonitorMode, minDelta: Double, in model: Model) throws {
    self.name = name
    self.minDelta = Swift.abs(minDelta)
    switch mode {
    case .min: isGreaterBetter = false
    case .max: isGreaterBetter = true
    case .auto:
      guard let direction = model.isGreaterBetter(forLog: name) else {
        throw DescentError(
          .invalidArgument, "monitor '\(name)': whether it gets better upward or downward is not known; give a mode")
      }
      isGreaterBetter = direction
    }
  }

  /// The number to watch; nil in an epoch that lacks it where others have it, such as one without validation.
  /// - Parameter run: what `fit` was asked for; nil for the logs of a batch, which never have numbers of validation.
  /// - Throws: ``DescentError`` if no epoch can have it.
  mutating func value(in logs: Logs, isEpoch run: RunParameters?, for what: String) throws -> Double? {
    if let value = logs[name] {
      wasSeen = true
      return value
    }
    if run != nil && wasSeen || logs.areDue(name, run) { return nil }
    throw DescentError(
      .invalidArgument, "\(what): there is no '\(name)' to monitor; there are \(logs.names.joined(separator: ", "))")
  }

  func isImprovement(_ value: Double) -> Bool {
    best.map { isImprovement(value, over: $0) } ?? !value.isNaN
  }

  /// False if either is NaN.
  func isImprovement(_ value: Double, over other: Double) -> Bool {
    isGreaterBetter ? value - minDelta > other : value + minDelta < other
  }

  mutating func accept(_ value: Double) { best = value }
  mutating func forget() { best = nil }
}
