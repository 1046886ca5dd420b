/// The type of a tensor's elements.
public enum DType: String, Sendable, CaseIterable, CustomStringConvertible {
  /// As their names say, in C's sizes.
  case float32, float64, int32, uint8, bool

  /// Bytes one element takes in memory.
  public var byteCount: Int {
    switch self {
    case .float64: 8
    case .float32, .int32: 4
    case .uint8, .bool: 1
    }
  }

  /// True for `float32` and `float64`, the types that have derivatives.
  public var isFloatingPoint: Bool { self == .float32 || self == .float64 }

  /// The greatest number of a floating-point type.
  package var greatestFinite: Double { self == .float64 ? Double.greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude) }

  public var description: String { rawValue }
}

/// A Swift type that can be an element of a tensor.
public protocol TensorScalar: Sendable, Equatable {
  /// The dtype that holds such numbers.
  static var dtype: DType { get }
}

/// A Swift number that a tensor can be read as or made from.
public protocol NumericTensorScalar: TensorScalar, Numeric, Comparable {
  /// `value` in this type: of whole-number types its whole part, which must lie in the type's range.
  init(converting value: Double)
  /// The same number.
  var asDouble: Double { get }
}

extension Float: NumericTensorScalar {
  /// The dtype that holds such numbers.
  public static var dtype: DType { .float32 }
  /// `value` in this type: of whole-number types its whole part, which must lie in the type's range.
  public init(converting value: Double) { self = Float(value) }
  /// The same number.
  public var asDouble: Double { Double(self) }
}

extension Double: NumericTensorScalar {
  /// The dtype that holds such numbers.
  public static var dtype: DType { .float64 }
  /// `value` in this type: of whole-number types its whole part, which must lie in the type's range.
  public init(converting value: Double) { self = value }
  /// The same number.
  public var asDouble: Double { self }
}

extension Int32: NumericTensorScalar {
  /// The dtype that holds such numbers.
  public static var dtype: DType { .int32 }
  /// `value` in this type: of whole-number types its whole part, which must lie in the type's range.
  public init(converting value: Double) { self = Int32(value) }
  /// The same number.
  public var asDouble: Double { Double(self) }
}

extension UInt8: NumericTensorScalar {
  /// The dtype that holds such numbers.
  public static var dtype: DType { .uint8 }
  /// `value` in this type: of whole-number types its whole part, which must lie in the type's range.
  public init(converting value: Double) { self = UInt8(value) }
  /// The same number.
  public var asDouble: Double { Double(self) }
}

extension Bool: TensorScalar {
  /// The dtype that holds such numbers.
  public static var dtype: DType { .bool }
}
