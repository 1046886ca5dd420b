import Foundation
import TensorCore
import Testing

@Suite struct PlanExplanationTests {
  /// An update of a parameter by its moment, as a user would write it.
  private static func update(_ w: Variable, _ m: Variable) -> CompiledFunction {
    CompiledFunction { arguments in
      m.assign(lerp(m.value, arguments[0], 0.1))
      w.assign(w.value - 0.01 * m.value / (sqrt(abs(m.value)) + 1))
      return []
    }
  }

  @Test func `A formula that became one pass is seen to be one`() {
    let w = Variable(Tensor.ones([1000]), name: "w"), m = Variable(Tensor.zeros([1000]), name: "m")
    let explanation = PlanExplanationTests.update(w, m).explain(Tensor.ones([1000]))
    #expect(explanation.kernels.count == 1)
    let kernel = explanation.kernels[0]
    #expect(kernel.isPass)
    #expect(kernel.operations.contains("sqrt") && kernel.operations.contains("divide"))
    #expect(kernel.reads.sorted() == ["argument 0", "m", "w"])
    #expect(kernel.writes.sorted() == ["m", "w"])
    #expect(kernel.inPlace.sorted() == ["m", "w"])
    // Three arrays read and two written.
    #expect(kernel.byteCount == 5 * 4000)
    #expect(explanation.byteCount == 5 * 4000 && explanation.temporaryBytes == 0)
    #expect(kernel.code == (TranslationTests.vectorWidths.isEmpty ? .interpreted : .machineCode))
    // It was not run.
    #expect(w.value.doubles.allSatisfy { $0 == 1 })
  }

