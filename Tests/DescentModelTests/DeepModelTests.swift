import Descent
import DescentTestSupport
import Foundation
import Testing

/// Models of thousands of layers, on a thread with a small stack: nothing goes through a model by recursion.
@Suite(.timeLimit(.minutes(20))) struct DeepModelTests {
  private static let depth = 5_000

  /// Runs `body` on a thread with a stack of 256 kB.
  private func onSmallStack(_ body: @escaping @Sendable () throws -> Void) throws {
    let done = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var failure: (any Error)?
    let thread = Thread {
      do { try body() } catch { failure = error }
      done.signal()
    }
    thread.stackSize = 256 << 10
    thread.start()
    done.wait()
    if let failure { throw failure }
  }

  @Test func `A file of thousands of layers in a chain makes a model that works`() throws {
    try onSmallStack {
      let layers = (0..<DeepModelTests.depth).map { Activation($0 % 2 == 0 ? .relu : .linear, name: "layer_\($0)") }
      let text = try Sequential([Input(shape: [3])] + layers).toJSON()
      let model = try Sequential.fromJSON(text)
      #expect(model.layers.count == DeepModelTests.depth)
      #expect(try model.predict(Tensor(shape: [1, 3], scalars: [-1, 0, 2] as [Float]), verbose: .silent).doubles == [0, 0, 2])
      #expect(model.summaryText().contains("layer_4999"))
    }
  }

  @Test func `A file of thousands of layers in a graph makes a model that works`() throws {
    try onSmallStack {
      let text: String
      do {
        let input = Input(shape: [3])
        var x = try Activation(.relu, name: "first")(input)
        for number in 1..<DeepModelTests.depth { x = try Activation(.linear, name: "layer_\(number)")(x) }
        text = try Model(inputs: input, outputs: x).toJSON()
      }
      let model = try Model.fromJSON(text)
      #expect(try model.predict(Tensor(shape: [1, 3], scalars: [-1, 0, 2] as [Float]), verbose: .silent).doubles == [0, 0, 2])
      #expect(model.summaryText().contains("layer_4999"))
    }
  }
}
