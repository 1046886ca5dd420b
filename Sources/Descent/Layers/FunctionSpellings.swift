import TensorCore

// Functions under the names that programs know from `keras.ops`, where Swift's way is a method: `sum(x, axis: 1)` is `x.sum(axis: 1)`.
// Of tensors and of symbols alike.

/// Keras's name for a ``RandomGenerator``: equal seeds give equal numbers, and each draw gives others.
///
///     let seeds = SeedGenerator(seed: 1337)
///     let noise = seeds.normal([2, 3])
///
/// (Keras: `keras.random.SeedGenerator`.)
public typealias SeedGenerator = RandomGenerator

/// The sum along axes, all of them if nil. (Keras: `ops.sum`.)
public func sum(_ x: Tensor, axes: [Int]? = nil, keepDims: Bool = false) -> Tensor { x.sum(axes: axes, keepDims: keepDims) }
/// The sum along an axis. (Keras: `ops.sum`.)
public func sum(_ x: Tensor, axis: Int, keepDims: Bool = false) -> Tensor { x.sum(axis: axis, keepDims: keepDims) }
/// In a graph: the sum along axes. (Keras: `ops.sum`.)
public func sum(_ x: some Symbolic, axes: [Int], keepDims: Bool = false) throws -> Symbol { try x.sum(axes: axes, keepDims: keepDims) }
/// In a graph: the sum along an axis. (Keras: `ops.sum`.)
public func sum(_ x: some Symbolic, axis: Int, keepDims: Bool = false) throws -> Symbol { try x.sum(axis: axis, keepDims: keepDims) }

/// The mean along axes, all of them if nil. (Keras: `ops.mean`.)
public func mean(_ x: Tensor, axes: [Int]? = nil, keepDims: Bool = false) -> Tensor { x.mean(axes: axes, keepDims: keepDims) }
/// The mean along an axis. (Keras: `ops.mean`.)
public func mean(_ x: Tensor, axis: Int, keepDims: Bool = false) -> Tensor { x.mean(axis: axis, keepDims: keepDims) }
/// In a graph: the mean along axes. (Keras: `ops.mean`.)
public func mean(_ x: some Symbolic, axes: [Int], keepDims: Bool = false) throws -> Symbol { try x.mean(axes: axes, keepDims: keepDims) }
/// In a graph: the mean along an axis. (Keras: `ops.mean`.)
public func mean(_ x: some Symbolic, axis: Int, keepDims: Bool = false) throws -> Symbol { try x.mean(axis: axis, keepDims: keepDims) }

/// The place of the greatest element along an axis. (Keras: `ops.argmax`.)
public func argmax(_ x: Tensor, axis: Int = -1) -> Tensor { x.argmax(axis: axis) }
/// In a graph: the place of the greatest element along an axis. (Keras: `ops.argmax`.)
public func argmax(_ x: some Symbolic, axis: Int = -1) throws -> Symbol { try x.argmax(axis: axis) }

/// eˣ / Σ eˣ along an axis. (Keras: `ops.softmax`.)
public func softmax(_ x: Tensor, axis: Int = -1) -> Tensor { x.softmax(axis: axis) }
/// In a graph: eˣ / Σ eˣ along an axis. (Keras: `ops.softmax`.)
public func softmax(_ x: some Symbolic, axis: Int = -1) throws -> Symbol { try x.softmax(axis: axis) }

/// The sums of the first elements along an axis. (Keras: `ops.cumsum`.)
public func cumsum(_ x: Tensor, axis: Int) -> Tensor { x.cumsum(axis: axis) }
/// In a graph: the sums of the first elements along an axis. (Keras: `ops.cumsum`.)
public func cumsum(_ x: some Symbolic, axis: Int) throws -> Symbol { try x.cumsum(axis: axis) }

/// For each number of a class a row with a 1 at its place. (Keras: `ops.one_hot`.)
public func oneHot(_ x: Tensor, _ depth: Int, dtype: DType = .float32) -> Tensor { x.oneHot(depth: depth, dtype: dtype) }
/// In a graph: for each number of a class a row with a 1 at its place. (Keras: `ops.one_hot`.)
public func oneHot(_ x: some Symbolic, _ depth: Int, dtype: DType = .float32) throws -> Symbol { try x.oneHot(depth: depth, dtype: dtype) }

/// The numbers in another dtype. (Keras: `ops.cast`.)
public func cast(_ x: Tensor, _ dtype: DType) -> Tensor { x.cast(to: dtype) }
/// In a graph: the numbers in another dtype. (Keras: `ops.cast`.)
public func cast(_ x: some Symbolic, _ dtype: DType) throws -> Symbol { try x.cast(to: dtype) }

/// The same elements in another shape; −1 for the size that is left. (Keras: `ops.reshape`.)
public func reshape(_ x: Tensor, _ shape: [Int]) -> Tensor { x.reshaped(shape) }
/// In a graph: the same elements in another shape, rows included: −1 for their number. (Keras: `ops.reshape`.)
public func reshape(_ x: some Symbolic, _ shape: [Int]) throws -> Symbol { try x.reshaped(shape) }

/// With an axis of size 1 before that one; negative from the end. (Keras: `ops.expand_dims`.)
public func expandDims(_ x: Tensor, axis: Int) -> Tensor { x.expandingShape(at: axis) }
/// In a graph: with an axis of size 1 before that one. (Keras: `ops.expand_dims`.)
public func expandDims(_ x: some Symbolic, axis: Int) throws -> Symbol { try x.expandingShape(at: axis) }

/// The axes in another order, the opposite one if nil. (Keras: `ops.transpose`.)
public func transpose(_ x: Tensor, _ axes: [Int]? = nil) -> Tensor { x.transposed(axes) }
/// In a graph: the axes in another order, with axis 0 counting the rows. (Keras: `ops.transpose`.)
public func transpose(_ x: some Symbolic, _ axes: [Int]) throws -> Symbol { try x.transposed(axes) }

/// The sizes of the axes. (Keras: `ops.shape`.)
public func shape(_ x: Tensor) -> [Int] { x.shape }
/// In a graph: the sizes of a row's axes, nil where one is open. (Keras: `ops.shape`, without the number of rows.)
public func shape(_ x: some Symbolic) -> [Int?] { x.symbol.shape }

/// Zeros. (Keras: `ops.zeros`.)
public func zeros(_ shape: [Int], dtype: DType = .float32) -> Tensor { .zeros(shape, dtype: dtype) }
/// Ones. (Keras: `ops.ones`.)
public func ones(_ shape: [Int], dtype: DType = .float32) -> Tensor { .ones(shape, dtype: dtype) }

/// The elements as numbers of Swift, row by row. (Keras: `ops.convert_to_numpy`.)
public func convertToNumpy(_ x: Tensor) -> [Double] { x.doubles }
