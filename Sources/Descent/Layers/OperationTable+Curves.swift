import Foundation
import TensorCore

extension OperationTable {
  /// Further functions of single elements, and of pairs of them.
  static let curves: [OperationDefinition] =
    unary("Tan") { tan($0) } + unary("Arcsin") { arcsin(float($0)) } + unary("Arccos") { arccos(float($0)) }
    + unary("Arctan") { arctan($0) } + unary("Sinh") { sinh(float($0)) } + unary("Cosh") { cosh(float($0)) }
    + unary("Arcsinh") { arcsinh($0) } + unary("Arccosh") { arccosh($0) } + unary("Arctanh") { arctanh(float($0)) }
    + unary("Log2") { log2($0) } + unary("Log10") { log10($0) } + unary("Exp2") { exp2(float($0)) }
    + unary("Trunc") { trunc(float($0)) } + unary("Isnan") { isNaN($0) } + unary("Isinf") { isInf($0) }
    + unary("Erfinv", module: "math") { erfinv($0) } + unary("Erfc", module: "math") { erfc($0) }
    + binary("FloorDivide") { floorDivide(whole($0), whole($1)) } + binary("Mod") { mod(whole($0), whole($1)) }
    + binary("Arctan2") { arctan2(float($0), float($1)) } + binary("Hypot") { hypot(float($0), float($1)) }
    + binary("Logaddexp") { logaddexp(float($0), float($1)) }
    + binary("Logaddexp2") { logaddexp(float($0) * M_LN2, float($1) * M_LN2) / M_LN2 }
    + binary("Ldexp") { float($0) * pow(2, float($1)) }
    + binary("Heaviside") { a, b in select(isNaN(a) .|| (a .== 0), select(isNaN(a), float(a), float(b)), (a .> 0).cast(to: float(a).dtype)) }
    + [
      OperationDefinition("NanToNum", "numpy") { input in
        [
          nanToNum(
            try input.floating(), nan: try input.optional("nan", .anyNumber) ?? 0, positiveInfinity: try input.optional("posinf", .anyNumber),
            negativeInfinity: try input.optional("neginf", .anyNumber))
        ]
      }
    ]
}

// MARK: - For symbols

/// The tangent of each element, in radians, in a graph. (Keras: `ops.tan`.)
public func tan(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Tan", [x.value]) }
/// The angle from −π/2 to π/2 whose sine each element is, in a graph; NaN beyond ±1. (Keras: `ops.arcsin`.)
public func arcsin(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arcsin", [x.value]) }
/// The angle from 0 to π whose cosine each element is, in a graph; NaN beyond ±1. (Keras: `ops.arccos`.)
public func arccos(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arccos", [x.value]) }
/// The angle from −π/2 to π/2 whose tangent each element is, in a graph. (Keras: `ops.arctan`.)
public func arctan(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arctan", [x.value]) }
/// (eˣ − e⁻ˣ) / 2 of each element, in a graph. (Keras: `ops.sinh`.)
public func sinh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Sinh", [x.value]) }
/// (eˣ + e⁻ˣ) / 2 of each element, in a graph. (Keras: `ops.cosh`.)
public func cosh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Cosh", [x.value]) }
/// The number whose hyperbolic sine each element is, in a graph. (Keras: `ops.arcsinh`.)
public func arcsinh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arcsinh", [x.value]) }
/// The number of at least 0 whose hyperbolic cosine each element is, in a graph; NaN below 1. (Keras: `ops.arccosh`.)
public func arccosh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arccosh", [x.value]) }
/// The number whose hyperbolic tangent each element is, in a graph; NaN beyond ±1. (Keras: `ops.arctanh`.)
public func arctanh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arctanh", [x.value]) }
/// The logarithm of each element to the base 2, in a graph. (Keras: `ops.log2`.)
public func log2(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Log2", [x.value]) }
/// The logarithm of each element to the base 10, in a graph. (Keras: `ops.log10`.)
public func log10(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Log10", [x.value]) }
/// 2ˣ of each element, in a graph. (Keras: `ops.exp2`.)
public func exp2(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Exp2", [x.value]) }
/// Each element without its fraction, in a graph. (Keras: `ops.trunc`.)
public func trunc(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Trunc", [x.value]) }
/// The number whose error function each element is, in a graph; ±∞ at ±1, NaN beyond. (Keras: `ops.erfinv`.)
public func erfinv(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Erfinv", [x.value]) }
/// Whether each element is no number, in a graph. (Keras: `ops.isnan`.)
public func isNaN(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Isnan", [x.value]) }
/// Whether each element is infinite, in a graph. (Keras: `ops.isinf`.)
public func isInf(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Isinf", [x.value]) }
/// Whether each element is a number and not infinite, in a graph. (Keras: `ops.isfinite`.)
public func isFinite(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Isfinite", [x.value]) }
/// The greatest whole number up to a / b of each pair of elements, in a graph. (Keras: `ops.floor_divide`.)
public func floorDivide(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("FloorDivide", [a.value, b.value]) }
/// The same by a number.
public func floorDivide(_ a: some Symbolic, _ b: Double) throws -> Symbol { try Symbol.only("FloorDivide", [a.value, .json(JSONValue(b))]) }
/// What is left of a when b is taken from it ⌊a / b⌋ times, for each pair of elements, in a graph: it has the sign of b. (Keras: `ops.mod`.)
public func mod(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Mod", [a.value, b.value]) }
/// The same by a number.
public func mod(_ a: some Symbolic, _ b: Double) throws -> Symbol { try Symbol.only("Mod", [a.value, .json(JSONValue(b))]) }
/// The angle from −π to π of the point (x, y), for each pair of elements, in a graph. (Keras: `ops.arctan2`.)
public func arctan2(_ y: some Symbolic, _ x: some Symbolic) throws -> Symbol { try Symbol.only("Arctan2", [y.value, x.value]) }
/// √(a² + b²) of each pair of elements, in a graph. (Keras: `ops.hypot`.)
public func hypot(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Hypot", [a.value, b.value]) }
/// log(eᵃ + eᵇ) of each pair of elements, without overflow in between, in a graph. (Keras: `ops.logaddexp`.)
public func logaddexp(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Logaddexp", [a.value, b.value]) }

/// `nanToNum(_:nan:positiveInfinity:negativeInfinity:)` in a graph.
public func nanToNum(
  _ x: some Symbolic, nan: Double = 0, positiveInfinity: Double? = nil, negativeInfinity: Double? = nil
) throws -> Symbol {
  func optional(_ value: Double?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
  return try Symbol.only(
    "NanToNum", [x.value], [("nan", JSONValue(nan)), ("posinf", optional(positiveInfinity)), ("neginf", optional(negativeInfinity))])
}
