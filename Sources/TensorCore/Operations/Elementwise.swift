import Foundation

// MARK: - Arithmetic

extension Tensor {
  static func binary(_ function: BinaryFunction, _ a: Tensor, _ b: Tensor) -> Tensor {
    let name = function.rawValue
    // Whole numbers as NumPy takes them: their quotient has a fraction, their power has none, and bytes are compared with larger ones.
    var (a, b) = function == .divide ? (a.floatingPoint, b.floatingPoint) : (a, b)
    if function.isComparison, Set([a.dtype, b.dtype]) == [.uint8, .int32] { (a, b) = (a.cast(to: .int32), b.cast(to: .int32)) }
    (a, b) = aligned(a, b, name)
    let isResultBool = function.isComparison || function.isLogical
    if function.isLogical && a.dtype != .bool {
      programmingError("\(name): \(a.dtype) \(a.shape) is not bool")
    }
    if !function.isLogical && (a.dtype == .bool || a.dtype == .uint8) && !function.isComparison {
      programmingError("\(name): \(a.dtype) \(a.shape) has no arithmetic; cast it first")
    }
    if function == .power && !a.dtype.isFloatingPoint {
      return binary(.power, a.cast(to: .float64), b.cast(to: .float64)).cast(to: a.dtype)
    }
    return Tensor(
      .binary(function), [a, b], shape: a.shape, dtype: isResultBool ? .bool : a.dtype,
      isNumber: a.node.isNumber && b.node.isNumber && !isResultBool)
  }

  /// The tensor, or its whole numbers as `float32`, as Keras takes them where a function gives fractions.
  var floatingPoint: Tensor { dtype.isFloatingPoint ? self : cast(to: .float32) }

  static func unary(_ function: UnaryFunction, _ a: Tensor) -> Tensor {
    let name = function.rawValue
    var a = a
    switch function {
    case .negate, .abs, .sign:
      if a.dtype == .bool || a.dtype == .uint8 { programmingError("\(name): \(a.dtype) \(a.shape) must be cast first") }
    case .not:
      if a.dtype != .bool { programmingError("\(name): \(a.dtype) \(a.shape) is not bool") }
    default: a = a.floatingPoint
    }
    return Tensor(
      .unary(function), [a], shape: a.shape, dtype: function == .isFinite ? .bool : a.dtype,
      isNumber: a.node.isNumber && function != .isFinite)
  }

  /// A + b, element by element; shapes are stretched as NumPy does.
  public static func + (a: Tensor, b: Tensor) -> Tensor { binary(.add, a, b) }
  /// A − b, element by element; shapes are stretched as NumPy does.
  public static func - (a: Tensor, b: Tensor) -> Tensor { binary(.subtract, a, b) }
  /// A · b, element by element; shapes are stretched as NumPy does.
  public static func * (a: Tensor, b: Tensor) -> Tensor { binary(.multiply, a, b) }
  /// A / b, element by element; shapes are stretched as NumPy does.
  public static func / (a: Tensor, b: Tensor) -> Tensor { binary(.divide, a, b) }
  /// −a, element by element.
  public static prefix func - (a: Tensor) -> Tensor { unary(.negate, a) }

  // Disfavoured: a literal is a tensor of its own, and a plain `reduce(0, +)` over numbers means numbers.
  /// Each element of a + the number b.
  @_disfavoredOverload public static func + (a: Tensor, b: Double) -> Tensor { a + Tensor(number: b) }
  /// Each element of a − the number b.
  @_disfavoredOverload public static func - (a: Tensor, b: Double) -> Tensor { a - Tensor(number: b) }
  /// Each element of a · the number b.
  @_disfavoredOverload public static func * (a: Tensor, b: Double) -> Tensor { a * Tensor(number: b) }
  /// Each element of a / the number b.
  @_disfavoredOverload public static func / (a: Tensor, b: Double) -> Tensor { a / Tensor(number: b) }
  /// The number a + each element of b.
  @_disfavoredOverload public static func + (a: Double, b: Tensor) -> Tensor { Tensor(number: a) + b }
  /// The number a − each element of b.
  @_disfavoredOverload public static func - (a: Double, b: Tensor) -> Tensor { Tensor(number: a) - b }
  /// The number a · each element of b.
  @_disfavoredOverload public static func * (a: Double, b: Tensor) -> Tensor { Tensor(number: a) * b }
  /// The number a / each element of b.
  @_disfavoredOverload public static func / (a: Double, b: Tensor) -> Tensor { Tensor(number: a) / b }

