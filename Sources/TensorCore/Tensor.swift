/// An array of numbers of any rank: an immutable value.
///
/// Operations build a graph; reading a value (``scalars(as:)``, ``item()``, printing) computes what is needed and keeps it.
/// Inside a function given to ``compile(_:)->CompiledFunction`` the graph becomes a plan that is run again for each call.
///
/// Elements are in row-major order. Binary operations broadcast as NumPy's do: shapes are aligned at their last axes, and an
/// axis of size 1 stretches. Both sides have the same ``dtype``; a number (a literal, a learning rate, a step count) takes the
/// dtype of the tensor it meets. Anything else is a programming error and stops with the operation and both shapes.
///
/// Threads may share tensors: a value that several of them read is computed once.
public struct Tensor: Sendable {
  package let node: Node

  package init(_ node: Node) { self.node = node }

  package init(
    _ operation: Operation, _ inputs: [Tensor] = [], shape: [Int], dtype: DType, isNumber: Bool = false
  ) {
    node = Node(operation, inputs.map(\.node), shape: shape, dtype: dtype, isNumber: isNumber)
  }

  /// The size of each axis.
  public var shape: [Int] { node.shape }
  /// The elements' type.
  public var dtype: DType { node.dtype }
  /// The number of axes.
  public var rank: Int { node.shape.count }
  /// The number of elements.
  public var count: Int { node.elementCount }
}

// MARK: - Making tensors

extension Tensor {
  /// A tensor of the given shape from its elements in row-major order.
  /// - Parameters:
  ///   - shape: the size of each axis; empty for a tensor without axes.
  ///   - scalars: the elements, the last axis fastest. Their type decides the dtype: `Float` is `float32`, `Double` `float64`, `Int32`
  ///     `int32`, `UInt8` `uint8` and `Bool` `bool`.
  /// - Precondition: `scalars.count` is the product of `shape`.
  public init<Scalar: TensorScalar>(shape: [Int], scalars: [Scalar]) {
    let count = Tensor.elementCount(shape)
    guard scalars.count == count else {
      programmingError("Tensor: shape \(shape) has \(count) elements but \(scalars.count) scalars were given")
    }
    self.init(shape: shape, dtype: Scalar.dtype) { bytes in
      scalars.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
  }

  /// A vector of `scalars`, in the dtype of their type.
  public init<Scalar: TensorScalar>(_ scalars: [Scalar]) {
    self.init(shape: [scalars.count], scalars: scalars)
  }

  /// A matrix from its `rows`, which have equal lengths, in the dtype of their type. Without rows its shape is [0, 0].
  public init<Scalar: TensorScalar>(_ rows: [[Scalar]]) {
    let columns = rows.first?.count ?? 0
    guard rows.allSatisfy({ $0.count == columns }) else {
      programmingError("Tensor: the rows of a matrix have different lengths: \(rows.map(\.count))")
    }
    self.init(shape: [rows.count, columns], scalars: rows.flatMap { $0 })
  }

  /// A tensor without axes that holds `scalar`, in the dtype of its type.
  public init<Scalar: TensorScalar>(_ scalar: Scalar) {
    self.init(shape: [], scalars: [scalar])
  }

  /// A tensor whose memory `body` fills: contiguous, row-major, zero at first. Booleans are bytes 0 and 1.
  /// - Parameters:
  ///   - shape: the size of each axis; empty for a tensor without axes.
  ///   - dtype: of the elements.
  ///   - body: gets all bytes of the tensor, which are good for that call only.
  /// - Throws: what `body` throws.
  public init(shape: [Int], dtype: DType, initializingBytesWith body: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    let byteCount = Tensor.elementCount(shape) * dtype.byteCount
    let buffer = Buffer(byteCount: byteCount)
    try body(UnsafeMutableRawBufferPointer(start: buffer.pointer, count: byteCount))
    self.init(.constant(buffer), shape: shape, dtype: dtype)
  }

  /// The same number in every element.
  /// - Parameters:
  ///   - value: the number. Of a dtype of whole numbers it is one that the dtype holds, of `bool` 0 or 1.
  ///   - shape: the size of each axis; without it the tensor has no axes.
  ///   - dtype: of the elements.
  public init(repeating value: Double, shape: [Int] = [], dtype: DType = .float32) {
    _ = Tensor.elementCount(shape)
    self.init(.fill(value), shape: shape, dtype: dtype)
  }

  /// The number `value`, which takes the dtype of whatever it is combined with; on its own it is `float64`.
  public init(number value: Double) {
    self.init(.fill(value), shape: [], dtype: .float64, isNumber: true)
  }

  /// A tensor of zeros.
  /// - Parameters:
  ///   - shape: the size of each axis; empty for a tensor without axes.
  ///   - dtype: of the elements.
  public static func zeros(_ shape: [Int], dtype: DType = .float32) -> Tensor {
    Tensor(repeating: 0, shape: shape, dtype: dtype)
  }

  /// A tensor of ones.
  /// - Parameters:
  ///   - shape: the size of each axis; empty for a tensor without axes.
  ///   - dtype: of the elements.
  public static func ones(_ shape: [Int], dtype: DType = .float32) -> Tensor {
    Tensor(repeating: 1, shape: shape, dtype: dtype)
  }

  /// The square matrix with ones on the diagonal.
  /// - Parameters:
  ///   - size: how many rows and columns it has.
  ///   - dtype: `float32`, `float64` or `int32`; another stops the program.
  public static func identity(_ size: Int, dtype: DType = .float32) -> Tensor {
    let index = Tensor.range(size, dtype: dtype)
    return (index.reshaped([size, 1]) .== index).cast(to: dtype)
  }

  /// 0, 1, … `count` − 1.
  /// - Parameters:
  ///   - count: how many numbers there are, at least 0.
  ///   - dtype: `int32`, `float32` or `float64`; another stops the program.
  public static func range(_ count: Int, dtype: DType = .int32) -> Tensor {
    Tensor(shape: [count], dtype: dtype) { bytes in
      switch dtype {
      case .float32: for i in 0..<count { bytes.storeBytes(of: Float(i), toByteOffset: 4 * i, as: Float.self) }
      case .float64: for i in 0..<count { bytes.storeBytes(of: Double(i), toByteOffset: 8 * i, as: Double.self) }
      case .int32: for i in 0..<count { bytes.storeBytes(of: Int32(i), toByteOffset: 4 * i, as: Int32.self) }
      case .uint8, .bool: programmingError("Tensor.range: dtype \(dtype) cannot be used; float32, float64 or int32 can")
      }
    }
  }

  static func elementCount(_ shape: [Int]) -> Int {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if size < 0 || overflow { programmingError("Tensor: \(shape) is not a shape") }
      count = product
    }
    return count
  }
}

