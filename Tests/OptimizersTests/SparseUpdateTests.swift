import Optimizers
import Testing

/// A table whose rows are looked up by the indices it is given, at work with an optimizer.
private final class Lookup {
  let table: Variable
  /// Another parameter, whose gradient is an ordinary one.
  let scale: Variable
  let state: OptimizerState
  private let isDense: Bool
  private var plans: [StepPhase: Plan] = [:]
  private(set) var workspaceBytes = 0

  /// - Parameter isDense: whether the gradient is made an ordinary one, of the same value.
  init(_ optimizer: any Optimizer, _ start: Tensor, isDense: Bool = false) throws {
    table = Variable(start, name: "table")
    scale = Variable(Tensor.ones([start.shape[1]], dtype: start.dtype), name: "scale")
    self.isDense = isDense
    state = try OptimizerState(optimizer, variables: [table, scale])
  }

  private func loss(_ indices: Tensor, _ weights: Tensor) -> Tensor {
    let found = table.value.gathering(indices)
    // What there is not reads NaN.
    let rows = select(isFinite(found), found, Tensor.zeros([], dtype: found.dtype))
    let loss = (weights * rows * scale.value).sum() + 0.25 * (rows * rows).sum()
    return isDense ? loss + 0 * table.value.sum() : loss
  }

  func step(_ indices: Tensor, _ weights: Tensor, on pool: ThreadPool = .shared) throws {
    let phase = state.beginStep()
    let plan = plans[phase] ?? CompiledFunction { [self] given in
      let gradients = gradients(of: state.scaled(loss: loss(given[0], given[1])), withRespectTo: [table, scale])
      state.apply(gradients: gradients, phase: phase)
      return []
    }.plan(for: [indices, weights])
    plans[phase] = plan
    workspaceBytes = max(workspaceBytes, plan.statistics.workspaceBytes)
    plan.bind(argument: 0, to: indices)
    plan.bind(argument: 1, to: weights)
    plan.run(on: pool)
    try state.endStep()
  }

  /// All that the steps change, by name.
  var contents: [String: [Double]] {
    var result = state.checkpoint().mapValues(\.doubles)
    result["table"] = table.value.doubles
    result["scale"] = scale.value.doubles
    return result
  }
}

@Suite struct SparseUpdateTests {
  private static let rows = 120, width = 5

