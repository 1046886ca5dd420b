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
  /// Whether more is better; nil where that is not known.
  private let isGreaterBetter: Bool?
  private var wasSeen = false

  init(_ name: String, mode: MonitorMode, minDelta: Double, in model: Model) {
    self.name = name
    self.minDelta = Swift.abs(minDelta)
    switch mode {
    case .min: isGreaterBetter = false
    case .max: isGreaterBetter = true
    case .auto: isGreaterBetter = model.isGreaterBetter(forLog: name)
    }
  }

  /// The number to watch; nil in an epoch that lacks it where others have it, such as one without validation.
  /// - Parameter run: what `fit` was asked for; nil for the logs of a batch, which never have numbers of validation.
  /// - Throws: ``DescentError`` if no epoch can have it, or it is not known which way it gets better.
  mutating func value(in logs: Logs, isEpoch run: RunParameters?, for what: String) throws -> Double? {
    if let value = logs[name] {
      guard isGreaterBetter != nil else {
        throw DescentError(
          .invalidArgument, "\(what): whether '\(name)' gets better upward or downward is not known; give a mode, .min or .max")
      }
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
    isGreaterBetter == true ? value - minDelta > other : value + minDelta < other
  }

  mutating func accept(_ value: Double) { best = value }
}
