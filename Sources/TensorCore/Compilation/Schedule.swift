/// What a plan does, as plain data: kernels in the order in which they run, over numbered buffers.
///
/// It says what is computed together, what lies in memory, when memory is needed and what is written over what. It knows no
/// address, no processor and no thread: that is for whatever lowers it, ``CPULowering`` or an interpreter.
///
/// By reference it holds what has an identity and whose elements may change or be large: variables, the buffers of constants, functions on the host,
/// and of a loop its graph (``ScanRows``), of which some rows of the batch take a schedule of their own.
///
/// In the words of compilers it is the intermediate representation between the graph and the code for a processor.
package struct Schedule {
  /// How long the rows of a group may be, and of how many axes its views: what whoever lowers a schedule must be able to do.
  package static let longestRow = 4096, mostAxes = 8

  package internal(set) var buffers: [Storage] = []
  package internal(set) var kernels: [Kernel] = []
  package internal(set) var arguments: [Form] = []
  package internal(set) var outputs: [Output] = []
  /// The variables that get a new value.
  package internal(set) var assigned: [Variable] = []
  /// How much work the scheduler had with finding out what waits for what; see ``DependencyGraph``.
  package internal(set) var searchSteps = 0

  /// What an argument or a result is like.
  package struct Form {
    package let shape: [Int]
    package let dtype: DType

    package var byteCount: Int { shape.reduce(1, *) * dtype.byteCount }
  }

  /// A result of the function, and the buffer that holds it in the end.
  package struct Output {
    package let buffer: Int
    package let form: Form
  }

  /// A buffer: contiguous elements that kernels read and write by its number.
  package struct Storage {
    package enum Role {
      case argument(Int)
      case output(Int)
      /// A variable's memory. What a variable gets is computed right here where nobody needs its old value any more.
      case variable(Variable)
      case constant(Buffer)
      /// A result that only other kernels need.
      case temporary
    }

    package let role: Role
    package let shape: [Int]
    package let dtype: DType
    /// The kernels between which (both included) a temporary's elements are needed. Liveness: where two do not overlap, they may
    /// share memory.
    package internal(set) var lifetime: ClosedRange<Int>?

    package var byteCount: Int { shape.reduce(1, *) * dtype.byteCount }
    package var isTemporary: Bool { if case .temporary = role { true } else { false } }
  }

  package enum Kernel {
    /// A fused group: one pass over its elements. One program for each piece of memory it runs over; they differ in nothing else.
    case group([GroupProgram])
    /// One operation with a kernel of its own.
    case operation(Call)
    /// Other kernels, again and again.
    case loop(Loop)
    /// Copies elements from one buffer to another.
    case copy(from: Place, to: Place)
  }

  /// An operation over elements of buffers, contiguous ones but for a matrix product's.
  package struct Call {
    package let operation: Operation
    package let inputs: [Place]
    package let output: Place
    /// The first input is where the result belongs already: only what changes is written.
    package let isInPlace: Bool
  }

  /// Elements of a buffer, from `offset` on. One after the other but for a matrix product's.
  package struct Place {
    package let buffer: Int
    package let offset: Int
    package let layout: StridedLayout
    package let dtype: DType

    package var shape: [Int] { layout.shape }
    package var count: Int { layout.count }
    package var byteCount: Int { count * dtype.byteCount }
  }
}

extension Schedule {
  /// Liveness: when each temporary is first and last needed, if kernels run in an order, several at a time.
  /// - Parameter order: the numbers of the kernels that run at each time.
  func lifetimes(inOrder order: [[Int]]) -> [Int: ClosedRange<Int>] {
    var lifetimes: [Int: ClosedRange<Int>] = [:]
    for (time, together) in order.enumerated() {
      for kernel in together.map({ kernels[$0] }) {
        for buffer in kernel.writes + kernel.reads where buffers[buffer].isTemporary {
          lifetimes[buffer] = (lifetimes[buffer]?.lowerBound ?? time)...time
        }
      }
    }
    return lifetimes
  }
}

extension Schedule.Kernel {
  /// The numbers of the buffers that it reads, each once and in ascending order.
  package var reads: [Int] {
    switch self {
    case .group(let programs):
      Set(programs.lazy.flatMap { $0.operands.lazy.filter { !$0.isOutput }.compactMap(\.buffer) }).sorted()
    case .operation(let call): Set(call.inputs.map(\.buffer)).sorted()
    case .loop(let loop): Set(loop.inputs.map(\.buffer)).sorted()
    case .copy(let source, _): [source.buffer]
    }
  }

  /// The numbers of the buffers that it writes, each once and in ascending order.
  package var writes: [Int] {
    switch self {
    case .group(let programs):
      Set(programs.lazy.flatMap { $0.operands.lazy.filter(\.isOutput).compactMap(\.buffer) + $0.reductions.map(\.buffer) }).sorted()
    case .operation(let call): [call.output.buffer]
    case .loop(let loop): [loop.output.buffer]
    case .copy(_, let target): [target.buffer]
    }
  }
}