  @Test func `A plan is printed kernel by kernel`() {
    let w = Variable(Tensor.ones([4, 3]).cast(to: .float64), name: "w")
    let function = CompiledFunction { arguments in
      let y = relu(matmul(arguments[0], w.value)).sum(axis: 1)
      return [y]
    }
    #expect("\(function)" == "a function that was not called yet")
    let x = Tensor.ones([2, 4], dtype: .float64)
    #expect(function(x)[0].doubles == [12, 12])
    #expect(
      "\(function)" == """
        function of (float64 [2, 4]): 2 kernels in 2 calls, 272 bytes read and written, 128 bytes of temporaries
          1  matrixProduct [2, 4], [4, 3] → [2, 3] float64
             argument 0, w → %2
             208 bytes, 1 share, own kernel
          2  one pass over 6 float64 in rows of 3: maximum, sum of rows
             %2 → result 0
             64 bytes, 1 share, interpreted
        """)
  }

  @Test func `What shares are some of`() {
    let x = Tensor.ones([512, 768]), w = Tensor.ones([768, 512])
    let function = CompiledFunction { arguments in
      let product = matmul(arguments[0], arguments[1])
      return [(product * 2 + 1).softmax(), exp(arguments[0])]
    }
    let kernels = function.explain(x, w).kernels
    #expect(kernels.map(\.operations.first) == ["matrixProduct", "multiply", "exp"] || kernels.count == 3, "\(kernels)")
    for kernel in kernels where kernel.shares > 1 {
      let expected = kernel.isPass ? (kernel.extent.contains("in rows of") ? "rows" : "elements") : "rows × columns in"
      #expect(kernel.sharesOf == expected || kernel.sharesOf.hasPrefix(expected) || ["rows", "columns"].contains(kernel.sharesOf), "\(kernel)")
    }
    #expect("\(function.explain(x, w))".contains(" shares of rows"))
  }

  @Test func `Kernels that share a call are measured alone, too`() {
    let plan = TrainingStep().plan
    #expect(plan.explanation().kernels.allSatisfy { $0.nanosecondsAlone == nil })
    let kernels = plan.profile(runs: 3).kernels
    let others = Set(kernels.compactMap(\.runsWith))
    #expect(!others.isEmpty)
    for (index, kernel) in kernels.enumerated() {
      let sharesCall = kernel.runsWith != nil || others.contains(index + 1)
      #expect((kernel.nanosecondsAlone.map { $0 > 0 } ?? false) == sharesCall, "\(index): \(kernel)")
    }
    #expect("\(plan.profile(runs: 1))".contains(#/in the same call as \d+, alone /#))
  }

  @Test func `Measuring leaves in variables what as many runs leave, or what they had`() {
    let measured = TrainingStep(), run = TrainingStep(), kept = TrainingStep()
    let before = kept.bits
    _ = measured.plan.profile(runs: 3)
    for _ in 0..<3 { run.plan.run() }
    #expect(measured.bits == run.bits && run.bits != before)
    _ = kept.plan.profile(runs: 3, keepsVariables: true)
    #expect(kept.bits == before)
  }

  @Test func `A loop shows what it does in a step`() throws {
    let function = CompiledFunction { arguments in [scan(arguments[0], over: arguments[1]) { tanh($0 + $1) * 0.5 }.last] }
    let start = Tensor.zeros([3, 5]), inputs = Tensor.ones([7, 3, 5])
    let kernel = try #require(function.explain(start, inputs).kernels.first { $0.code == .loop })
    let body = try #require(kernel.body)
    #expect(body.kernels.count == 1 && body.kernels[0].operations == ["add", "tanh", "multiply"])
    #expect("\(function.explain(start, inputs))".contains("each time 1 kernel in 1 call"))
    // Plain arithmetic becomes machine code there too.
    let plain = CompiledFunction { arguments in [scan(arguments[0], over: arguments[1]) { ($0 + $1) * 0.5 }.last] }
    let code = try #require(plain.explain(start, inputs).kernels.first { $0.code == .loop }?.body?.kernels.first?.code)
    #expect(code == (TranslationTests.vectorWidths.isEmpty ? .interpreted : .machineCode))
  }

  @Test func `A schedule is printed`() {
    let x = Variable(Tensor.ones([4, 3]), name: "x")
    let schedule = Plan(arguments: [], outputs: [(matmul(x.value, x.value, transposeB: true) + 1).node], assignments: []).schedule
    #expect(
      "\(schedule)" == """
          1  matrixProduct (A Bᵀ) [4, 3], [4, 3] → [4, 4] float32
             x → %1
          2  one pass over 16 float32: add
             %1 → result 0
        """)
  }

  @Test func `Variables can be kept as they were`() {
    let w = Variable(Tensor.ones([1000]), name: "w")
    let plan = Plan(arguments: [], outputs: [], assignments: [(variable: w, value: w.value * 0.5)])
    let old = w.value
    let profile = plan.profile(runs: 5, keepsVariables: true)
    #expect(profile.nanoseconds! > 0)
    #expect(w.value.doubles.allSatisfy { $0 == 1 } && old.doubles.allSatisfy { $0 == 1 })
    _ = plan.profile(runs: 2)
    #expect(w.value.doubles.allSatisfy { $0 == 0.25 })
  }

  @Test func `The kernels' times are measured and the function is run`() {
    let w = Variable(Tensor.ones([1000]), name: "w"), m = Variable(Tensor.zeros([1000]), name: "m")
    let profile = PlanExplanationTests.update(w, m).profile(Tensor.ones([1000]), runs: 3)
    #expect(profile.kernels.allSatisfy { $0.nanoseconds! > 0 })
    #expect(profile.nanoseconds! > 0)
    #expect(Swift.abs(m.value.doubles[0] - 0.271) < 1e-6)
    #expect(PlanExplanationTests.update(w, m).explain(Tensor.ones([1000])).nanoseconds == nil)
  }

  @Test func `Names of operations are those of the graph`() {
    let function = CompiledFunction { arguments in
      let x = arguments[0]
      return [matmul(x, x, transposeA: true), x.sum(axis: 0), x.argmax(axis: 0).cast(to: .float32), concatenate([x, x], axis: 0)]
    }
    let names = function.explain(Tensor.ones([300, 300])).kernels.flatMap(\.operations)
    for name in ["matrixProduct (Aᵀ B)", "sum over axes [0]", "argmax along axis 0", "concatenate"] {
      #expect(names.contains(name), "\(name) is not in \(names)")
    }
  }

  #if compiler(>=6.2)
    @Test func `Plans are printed as they are made where the environment asks for it`() async throws {
      let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
        setenv("DESCENT_EXPLAIN", "1", 1)
        let function = CompiledFunction { [exp($0[0]) + 1] }
        _ = function(Tensor.ones([7]))
        _ = function(Tensor.ones([7]))
      }
      let text = String(decoding: result.standardErrorContent, as: UTF8.self)
      #expect(text.components(separatedBy: "function of (float32 [7]): 1 kernel in 1 call").count == 2, "\(text)")
    }
  #endif
}
