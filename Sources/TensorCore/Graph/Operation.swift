/// The primitives. Everything a user can write is made of these, and the derivative of each is made of these again.
///
/// Two are equal if they do the same to the same inputs: memory, variables and functions if they are the same object.
package enum Operation: Hashable, Sendable {
  /// Elements in memory.
  case constant(Buffer)
  /// The same number in every element.
  case fill(Double)
  /// A variable's value.
  case variable(Variable)
  /// An argument of the function being compiled.
  case argument(Int)

  case unary(UnaryFunction)
  case binary(BinaryFunction)
  /// `condition ? a : b`, inputs in that order.
  case select
  case cast
  /// The same value, through which no derivative flows.
  case stopGradient
  /// The value of the first input; what reaches the others is said by a function, and nothing reaches the first.
  case customGradient(CustomGradient)

  /// Over `axes` (ascending), which disappear from the shape.
  case reduce(Reduction, axes: [Int])
  /// Index of the first greatest element along an axis, which disappears.
  case argmax(axis: Int)

  /// The last two axes are matrices; those before are batch dimensions and equal in both.
  case matrixProduct(transposeA: Bool, transposeB: Bool)

  /// One of the three arrays of a convolution from the other two.
  case convolution(Convolution, Convolution.Part)
  case pooling(Pooling, Pooling.Part)
  /// Of the rows of one array, or of two: real parts and imaginary ones.
  case fourier(FourierTransform)

  case reshape
  /// To a larger shape; the input's axes are the last ones of the result's, and of size 1 or equal.
  case broadcast
  /// Axis k of the result is axis `permutation[k]` of the input.
  case transpose([Int])
  /// From `starts` on, every `strides[k]`-th element of axis k; backwards where that is negative.
  case slice(starts: [Int], strides: [Int])
  /// Zeros before and after each axis.
  case pad(low: [Int], high: [Int])
  case concatenate(axis: Int)

  /// Rows of the first input chosen by the second (int32).
  case gather
  /// Zeros with each row of the first input added where the second (int32) says.
  case scatterAdd
  /// Of row numbers (int32, a vector of K), those that a table of `limit` rows has: [2, K], first the distinct ones in ascending
  /// order and then −1s, and below, for each of the K, its place among these, or −1.
  case distinctRows(limit: Int)
  /// The first input with the rows named by the second (int32, distinct or out of range) replaced by those of the third.
  case replaceRows

  /// Random numbers from a key (int32, two elements); element i depends on the key and i alone.
  case random(RandomDistribution)

  /// A loop over steps; see ``Scan``.
  case scan(Scan)

  /// A computation that is not made of primitives, done by a Swift function over whole arrays, with the derivative
  /// that the function brings along.
  case host(HostFunction)
}

package enum Reduction: String, Sendable {
  case sum, max
}

package enum RandomDistribution: String, Sendable {
  case uniform, normal
}

/// A class of objects each of which is equal to itself only.
package protocol EqualByIdentity: AnyObject, Hashable {}

extension EqualByIdentity {
  package static func == (a: Self, b: Self) -> Bool { a === b }
  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// See ``Operation/host(_:)``. `body` gets the inputs' memory and the output's, all contiguous.
package final class HostFunction: EqualByIdentity, Sendable {
  /// What reaches each input (nil: nothing), given the inputs, the result, what reaches the result, and which inputs need it.
  package typealias Derivative = @Sendable (_ inputs: [Tensor], _ result: Tensor, _ adjoint: Tensor, _ needed: [Bool]) -> [Tensor?]

  /// Whether the result is there when `body` returns, or the function is asynchronous: begun here and awaited there.
  enum Phase: Sendable {
    case whole
    /// Has it begun. Placed in the plan as early as the inputs are there; nobody but the function's `end` reads the result.
    case begin
    /// Waits for it. The result is that of the first input, in the same memory.
    case end
  }

  let name: String
  let phase: Phase
  let derivative: Derivative?
  let body: @Sendable ([UnsafeRawBufferPointer], UnsafeMutableRawBufferPointer) -> Void

  init(
    name: String, phase: Phase = .whole, derivative: Derivative? = nil,
    body: @escaping @Sendable ([UnsafeRawBufferPointer], UnsafeMutableRawBufferPointer) -> Void
  ) {
    self.name = name
    self.phase = phase
    self.derivative = derivative
    self.body = body
  }
}
