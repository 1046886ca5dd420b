/// What a fused group does with each element of its space: a short list of instructions on registers, which each are written once (static
/// single assignment).
///
/// The space has `count` elements in row-major order; the group computes in one dtype, truths being 0 and 1 of it. If `inner` is
/// greater than 0 the space consists of rows of that length, and registers and operands may have one element a row.
package struct GroupProgram {
  package let type: DType
  package let count: Int
  package let inner: Int
  package internal(set) var instructions: [Instruction] = []
  package internal(set) var operands: [Operand] = []
  package internal(set) var views: [StoredView] = []
  /// Whether each register holds one element a row.
  package internal(set) var registers: [Bool] = []
  /// What is in memory in the end, in the order of writing.
  package internal(set) var stores: [Store] = []
  package internal(set) var reductions: [SpaceReduction] = []

  package enum Function: Hashable, Sendable {
    case unary(UnaryFunction)
    case binary(BinaryFunction)
    case select
    case copy
    /// From memory that is not simply one element after the other in the group's dtype.
    case load
    /// One element a row becomes the same all along the row.
    case expand
    /// Over each row.
    case rowReduce(Reduction)
    case rowArgmax
    /// Over all elements.
    case reduce(Reduction)
    /// Of the elements in each column.
    case sumColumns
    /// From a key; element i depends on the key and i alone.
    case random(RandomDistribution)
  }

  package enum Reference: Hashable, Sendable {
    case register(Int)
    case operand(Int)
    /// The number of a reduction over the space.
    case reduction(Int)
  }

  package struct Instruction: Hashable, Sendable {
    package let function: Function
    /// Works on one element a row. Reductions over rows work on full ones and give a row's.
    package let isRow: Bool
    package let result: Reference
    package let arguments: [Reference]
  }

  /// Something in memory.
  package struct Operand: Hashable, Sendable {
    package enum Access: Hashable, Sendable {
      /// Element i of the space (or the row's, of a row) is element i of the memory.
      case whole
      /// The same, but in another dtype than the group's.
      case converted
      /// One element, the same for all.
      case single
      /// By the view of this number.
      case view(Int)
      /// Read by an instruction in its own way: a key, numbers of rows.
      case raw
    }

    package enum Memory: Hashable, Sendable {
      /// No memory but a number of the program's own, told apart from others by its bits (0 from −0).
      case number(UInt64)
      case buffer(Int, offset: Int)
    }

    package let access: Access
    package let dtype: DType
    package let isRow: Bool
    package let isOutput: Bool
    package let memory: Memory
    /// Of an output: it is written over what this operand reads, element by element.
    package let overwrites: Int?

    package var buffer: Int? { if case .buffer(let number, _) = memory { number } else { nil } }
  }

  /// How the elements of an operand lie in memory: see ``View``.
  package struct StoredView: Hashable, Sendable {
    /// The operand whose elements replace the index along axis 0, and how many rows there are.
    package let gatherOperand: Int?
    package let limit: Int
    package let layout: StridedLayout
  }

  package struct Store: Hashable, Sendable {
    package let value: Reference
    package let operand: Int
  }

  /// A reduction over all elements of the space or of each column, and the buffer of its result.
  package struct SpaceReduction: Hashable, Sendable {
    package let reduction: Reduction
    /// Element i is in column i mod `columns`; 1: all elements are reduced to one.
    package let columns: Int
    package let buffer: Int

    /// What the instruction does whose result it is.
    var function: Function { columns == 1 ? .reduce(reduction) : .sumColumns }
  }
}

extension GroupProgram {
  /// What a program does, whatever memory it does it to.
  struct Signature: Hashable {
    let type: DType
    let inner: Int
    /// Of programs that find elements through views, which depend on it.
    let count: Int?
    let instructions: [Instruction]
    let operands: [Form]
    let views: [StoredView]
    let registers: [Bool]
    let stores: [Store]
    let reductions: [Reduction]

    /// An operand without its memory.
    struct Form: Hashable {
      let access: Operand.Access
      let dtype: DType
      let isRow: Bool
      let isOutput: Bool
      let overwrites: Int?
      /// A number instead of memory.
      let isNumber: Bool
    }
  }

  var signature: Signature {
    Signature(
      type: type, inner: inner, count: views.isEmpty ? nil : count, instructions: instructions,
      operands: operands.map { operand in
        Signature.Form(
          access: operand.access, dtype: operand.dtype, isRow: operand.isRow, isOutput: operand.isOutput, overwrites: operand.overwrites,
          isNumber: operand.buffer == nil)
      }, views: views, registers: registers, stores: stores, reductions: reductions.map(\.reduction))
  }
}
