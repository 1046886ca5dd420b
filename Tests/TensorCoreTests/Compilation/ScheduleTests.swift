import Foundation
import TensorCore
import TestSupport
import Testing

/// Schedules are plain data: an interpreter that knows nothing of the processor gives what the CPU gives.
@Suite(.timeLimit(.minutes(20))) struct ScheduleTests {
  @Test(arguments: 0..<200)
  func `Random expressions are the same on the CPU as by their schedule`(seed: Int) {
    var grower = PlanTests.Grower(seed: UInt64(seed) + 30_000, dtype: .float64)
    for _ in 0..<(5 + seed % 40) { grower.grow() }
    let chosen = (0..<4).map { _ in grower.pick(grower.pool) }
    let plan = Plan(arguments: [], outputs: chosen.map(\.node), assignments: [])
    var interpreter = ScheduleInterpreter(plan.schedule)
    for (expected, result) in zip(interpreter.run(), plan.run()) {
      PlanTests.expectEqual(result.doubles, expected, within: 1e-11, "seed \(seed), shape \(result.shape)")
    }
  }

  /// What is written in place, and what is not.
  @Test(arguments: 0..<200)
  func `Random assignments are the same on the CPU as by their schedule`(seed: Int) {
    var grower = PlanTests.Grower(seed: UInt64(seed) + 40_000, dtype: .float64)
    let shapes: [[Int]] = [[4, 6], [4, 6], [6], [20, 10], [20, 1], []]
    let variables = shapes.map { Variable(grower.leaf($0)) }
    let function = CompiledFunction { _ in
      grower.pool = variables.map(\.value)
      for _ in 0..<(3 + seed % 25) { grower.grow() }
      for variable in variables {
        let fitting = grower.pool.filter { $0.shape == variable.shape && $0.dtype == .float64 }
        if let value = fitting.randomElement(using: &grower.random) { variable.assign(value) }
      }
      return (0..<2).map { _ in grower.pick(grower.pool) }
    }
    let plan = function.plan(for: [])
    var interpreter = ScheduleInterpreter(plan.schedule)
    let expected = interpreter.run()
    for (result, expected) in zip(plan.run(), expected) {
      PlanTests.expectEqual(result.doubles, expected, within: 1e-11, "seed \(seed), result of shape \(result.shape)")
    }
    for (index, buffer) in plan.schedule.buffers.enumerated() {
      guard case .variable(let variable) = buffer.role else { continue }
      PlanTests.expectEqual(variable.value.doubles, interpreter.buffers[index], within: 1e-11, "seed \(seed), variable of shape \(variable.shape)")
    }
  }

  @Test func `A new value is written over the old one unless that is needed afterwards`() {
    let a = Variable(Tensor.ones([100])), b = Variable(Tensor.ones([100]))
    let simple = CompiledFunction { _ in
      a.assign(a.value * 2)
      return []
    }
    // Turned round, an element is read after another was written.
    let turned = CompiledFunction { _ in
      b.assign(flip(b.value, axes: [0]) * 2)
      return []
    }
    #expect(simple.plan(for: []).schedule.buffers.count == 1)
    #expect(turned.plan(for: []).schedule.kernels.count == 2)
    #expect(turned.plan(for: []).schedule.buffers.count == 2)
  }

  /// A kernel of its own writes a variable's memory in the shape that it computes, whatever the variable's is.
  @Test func `Variables get results of operations in another shape`() {
    let x = Tensor(shape: [3, 4], scalars: (0..<12).map { Double($0) })
    let values: [@Sendable (Tensor) -> Tensor] = [
      { matmul($0, $0, transposeA: true) }, { $0.sum(axis: 0) }, { $0.argmax(axis: 0).cast(to: .float64) }, { concatenate([$0, $0], axis: 1) },
      { $0.padded(low: [1, 0], high: [0, 2]) }, { $0.scatterAdding(at: Tensor([1 as Int32, 0, 1]), rows: 2) },
      { $0.replacingRows(at: Tensor([1 as Int32]), with: $0.sliced(starts: [0, 0], sizes: [1, 4])) },
    ]
    for value in values {
      let expected = value(x).doubles
      let flat = Variable(Tensor.zeros([expected.count], dtype: .float64))
      let deep = Variable(Tensor.zeros([1, expected.count, 1], dtype: .float64))
      let function = CompiledFunction { arguments in
        flat.assign(value(arguments[0]).reshaped(flat.shape))
        deep.assign(value(arguments[0] + 0.0).reshaped(deep.shape))
        return []
      }
      _ = function.call([x])
      #expect(flat.value.doubles == expected && deep.value.doubles == expected)
    }
  }

  /// What is above the line between schedule and lowering knows neither kernels nor what lowers for them.
  @Test func `Nothing but the lowering for the CPU imports kernels or knows how they are called`() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources/TensorCore").standardized
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)).compactMap { $0 as? URL }
      .filter { $0.pathExtension == "swift" }
    #expect(files.count > 50)
    func folder(_ file: URL) -> String { file.deletingLastPathComponent().lastPathComponent }
    var texts: [URL: String] = [:]
    for file in files { texts[file] = try String(contentsOf: file, encoding: .utf8) }
    // Types of the lowering's files.
    let declaration = #/^(?:package |public |private |fileprivate )*(?:final )?(?:class|struct|enum|protocol) (\w+)/#.anchorsMatchLineEndings()
    let lowering = Set(files.filter { folder($0) == "CPU" }.flatMap { texts[$0]!.matches(of: declaration).map { String($0.output.1) } })
    #expect(lowering.isSuperset(of: ["CPULowering", "ThreadPool", "GroupLayout", "Plan", "KernelChain"]))
    for file in files where folder(file) != "CPU" {
      let imports = texts[file]!.matches(of: #/^.*\bimport C[A-Z]\w*/#.anchorsMatchLineEndings()).map { String($0.output) }
      if folder(file) != "Platform" { #expect(imports.isEmpty, "\(file.lastPathComponent): \(imports)") }
      guard ["Graph", "Operations", "Compilation", "Groups", "Support"].contains(folder(file)) else { continue }
      let code = texts[file]!.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
      let known = code.flatMap { $0.matches(of: #/\b[A-Z]\w+/#).map { String($0.output) } }.filter(lowering.contains)
      #expect(known.isEmpty, "\(file.lastPathComponent): \(Set(known))")
      // Functions on the host get memory, whoever runs them, and so do those that talk to other processes.
      let takesMemory = ["Operation.swift", "HostComputation.swift"].contains(file.lastPathComponent) || folder(file) == "Groups"
      let pointers = code.filter { $0.contains(#/Unsafe\w*Pointer/#) }
      if folder(file) != "Support" && !takesMemory { #expect(pointers.isEmpty, "\(file.lastPathComponent): \(pointers)") }
    }
    // And the other way round: whoever lowers a schedule does not look at how it came about.
    for file in files where folder(file) == "CPU" {
      let code = texts[file]!.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
      let known = code.filter { $0.contains(#/\b(Fusion|SimplifiedGraph|ProgramWriter|KernelOrder|DependencyGraph)\b|\bnodesBelow\b/#) }
      #expect(known.isEmpty, "\(file.lastPathComponent): \(known)")
    }
  }
}
