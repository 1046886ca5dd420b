import TensorCore

extension OperationTable {
  /// Further functions of single elements, and of pairs of them.
  static let curves: [OperationDefinition] =
    unary("Tan") { tan(float($0)) } + unary("Arcsin") { arcsin(float($0)) } + unary("Arccos") { arccos(float($0)) }
    + unary("Arctan") { arctan(float($0)) } + unary("Sinh") { sinh(float($0)) } + unary("Cosh") { cosh(float($0)) }
    + unary("Arcsinh") { arcsinh(float($0)) } + unary("Arccosh") { arccosh(float($0)) } + unary("Arctanh") { arctanh(float($0)) }
    + unary("Log2") { log2(float($0)) } + unary("Log10") { log10(float($0)) } + unary("Exp2") { exp2(float($0)) }
    + unary("Trunc") { trunc(float($0)) } + unary("Isnan") { isNaN(float($0)) } + unary("Isinf") { isInf(float($0)) }
    + unary("Erfinv", module: "math") { erfinv(float($0)) }
    + binary("FloorDivide") { floorDivide(whole($0), whole($1)) } + binary("Mod") { mod(whole($0), whole($1)) }
    + binary("Arctan2") { arctan2(float($0), float($1)) } + binary("Hypot") { hypot(float($0), float($1)) }
    + binary("Logaddexp") { logaddexp(float($0), float($1)) }
    + [
      OperationDefinition("NanToNum", "numpy") { input in
        [
          nanToNum(
            try input.floating(), nan: input.settings["nan"]?.double ?? 0, positiveInfinity: input.settings["posinf"]?.double,
            negativeInfinity: input.settings["neginf"]?.double)
        ]
      }
    ]
}

// MARK: - For symbols

public func tan(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Tan", [x.value]) }
public func arcsin(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arcsin", [x.value]) }
public func arccos(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arccos", [x.value]) }
public func arctan(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arctan", [x.value]) }
public func sinh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Sinh", [x.value]) }
public func cosh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Cosh", [x.value]) }
public func arcsinh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arcsinh", [x.value]) }
public func arccosh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arccosh", [x.value]) }
public func arctanh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Arctanh", [x.value]) }
public func log2(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Log2", [x.value]) }
public func log10(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Log10", [x.value]) }
public func exp2(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Exp2", [x.value]) }
public func trunc(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Trunc", [x.value]) }
public func erfinv(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Erfinv", [x.value]) }
public func isNaN(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Isnan", [x.value]) }
public func isInf(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Isinf", [x.value]) }
public func isFinite(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Isfinite", [x.value]) }
public func floorDivide(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("FloorDivide", [a.value, b.value]) }
public func floorDivide(_ a: some Symbolic, _ b: Double) throws -> Symbol { try Symbol.only("FloorDivide", [a.value, .json(JSONValue(b))]) }
public func mod(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Mod", [a.value, b.value]) }
public func mod(_ a: some Symbolic, _ b: Double) throws -> Symbol { try Symbol.only("Mod", [a.value, .json(JSONValue(b))]) }
public func arctan2(_ y: some Symbolic, _ x: some Symbolic) throws -> Symbol { try Symbol.only("Arctan2", [y.value, x.value]) }
public func hypot(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Hypot", [a.value, b.value]) }
public func logaddexp(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Logaddexp", [a.value, b.value]) }

/// ``nanToNum(_:nan:positiveInfinity:negativeInfinity:)-(Tensor,_,_,_)`` in a graph.
public func nanToNum(
  _ x: some Symbolic, nan: Double = 0, positiveInfinity: Double? = nil, negativeInfinity: Double? = nil
) throws -> Symbol {
  func optional(_ value: Double?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
  return try Symbol.only(
    "NanToNum", [x.value], [("nan", JSONValue(nan)), ("posinf", optional(positiveInfinity)), ("neginf", optional(negativeInfinity))])
}
