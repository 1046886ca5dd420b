import Descent
import Foundation
import TestSupport
import Testing

/// What optimizers remember, kept by one process of a group each.
@Suite(.timeLimit(.minutes(20))) struct StateShardingTests {
  struct Rule: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable () throws -> any Optimizer

    init(_ text: String, _ make: (@Sendable () throws -> any Optimizer)? = nil) {
      testDescription = text
      self.make = make ?? { try OptimizerRegistry.optimizer(text: text) }
    }
  }

  /// All that there are, but for those that a group cannot share; and what is common to all, each once.
  static let rules: [Rule] =
    OptimizerRegistry.builtIn.map { type in
      switch type.className {
      case "MultiOptimizer":
        return Rule("MultiOptimizer") { MultiOptimizer(default: Adam(learningRate: 0.01), [(.name("bias"), Prodigy())]) }
      case "Sophia": return Rule("sophia:estimator=given")
      default: return Rule(type.className)
      }
    }.filter { !["LBFGS", "SAM"].contains($0.testDescription) } + [
      Rule("norm") {
        var optimizer = AdamW(learningRate: 0.01, weightDecay: 0.01)
        optimizer.options.globalClipnorm = 0.1
        return optimizer
      },
      Rule("averages") {
        var optimizer = Adam(learningRate: 0.01)
        optimizer.options.useEMA = true
        optimizer.options.emaOverwriteFrequency = 3
        return optimizer
      },
      Rule("accumulation") {
        var optimizer = SGD(learningRate: 0.1, momentum: 0.9)
        optimizer.options.gradientAccumulationSteps = 2
        return optimizer
      },
      Rule("skipping") {
        var optimizer = Prodigy()
        optimizer.options.nonFinite = .skip
        return optimizer
      },
    ]

  struct Outcome: Equatable, Sendable {
    var weights: [Double] = []
    var state: [String: [Double]] = [:]
    var loss: [Double] = []
  }

  static func train(
    _ rule: Rule, _ group: (any ProcessGroup)?, spread: Bool, dtype: DType = .float32, callbacks: [Callback] = [], epochs: Int = 1
  ) throws -> Outcome {
    let model = Sequential(
      [Dense(6, activation: .tanh, inputShape: [5]), Dense(4, activation: .tanh, kernelConstraint: .maxNorm(0.9)), Dense(2)], dtype: dtype, seed: 1)
    try model.compile(anyOptimizer: try rule.make(), loss: .meanSquaredError)
    let history = try model.fit(
      GroupFitTests.numbers([23, 5], 29), GroupFitTests.numbers([23, 2], 13), batchSize: 6, epochs: epochs, verbose: .silent, callbacks: callbacks,
      validationSplit: 0.2, group: group, shardOptimizerState: spread)
    var outcome = Outcome()
    outcome.weights = model.variables.flatMap(\.value.doubles)
    outcome.state = try #require(model.optimizerState).checkpoint().mapValues(\.doubles)
    outcome.loss = history["val_loss"]
    return outcome
  }

  @Test(arguments: rules)
  func `An optimizer's numbers are the same wherever its slots are`(rule: Rule) throws {
    let dtype: DType = rule.testDescription.count % 2 == 0 ? .float32 : .float64
    let size = 2 + rule.testDescription.count % 3 / 2
    let whole = try ThreadGroup.run(size) { try Self.train(rule, $0, spread: false, dtype: dtype) }[0].get()
    let members = try ThreadGroup.run(size) { try Self.train(rule, $0, spread: true, dtype: dtype) }.map { try $0.get() }
    #expect(whole.weights.allSatisfy { $0.isFinite })
    for (rank, member) in members.enumerated() {
      #expect(member.weights == whole.weights && member.loss == whole.loss, "weights of rank \(rank)")
      for (name, values) in whole.state { #expect(member.state[name] == values, "rank \(rank): \(name)") }
    }
  }

  private final class Reader: Callback {
    let hook: String
    init(_ hook: String) { self.hook = hook }
    override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws { if hook == "epoch" { try read() } }
    override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) throws { if hook == "batch", batch % 2 == 1 { try read() } }
    override func onTrainBatchBegin(_ batch: Int) throws { if hook == "begin" { try read() } }
    var seen: [String: [Double]] = [:]
    private func read() throws {
      try model!.optimizerState!.fetch("Reader")
      seen = model!.optimizerState!.checkpoint().mapValues(\.doubles)
    }
  }

  @Test(arguments: ["epoch", "batch"])
  func `Callbacks of the first rank can read all slots while the others wait`(hook: String) throws {
    let rule = Rule("adam")
    @Sendable func train(_ group: any ProcessGroup, spread: Bool) throws -> [String: [Double]] {
      let reader = Reader(hook)
      _ = try Self.train(rule, group, spread: spread, callbacks: group.rank == 0 ? [reader] : [])
      return reader.seen
    }
    let whole = try ThreadGroup.run(3) { try train($0, spread: false) }[0].get()
    let spread = try ThreadGroup.run(3) { try train($0, spread: true) }[0].get()
    #expect(whole.count > 8 && whole == spread)
    #expect(whole.values.contains { $0.contains { $0 != 0 } })
  }

  @Test func `Slots cannot be read when the others do not wait`() throws {
    let results = ThreadGroup.run(2) { try Self.train(Rule("adam"), $0, spread: true, callbacks: $0.rank == 0 ? [Reader("begin")] : []) }
    for result in results {
      #expect { try result.get() } throws: { "\($0)".contains("spread over 2 processes") }
    }
  }

  @Test func `Files are those of a run that is not spread`() throws {
    let folder = TemporaryFolder()
    @Sendable func train(_ group: any ProcessGroup, _ path: String, spread: Bool) throws {
      let model = Sequential([Dense(6, activation: .tanh, inputShape: [5]), Dense(2)], seed: 1)
      try model.compile(optimizer: ScheduleFreeAdamW(learningRate: 0.01), loss: .meanSquaredError)
      try model.fit(
        GroupFitTests.numbers([23, 5], 29).cast(to: .float32), GroupFitTests.numbers([23, 2], 13).cast(to: .float32), batchSize: 6, epochs: 2,
        verbose: .silent, callbacks: [ModelCheckpoint(path)], group: group,
        shardOptimizerState: spread)
    }
    for (name, spread) in [("whole", false), ("spread", true)] {
      let path = folder.file(name + ".safetensors")
      _ = try ThreadGroup.run(3) { try train($0, path, spread: spread) }.map { try $0.get() }
    }
    let bytes = try ["whole", "spread"].map { try Data(contentsOf: URL(fileURLWithPath: folder.file($0 + ".safetensors"))) }
    #expect(bytes[0].count > 100 && bytes[0] == bytes[1])
  }

  /// Takes for every parameter the mean of all gradients.
  private struct Entangled: Optimizer {
    var options = OptimizerOptions(learningRate: 0.01)
    func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {}
    func update(_ parameters: inout [ParameterUpdate], shared: inout Slots, step: Step) {
      let mean = parameters.map { $0.gradient.mean() }.reduce(Tensor.zeros([], dtype: .float32), +)
      for index in parameters.indices { parameters[index].value = parameters[index].value - step.learningRate * mean }
    }
    static let about = OptimizerDescription(summary: "", formula: "", source: "")
  }

  @Test func `An optimizer whose parameters depend on each other is refused`() {
    for result in ThreadGroup.run(2, { try Self.train(Rule("entangled") { Entangled() }, $0, spread: true) }) {
      #expect { try result.get() } throws: { "\($0)".contains("Entangled computes the step of") }
    }
  }
}
