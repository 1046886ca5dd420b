import TensorCore

/// A small network and one step of its training, as a user would write it by hand.
struct TrainingStep {
  let variables: [Variable]
  let plan: Plan

  init(width: Int = 100, rows: Int = 32) {
    let random = RandomGenerator(seed: 7)
    let images = Tensor(shape: [256, 784], dtype: .uint8) { bytes in
      for i in 0..<bytes.count { bytes[i] = UInt8(truncatingIfNeeded: (i &* 2_654_435_761) >> 13) }
    }
    let labels = Tensor((0..<256).map { UInt8($0 % 10) })
    let weights = [
      Variable(random.uniform([784, width], low: -0.08, high: 0.08)), Variable(Tensor.zeros([width])),
      Variable(random.uniform([width, 10], low: -0.2, high: 0.2)), Variable(Tensor.zeros([10])),
    ]
    let slots = weights.map { Variable(Tensor.zeros($0.shape)) }
    let total = Variable(Tensor(0.0))
    let function = CompiledFunction { arguments in
      let x = arguments[0].gathering(arguments[2]).cast(to: .float32) / 255
      let y = arguments[1].gathering(arguments[2])
      let hidden = relu(matmul(x, weights[0].value) + weights[1].value)
      let dropped = select(random.bernoulli(hidden.shape, probability: 0.8), hidden * 1.25, Tensor.zeros([]))
      let logits = matmul(dropped, weights[2].value) + weights[3].value
      let losses = logits.logSumExp() - (y.oneHot(depth: 10) * logits).sum(axis: 1)
      for (index, gradient) in gradients(of: losses.mean(), withRespectTo: weights).enumerated() {
        slots[index].assign(lerp(slots[index].value, gradient, 0.1))
        weights[index].assign(weights[index].value - 0.05 * slots[index].value / (sqrt(square(slots[index].value) + 0.01) + 0.1))
      }
      total.assign(total.value + losses.sum().cast(to: .float64))
      return []
    }
    let indices = Tensor((0..<Int32(rows)).map { ($0 * 37) % 256 })
    plan = function.plan(for: [images, labels, indices])
    for (index, argument) in [images, labels, indices].enumerated() { plan.bind(argument: index, to: argument) }
    variables = weights + slots + [total, random.state]
  }

  var bits: [[UInt8]] { variables.map { $0.withBytes { Array($0) } } }
}
