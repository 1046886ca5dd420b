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
    /// Into how many shares its work is cut. The first of n threads owns the first n-th of them, and so on, in every kernel of as many
    /// shares; a thread that is done early takes some of another's.
    public internal(set) var shares = 0
    /// What a share is some of, where there are several: `elements`, `rows`, `rows × columns in 4 × 2`.
    public internal(set) var sharesOf = ""
    /// Who does it.
    public internal(set) var code = Code.nothing
    /// The least time measured, if it was; without what is part of the time of the kernel that it runs with.
    public internal(set) var nanoseconds: Double?
    /// The least time measured of it in a call of its own, where it shares one with others. Together these take longer than the call that
    /// they share.
    public internal(set) var nanosecondsAlone: Double?
    /// The number in the table of the kernel with which it is one call: each share does some rows in one of them and then in the other, so
    /// that what goes between them stays in a thread's cache. Nil for most.
    public internal(set) var runsWith: Int?
    /// What a loop does in each of its steps, if it is one. Where threads go through the loop side by side, each with some rows of the
    /// batch: what the first one does.
    public internal(set) var body: PlanExplanation?
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
  /// On how many threads it was made to run.
  public let threadCount: Int

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
        + "\(PlanExplanation.text(bytes: temporaryBytes)) of temporaries"
        + (kernels.contains { $0.shares > 1 } ? ", on \(PlanExplanation.count(threadCount, "thread"))" : "") + (nanoseconds.map { ", " + PlanExplanation.text(nanoseconds: $0) } ?? "")
    ]
    for (index, kernel) in kernels.enumerated() {
      let measured = kernel.nanoseconds.map { ", " + PlanExplanation.text(nanoseconds: $0) } ?? ""
      let alone = kernel.nanosecondsAlone.map { ", alone " + PlanExplanation.text(nanoseconds: $0) } ?? ""
      let time = (kernel.runsWith.map { ", in the same call as \($0)" } ?? measured) + alone
      let shares = PlanExplanation.count(kernel.shares, "share") + (kernel.shares > 1 && !kernel.sharesOf.isEmpty ? " of " + kernel.sharesOf : "")
      lines += kernel.lines(number: index + 1)
      lines.append("     \(PlanExplanation.text(bytes: kernel.byteCount)), \(shares), \(kernel.code.rawValue)\(time)")
      if let body = kernel.body {
        lines += "each time \(body)".split(separator: "\n").map { "     " + $0 }
      }
    }
    return lines.joined(separator: "\n")
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
  private var title: String {
    let shown = operations.count > 16 ? operations.prefix(16) + ["… (\(operations.count))"] : operations[...]
    return isPass ? "one pass over \(extent): \(shown.joined(separator: ", "))" : "\(shown.joined()) \(extent)"
  }

  /// Of a long list the first names, and how many there are.
  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(8).map(\.printable).joined(separator: ", ")
    return names.isEmpty ? "nothing" : names.count > 8 ? shown + ", … (\(names.count))" : shown
  }

  /// What it computes from what, on whatever processor.
  func lines(number: Int) -> [String] {
    let number = String(number)
    let place = inPlace.isEmpty ? "" : inPlace == writes ? ", in place" : ", in place: " + Self.list(inPlace)
    return [
      String(repeating: " ", count: max(0, 3 - number.count)) + number + "  " + title,
      "     \(Self.list(reads)) → \(Self.list(writes))\(place)",
    ]
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
