/// The type of a tensor's elements.
public enum DType: String, Sendable, CaseIterable, CustomStringConvertible {
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

  public var description: String { rawValue }
}

/// A Swift type that can be an element of a tensor.
public protocol TensorScalar: Sendable, Equatable {
  static var dtype: DType { get }
}

/// A Swift number that a tensor can be read as or made from.
public protocol NumericTensorScalar: TensorScalar, Numeric, Comparable {
  init(converting value: Double)
  var asDouble: Double { get }
}

extension Float: NumericTensorScalar {
  public static var dtype: DType { .float32 }
  public init(converting value: Double) { self = Float(value) }
  public var asDouble: Double { Double(self) }
}

extension Double: NumericTensorScalar {
  public static var dtype: DType { .float64 }
  public init(converting value: Double) { self = value }
  public var asDouble: Double { self }
}

extension Int32: NumericTensorScalar {
  public static var dtype: DType { .int32 }
  public init(converting value: Double) { self = Int32(value) }
  public var asDouble: Double { Double(self) }
}

extension UInt8: NumericTensorScalar {
  public static var dtype: DType { .uint8 }
  public init(converting value: Double) { self = UInt8(value) }
  public var asDouble: Double { Double(self) }
}

extension Bool: TensorScalar {
  public static var dtype: DType { .bool }
}
