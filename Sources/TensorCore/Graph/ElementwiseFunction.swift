import Foundation

// The primitives that go over elements one by one: what there is, and the derivative of each, made of tensor operations.

/// Of one element.
package enum UnaryFunction: String, CaseIterable, Sendable {
  case negate, abs, sign, sqrt, reciprocal, exp, expm1, log, log1p, sin, cos, tanh, erf, sigmoid, softplus
  case floor, ceil, round, not, isFinite
}

/// Of two elements.
package enum BinaryFunction: String, CaseIterable, Sendable {
  case add, subtract, multiply, divide, maximum, minimum, power
  case equal, notEqual, less, lessOrEqual, and, or

  var isComparison: Bool {
    switch self {
    case .equal, .notEqual, .less, .lessOrEqual: true
    default: false
    }
  }
  var isLogical: Bool { self == .and || self == .or }
}

/// What reaches the input `x` of a function with the result `y`, if `g` reaches that; nil: nothing.
func derivative(of function: UnaryFunction, at x: Tensor, result y: Tensor, adjoint g: Tensor) -> Tensor? {
  switch function {
  case .negate: -g
  case .abs: g * sign(x)
  case .sqrt: g * 0.5 / y
  case .reciprocal: -(g * y * y)
  case .exp: g * y
  case .expm1: g * (y + 1)
  case .log: g / x
  case .log1p: g / (x + 1)
  case .sin: g * cos(x)
  case .cos: -(g * sin(x))
  case .tanh: g * (1 - y * y)
  case .erf: g * (2 / Double.pi.squareRoot()) * exp(-(x * x))
  case .sigmoid: g * y * (1 - y)
  case .softplus: g * sigmoid(x)
  case .sign, .floor, .ceil, .round, .not, .isFinite: nil
  }
}

/// What reaches the inputs that are needed, if `g` reaches the result; nil: nothing.
func derivative(
of function: BinaryFunction, _ a: Tensor, _ b: Tensor, result: Tensor, adjoint g: Tensor, needed: [Bool]
) -> [Tensor?] {
  let zero = Tensor.zeros([], dtype: g.dtype)
  switch function {
  case .add: return [g, g]
  case .subtract: return [g, needed[1] ? -g : nil]
  case .multiply: return [needed[0] ? g * b : nil, needed[1] ? g * a : nil]
  case .divide: return [needed[0] ? g / b : nil, needed[1] ? -(g * result / b) : nil]
  // Where both are equal the derivative is the second's, so that relu's at zero is zero. The comparison uses the result
  // because that is often in memory anyway when the derivative is computed, and `a` is not.
  case .maximum:
    let first = result .> b
    return [needed[0] ? select(first, g, zero) : nil, needed[1] ? select(first, zero, g) : nil]
  case .minimum:
    let first = result .< b
    return [needed[0] ? select(first, g, zero) : nil, needed[1] ? select(first, zero, g) : nil]
  case .power:
    // The logarithm's argument is made harmless where it is not used, or its NaN would reach a second derivative.
    let isPositive = a .> 0
    return [
      needed[0] ? g * b * pow(a, b - 1) : nil,
      needed[1] ? select(isPositive, g * result * log(select(isPositive, a, Tensor.ones([], dtype: a.dtype))), zero) : nil,
    ]
  case .equal, .notEqual, .less, .lessOrEqual, .and, .or: return [nil, nil]
  }
}