// MARK: - Reading tensors

extension Tensor {
  /// The elements in row-major order. Computes them if that has not been done yet.
  /// - Precondition: `Scalar` is the type of the elements (`Float` for `float32`, …).
  public func scalars<Scalar: TensorScalar>(as type: Scalar.Type = Scalar.self) -> [Scalar] {
    guard dtype == Scalar.dtype else {
      programmingError("scalars(as: \(Scalar.self)): the tensor is \(dtype); cast it first")
    }
    return withBytes { Array($0.bindMemory(to: Scalar.self)) }
  }

  /// The elements in row-major order, each converted to `Double`.
  public var doubles: [Double] {
    withBytes { bytes in
      switch dtype {
      case .float32: bytes.bindMemory(to: Float.self).map(Double.init)
      case .float64: Array(bytes.bindMemory(to: Double.self))
      case .int32: bytes.bindMemory(to: Int32.self).map(Double.init)
      case .uint8, .bool: bytes.bindMemory(to: UInt8.self).map(Double.init)
      }
    }
  }

  /// The one element of a tensor that has just one, as `Double`.
  public func item() -> Double {
    guard count == 1 else { programmingError("item(): the tensor has shape \(shape), not one element") }
    return doubles[0]
  }

  /// The memory of the elements: contiguous and row-major. Valid within `body` only.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    let buffer = materialized()
    defer { withExtendedLifetime(buffer) {} }
    return try body(UnsafeRawBufferPointer(start: buffer.pointer, count: node.byteCount))
  }

  /// Computes the elements now, so that later reads cost nothing. Returns itself.
  @discardableResult
  public func evaluated() -> Tensor {
    _ = materialized()
    return self
  }

  package func materialized() -> Buffer {
    if let value = node.value { return value }
    evaluate([node])
    return node.value!
  }
}

extension Tensor: CustomStringConvertible {
  /// Nested lists of elements as NumPy prints them, shortened past 1,000 elements, then shape and dtype. In a function that is being traced
  /// there are no elements yet, and the description says so.
  public var description: String {
    if node.isOpen && node.value == nil { return "Tensor(traced, shape: \(shape), dtype: \(dtype))" }
    return "Tensor(\(TensorPrinter(self).text), shape: \(shape), dtype: \(dtype))"
  }
}

struct TensorPrinter {
  let values: [Double]
  let shape: [Int]
  let dtype: DType
  let edge: Int

  init(_ tensor: Tensor) {
    values = tensor.doubles
    shape = tensor.shape
    dtype = tensor.dtype
    edge = tensor.count > 1000 ? 3 : .max / 4
  }

  var text: String { list(axis: 0, offset: 0) }

  private func list(axis: Int, offset: Int) -> String {
    guard axis < shape.count else { return element(values[offset]) }
    let stride = shape[(axis + 1)...].reduce(1, *)
    let size = shape[axis]
    var parts: [String] = []
    for index in 0..<size {
      if size > 2 * edge && index == edge { parts.append("…") }
      if size > 2 * edge && index >= edge && index < size - edge { continue }
      parts.append(list(axis: axis + 1, offset: offset + index * stride))
    }
    return "[" + parts.joined(separator: ", ") + "]"
  }

  private func element(_ value: Double) -> String {
    switch dtype {
    case .bool: value != 0 ? "true" : "false"
    case .int32, .uint8: String(Int(value))
    case .float32: "\(Float(value))"
    case .float64: "\(value)"
    }
  }
}