  /// A + b in place of a, element by element; shapes are stretched as NumPy does.
  public static func += (a: inout Tensor, b: Tensor) { a = a + b }
  /// A − b in place of a, element by element; shapes are stretched as NumPy does.
  public static func -= (a: inout Tensor, b: Tensor) { a = a - b }
  /// A · b in place of a, element by element; shapes are stretched as NumPy does.
  public static func *= (a: inout Tensor, b: Tensor) { a = a * b }
  /// A / b in place of a, element by element; shapes are stretched as NumPy does.
  public static func /= (a: inout Tensor, b: Tensor) { a = a / b }
}

// MARK: - Comparison and choice

infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence
infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .> : ComparisonPrecedence
infix operator .>= : ComparisonPrecedence
infix operator .&& : LogicalConjunctionPrecedence
infix operator .|| : LogicalDisjunctionPrecedence

extension Tensor {
  /// Element by element; the result is `bool`.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { binary(.equal, a, b) }
  /// Whether elements differ, element by element; shapes are stretched as NumPy does.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { binary(.notEqual, a, b) }
  /// Whether a < b, element by element; shapes are stretched as NumPy does.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { binary(.less, a, b) }
  /// Whether a ≤ b, element by element; shapes are stretched as NumPy does.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { binary(.lessOrEqual, a, b) }
  /// Whether a > b, element by element; shapes are stretched as NumPy does.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { binary(.less, b, a) }
  /// Whether a ≥ b, element by element; shapes are stretched as NumPy does.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor { binary(.lessOrEqual, b, a) }
  /// Whether both are true, element by element; shapes are stretched as NumPy does.
  public static func .&& (a: Tensor, b: Tensor) -> Tensor { binary(.and, a, b) }
  /// Whether one is true, element by element; shapes are stretched as NumPy does.
  public static func .|| (a: Tensor, b: Tensor) -> Tensor { binary(.or, a, b) }
  /// The opposite of each truth, element by element.
  public static prefix func ! (a: Tensor) -> Tensor { unary(.not, a) }

  /// The same elements in another dtype. To integers: toward zero. To bool: anything but zero is true.
  public func cast(to target: DType) -> Tensor {
    if dtype == target && !node.isNumber { return self }
    // What an integer dtype does not hold is for the machine's conversion to say.
    if case .fill(let given) = node.operation {
      // As the elements are: a number takes the dtype of what it meets, whole.
      let value = dtype == .float32 && !node.isNumber ? Double(Float(given)) : given
      guard target.isFloatingPoint || target == .bool && !value.isNaN || Int32(exactly: value) != nil else {
        return Tensor(.cast, [self], shape: shape, dtype: target)
      }
      return Tensor(.fill(target == .bool ? (value == 0 ? 0 : 1) : value), shape: shape, dtype: target)
    }
    return Tensor(.cast, [self], shape: shape, dtype: target)
  }
}

/// `condition ? a : b`, element by element. The derivative goes to the side that was chosen.
public func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
  if condition.dtype != .bool { programmingError("select: the condition is \(condition.dtype) \(condition.shape), not bool") }
  let (x, y) = Tensor.sameDType(a, b, "select")
  guard let inner = broadcastShape(x.shape, y.shape), let shape = broadcastShape(condition.shape, inner) else {
    programmingError("select: shapes \(condition.shape), \(a.shape) and \(b.shape) do not broadcast")
  }
  return Tensor(
    .select, [condition.broadcast(to: shape), x.broadcast(to: shape), y.broadcast(to: shape)], shape: shape, dtype: x.dtype,
    isNumber: x.node.isNumber && y.node.isNumber)
}

