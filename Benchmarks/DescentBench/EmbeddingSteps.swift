import Foundation
import Optimizers

/// A whole training step of a table whose rows are looked up: 1,024 random rows of those there are, other ones in each step.
final class EmbeddingStep {
  private static let width = 64, lookedUp = 1024, batches = 64

  private let state: OptimizerState
  private let plan: Plan
  private var step = 0

  init(_ optimizer: any Optimizer, rows: Int) throws {
    let random = RandomGenerator(seed: 1)
    let table = Variable(random.uniform([rows, Self.width], low: -0.05, high: 0.05), name: "embeddings")
    let state = try OptimizerState(optimizer, variables: [table])
    self.state = state
    let phase = state.beginStep()
    let total = Variable(Tensor.zeros([]), name: "total", isTrainable: false)
    let weights = random.normal([Self.lookedUp, Self.width])
    let numbers = random.uniform([Self.batches * Self.lookedUp], low: 0, high: Double(rows))
    let function = CompiledFunction { arguments in
      let loss = (table.value.gathering(arguments[0]) * arguments[1]).sum()
      state.apply(gradients: gradients(of: loss, withRespectTo: [table]), phase: phase)
      total.assign(total.value + loss)
      return []
    }
    plan = function.plan(for: [Tensor.zeros([Self.lookedUp], dtype: .int32), weights])
    plan.bind(argument: 0, to: numbers.cast(to: .int32))
    plan.bind(argument: 1, to: weights)
    // Slots that start at 0 get their memory from the system when it is first written.
    for _ in 0..<Self.batches { run() }
  }

  func run() {
    plan.bind(argument: 0, offset: step % Self.batches * Self.lookedUp * DType.int32.byteCount)
    step += 1
    _ = state.beginStep()
    plan.run()
    _ = try? state.endStep()
  }

  var workspaceBytes: Int { plan.statistics.workspaceBytes }
}

/// Any optimizer, all rows of whose parameters take part in each step.
private struct AllRows: OptimizerWrapper {
  var innerOptimizer: any Optimizer
  init() { self.init(SGD()) }
  init(_ optimizer: any Optimizer) { innerOptimizer = optimizer }
}

func benchEmbeddings(rounds: Int) throws {
  print("## Embeddings\n")
  print("A step on 1,024 rows of a table of float32s, 64 wide: those rows alone, and all of them. \(rounds) rounds.\n")
  let lazy = [ParameterSetting(.all, isLazy: true)]
  let optimizers: [(String, any Optimizer, any Optimizer)] = [
    ("SGD", SGD(), AllRows(SGD())), ("Adagrad", Adagrad(), AllRows(Adagrad())),
    ("Adam, lazy", Adam().with { $0.parameterSettings = lazy }, Adam()),
  ]
  for rows in [10_000, 100_000, 1_000_000] {
    var lines: [[String]] = []
    for (name, sparse, dense) in optimizers {
      let (some, all) = (try EmbeddingStep(sparse, rows: rows), try EmbeddingStep(dense, rows: rows))
      let times = Comparison(rounds: rounds, all.run, some.run)
      lines.append([
        name, text(times.first), text(times.second), String(format: "%.0f", times.ratio),
        "\(all.workspaceBytes / 1024) KiB", "\(some.workspaceBytes / 1024) KiB",
      ])
    }
    printTable(["\(rows) rows", "all rows", "touched rows", "ratio", "memory for all", "for touched"], lines)
  }
}
