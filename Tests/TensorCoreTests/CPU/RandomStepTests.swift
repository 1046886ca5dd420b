import TensorCore
import TestSupport
import Testing

/// Training steps of networks at random: matrices that layers share, as they are, transposed or with rows of another length; parameters that
/// are not trained; updates of several kinds. With chains of kernels, on some threads, against the same kernels one after another.
@Suite(.timeLimit(.minutes(20))) struct RandomStepTests {
  /// One network, the same whenever it is made from the same seed.
  private struct Network {
    private var random: SeededGenerator
    private let dtype: DType
    private(set) var variables: [Variable] = []
    /// Of each variable, whether it is trained.
    private var isTrained: [Bool] = []

    init(seed: UInt64, _ dtype: DType) {
      random = SeededGenerator(seed: seed)
      self.dtype = dtype
    }

    private mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &random) < probability }
    private mutating func pick<Element>(_ choices: [Element]) -> Element { choices.randomElement(using: &random)! }

    private mutating func variable(_ shape: [Int], isTrained trained: Bool = true) -> Variable {
      let numbers = (0..<shape.reduce(1, *)).map { _ in Double.random(in: -0.5..<0.5, using: &random) }
      variables.append(Variable(Tensor(numbers).reshaped(shape).cast(to: dtype).evaluated()))
      isTrained.append(trained)
      return variables.last!
    }

    /// A matrix of so many rows: a new one, or one of those that are there.
    private mutating func matrix(_ rows: Int) -> Tensor {
      let shared = variables.filter { $0.shape.count == 2 && $0.count % rows == 0 && $0.count / rows > 1 }
      if !shared.isEmpty, chance(0.4) {
        let variable = pick(shared), shape = variable.shape
        return shape[1] == rows && shape[0] != rows ? variable.value.transposed() : variable.value.reshaped([rows, variable.count / rows])
      }
      let columns = pick([7, 16, 24, 40, 56, 96, 100])
      return variable([rows, columns], isTrained: chance(0.85)).value
    }

    private mutating func layer(_ input: Tensor) -> Tensor {
      var value = matmul(input, matrix(input.shape[1]))
      if chance(0.7) { value = value + variable([value.shape[1]], isTrained: chance(0.85)).value }
      switch Int.random(in: 0..<5, using: &random) {
      case 0: return tanh(value)
      case 1: return relu(value)
      case 2: return value.softmax()
      case 3: return value - value.mean(axis: 1, keepDims: true)
      default: return value
      }
    }

    /// What a gradient is before it is used.
    private mutating func changed(_ gradient: Tensor) -> Tensor {
      switch Int.random(in: 0..<8, using: &random) {
      case 0: return clip(gradient, -0.01, 0.01)
      case 1: return gradient / (1 + sqrt(square(gradient).sum()))
      default: return gradient
      }
    }

    mutating func plan(_ threadCount: Int, _ limits: ChainFinder.Limits) -> Plan {
      let rows = pick([16, 17, 24, 32, 64])
      var values = [variable([rows, pick([16, 40, 96, 784])], isTrained: false).value]
      for _ in 0..<Int.random(in: 2...4, using: &random) {
        let next = layer(values.last!), skipped = values.dropFirst().filter { $0.shape == next.shape }
        values.append(skipped.isEmpty || chance(0.5) ? next : next + pick(skipped))
      }
      let loss = chance(0.5) ? square(values.last!).mean() : values.last!.logSumExp().mean()
      let trained = zip(variables, isTrained).filter(\.1).map(\.0), all = gradients(of: loss, withRespectTo: trained)
      let isAdaptive = chance(0.6), isMixed = chance(0.2)
      var assignments: [(variable: Variable, value: Tensor)] = []
      for (variable, gradient) in zip(trained, all) {
        let gradient = changed(gradient), slot = self.variable(variable.shape, isTrained: false)
        let mean = slot.value * 0.9 + gradient * 0.1
        let step = isAdaptive != (isMixed && chance(0.5)) ? mean / (sqrt(square(mean)) + 0.1) : mean + variable.value * 0.01
        assignments += [(slot, mean), (variable, variable.value - 0.01 * step)]
      }
      let outputs = [loss.node] + (!all.isEmpty && chance(0.1) ? [all[0].node] : [])
      return Plan(arguments: [], outputs: outputs, assignments: assignments, threadCount: threadCount, chains: limits)
    }
  }

  @Test(arguments: 0..<40, [DType.float32, .float64])
  func `the same numbers as apart, and the same bits for any number of threads`(seed: Int, dtype: DType) {
    let ways = [(1, false), (2, true), (3, false), (5, true)]
    expectSameStep(ways, within: dtype == .float64 ? 1e-10 : 1e-3, "seed \(seed), \(dtype)") { threadCount, limits in
      var network = Network(seed: UInt64(seed), dtype)
      let plan = network.plan(threadCount, limits)
      return (network.variables, plan)
    }
  }
}
