import Descent
import Foundation
import TensorCore

/// A hyperparameter: its name, the values that it may have, and when it counts. ``HyperParameters`` makes them. (KerasTuner:
/// `keras_tuner.engine.hyperparameters.HyperParameter`.)
///
/// Two of one name and different conditions are two hyperparameters.
public struct HyperParameter: Sendable, Equatable {
  /// The values that there are.
  public enum Kind: Sendable, Equatable {
    /// Whole numbers; a step of nil is for all of them.
    case int(minValue: Int, maxValue: Int, step: Int?, sampling: Sampling, default: Int?)
    /// Numbers; a step of nil is for all of them.
    case float(minValue: Double, maxValue: Double, step: Double?, sampling: Sampling, default: Double?)
    /// One of several values of one type.
    case choice([HyperParameterValue], ordered: Bool, default: HyperParameterValue?)
    /// True or false.
    case boolean(default: Bool)
    /// A value that is not tuned.
    case fixed(HyperParameterValue)
  }

  /// That another hyperparameter has one of some values.
  public struct Condition: Sendable, Hashable {
    /// The other's name.
    public let parentName: String
    /// The values with which the condition is met.
    public let parentValues: [HyperParameterValue]

    func isMet(by values: [String: HyperParameterValue]) -> Bool {
      values[parentName].map { value in parentValues.contains { $0 == value || $0.double != nil && $0.double == value.double } } ?? false
    }
  }

  /// With the names of the scopes that it was made in before it: `cnn/units`.
  public let name: String
  /// The values that it may have.
  public let kind: Kind
  /// It counts where all of them are met.
  public let conditions: [Condition]
  /// Whether it was given to the tuner and stands for what a model's build says of the same name.
  var isPreset = false

  /// - Throws: ``DescentError`` telling what is wrong with the values.
  init(_ name: String, _ kind: Kind, conditions: [Condition]) throws {
    (self.name, self.kind, self.conditions) = (name, kind, conditions)
    try validate()
  }

  /// The value that comes first: the one that was given, or the least, the first, or false.
  public var `default`: HyperParameterValue {
    switch kind {
    case .int(let least, _, _, _, let value): .int(value ?? least)
    case .float(let least, _, _, _, let value): .float(value ?? least)
    case .choice(let values, _, let value): value ?? values[0]
    case .boolean(let value): .bool(value)
    case .fixed(let value): value
    }
  }

  /// All values that there are; of numbers without a step ten, evenly over the range, in ascending order.
  public var values: [HyperParameterValue] {
    switch kind {
    case .choice(let values, _, _): return values
    case .boolean: return [true, false]
    case .fixed(let value): return [value]
    case .int, .float:
      guard let range, range.step != nil else {
        var values: [HyperParameterValue] = []
        for value in (0..<10).map({ self.value(at: Double($0) * 0.1 + 0.05) }) where !values.contains(value) { values.append(value) }
        return values
      }
      return (0..<range.count).map { rounded(range.value(at: $0)) }
    }
  }

  /// The value at a probability from 0 to 1: with probabilities drawn evenly, values are drawn. (KerasTuner: `prob_to_value`.)
  public func value(at probability: Double) -> HyperParameterValue {
    switch kind {
    case .choice(let values, _, _): values[NumericalRange.index(at: probability, of: values.count)]
    case .boolean: .bool(probability >= 0.5)
    case .fixed(let value): value
    // Whole numbers are cut off; one more, so that the greatest may come as well.
    case .int(_, let greatest, _, _, _): rounded(range!.value(at: probability, upTo: Double(greatest) + 1))
    case .float: .float(range!.value(at: probability))
    }
  }

