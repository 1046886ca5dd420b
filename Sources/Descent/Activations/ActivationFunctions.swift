import TensorCore

// Activations as functions of tensors, and of symbols in a graph; `relu`, `sigmoid`, `softplus`, `tanh` and `softmax` are beside them in
// their own files. Defaults are those of `keras.ops`.

/// min(max(x, 0), 6), element by element.
public func relu6(_ x: Tensor) -> Tensor { ActivationFunction.relu6(x) }
/// In a graph: min(max(x, 0), 6), element by element.
public func relu6(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Relu6", [x.value]) }

/// x where x ≥ 0, `negativeSlope` · x elsewhere, element by element.
public func leakyReLU(_ x: Tensor, negativeSlope: Double = 0.2) -> Tensor { ActivationFunction.leakyReLU(negativeSlope: negativeSlope)(x) }
/// In a graph: x where x ≥ 0, `negativeSlope` · x elsewhere, element by element.
public func leakyReLU(_ x: some Symbolic, negativeSlope: Double = 0.2) throws -> Symbol {
  try Symbol.only("LeakyRelu", [x.value], [("negative_slope", JSONValue(negativeSlope))])
}

/// x where x > 0, `alpha` · (eˣ − 1) elsewhere, element by element.
public func elu(_ x: Tensor, alpha: Double = 1) -> Tensor { ActivationFunction.elu(alpha: alpha)(x) }
/// In a graph: x where x > 0, `alpha` · (eˣ − 1) elsewhere, element by element.
public func elu(_ x: some Symbolic, alpha: Double = 1) throws -> Symbol { try Symbol.only("Elu", [x.value], [("alpha", JSONValue(alpha))]) }

/// 1.0507 · x where x > 0, 1.7581 · (eˣ − 1) elsewhere, element by element.
public func selu(_ x: Tensor) -> Tensor { ActivationFunction.selu(x) }
/// In a graph: 1.0507 · x where x > 0, 1.7581 · (eˣ − 1) elsewhere, element by element.
public func selu(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Selu", [x.value]) }

/// x where x > 0, `alpha` · (exp(x / `alpha`) − 1) elsewhere, element by element.
public func celu(_ x: Tensor, alpha: Double = 1) -> Tensor { ActivationFunction.celu(alpha: alpha)(x) }
/// In a graph: x where x > 0, `alpha` · (exp(x / `alpha`) − 1) elsewhere, element by element.
public func celu(_ x: some Symbolic, alpha: Double = 1) throws -> Symbol { try Symbol.only("Celu", [x.value], [("alpha", JSONValue(alpha))]) }

/// x times the normal distribution function of x, or, with `approximate`, of what a hyperbolic tangent makes of it, element by element.
public func gelu(_ x: Tensor, approximate: Bool = true) -> Tensor { ActivationFunction.gelu(approximate: approximate)(x) }
/// In a graph: x times the normal distribution function of x, or, with `approximate`, of what a hyperbolic tangent makes of it, element by element.
public func gelu(_ x: some Symbolic, approximate: Bool = true) throws -> Symbol {
  try Symbol.only("Gelu", [x.value], [("approximate", .bool(approximate))])
}

/// x · sigmoid(x), element by element.
public func silu(_ x: Tensor) -> Tensor { ActivationFunction.silu(x) }
/// In a graph: x · sigmoid(x), element by element.
public func silu(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Silu", [x.value]) }

/// x / (|x| + 1), element by element.
public func softsign(_ x: Tensor) -> Tensor { ActivationFunction.softsign(x) }
/// In a graph: x / (|x| + 1), element by element.
public func softsign(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Softsign", [x.value]) }

/// log(sigmoid(x)), element by element.
public func logSigmoid(_ x: Tensor) -> Tensor { ActivationFunction.logSigmoid(x) }
/// In a graph: log(sigmoid(x)), element by element.
public func logSigmoid(_ x: some Symbolic) throws -> Symbol { try Symbol.only("LogSigmoid", [x.value]) }

/// x / 6 + 1 / 2, within 0 … 1, element by element.
public func hardSigmoid(_ x: Tensor) -> Tensor { ActivationFunction.hardSigmoid(x) }
/// In a graph: x / 6 + 1 / 2, within 0 … 1, element by element.
public func hardSigmoid(_ x: some Symbolic) throws -> Symbol { try Symbol.only("HardSigmoid", [x.value]) }

/// x · hardSigmoid(x), element by element.
public func hardSilu(_ x: Tensor) -> Tensor { ActivationFunction.hardSilu(x) }
/// In a graph: x · hardSigmoid(x), element by element.
public func hardSilu(_ x: some Symbolic) throws -> Symbol { try Symbol.only("HardSilu", [x.value]) }