/// The greater of two, element by element; NaN if either is.
public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { Tensor.binary(.maximum, a, b) }
/// The smaller of two, element by element; NaN if either is.
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { Tensor.binary(.minimum, a, b) }
/// Within `low...high`.
public func clip(_ a: Tensor, _ low: Tensor, _ high: Tensor) -> Tensor { minimum(maximum(a, low), high) }

// MARK: - Functions

/// |x|, element by element.
public func abs(_ a: Tensor) -> Tensor { Tensor.unary(.abs, a) }
/// −1, 0 or 1.
public func sign(_ a: Tensor) -> Tensor { Tensor.unary(.sign, a) }
/// √x, element by element.
public func sqrt(_ a: Tensor) -> Tensor { Tensor.unary(.sqrt, a) }
/// Eˣ, element by element.
public func exp(_ a: Tensor) -> Tensor { Tensor.unary(.exp, a) }
/// eˣ − 1, exact near zero.
public func expm1(_ a: Tensor) -> Tensor { Tensor.unary(.expm1, a) }
/// The natural logarithm, element by element.
public func log(_ a: Tensor) -> Tensor { Tensor.unary(.log, a) }
/// log(1 + x), exact near zero.
public func log1p(_ a: Tensor) -> Tensor { Tensor.unary(.log1p, a) }
/// The sine, of radians, element by element.
public func sin(_ a: Tensor) -> Tensor { Tensor.unary(.sin, a) }
/// The cosine, of radians, element by element.
public func cos(_ a: Tensor) -> Tensor { Tensor.unary(.cos, a) }
/// The hyperbolic tangent, element by element.
public func tanh(_ a: Tensor) -> Tensor { Tensor.unary(.tanh, a) }
/// The error function.
public func erf(_ a: Tensor) -> Tensor { Tensor.unary(.erf, a) }
/// 1 / (1 + e⁻ˣ), without overflow.
public func sigmoid(_ a: Tensor) -> Tensor { Tensor.unary(.sigmoid, a) }
/// log(1 + eˣ), without overflow.
public func softplus(_ a: Tensor) -> Tensor { Tensor.unary(.softplus, a) }
/// max(x, 0).
public func relu(_ a: Tensor) -> Tensor { maximum(a, 0) }
/// The greatest whole number that is not greater, element by element.
public func floor(_ a: Tensor) -> Tensor { Tensor.unary(.floor, a) }
/// The least whole number that is not less, element by element.
public func ceil(_ a: Tensor) -> Tensor { Tensor.unary(.ceil, a) }
/// To the nearest integer, halves to the even one.
public func round(_ a: Tensor) -> Tensor { Tensor.unary(.round, a) }
/// True where the element is neither NaN nor infinite.
public func isFinite(_ a: Tensor) -> Tensor { Tensor.unary(.isFinite, a) }
/// aᵇ. The derivative with respect to `b` is taken where a > 0 and is zero elsewhere.
public func pow(_ a: Tensor, _ b: Tensor) -> Tensor { Tensor.binary(.power, a, b) }
/// A to the power of b, element by element.
@_disfavoredOverload
public func pow(_ a: Tensor, _ b: Double) -> Tensor { pow(a, Tensor(number: b)) }
/// A to the power of b, element by element.
@_disfavoredOverload
public func pow(_ a: Double, _ b: Tensor) -> Tensor { pow(Tensor(number: a), b) }
/// X², element by element.
public func square(_ a: Tensor) -> Tensor { a * a }
/// a + t · (b − a).
// Disfavoured, so that `1 - beta` of Doubles is not taken for a tensor expression.
@_disfavoredOverload
public func lerp(_ a: Tensor, _ b: Tensor, _ t: Tensor) -> Tensor { a + t * (b - a) }
/// A + t · (b − a), element by element.
public func lerp(_ a: Tensor, _ b: Tensor, _ t: Double) -> Tensor { lerp(a, b, Tensor(number: t)) }
