import Descent
import Foundation

/// How long it takes to make plans. The limits are for a quiet machine with two cores.
func benchCompileTime() throws {
  print("## Compiling\n")
  printTable(
    ["what", "time", "limit"],
    [
      ["training step of 1,000 Dense layers: building, tracing, derivatives, planning, first run", text(try firstStep(layers: 1000)), "2 s"],
      ["training step of 50 Dense layers: the same", text(try firstStep(layers: 50)), ""],
      ["training step of 50 Dense layers: planning alone", text(try planning(layers: 50)), "50 ms"],
      ["chain of 100,000 elementwise operations: tracing, planning, first run", text(chain(100_000)), "5 s"],
      ["chain of 20,000 elementwise operations with its derivative", text(chain(20_000, withDerivative: true)), ""],
    ])
  let comparison = try graphBesideChain(layers: 200)
  print("An epoch of 200 Dense layers as a graph: \(text(comparison.first)), as a chain: \(text(comparison.second)); ratio \(String(format: "%.2f", comparison.ratio))\n")
}

/// Trains the same layers connected by hand and in a row.
private func graphBesideChain(layers: Int) throws -> Comparison {
  let input = Input(shape: [8])
  var symbol: Symbol = input.symbol
  for _ in 0..<layers { symbol = try Dense(8, activation: .relu)(symbol) }
  let graph = try Model(inputs: input, outputs: symbol), chain = try deepModel(layers: layers)
  try graph.compile(optimizer: .adam, loss: .meanSquaredError)
  let x = RandomGenerator(seed: 1).normal([320, 8]).evaluated()
  var failure: (any Error)?
  func epoch(_ model: Model) {
    do { try model.fit(x, x, batchSize: 32, epochs: 1, verbose: .silent) } catch { failure = error }
  }
  let comparison = Comparison(rounds: 15, seconds: 0.1, { epoch(graph) }, { epoch(chain) })
  if let failure { throw failure }
  return comparison
}

private func deepModel(layers: Int) throws -> Sequential {
  let model = Sequential([Dense(8, activation: .relu, inputShape: [8])] + (1..<layers).map { _ in Dense(8, activation: .relu) })
  try model.compile(optimizer: .adam, loss: .meanSquaredError)
  return model
}

private func firstStep(layers: Int) throws -> Double {
  let x = RandomGenerator(seed: 1).normal([32, 8]).evaluated()
  let model = try deepModel(layers: layers)
  let start = now()
  try model.trainOnBatch(x, x)
  return now() - start
}

/// The same kind of step, by hand: from the finished graph to a plan that is ready to run.
private func planning(layers: Int) throws -> Double {
  let weights = (0..<layers).map { Variable(Tensor.ones([8, 8]), name: "kernel_\($0)") }
  let biases = (0..<layers).map { Variable(Tensor.zeros([8]), name: "bias_\($0)") }
  let parameters = weights + biases
  let state = try OptimizerState(Adam(), variables: parameters)
  let phase = state.beginStep()
  let x = Tensor.ones([32, 8])
  // Tracing alone, and tracing with planning: the best of some runs each.
  func step(_ arguments: [Tensor]) -> [Tensor] {
    var y = arguments[0]
    for (weight, bias) in zip(weights, biases) { y = relu(matmul(y, weight.value) + bias.value) }
    let loss = square(y - arguments[0]).mean()
    state.apply(gradients: gradients(of: loss, withRespectTo: parameters), phase: phase)
    return [loss]
  }
  func least(_ body: () -> Void) -> Double {
    (0..<10).map { _ in
      let start = now()
      body()
      return now() - start
    }.min()!
  }
  let tracing = least { _ = Trace.discarding { step([x]) } }
  return least { _ = CompiledFunction(step).plan(for: [x]) } - tracing
}

private func chain(_ length: Int, withDerivative: Bool = false) -> Double {
  let x = Variable(Tensor.ones([16]))
  let function = CompiledFunction { _ in
    var y = x.value
    for step in 0..<(length / 2) { y = maximum(y * 0.999, Tensor(number: Double(step % 3) / 10)) }
    return withDerivative ? gradients(of: y, withRespectTo: [x]) : [y]
  }
  let start = now()
  _ = function.call([])
  return now() - start
}
