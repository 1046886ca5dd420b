import TensorCore
import Testing

/// Mistakes in expressions stop the program with the operation and both shapes.
#if compiler(>=6.2)
  struct ProgrammingErrorTests {
    private func message(_ result: ExitTest.Result?) throws -> String {
      String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    }

    @Test func `Shapes that do not broadcast`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Tensor.zeros([2, 3]) + Tensor.zeros([4])
      }
      #expect(try message(result).contains("add: shapes [2, 3] and [4] do not broadcast"))
    }

    @Test func `Dtypes that differ`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Tensor.zeros([2]) * Tensor.zeros([2], dtype: .float64)
      }
      #expect(try message(result).contains("multiply: dtypes float32 [2] and float64 [2] differ; cast one of them"))
    }

    @Test func `Products that do not fit`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = matmul(Tensor.zeros([2, 3]), Tensor.zeros([2, 3]))
      }
      #expect(try message(result).contains("matmul: shapes [2, 3] and [2, 3] do not fit"))
    }

    @Test func `A range that reaches out of an axis is named, and what was printed before it is not lost`() async throws {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent, \.standardOutputContent]
      ) {
        print("so far")
        _ = Tensor.zeros([64, 4])[0..<100]
      }
      #expect(try message(result).contains("slice: 0..<100 reaches out of axis 0, which has 64 elements, of shape [64, 4]"))
      #expect(String(decoding: try #require(result).standardOutputContent, as: UTF8.self).contains("so far"))
    }

    @Test func `Assignments of another shape`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        Variable(Tensor.zeros([2]), name: "kernel").assign(Tensor.zeros([3]))
      }
      #expect(try message(result).contains("assign: variable kernel is float32 [2] but the new value is float32 [3]"))
    }
  }
#endif
