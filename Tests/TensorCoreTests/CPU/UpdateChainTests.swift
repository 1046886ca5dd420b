import TensorCore
import TestSupport
import Testing

/// Updates in one call with the products that give their gradients, against the same kernels one after another.
@Suite(.timeLimit(.minutes(20))) struct UpdateChainTests {
  /// A network of dense layers, of which one step is taken.
  private struct Network {
    let rows: Int, sizes: [Int]
    var dtype = DType.float32
    /// What else there is in a step.
    var extra = Extra.nothing

    enum Extra: CaseIterable {
      case nothing
      /// Another kernel reads a gradient before the update can begin, or it is a result.
      case norm, gradientIsOutput
      /// A parameter without a product, with many or few elements.
      case largeParameter, smallParameter
      /// One matrix is multiplied in two layers, in the second as it is or with rows of another length.
      case tied, tiedWithOtherRows
    }

    /// Whether products are in the update's call. In `float32` the gradient of a matrix of few rows is oneDNN's.
    var isJoined: Bool { extra != .norm && extra != .gradientIsOutput && (dtype == .float64 || sizes.dropLast().allSatisfy { $0 >= 16 }) }

    /// Whether the second layer has the first one's matrix.
    var isTied: Bool { extra == .tied || extra == .tiedWithOtherRows }

    /// Whether there are layers for what else there is.
    var isPossible: Bool {
      switch extra {
      case .tied: Set(sizes).count == 1
      case .tiedWithOtherRows: sizes.count == 3 && sizes[0] == sizes[2] && sizes[0] != sizes[1]
      default: true
      }
    }

    private static func numbers(_ count: Int, _ factor: Int) -> [Float] { (0..<count).map { Float(($0 * factor + $0 / 89) % 61) / 61 - 0.5 } }

    func variables() -> [Variable] {
      var shapes: [[Int]] = zip(sizes, sizes.dropFirst()).flatMap { [[$0, $1], [$1]] }
      if extra == .largeParameter { shapes.append([sizes[0] * sizes[1]]) }
      if extra == .smallParameter { shapes.append([7]) }
      return shapes.enumerated().map { place, shape in
        Variable(Tensor(shape: shape, scalars: Network.numbers(shape.reduce(1, *), 7 + 2 * place)).cast(to: dtype))
      }
    }

    /// The variables and their slots, to be looked at, and a plan that changes them.
    func plan(_ threadCount: Int, _ limits: ChainFinder.Limits) -> (variables: [Variable], plan: Plan) {
      let variables = variables(), slots = variables.map { Variable(Tensor.zeros($0.shape, dtype: dtype)) }
      let inputs = Variable(Tensor(shape: [rows, sizes[0]], scalars: Network.numbers(rows * sizes[0], 5)).cast(to: dtype))
      var value = inputs.value
      for layer in 0..<sizes.count - 1 {
        let weights = variables[isTied ? 0 : 2 * layer].value.reshaped([sizes[layer], sizes[layer + 1]])
        value = tanh(matmul(value, weights) + variables[2 * layer + 1].value)
      }
      for other in variables.dropFirst(2 * (sizes.count - 1)) { value = value + square(other.value).sum() * 0.001 }
      let loss = square(value).mean(), trained = isTied ? variables.enumerated().filter { $0.offset != 2 }.map(\.element) : variables
      let all = gradients(of: loss, withRespectTo: trained)
      let factor = extra == .norm ? 1 / (1 + square(all[0]).sum()) : Tensor(1.0).cast(to: dtype)
      var assignments: [(variable: Variable, value: Tensor)] = []
      for (variable, gradient) in zip(trained, all) {
        let slot = slots[variables.firstIndex { $0 === variable }!], mean = slot.value * 0.9 + gradient * factor * 0.1
        assignments += [(slot, mean), (variable, variable.value - 0.01 * mean / (sqrt(square(mean)) + 0.1))]
      }
      let outputs = [loss.node] + (extra == .gradientIsOutput ? [all[0].node] : [])
      let plan = Plan(arguments: [], outputs: outputs, assignments: assignments, threadCount: threadCount, chains: limits)
      return (variables + slots, plan)
    }
  }

  /// How many updates run in the call of a product.
  private func joined(_ plan: Plan) -> Int {
    zip(plan.schedule.kernels, plan.explanation().kernels).count { kernel, explanation in
      let isUpdate = kernel.writes.contains { if case .variable = plan.schedule.buffers[$0].role { true } else { false } }
      return isUpdate && explanation.runsWith != nil
    }
  }

  @Test(arguments: [(32, [784, 100, 10]), (16, [40, 30, 20]), (17, [33, 65, 9]), (64, [300, 7, 100]), (32, [48, 48, 48]), (32, [96, 56, 96])], Network.Extra.allCases)
  private func `the same numbers as apart, and the same bits for any number of threads`(layout: (Int, [Int]), extra: Network.Extra) {
    for dtype in [DType.float32, .float64] {
      let network = Network(rows: layout.0, sizes: layout.1, dtype: dtype, extra: extra)
      if !network.isPossible { return }
      let ways = [1, 2, 3, 5].flatMap { [($0, false), ($0, true)] }
      expectSameStep(ways, within: dtype == .float64 ? 1e-12 : 1e-5, "\(dtype)", network.plan) { plan, threadCount in
        #expect((joined(plan) > 0) == network.isJoined, "\(threadCount) threads, \(dtype)")
      }
    }
  }
}
