import TensorCore

/// Zeros of a tensor's shape and dtype. (Keras: `ops.zeros_like`.)
public func zerosLike(_ x: Tensor) -> Tensor { .zeros(x.shape, dtype: x.dtype) }
/// Ones of a tensor's shape and dtype. (Keras: `ops.ones_like`.)
public func onesLike(_ x: Tensor) -> Tensor { .ones(x.shape, dtype: x.dtype) }

/// Zeros of a symbol's shape and dtype. (Keras: `ops.zeros_like`.)
public func zerosLike(_ x: some Symbolic) throws -> Symbol { try Symbol.applying("ZerosLike", [.symbol(x.symbol)])[0] }
/// Ones of a symbol's shape and dtype. (Keras: `ops.ones_like`.)
public func onesLike(_ x: some Symbolic) throws -> Symbol { try Symbol.applying("OnesLike", [.symbol(x.symbol)])[0] }
