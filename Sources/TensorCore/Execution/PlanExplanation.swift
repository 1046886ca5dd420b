import Foundation

/// What a compiled function does when it runs: its kernels in order, what each reads and writes, and how.
///
///     let step = compile { tensors in … }
///     print(step.explain(x, y))
///
/// A new formula became one pass over memory if it is one kernel here. `profile(_:runs:)` measures each kernel's time.
public struct PlanExplanation: Sendable, CustomStringConvertible {
  /// One kernel.
  public struct Kernel: Sendable {
    /// The names of the operations that it computes, in order. Several are one pass over memory.
    public let operations: [String]
    /// The shapes of what goes in and comes out, or the elements that are passed over.
    public let extent: String
    /// What it reads: variables by their paths, arguments and results by their numbers, `%3` what only other kernels need.
    public let reads: [String]
    /// What it writes, in the same words.
    public let writes: [String]
    /// Those of them that are written over what was read from the same memory, element by element.
    public let inPlace: [String]
    /// How many bytes it reads and writes.
    public let byteCount: Int
    /// Into how many shares its work is cut, for threads to take.
    public let shares: Int
    /// Who does it.
    public let code: Code
    /// The least time measured, if it was.
    public let nanoseconds: Double?
    /// Whether it is a fused group: one pass over its elements.
    public let isPass: Bool
  }

  /// What a kernel runs.
  public enum Code: String, Sendable {
    /// Machine code made for this group of operations.
    case machineCode = "machine code"
    /// A group of operations, block by block.
    case interpreted
    /// A routine of oneDNN.
    case oneDNN
    /// A loop of this library's own.
    case kernel = "own kernel"
    /// A loop in Swift.
    case swift = "Swift function"
    /// Kernels that are run once a step.
    case loop
    /// There are no elements.
    case nothing = "nothing to do"
  }

  /// In the order in which they run.
  public let kernels: [Kernel]
  /// Memory for what only other kernels need. Where lifetimes do not overlap it is shared.
  public let temporaryBytes: Int
  /// How many calls the kernels are; some take two.
  public let callCount: Int

  /// How many bytes all kernels read and write.
  public var byteCount: Int { kernels.reduce(0) { $0 + $1.byteCount } }
  /// The sum of the kernels' times, if they were measured.
  public var nanoseconds: Double? {
    kernels.reduce(0) { sum, kernel in sum.flatMap { sum in kernel.nanoseconds.map { sum + $0 } } }
  }

  /// A table of the kernels.
  public var description: String {
    var lines = [
      "\(PlanExplanation.count(kernels.count, "kernel")) in \(PlanExplanation.count(callCount, "call")), \(PlanExplanation.text(bytes: byteCount)) read and written, "
        + "\(PlanExplanation.text(bytes: temporaryBytes)) of temporaries" + (nanoseconds.map { ", " + PlanExplanation.text(nanoseconds: $0) } ?? "")
    ]
    for (index, kernel) in kernels.enumerated() {
      let number = String(index + 1)
      lines.append(String(repeating: " ", count: max(0, 3 - number.count)) + number + "  " + kernel.title)
      let time = kernel.nanoseconds.map { ", " + PlanExplanation.text(nanoseconds: $0) } ?? ""
      let inPlace = kernel.inPlace.isEmpty ? "" : ", in place: " + PlanExplanation.list(kernel.inPlace)
      lines.append("     \(PlanExplanation.list(kernel.reads)) → \(PlanExplanation.list(kernel.writes))\(inPlace)")
      lines.append(
        "     \(PlanExplanation.text(bytes: kernel.byteCount)), \(PlanExplanation.count(kernel.shares, "share")), \(kernel.code.rawValue)\(time)")
    }
    return lines.joined(separator: "\n")
  }

  /// Of a long list the first names, and how many there are.
  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(8).map(\.printable).joined(separator: ", ")
    return names.isEmpty ? "nothing" : names.count > 8 ? shown + ", … (\(names.count))" : shown
  }

  private static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  private static func text(bytes: Int) -> String {
    switch bytes {
    case ..<1000: "\(bytes) bytes"
    case ..<1_000_000: String(format: "%.3g kB", Double(bytes) / 1e3)
    case ..<1_000_000_000: String(format: "%.3g MB", Double(bytes) / 1e6)
    default: String(format: "%.3g GB", Double(bytes) / 1e9)
    }
  }

  private static func text(nanoseconds: Double) -> String {
    switch nanoseconds {
    case ..<1e3: String(format: "%.0f ns", nanoseconds)
    case ..<1e6: String(format: "%.3g µs", nanoseconds / 1e3)
    default: String(format: "%.3g ms", nanoseconds / 1e6)
    }
  }
}

extension PlanExplanation.Kernel {
  fileprivate var title: String {
    let shown = operations.count > 16 ? operations.prefix(16) + ["… (\(operations.count))"] : operations[...]
    return isPass ? "one pass over \(extent): \(shown.joined(separator: ", "))" : "\(shown.joined()) \(extent)"
  }
}

// MARK: - From a schedule

extension PlanExplanation {
  init(
    _ schedule: Schedule, shares: [Int], code: [Code], nanoseconds: [Double]?, temporaryBytes: Int, callCount: Int
  ) {
    kernels = schedule.kernels.indices.map { index in
      let kernel = schedule.kernels[index]
      let (operations, extent) = kernel.work
      return Kernel(
        operations: operations, extent: extent, reads: kernel.reads.map(schedule.name), writes: kernel.writes.map(schedule.name),
        inPlace: kernel.overwritten.map(schedule.name), byteCount: schedule.byteCount(of: kernel), shares: shares[index], code: code[index],
        nanoseconds: nanoseconds?[index], isPass: kernel.isGroup)
    }
    self.temporaryBytes = temporaryBytes
    self.callCount = callCount
  }
}

