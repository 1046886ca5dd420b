import Foundation
import Synchronization

/// The one mutable thing: a parameter, an optimizer's slot, a running total.
///
/// Its memory stays where it is for life. A tensor computed from a variable means the variable's value at that moment, however
/// late the tensor is read. Assigning inside a compiled function becomes a write of the plan, in place.
///
/// Threads may share variables. Who reads sees the value before or after a write, and before or after a run of a compiled function
/// with all that it changes, never between.
public final class Variable: @unchecked Sendable {
  /// What it is called in its layer: `kernel`, `bias`.
  public let name: String
  /// The name with those of the objects that own it: `sequential/dense/kernel`. Files and per-parameter settings use it.
  public var path: String {
    get { labels.withLock { $0 } }
    set { labels.withLock { $0 = newValue } }
  }
  /// The size of each axis.
  public let shape: [Int]
  /// The elements' type.
  public let dtype: DType
  /// Whether training changes it. What is never to be trained is best made so; a change is for a while, and the files of whole models keep it.
  public var isTrainable: Bool {
    get { trainability.load(ordering: .relaxed) }
    set { trainability.store(newValue, ordering: .relaxed) }
  }
  /// Whether it was made to be trained: ``isTrainable`` says whether it is at present.
  package let isMadeToBeTrained: Bool
  /// It holds where a ``RandomGenerator`` stands.
  package var isRandomState = false

  /// Read and written by who holds the ``lock``.
  package let storage: Buffer
  let lock: VariableLock
  private let labels: Mutex<String>
  private let trainability: Atomic<Bool>
  /// The node that stands for the present value outside of traces, if anyone still holds it.
  private let reader = Mutex(Reader())
  /// Whether there may be such a node: a step looks at this of every variable it changes.
  private let hasReader = Atomic<Bool>(false)

  private struct Reader {
    weak var node: Node?
  }

  /// A variable with memory of its own, or with the given part of a larger one.
  init(
    name: String, path: String? = nil, shape: [Int], dtype: DType, isTrainable: Bool, storage: Buffer?,
    lock: VariableLock = VariableLock()
  ) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
    self.lock = lock
    labels = Mutex(path ?? name)
    trainability = Atomic(isTrainable)
    isMadeToBeTrained = isTrainable && dtype.isFloatingPoint
    let byteCount = Tensor.elementCount(shape) * dtype.byteCount
    self.storage = storage ?? Buffer(byteCount: byteCount)
    precondition(self.storage.byteCount == byteCount)
  }

  /// A variable that starts with the given value.
  /// - Parameters:
  ///   - initial: the first value, which gives the variable its shape and its dtype; of a number that is `float64`.
  ///   - name: what it is called in its layer; ``path`` is the same until an owner changes it.
  ///   - isTrainable: whether training changes it.
  public convenience init(_ initial: Tensor, name: String = "variable", isTrainable: Bool = true) {
    let dtype = initial.dtype
    self.init(name: name, shape: initial.shape, dtype: dtype, isTrainable: isTrainable, storage: nil)
    store(initial)
  }

  /// The number of elements.
  public var count: Int { Tensor.elementCount(shape) }

  /// The present value.
  public var value: Tensor {
    if let trace = Trace.current { return trace.value(of: self) }
    return reader.withLock { reader in
      if let node = reader.node { return Tensor(node) }
      let node = Node(.variable(self), shape: shape, dtype: dtype)
      reader.node = node
      hasReader.store(true, ordering: .releasing)
      return Tensor(node)
    }
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

  /// The values before and after each assignment of the function being traced: what derivatives are taken with respect to.
  var allReads: [Tensor] { Trace.current.map { $0.values(of: self) } ?? [value] }

  /// The value before any assignment of the function being traced.
  var firstRead: Tensor {
    Trace.current.map { $0.firstValue(of: self) } ?? value
  }

  /// Replaces the value. Inside a compiled function this is part of each run, and later reads give the new value; as in Keras,
  /// no gradient passes from them to what it was computed from.
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
    lock.with(.writing) {
      willChange()
      storage.pointer.copyMemory(from: buffer.pointer, byteCount: storage.byteCount)
    }
  }

  /// Writes the memory directly: contiguous, row-major. Other threads wait meanwhile.
  public func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    try lock.with(.writing) {
      willChange()
      return try body(UnsafeMutableRawBufferPointer(start: storage.pointer, count: storage.byteCount))
    }
  }

  /// Reads the memory directly: contiguous, row-major. Other threads may read it too, and wait to change it; `body` must not.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try lock.with(.reading) {
      try body(UnsafeRawBufferPointer(start: storage.pointer, count: storage.byteCount))
    }
  }

  /// The element of a `float64` variable without axes.
  package var double: Double {
    get { withBytes { $0.load(as: Double.self) } }
    set { withMutableBytes { $0.storeBytes(of: newValue, as: Double.self) } }
  }

  /// Runs `body`, which may read and assign the variable, while no other thread does.
  func exclusively<Result>(_ body: () throws -> Result) rethrows -> Result { try lock.with(.writing, body) }

  /// Runs `body`, which reads and assigns these variables, while no other thread does: it sees all of them before or after.
  package static func exclusively<Result>(_ variables: [Variable], _ body: () throws -> Result) rethrows -> Result {
    try VariableLock.with(VariableLock.joined(variables.map(\.lock)).map { ($0, .writing) }, body)
  }

  /// Whether this thread holds the lock of any variable.
  package static var isLockedByThread: Bool { VariableLock.isAnyHeld }

  /// Runs `body`, which reads these variables, while no other thread changes them.
  package static func unchanged<Result>(_ variables: [Variable], _ body: () throws -> Result) rethrows -> Result {
    try VariableLock.with(VariableLock.joined(variables.map(\.lock)).map { ($0, .reading) }, body)
  }

  /// Whether the variable holds the same bits as the tensor.
  package func holds(_ tensor: Tensor) -> Bool {
    guard tensor.shape == shape, tensor.dtype == dtype else { return false }
    let buffer = tensor.materialized()
    return withBytes { memcmp($0.baseAddress!, buffer.pointer, storage.byteCount) == 0 }
  }

  /// Called before the memory is written, with the lock: whoever holds the present value gets a copy of it.
  package func willChange() {
    guard hasReader.load(ordering: .acquiring) else { return }
    hasReader.store(false, ordering: .relaxed)
    let node = reader.withLock { reader in
      let node = reader.node
      reader.node = nil
      return node
    }
    guard let node else { return }
    if node.value == nil { node.keep(storage.copy()) }
    node.becomePast()
  }
}

extension Variable: CustomStringConvertible {
  public var description: String { "Variable(\(path): \(value))" }
}

extension Variable {
  /// Variables side by side in one allocation, each at a 64-byte boundary: a copy of all of them is one copy of memory.
  /// - Parameter specifications: the name, path, shape and dtype of each, and whether training changes it.
  /// - Returns: the variables in that order, zero everywhere.
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
    let lock = VariableLock()
    return zip(specifications, offsets).map { specification, offset in
      let bytes = Tensor.elementCount(specification.shape) * specification.dtype.byteCount
      return Variable(
        name: specification.name, path: specification.path, shape: specification.shape, dtype: specification.dtype,
        isTrainable: specification.isTrainable, storage: Buffer(arena, offset: offset, byteCount: bytes), lock: lock)
    }
  }
}

/// A variable is equal to itself only, whatever others hold.
extension Variable: Hashable {
  public static func == (a: Variable, b: Variable) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
