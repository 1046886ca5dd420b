import Foundation

/// A setting of an optimizer, beside its learning rate, that is worth trying values of, and between which.
public struct TuningRange: Sendable, Equatable {
  /// How trials are spread over a range.
  public enum Scale: Sendable {
    /// Evenly.
    case linear
    /// Evenly in the logarithm: for strengths.
    case logarithmic
    /// So that 1 − value is spread evenly in the logarithm: for momenta, which matter by how near to 1 they are.
    case complement
  }

  /// The setting by Keras's name.
  public let key: String
  /// The least and the greatest value.
  public let range: ClosedRange<Double>
  /// How trials are spread.
  public let scale: Scale

  /// - Parameters:
  ///   - key: the setting by Keras's name; a number.
  ///   - range: the least and the greatest value.
  ///   - scale: how trials are spread.
  public init(_ key: String, _ range: ClosedRange<Double>, _ scale: Scale = .linear) {
    self.key = key
    self.range = range
    self.scale = scale
  }

  /// The value at a part of the range.
  /// - Parameter part: from 0 to 1.
  public func value(at part: Double) -> Double {
    func power(_ low: Double, _ high: Double) -> Double { low * Foundation.pow(high / low, part) }
    switch scale {
    case .linear: return range.lowerBound + part * (range.upperBound - range.lowerBound)
    case .logarithmic: return power(range.lowerBound, range.upperBound)
    case .complement: return 1 - power(1 - range.lowerBound, 1 - range.upperBound)
    }
  }
}
