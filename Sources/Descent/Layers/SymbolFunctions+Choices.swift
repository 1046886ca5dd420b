import TensorCore

// More of Keras's `ops` for tensors and symbols: what is like another tensor, and what is chosen or added up along an axis.

/// Zeros of a tensor's shape and dtype. (Keras: `ops.zeros_like`.)
public func zerosLike(_ x: Tensor) -> Tensor { .zeros(x.shape, dtype: x.dtype) }
/// Ones of a tensor's shape and dtype. (Keras: `ops.ones_like`.)
public func onesLike(_ x: Tensor) -> Tensor { .ones(x.shape, dtype: x.dtype) }

/// Zeros of a symbol's shape and dtype. (Keras: `ops.zeros_like`.)
public func zerosLike(_ x: some Symbolic) throws -> Symbol { try Symbol.applying("ZerosLike", [.symbol(x.symbol)])[0] }
/// Ones of a symbol's shape and dtype. (Keras: `ops.ones_like`.)
public func onesLike(_ x: some Symbolic) throws -> Symbol { try Symbol.applying("OnesLike", [.symbol(x.symbol)])[0] }

/// The elements of a symbol at whole numbers along an axis; axis 0 counts the rows. (Keras: `ops.take`.)
/// - Parameters:
///   - indices: a tensor of the places.
///   - axis: which axis they count along.
public func take(_ x: some Symbolic, _ indices: Tensor, axis: Int) throws -> Symbol {
  try Symbol.applying("Take", [.symbol(x.symbol), .tensor(indices)], [("axis", JSONValue(axis))])[0]
}

/// The same with places that are a symbol themselves, as of a table that is looked up.
public func take(_ x: Tensor, _ indices: some Symbolic, axis: Int) throws -> Symbol {
  try Symbol.applying("Take", [.tensor(x), .symbol(indices.symbol)], [("axis", JSONValue(axis))])[0]
}

extension Symbolic {
  /// The sums of the first elements along an axis other than that of the rows. (Keras: `ops.cumsum`.)
  public func cumsum(axis: Int) throws -> Symbol { try Symbol.applying("Cumsum", [.symbol(symbol)], [("axis", JSONValue(axis))])[0] }
}