  /// The probability that gives a value; where several do, the middle of them. (KerasTuner: `value_to_prob`.)
  /// - Returns: that of the default for a value that is none of the hyperparameter's.
  public func probability(of value: HyperParameterValue) -> Double {
    switch kind {
    case .choice(let values, _, _):
      return NumericalRange.probability(ofIndex: Double(values.firstIndex(of: value) ?? values.firstIndex(of: self.default) ?? 0), of: values.count)
    case .boolean: return value == true ? 0.75 : 0.25
    case .fixed: return 0.5
    case .int(_, let greatest, let step, _, _):
      let number = value.double ?? self.default.double ?? 0
      return step == nil ? range!.probability(of: number + 0.5, upTo: Double(greatest) + 1) : range!.probability(of: number)
    case .float: return range!.probability(of: value.double ?? self.default.double ?? 0)
    }
  }

  private var range: NumericalRange? {
    switch kind {
    case .int(let least, let greatest, let step, let sampling, _):
      NumericalRange(minValue: Double(least), maxValue: Double(greatest), step: step.map(Double.init), sampling: sampling)
    case .float(let least, let greatest, let step, let sampling, _):
      NumericalRange(minValue: least, maxValue: greatest, step: step, sampling: sampling)
    default: nil
    }
  }

  private func rounded(_ value: Double) -> HyperParameterValue {
    if case .int = kind { .int(Int(value)) } else { .float(value) }
  }

  var isFixed: Bool { if case .fixed = kind { true } else { false } }

  /// KerasTuner's name of the kind.
  var className: String {
    switch kind {
    case .int: "Int"
    case .float: "Float"
    case .choice: "Choice"
    case .boolean: "Boolean"
    case .fixed: "Fixed"
    }
  }

  // MARK: - Checks

  private func validate() throws {
    func refuse(_ what: String) throws -> Never { throw DescentError(.invalidArgument, "hyperparameter '\(name)': \(what)") }
    if name.isEmpty { try refuse("it needs a name") }
    if let parent = conditions.first(where: { $0.parentName == name }) {
      try refuse("it depends on '\(parent.parentName)', which has the same name; give it another")
    }
    switch kind {
    case .boolean, .fixed: break
    case .choice(let values, let ordered, let standard):
      if values.isEmpty { try refuse("there is nothing to choose from") }
      if Set(values).count < values.count { try refuse("a value is there twice among \(Self.list(values))") }
      if ordered && values[0].double == nil { try refuse("only numbers are ordered, but the values are \(Self.list(values))") }
      if let standard, !values.contains(standard) { try refuse("the default \(standard) is none of \(Self.list(values))") }
    case .int, .float:
      guard let range else { return }
      if !(range.minValue.isFinite && range.maxValue.isFinite) || max(Swift.abs(range.minValue), Swift.abs(range.maxValue)) > 0x1p53 && className == "Int" {
        try refuse("the range from \(range.minValue) to \(range.maxValue) is not one that values can be drawn from")
      }
      if range.minValue > range.maxValue { try refuse("minValue \(bound(range.minValue)) is greater than maxValue \(bound(range.maxValue))") }
      if range.sampling != .linear && range.minValue <= 0 {
        try refuse("sampling \(range.sampling.rawValue) needs a range above 0, but minValue is \(bound(range.minValue))")
      }
      if let step = range.step {
        let least = range.sampling == .linear ? 0.0 : 1.0
        if !(step > least && step.isFinite) {
          try refuse("step is \(bound(step)); with sampling \(range.sampling.rawValue) it must be greater than \(bound(least))")
        }
        if (range.maxValue - range.minValue) / step > 0x1p31 && range.sampling == .linear { try refuse("a step of \(bound(step)) gives more values than can be counted") }
      }
      if let standard = self.default.double, !(standard >= range.minValue && standard <= range.maxValue) {
        try refuse("the default \(bound(standard)) is not in the range from \(bound(range.minValue)) to \(bound(range.maxValue))")
      }
    }
  }

  private func bound(_ value: Double) -> String { if case .int = kind { "\(Int(value))" } else { "\(value)" } }

  static func list(_ values: [HyperParameterValue]) -> String { values.map(\.description).joined(separator: ", ") }
}
