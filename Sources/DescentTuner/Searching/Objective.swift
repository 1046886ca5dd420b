import Descent
import TensorCore

/// The number by which trials are compared, and which way it gets better: `"val_accuracy"`, or `Objective("val_f1", direction: .max)`. (KerasTuner:
/// `keras_tuner.Objective`.)
///
/// Of a name alone the direction is that of the loss or metric of that name. Of several, `["val_loss", "val_accuracy"]`, the sum counts of those that are to
/// be small less those that are to be great; the less the better.
/// Different from KerasTuner: metrics are asked which way they get better, so that an F1 score, an R² or an intersection over union is made great;
/// KerasTuner makes every metric small that is not on a list of its own.
public struct Objective: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
  /// Which way is better.
  public enum Direction: String, Sendable {
    /// Less is better.
    case min
    /// More is better.
    case max
  }

  /// As the history calls it; `multi_objective` of several.
  public let name: String
  /// Which way it gets better; nil for what the loss or metric of the name says.
  public let direction: Direction?
  /// Of several; empty of one.
  let parts: [Objective]

  /// What counts where ``HyperModel/fit(_:_:_:)`` returns one number and no objective is given: that number, the less the better.
  static let standard = Objective("default_objective", direction: .min)

  /// - Parameters:
  ///   - name: as the history calls it.
  ///   - direction: which way it gets better; nil for what the loss or metric of the name says.
  public init(_ name: String, direction: Direction? = nil) {
    (self.name, self.direction, parts) = (name, direction, [])
  }

  /// Of several the sum, those that are to be great counted negative.
  public init(_ objectives: [Objective]) { (name, direction, parts) = ("multi_objective", .min, objectives) }

  public init(stringLiteral name: String) { self.init(name) }
  public init(arrayLiteral objectives: Objective...) { self.init(objectives) }

  /// The same with a direction.
  /// - Throws: ``DescentError`` if it is not known.
  func resolved() throws -> Objective {
    if name == "multi_objective" && direction == .min && parts.isEmpty { throw DescentError(.invalidArgument, "objective: there is none in the list") }
    if !parts.isEmpty { return Objective(try parts.map { try $0.resolved() }) }
    guard let direction = direction ?? Objective.direction(of: name) else {
      throw DescentError(
        .invalidArgument,
        "objective: whether '\(name)' gets better upward or downward is not known; give a direction: Objective(\(name.debugDescription), direction: .min)")
    }
    return Objective(name, direction: direction)
  }

  /// What the loss or metric of a name says of it; nil if there is none.
  private static func direction(of name: String) -> Direction? {
    var name = name[...]
    for prefix in ["val_", "weighted_"] where name.hasPrefix(prefix) { name = name.dropFirst(prefix.count) }
    if name == "loss" || name.hasSuffix("_loss") { return .min }
    if let metric = try? Metric(named: String(name)) { return metric.direction.map { $0 == .up ? .max : .min } }
    // One of a name and a number, `auc_1`, is the metric's second.
    if let place = name.lastIndex(of: "_"), Int(name[name.index(after: place)...]) != nil { return direction(of: String(name[..<place])) }
    return (try? Loss(named: String(name))) == nil ? nil : .min
  }

  /// The names that the logs must have.
  var names: [String] { parts.isEmpty ? [name] : parts.map(\.name) }

  /// The number in the logs; nil if they lack it, or a part of it.
  func value(in logs: [String: Double]) -> Double? {
    if parts.isEmpty { return logs[name] }
    var sum = 0.0
    for part in parts {
      guard let value = logs[part.name] else { return nil }
      sum += part.direction == .max ? -value : value
    }
    return sum
  }

  /// Whether one number is better than another. NaN is better than nothing, and nothing than it.
  func isBetter(_ a: Double, than b: Double) -> Bool { direction == .max ? a > b : a < b }

  /// No number: that than which every other is better.
  var worst: Double { direction == .max ? -.infinity : .infinity }

  var json: JSONValue {
    if !parts.isEmpty { return .array(parts.map(\.json)) }
    return ["name": .string(name), "direction": direction.map { .string($0.rawValue) } ?? .null]
  }
}

extension Objective: CustomStringConvertible {
  public var description: String {
    let own = "Objective(name=\"\(name)\", direction=\"\(direction?.rawValue ?? "")\")"
    return parts.isEmpty ? own : "Multi\(own): [\(parts.map(\.description).joined(separator: ", "))]"
  }
}
