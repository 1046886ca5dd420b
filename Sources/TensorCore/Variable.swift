import Foundation

/// The one mutable thing: a parameter, an optimizer's slot, a running total.
///
/// Its memory stays where it is for life. A tensor computed from a variable means the variable's value at that moment, however
/// late the tensor is read. Assigning inside a compiled function becomes a write of the plan, in place.
public final class Variable {
  /// What it is called in its layer: `kernel`, `bias`.
  public let name: String
  /// The name with those of the objects that own it: `sequential/dense/kernel`. Files and per-parameter settings use it.
  public var path: String
  public let shape: [Int]
  public let dtype: DType
  /// Whether training changes it.
  public var isTrainable: Bool
  /// It holds where a ``RandomGenerator`` stands.
  package var isRandomState = false

  package let storage: Buffer
  /// The node that stands for the present value outside of traces, if anyone still holds it.
  private weak var reader: Node?

  /// A variable with memory of its own, or with the given part of a larger one.
  package init(name: String, path: String? = nil, shape: [Int], dtype: DType, isTrainable: Bool, storage: Buffer?) {
    self.name = name
    self.path = path ?? name
    self.shape = shape
    self.dtype = dtype
    self.isTrainable = isTrainable
    let byteCount = Tensor.elementCount(shape) * dtype.byteCount
    self.storage = storage ?? Buffer(byteCount: byteCount)
    precondition(self.storage.byteCount == byteCount)
  }

  /// A variable that starts with the given value.
  public convenience init(_ initial: Tensor, name: String = "variable", isTrainable: Bool = true) {
    let dtype = initial.dtype
    self.init(name: name, shape: initial.shape, dtype: dtype, isTrainable: isTrainable, storage: nil)
    store(initial)
  }

  public var count: Int { Tensor.elementCount(shape) }

  /// The present value.
  public var value: Tensor {
    if let trace = Trace.current { return trace.value(of: self) }
    if let reader { return Tensor(reader) }
    let node = Node(.variable(self), shape: shape, dtype: dtype)
    reader = node
    return Tensor(node)
  }

  /// The value of a `float64` variable without axes as a number: it takes the dtype of the tensor it meets. Learning rates and
  /// step counts are such variables, so that changing one changes no plan.
  public var numberValue: Tensor {
    guard shape.isEmpty, dtype == .float64 else {
      programmingError("numberValue: variable \(path) is \(dtype) \(shape), not float64 []")
    }
    let value = value
    return Tensor(.reshape, [value], shape: [], dtype: .float64, isNumber: true)
  }

  /// The value before any assignment of the function being traced: what derivatives are taken with respect to.
  var firstRead: Tensor {
    Trace.current.map { $0.firstValue(of: self) } ?? value
  }

  /// Replaces the value. Inside a compiled function this is part of each run.
  /// - Precondition: same shape; same dtype (a number takes the variable's).
  public func assign(_ newValue: Tensor) {
    let newValue = newValue.node.isNumber ? newValue.cast(to: dtype) : newValue
    guard newValue.shape == shape, newValue.dtype == dtype else {
      programmingError(
        "assign: variable \(path) is \(dtype) \(shape) but the new value is \(newValue.dtype) \(newValue.shape)")
    }
    if let trace = Trace.current {
      trace.assign(newValue, to: self)
    } else {
      store(newValue)
    }
  }

  private func store(_ newValue: Tensor) {
    let buffer = newValue.materialized()
    if buffer === storage { return }
    willChange()
    storage.pointer.copyMemory(from: buffer.pointer, byteCount: storage.byteCount)
  }

  /// Writes the memory directly: contiguous, row-major.
  public func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    willChange()
    return try body(UnsafeMutableRawBufferPointer(start: storage.pointer, count: storage.byteCount))
  }

  /// Reads the memory directly: contiguous, row-major.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(UnsafeRawBufferPointer(start: storage.pointer, count: storage.byteCount))
  }

  /// Whether the variable holds the same bits as the tensor.
  package func holds(_ tensor: Tensor) -> Bool {
    guard tensor.shape == shape, tensor.dtype == dtype else { return false }
    return memcmp(storage.pointer, tensor.materialized().pointer, storage.byteCount) == 0
  }

  /// Called before the memory is written: whoever holds the present value gets a copy of it.
  package func willChange() {
    guard let node = reader else { return }
    if node.value == nil { node.value = storage.copy() }
    reader = nil
  }
}

extension Variable: CustomStringConvertible {
  public var description: String { "Variable(\(path): \(value))" }
}

extension Variable {
  /// Variables side by side in one allocation, each at a 64-byte boundary: a copy of all of them is one copy of memory.
  public static func sideBySide(_ specifications: [(name: String, path: String, shape: [Int], dtype: DType, isTrainable: Bool)])
    -> [Variable]
  {
    var offsets: [Int] = []
    var end = 0
    for specification in specifications {
      offsets.append(end)
      let bytes = Tensor.elementCount(specification.shape) * specification.dtype.byteCount
      end += (bytes + Buffer.alignment - 1) / Buffer.alignment * Buffer.alignment
    }
    let arena = Buffer(byteCount: end)
    return zip(specifications, offsets).map { specification, offset in
      let bytes = Tensor.elementCount(specification.shape) * specification.dtype.byteCount
      return Variable(
        name: specification.name, path: specification.path, shape: specification.shape, dtype: specification.dtype,
        isTrainable: specification.isTrainable, storage: Buffer(arena, offset: offset, byteCount: bytes))
    }
  }
}
