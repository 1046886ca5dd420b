import Foundation
import TestSupport
import Testing

@testable import TensorCore

/// Sums of gradients that begin while the backward pass still runs.
@Suite(.timeLimit(.minutes(20))) struct GradientSumsTests {
  /// What is of interest in a plan, in the order in which it runs.
  private enum Event: Equatable {
    case weightGradient, begin, end
  }

  private static func events(of schedule: Schedule) -> [Event] {
    schedule.kernels.compactMap { kernel in
      guard case .operation(let call) = kernel else { return nil }
      switch call.operation {
      case .matrixProduct(transposeA: true, _): return .weightGradient
      case .host(let function):
        switch function.phase {
        case .whole: return nil
        case .begin: return .begin
        case .end: return .end
        }
      default: return nil
      }
    }
  }

  /// A training step of a chain of layers, and what it leaves after three runs.
  private static func train(_ group: ThreadGroup, pieceByteCount: Int) throws -> (events: [Event], weights: [[Double]]) {
    let size = 12
    func numbers(_ shape: [Int], _ first: Int) -> Tensor {
      Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { (index: Int) -> Double in Double((index * 7 + first) % 13) / 20 - 0.25 })
    }
    let weights: [Variable] = (0..<4).map { Variable(numbers([size, size], $0)) }
    let x = numbers([5, size], 3 * group.rank)
    return try GroupStep.$pieceByteCount.withValue(pieceByteCount) {
      let step = GroupStep(group, RowShare(5 * group.size, of: group))
      let function = CompiledFunction { arguments in
        var y = arguments[0]
        for weight in weights { y = tanh(matmul(y, weight.value)) }
        let sums = step.sums(ofGradients: gradients(of: (y * y).sum(), withRespectTo: weights))
        for (weight, sum) in zip(weights, sums) { weight.assign(weight.value - sum * 0.01) }
        return step.endTrace()
      }
      let plan = function.plan(for: [x])
      for _ in 0..<3 { _ = function([x]) }
      try step.check()
      return (events(of: plan.schedule), weights.map(\.value.doubles))
    }
  }

  @Test func `Each piece begins before the gradients of the layers below are computed`() throws {
    for result in ThreadGroup.run(2, { try Self.train($0, pieceByteCount: 1) }) {
      let right = (0..<4).flatMap { _ in [Event.weightGradient, .begin] } + [Event](repeating: .end, count: 4)
      #expect(try result.get().events == right)
    }
  }

  @Test func `One piece is summed in the middle of the plan, as anything else`() throws {
    for result in ThreadGroup.run(2, { try Self.train($0, pieceByteCount: 1 << 20) }) {
      #expect(try result.get().events == [Event](repeating: .weightGradient, count: 4))
    }
  }

  @Test(arguments: 2...4)
  func `Pieces have the bits of one sum`(size: Int) throws {
    func weights(_ pieceByteCount: Int) throws -> [[[Double]]] {
      try ThreadGroup.run(size) { try Self.train($0, pieceByteCount: pieceByteCount).weights }.map { try $0.get() }
    }
    let whole = try weights(1 << 20)
    for pieceByteCount in [1, 2000] { #expect(try weights(pieceByteCount) == whole) }
  }

  @Test func `Pieces end where a tensor fills them, the last tensors first`() {
    let items: [ShardSums.Item] = [([4], .float64), ([0], .float64), ([1], .float32), ([2], .float64), ([3], .float64)]
    let pieces = GroupStep.$pieceByteCount.withValue(40) { GroupStep.pieces(of: items) }
    #expect(pieces == [[2], [4, 3], [0]])
  }
}
