import TensorCore

// Operators and functions of symbols with a number or a tensor on the other side.

private func number(_ value: Double) -> CallArguments.Value { .json(JSONValue(value)) }

/// In a graph: a + b, element by element; shapes are stretched as NumPy does.
@_disfavoredOverload
public func + (a: Tensor, b: some Symbolic) throws -> Symbol { try Symbol.only("Add", [.tensor(a), b.value]) }
/// In a graph: a − b, element by element; shapes are stretched as NumPy does.
@_disfavoredOverload
public func - (a: Tensor, b: some Symbolic) throws -> Symbol { try Symbol.only("Subtract", [.tensor(a), b.value]) }
/// In a graph: a · b, element by element; shapes are stretched as NumPy does.
@_disfavoredOverload
public func * (a: Tensor, b: some Symbolic) throws -> Symbol { try Symbol.only("Multiply", [.tensor(a), b.value]) }
/// In a graph: a / b, element by element; shapes are stretched as NumPy does.
@_disfavoredOverload
public func / (a: Tensor, b: some Symbolic) throws -> Symbol { try Symbol.only("TrueDivide", [.tensor(a), b.value]) }

/// In a graph: whether elements are equal, element by element.
public func .== (a: Double, b: some Symbolic) throws -> Symbol { try Symbol.only("Equal", [number(a), b.value]) }
/// In a graph: whether elements differ, element by element.
public func .!= (a: Double, b: some Symbolic) throws -> Symbol { try Symbol.only("NotEqual", [number(a), b.value]) }
/// In a graph: whether a < b, element by element.
public func .< (a: Double, b: some Symbolic) throws -> Symbol { try Symbol.only("Less", [number(a), b.value]) }
/// In a graph: whether a ≤ b, element by element.
public func .<= (a: Double, b: some Symbolic) throws -> Symbol { try Symbol.only("LessEqual", [number(a), b.value]) }
/// In a graph: whether a > b, element by element.
public func .> (a: Double, b: some Symbolic) throws -> Symbol { try Symbol.only("Greater", [number(a), b.value]) }
/// In a graph: whether a ≥ b, element by element.
public func .>= (a: Double, b: some Symbolic) throws -> Symbol { try Symbol.only("GreaterEqual", [number(a), b.value]) }

prefix operator .!
/// The opposite of each truth: `!a`, spelled as `.&&` and `.||` are.
public prefix func .! (a: Tensor) -> Tensor { !a }
/// In a graph: the opposite of each truth, element by element.
public prefix func .! (a: some Symbolic) throws -> Symbol { try !a }

/// In a graph: the greater of two, element by element.
public func maximum(_ a: Double, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Maximum", [number(a), b.value]) }
/// In a graph: the less of two, element by element.
public func minimum(_ a: Double, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Minimum", [number(a), b.value]) }
/// In a graph: a to the power of b, element by element.
public func pow(_ a: Double, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Power", [number(a), b.value]) }

/// In a graph: `condition ? a : b`, element by element. (Keras: `ops.where`.)
public func select(_ condition: some Symbolic, _ a: some Symbolic, _ b: Double) throws -> Symbol {
  try Symbol.only("Where", [condition.value, a.value, number(b)])
}
/// In a graph: `condition ? a : b`, element by element.
public func select(_ condition: some Symbolic, _ a: Double, _ b: some Symbolic) throws -> Symbol {
  try Symbol.only("Where", [condition.value, number(a), b.value])
}
/// In a graph: `condition ? a : b`, element by element.
public func select(_ condition: some Symbolic, _ a: Double, _ b: Double) throws -> Symbol {
  try Symbol.only("Where", [condition.value, number(a), number(b)])
}

/// The matrix product of a constant with the rows' matrices: of `[m, k]` and rows `[k, n]` rows `[m, n]`.
public func matmul(_ a: Tensor, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Matmul", [.tensor(a), b.value]) }

/// Slices of a constant along its first axis, chosen by the rows' whole numbers: of `[n, d…]` and rows `[k…]` rows `[k…, d…]`.
public func take(_ x: Tensor, _ indices: some Symbolic) throws -> Symbol {
  try Symbol.only("Take", [.tensor(x), indices.value], [("axis", 0)])
}