extension Schedule {
  /// What a buffer is called.
  fileprivate func name(of buffer: Int) -> String {
    switch buffers[buffer].role {
    case .argument(let number): "argument \(number)"
    case .output(let number): "result \(number)"
    case .variable(let variable): variable.path
    case .constant: "constant \(buffers[buffer].shape)"
    case .temporary: "%\(buffer)"
    }
  }

  /// How many bytes of memory a kernel goes over.
  fileprivate func byteCount(of kernel: Kernel) -> Int {
    switch kernel {
    case .group(let programs): programs.reduce(0) { $0 + byteCount(of: $1) }
    case .operation(let call):
      // In place, what is put in is written, and the rest is left alone.
      call.isInPlace
        ? call.inputs.dropFirst().reduce(0) { $0 + $1.byteCount } + (call.inputs.last?.byteCount ?? 0)
        : call.inputs.reduce(call.output.byteCount) { $0 + Schedule.shown($1.shape, $1.strides) * $1.dtype.byteCount }
    case .copy(let source, let target): source.byteCount + target.byteCount
    }
  }

  /// How many elements a view shows: an axis of stride 0 shows the same ones again.
  private static func shown(_ dims: [Int], _ strides: [Int]) -> Int { zip(dims, strides).reduce(1) { $0 * ($1.1 == 0 ? 1 : $1.0) } }

  private func byteCount(of program: GroupProgram) -> Int {
    var sum = 0
    for operand in program.operands {
      guard let buffer = operand.buffer else { continue }
      let elements = operand.isRow && program.inner > 0 ? program.count / program.inner : program.count
      switch operand.access {
      case .whole, .converted: sum += elements * operand.dtype.byteCount
      case .single: sum += operand.dtype.byteCount
      case .view(let number):
        let view = program.views[number]
        sum += min(elements, Schedule.shown(view.dims, view.strides)) * operand.dtype.byteCount
      case .raw: sum += min(buffers[buffer].byteCount, elements * operand.dtype.byteCount)
      }
    }
    return sum + program.reductions.reduce(0) { $0 + $1.columns } * program.type.byteCount
  }
}

extension Schedule.Kernel {
  fileprivate var isGroup: Bool { if case .group = self { true } else { false } }

  /// The buffers that it writes over what it read there.
  fileprivate var overwritten: [Int] {
    switch self {
    case .group(let programs):
      Set(programs.flatMap { program in program.operands.filter { $0.overwrites != nil }.compactMap(\.buffer) }).sorted()
    case .operation(let call): call.isInPlace ? [call.output.buffer] : []
    case .copy: []
    }
  }

  /// The operations, and what they go over.
  fileprivate var work: (operations: [String], extent: String) {
    switch self {
    case .group(let programs):
      let program = programs[0]
      let count = programs.reduce(0) { $0 + $1.count }
      let names = program.instructions.compactMap(\.function.name)
      return (
        names.isEmpty ? ["copy"] : names,
        "\(count) \(program.type)\(program.inner > 0 ? " in rows of \(program.inner)" : "")\(programs.count > 1 ? " of \(programs.count) arrays" : "")"
      )
    case .operation(let call):
      return ([call.operation.name], call.inputs.map { "\($0.shape)" }.joined(separator: ", ") + " → \(call.output.shape) \(call.output.dtype)")
    case .copy(let source, let target): return (["copy"], "\(source.shape) → \(target.shape) \(target.dtype)")
    }
  }
}

extension GroupProgram.Function {
  /// Nil for what only brings values into place.
  fileprivate var name: String? {
    switch self {
    case .unary(let function): function.rawValue
    case .binary(let function): function.rawValue
    case .select: "select"
    case .copy, .load, .expand: nil
    case .rowReduce(let reduction): "\(reduction.rawValue) of rows"
    case .rowArgmax: "argmax of rows"
    case .reduce(let reduction): "\(reduction.rawValue) of all"
    case .sumColumns: "sum of columns"
    case .random(let distribution): "random \(distribution.rawValue)"
    }
  }
}

extension Operation {
  /// What it is called where people read it.
  var name: String {
    switch self {
    case .matrixProduct(let transposeA, let transposeB):
      "matrixProduct" + (transposeA || transposeB ? " (\(transposeA ? "Aᵀ" : "A") \(transposeB ? "Bᵀ" : "B"))" : "")
    case .reduce(let reduction, let axes): "\(reduction.rawValue) over axes \(axes)"
    case .argmax(let axis): "argmax along axis \(axis)"
    case .convolution(_, let part): "convolution (\(part))"
    case .pooling(_, let part): "pooling (\(part))"
    case .scan(let scan): "scan of \(scan.count) steps\(scan.isReversed ? ", the last first," : "")"
    case .host(let function): function.name
    default: Mirror(reflecting: self).children.first?.label ?? "\(self)"
    }
  }
}

// MARK: - Printing plans as they are made

extension Plan {
  private static let isExplained = ProcessInfo.processInfo.environment["DESCENT_EXPLAIN"] == "1"

  /// With `DESCENT_EXPLAIN=1` in the environment: prints what the plan does, on standard error.
  func explainIfAsked(_ title: String) {
    guard Plan.isExplained else { return }
    translate()
    FileHandle.standardError.write(Data("\(title): \(explanation())\n\n".utf8))
  }
}
