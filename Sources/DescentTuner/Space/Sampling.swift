import Foundation

/// How a probability p from 0 to 1 becomes a number of a range from a to b. (KerasTuner: `sampling`.)
public enum Sampling: String, Sendable, CaseIterable {
  /// a + p (b − a): with a step, values a step apart.
  case linear
  /// a (b / a)ᵖ: each order of magnitude is as likely as another; with a step, each value is so many times the one before.
  case log
  /// a + b − a (b / a)¹⁻ᵖ: as `log`, fine where the range ends.
  case reverseLog = "reverse_log"
}

/// A range of numbers, of which some or all may be drawn: what whole numbers and numbers have in common.
struct NumericalRange: Sendable, Equatable {
  let minValue: Double
  let maxValue: Double
  /// Nil for all values of the range.
  let step: Double?
  let sampling: Sampling

  /// The value at a probability; nothing is rounded.
  /// - Parameter maxValue: nil for the range's own.
  func value(at probability: Double, upTo maxValue: Double? = nil) -> Double {
    if step != nil { return value(at: NumericalRange.index(at: probability, of: count)) }
    let maxValue = maxValue ?? self.maxValue
    return switch sampling {
    case .linear: probability * (maxValue - minValue) + minValue
    case .log: minValue * pow(maxValue / minValue, probability)
    case .reverseLog: maxValue + minValue - minValue * pow(maxValue / minValue, 1 - probability)
    }
  }

  /// The probability that gives a value; of values a step apart the middle of those that give it.
  func probability(of value: Double, upTo maxValue: Double? = nil) -> Double {
    if let step {
      let index = switch sampling {
        case .linear: NumericalRange.flooredQuotient(value - minValue, step)
        case .log: Foundation.log(value / minValue) / Foundation.log(step)
        case .reverseLog: Foundation.log((self.maxValue - value + minValue) / minValue) / Foundation.log(step)
      }
      return NumericalRange.probability(ofIndex: index, of: count)
    }
    let maxValue = maxValue ?? self.maxValue
    if maxValue == minValue { return 0.5 }
    return switch sampling {
    case .linear: (value - minValue) / (maxValue - minValue)
    case .log: Foundation.log(value / minValue) / Foundation.log(maxValue / minValue)
    case .reverseLog: 1 - Foundation.log((maxValue + minValue - value) / minValue) / Foundation.log(maxValue / minValue)
    }
  }

  /// How many values there are a step apart; 0 without a step.
  var count: Int {
    guard let step else { return 0 }
    if sampling == .linear { return Int(NumericalRange.flooredQuotient(maxValue - minValue, step) + 1) }
    return Int(Foundation.log(maxValue / minValue) / Foundation.log(step) + 1e-8) + 1
  }

  /// Of the values a step apart, counted from 0.
  func value(at index: Int) -> Double {
    let step = step ?? 0
    return switch sampling {
    case .linear: minValue + Double(index) * step
    case .log: minValue * pow(step, Double(index))
    case .reverseLog: maxValue + minValue - minValue * pow(step, Double(index))
    }
  }

  /// ⌊a / b⌋ of the exact quotient, which is not that of the rounded one: 1 / 0.1 is 9 and something. (Python's `//`.)
  private static func flooredQuotient(_ a: Double, _ b: Double) -> Double {
    var rest = fmod(a, b)
    if rest != 0 && (rest < 0) != (b < 0) { rest += b }
    return ((a - rest) / b).rounded()
  }

  /// Which of so many values that are all as likely a probability gives.
  static func index(at probability: Double, of count: Int) -> Int {
    min(Int((probability / (1 / Double(count))).rounded(.down)), count - 1)
  }

  /// The middle of the probabilities that give the value at an index.
  static func probability(ofIndex index: Double, of count: Int) -> Double { (index + 0.5) * (1 / Double(count)) }
}