  private func numbers(_ seed: Int, _ shape: [Int], _ dtype: DType) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(shape: shape, scalars: (0..<count).map { Double((($0 + seed) * 7919 + seed * 104_729) % 2003 - 1001) / 512 })
      .cast(to: dtype).evaluated()
  }

  /// Rows that come twice, in the step and later, and one that there is not.
  private func indices(_ step: Int, rows: Int = rows) -> Tensor {
    Tensor((0..<12).map { Int32(($0 % 9 * 13 + step % 4 * 31) % rows) } + [Int32(rows), -1])
  }

  private func weights(_ step: Int, _ dtype: DType) -> Tensor { numbers(step, [14, Self.width], dtype) }

  // MARK: - Equal to the dense update

  static let exact: [(any Optimizer, String)] = [
    (SGD(learningRate: 0.1), "SGD"), (Adagrad(learningRate: 0.1), "Adagrad"),
    (Adagrad(learningRate: 0.1, convention: .torch).with { $0.weightDecay = 0 }, "Adagrad outside"),
    (SGD(learningRate: 0.1).with { $0.clipvalue = 0.3 }, "clipvalue"),
    (Adagrad(learningRate: 0.1).with { $0.lossScaleFactor = 64; $0.nonFinite = .skip }, "loss scale, skip"),
    (LossScaleOptimizer(SGD(learningRate: 0.1), initialScale: 8, dynamicGrowthSteps: 2), "dynamic loss scale"),
    (SGD(learningRate: 0.1).with { $0.useEMA = true; $0.emaMomentum = 0.5; $0.emaOverwriteFrequency = 3 }, "averages"),
    (SGD(learningRate: 0.1).with { $0.parameterSettings = [.init(.name("table"), learningRateMultiplier: 0.5)] }, "rate of its own"),
    (MultiOptimizer(default: Adam(learningRate: 0.1), [(.name("table"), Adagrad(learningRate: 0.1))]), "one of several"),
  ]

  @Test(arguments: exact.indices, [DType.float32, .float64])
  func `Is the dense update to the bit`(_ index: Int, _ dtype: DType) throws {
    let (optimizer, name) = Self.exact[index]
    let start = numbers(5, [Self.rows, Self.width], dtype)
    let sparse = try Lookup(optimizer, start), dense = try Lookup(optimizer, start, isDense: true)
    for step in 0..<8 {
      for one in [sparse, dense] { try one.step(indices(step), weights(step, dtype)) }
      #expect(sparse.contents == dense.contents, "\(name), step \(step)")
    }
    #expect(sparse.contents["table"] != start.doubles)
    if !sparse.state.optimizer.options.useEMA { #expect(sparse.workspaceBytes < dense.workspaceBytes, "\(name)") }
  }

  /// The norm is a sum in another order, so that the last bit may differ.
  @Test(arguments: [DType.float32, .float64])
  func `Clipping by the norm`(_ dtype: DType) throws {
    let optimizers: [any Optimizer] = [
      SGD(learningRate: 0.1).with { $0.clipnorm = 0.5 }, SGD(learningRate: 0.1).with { $0.globalClipnorm = 0.5 },
      Adagrad(learningRate: 0.1).with { $0.clipnorm = 0.5; $0.clipvalue = 0.1; $0.clipnormScope = .global },
    ]
    let tolerance = dtype == .float32 ? 1e-6 : 1e-14
    for optimizer in optimizers {
      let start = numbers(5, [Self.rows, Self.width], dtype)
      let sparse = try Lookup(optimizer, start), dense = try Lookup(optimizer, start, isDense: true)
      let free = try Lookup(type(of: optimizer).init().with { $0.learningRate = 0.1 }, start)
      for step in 0..<8 { for one in [sparse, dense, free] { try one.step(indices(step), weights(step, dtype)) } }
      for (name, values) in sparse.contents {
        for (a, b) in zip(values, dense.contents[name]!) { #expect((a - b).magnitude <= tolerance * max(1, b.magnitude), "\(name)") }
      }
      #expect(sparse.contents["table"] != free.contents["table"], "clipping does something")
      #expect(sparse.workspaceBytes < dense.workspaceBytes)
    }
  }

  /// Where rows without a gradient move, and where gradients are accumulated, all rows take part.
  @Test func `All rows move where they must`() throws {
    let optimizers: [any Optimizer] = [
      Adam(learningRate: 0.1), SGD(learningRate: 0.1, momentum: 0.9), SGD(learningRate: 0.1).with { $0.weightDecay = 0.1 },
      Adagrad(learningRate: 0.1).with { $0.gradientAccumulationSteps = 2 }, Muon(learningRate: 0.1), Lookahead(SGD(learningRate: 0.1)),
      SAM(SGD(learningRate: 0.1)), Cautious(SGD(learningRate: 0.1)),
    ]
    for optimizer in optimizers {
      let start = numbers(5, [Self.rows, Self.width], .float64)
      let sparse = try Lookup(optimizer, start), dense = try Lookup(optimizer, start, isDense: true)
      for step in 0..<6 { for one in [sparse, dense] { try one.step(indices(step), weights(step, .float64)) } }
      #expect(sparse.contents == dense.contents, "\(type(of: optimizer))")
    }
  }

  @Test func `Averages of all rows`() throws {
    let start = numbers(5, [Self.rows, Self.width], .float64)
    let lookup = try Lookup(SGD(learningRate: 0.1).with { $0.useEMA = true }, start)
    try lookup.step(indices(0), weights(0, .float64))
    lookup.state.finalizeVariableValues()
    let after = lookup.table.value.doubles
    #expect(after[5 * 117..<5 * 118] == start.doubles[5 * 117..<5 * 118] && after[0] != start.doubles[0])
  }

  @Test func `Constraints hold for all rows`() throws {
    let start = numbers(5, [Self.rows, Self.width], .float64)
    let results = try [false, true].map { isDense in
      let lookup = try Lookup(SGD(learningRate: 0.1), start, isDense: isDense)
      lookup.state.constraint = { variable, value in variable.name == "table" ? maximum(value, -0.25) : value }
      for step in 0..<3 { try lookup.step(indices(step), weights(step, .float64)) }
      return lookup.contents
    }
    #expect(results[0] == results[1] && results[0]["table"]!.min()! >= -0.25)
  }

  @Test func `Gradients that are not finite`() throws {
    let start = numbers(5, [Self.rows, Self.width], .float64)
    var bad = weights(1, .float64).doubles
    bad[7] = .nan
    let poison = Tensor(shape: [14, Self.width], scalars: bad)
    for policy in [NonFinitePolicy.skip, .stop] {
      let lookup = try Lookup(Adagrad(learningRate: 0.1).with { $0.nonFinite = policy }, start)
      try lookup.step(indices(0), weights(0, .float64))
      var before = lookup.contents
      if policy == .stop {
        let error = try #require(throws: DescentError.self) { try lookup.step(indices(1), poison) }
        #expect(error.message == "step 2: the gradient of table, scale is not finite; nothing was changed")
      } else {
        try lookup.step(indices(1), poison)
        #expect(lookup.state.skippedSteps == 1)
        before["optimizer/skipped_steps"] = [1]
      }
      #expect(lookup.contents == before)
    }
    let lookup = try Lookup(SGD(learningRate: 0.1), start)
    try lookup.step(indices(1), poison)
    let spoilt = lookup.table.value.doubles.indices.filter { lookup.table.value.doubles[$0].isNaN }
    #expect(spoilt == [Int(indices(1).doubles[1]) * 5 + 2])
  }

  @Test func `The number of threads does not change a bit`() throws {
    let results = try [1, 3].map { threads in
      let pool = ThreadPool(threadCount: threads)
      let lookup = try Lookup(Adagrad(learningRate: 0.1), numbers(5, [9000, 16], .float32))
      for step in 0..<3 {
        let many = Tensor((0..<4000).map { Int32($0 * 7919 % (3001 + step)) })
        try lookup.step(many, numbers(step, [4000, 16], .float32), on: pool)
      }
      return lookup.contents
    }
    #expect(results[0] == results[1])
  }

  // MARK: - What optimizers claim

  /// `.exact`: nothing changes where the gradient is zero. Anything but `.none`: the step of a row is the same whatever rows are
  /// beside it. So is a lazy step on some rows of a large table the usual step on a table of those rows.
  @Test func `Every claim holds`() throws {
    let chosen: [Int32] = [3, 17, 40, 90]
    var lazyCount = 0
    for type in OptimizerRegistry.builtIn {
      // These are others' formulas in other words, or no formula that goes through a step.
      if type == LossScaleOptimizer.self || type == MultiOptimizer.self || type == LBFGS.self { continue }
      let optimizer = type.init().with { $0.learningRate = 0.1 }
      let settings = [ParameterSetting(.name("table"), isLazy: true)]
      let start = numbers(5, [Self.rows, Self.width], .float32)
      if optimizer.sparseUpdates == .none {
        #expect(throws: DescentError.self, "\(type.className)") { try Lookup(optimizer.with { $0.parameterSettings = settings }, start) }
        continue
      }
      lazyCount += 1
      let decaying = optimizer.with { $0.weightDecay = 0.01; $0.parameterSettings = settings }
      let large = try Lookup(decaying, start)
      let small = try Lookup(decaying, start.gathering(Tensor(chosen)).evaluated(), isDense: true)
      let dense = try Lookup(optimizer, start, isDense: true)
      let slots = large.state.checkpoint().mapValues(\.doubles)
      for step in 0..<5 {
        let weights = numbers(step, [4, Self.width], .float32)
        try large.step(Tensor(chosen), weights)
        try small.step(Tensor([Int32(0), 1, 2, 3]), weights)
        try dense.step(Tensor(chosen), weights)
      }
      for (name, values) in large.contents where values.count == Self.rows * Self.width {
        let before = name == "table" ? start.doubles : slots[name]!
        let rows = Tensor(shape: [Self.rows, Self.width], scalars: values)
        #expect(rows.gathering(Tensor(chosen)).doubles == small.contents[name], "\(type.className) \(name)")
        for row in 0..<Self.rows where !chosen.contains(Int32(row)) {
          let place = row * Self.width..<(row + 1) * Self.width
          #expect(values[place] == before[place], "\(type.className) \(name) row \(row)")
          if optimizer.sparseUpdates == .exact { #expect(dense.contents[name]![place] == before[place], "\(type.className) \(name)") }
        }
      }
    }
    #expect(lazyCount >= 14)
  }

  @Test func `Lazy is refused with accumulation`() throws {
    let optimizer = Adam().with { $0.gradientAccumulationSteps = 2; $0.parameterSettings = [.init(.all, isLazy: true)] }
    let error = try #require(throws: DescentError.self) { try Stepper(optimizer, parameters: ["table": Tensor.zeros([3, 2])]) }
    #expect(
      error.message
        == "Adam cannot update table lazily with gradient_accumulation_steps 2: the sum of gradients touches all rows")
    let muon = try #require(throws: DescentError.self) {
      try Stepper(Muon().with { $0.parameterSettings = [.init(.all, isLazy: true)] }, parameters: ["table": Tensor.zeros([3, 2])])
    }
    #expect(muon.message == "Muon cannot update table lazily: a row's step does not follow from that row's gradients alone")
  }

  // MARK: - PyTorch

  @Test func `Torchs sparse optimizers`() throws {
    let fixture = try Fixture.load("sparse")
    let (rows, width) = (fixture["rows"]!.int!, fixture["width"]!.int!)
    let indices = fixture["indices"]!.numbers, weights = fixture["weights"]!.numbers
    let start = Tensor(shape: [rows, width], scalars: fixture["start"]!.numbers)
    let count = 7
    for entry in try Fixture.cases("sparse") {
      let lookup = try Lookup(try optimizer(entry), start)
      let tables = entry["table_after"]!
      for step in 0..<indices.count / count {
        let mine = indices[step * count..<(step + 1) * count].map { Int32($0) }
        let values = Array(weights[step * count * width..<(step + 1) * count * width])
        lookup.scale.assign(Tensor.ones([width], dtype: .float64))
        try lookup.step(Tensor(mine), Tensor(shape: [count, width], scalars: values))
        guard let expected = tables["\(step + 1)"]?.numbers else { continue }
        for (a, b) in zip(lookup.table.value.doubles, expected) {
          #expect((a - b).magnitude <= 1e-13 * max(1, b.magnitude), "\(entry["optimizer"]!.string!) \(entry["config"]!.text()) step \(step + 1)")
        }
      }
    }
  }

  private func optimizer(_ entry: JSONValue) throws -> any Optimizer {
    let config = entry["config"]!
    let rate = config["lr"]?.double
    switch entry["optimizer"]!.string! {
    case "SparseAdam":
      // PyTorch's adds its 1e-8 to the root of the uncorrected average, unlike its Adam.
      let betas = config["betas"]?.numbers
      return Adam(learningRate: rate ?? 0.001, beta1: betas?[0], beta2: betas?[1], epsilon: config["eps"]?.double ?? 1e-8)
        .with { $0.parameterSettings = [.init(.name("table"), isLazy: true)] }
    case "Adagrad":
      return Adagrad(
        learningRate: rate, initialAccumulatorValue: config["initial_accumulator_value"]?.double, epsilon: config["eps"]?.double,
        decay: config["lr_decay"]?.double, convention: .torch)
    default: return SGD(learningRate: rate)
    }
  }
}
