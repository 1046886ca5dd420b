import Optimizers
import Testing

/// What is done around the formulas, each against arithmetic by hand in float64.
@Suite struct OrderOfOperationsTests {
  private let gradients: [[Double]] = [[3, -4], [0.5, 0.25], [-2, 1], [1, 1], [0.125, -8], [6, 0]]

  private func run(_ optimizer: any Optimizer, start: [Double] = [1, 2], _ count: Int? = nil) throws -> Stepper<[[Double]]> {
    let stepper = try Stepper(optimizer, parameters: [start])
    for g in gradients.prefix(count ?? gradients.count) { try stepper.update(gradients: [g]) }
    return stepper
  }

  private func close(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-14) -> Bool {
    zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
  }

  /// Accumulation is one batch n times as large: clipping, decay, the counter, the schedule and the averages see updates.
  @Test func `Accumulation equals a large batch`() throws {
    func adam() -> Adam {
      Adam(learningRate: ExponentialDecay(initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.5), beta2: 0.9)
        .with { $0.weightDecay = 0.1; $0.clipnorm = 1; $0.useEMA = true; $0.emaMomentum = 0.5; $0.emaOverwriteFrequency = 2 }
    }
    let accumulating = try run(adam().with { $0.gradientAccumulationSteps = 2 })
    let large = try Stepper(adam(), parameters: [[1.0, 2.0]])
    for pair in 0..<3 {
      let (a, b) = (gradients[2 * pair], gradients[2 * pair + 1])
      try large.update(gradients: [zip(a, b).map { ($0 + $1) / 2 }])
    }
    #expect(accumulating.parameters == large.parameters)
    #expect(accumulating.state.iterations == 3)
    #expect(accumulating.state.learningRate == large.state.learningRate)
    #expect(accumulating.tracedCount <= 3)
  }

  @Test func `Weight decay comes before the step and scales with the rate`() throws {
    let g = gradients[0]
    let expected = [1 - 1 * 0.5 * 0.1 - 0.1 * g[0], 2 - 2 * 0.5 * 0.1 - 0.1 * g[1]]
    #expect(try close(run(SGD(learningRate: 0.1).with { $0.weightDecay = 0.5 }, 1).parameters[0], expected))
    let independent = SGD(learningRate: 0.1).with { $0.weightDecay = 0.5; $0.weightDecayMode = .independent }
    #expect(try close(run(independent, 1).parameters[0], [0.5 - 0.1 * g[0], 1 - 0.1 * g[1]]))
    let l2 = SGD(learningRate: 0.1).with { $0.weightDecay = 0.5; $0.weightDecayMode = .l2 }
    #expect(try close(run(l2, 1).parameters[0], [1 - 0.1 * (g[0] + 0.5), 2 - 0.1 * (g[1] + 1)]))
  }

  /// A parameter's multiplier is that of its rate, and decoupled decay scales with the rate; the other two do not.
  @Test func `weight decay follows the parameter's own rate where it follows the rate`() throws {
    let g = gradients[0]
    let setting = [ParameterSetting(.all, learningRateMultiplier: 0.5)]
    func result(_ mode: WeightDecayMode) throws -> [Double] {
      let optimizer = SGD(learningRate: 0.1).with { $0.weightDecay = 0.1; $0.weightDecayMode = mode; $0.parameterSettings = setting }
      return try run(optimizer, 1).parameters[0]
    }
    #expect(try close(result(.decoupled), [1 - 0.1 * 0.5 * 0.1 * 1 - 0.05 * g[0], 2 - 0.1 * 0.5 * 0.1 * 2 - 0.05 * g[1]]))
    #expect(try close(result(.independent), [1 - 0.1 * 1 - 0.05 * g[0], 2 - 0.1 * 2 - 0.05 * g[1]]))
    #expect(try close(result(.l2), [1 - 0.05 * (g[0] + 0.1 * 1), 2 - 0.05 * (g[1] + 0.1 * 2)]))
  }

  @Test func `Weight decay is excluded by rule`() throws {
    let names = ["dense/kernel", "dense/bias", "norm/gamma", "embedding/table"]
    let shapes = [[2, 2], [2], [2], [3, 2]]
    let variables = zip(names, shapes).map { path, shape in
      let variable = Variable(Tensor.ones(shape), name: String(path.split(separator: "/")[1]))
      variable.path = path
      return variable
    }
    func decayed(_ rules: [ParameterRule]) throws -> [String] {
      try OptimizerState(AdamW().with { $0.weightDecayExclusions = rules }, variables: variables).decayedParameters
    }
    #expect(try decayed([]) == names)
    #expect(try decayed([.vectors]) == ["dense/kernel", "embedding/table"])
    #expect(try decayed([.name("bias"), .path("embedding/table")]) == ["dense/kernel", "norm/gamma"])
    #expect(try decayed([.pattern("^(b|g)a?")]) == ["dense/kernel", "embedding/table"])
    #expect(try decayed([.pathPattern("dense/.*")]) == ["norm/gamma", "embedding/table"])
    #expect(try decayed([.pathPattern("dense")]) == names)
    #expect(throws: DescentError.self) { try decayed([.pattern("(")]) }
  }

  @Test func clipping() throws {
    let unit = SGD(learningRate: 1)
    #expect(try close(run(unit.with { $0.clipnorm = 1 }, 1).parameters[0], [1 - 0.6, 2 + 0.8]))
    #expect(try close(run(unit.with { $0.clipvalue = 2 }, 1).parameters[0], [-1, 4]))
    let stepper = try Stepper(unit.with { $0.globalClipnorm = 6.5 }, parameters: [[0.0, 0.0], [0.0]])
    try stepper.update(gradients: [[3, -4], [12]])
    #expect(close(stepper.parameters.flatMap { $0 }, [-1.5, 2, -6]))
    #expect(stepper.state.gradientNorm == 13)
    // Keras 2: the norm of all, then the value.
    let both = try Stepper(SGD(learningRate: 1, convention: .keras2).with { $0.clipnorm = 6.5; $0.clipvalue = 1.75 }, parameters: [[0.0, 0.0], [0.0]])
    try both.update(gradients: [[3, -4], [12]])
    #expect(close(both.parameters.flatMap { $0 }, [-1.5, 1.75, -1.75]))
    // 0 and nil turn it off.
    let (off, plain) = (try run(unit.with { $0.clipnorm = 0 }, 1), try run(unit, 1))
    #expect(off.parameters == plain.parameters)
  }

  @Test func averages() throws {
    let optimizer = SGD(learningRate: 0.5).with { $0.useEMA = true; $0.emaMomentum = 0.75 }
    let stepper = try run(optimizer, 3)
    var w = [1.0, 2.0], average = [0.0, 0.0]
    for (step, g) in gradients.prefix(3).enumerated() {
      w = zip(w, g).map { $0 - 0.5 * $1 }
      average = zip(average, w).map { step == 0 ? $1 : 0.75 * $0 + 0.25 * $1 }
    }
    #expect(close(stepper.parameters[0], w))
    stepper.state.exchangeAveragedValues()
    #expect(close(stepper.parameters[0], average))
    stepper.state.exchangeAveragedValues()
    #expect(close(stepper.parameters[0], w))
    stepper.state.finalizeVariableValues()
    #expect(close(stepper.parameters[0], average))
  }

  @Test func `Time decay`() throws {
    let stepper = try run(SGD(learningRate: 0.5).with { $0.decay = 0.25 }, 3)
    var w = [1.0, 2.0]
    for (step, g) in gradients.prefix(3).enumerated() { w = zip(w, g).map { $0 - 0.5 / (1 + 0.25 * Double(step)) * $1 } }
    #expect(close(stepper.parameters[0], w))
    #expect(stepper.state.learningRate == 0.5)
    #expect(stepper.state.effectiveLearningRate == 0.5 / 1.75)
  }

  @Test func `Loss scale`() throws {
    let minimizer = try Minimizer(SGD(learningRate: 0.5).with { $0.lossScaleFactor = 1024 }, startingAt: [[3.0]]) { ($0[0] * $0[0]).sum() }
    #expect(try minimizer.step() == 9)
    #expect(minimizer.parameters == [[0.0]])
    #expect(minimizer.state.currentLossScale == 1024)
  }

  @Test func `Parameter settings`() throws {
    let settings: [ParameterSetting] = [
      .init(.name("slow"), learningRateMultiplier: 0.25), .init(.path("frozen"), isFrozen: true),
      .init(.name("heavy"), weightDecay: 0.5),
    ]
    let start = ["slow": [1.0], "frozen": [1.0], "heavy": [1.0], "plain": [1.0]]
    let stepper = try Stepper(SGD(learningRate: 0.5, momentum: 0.5).with { $0.parameterSettings = settings }, parameters: start)
    try stepper.update(gradients: start)
    #expect(stepper.parameters == ["slow": [0.875], "frozen": [1.0], "heavy": [1 - 0.25 - 0.5], "plain": [0.5]])
    #expect(stepper.state.checkpoint()["parameters/frozen/momentum"]!.item() == 0)
  }

  @Test func `Frozen variables keep their slots`() throws {
    let a = Variable(Tensor([1.0]), name: "a"), b = Variable(Tensor([1.0]), name: "b")
    let state = try OptimizerState(SGD(learningRate: 0.5, momentum: 0.5), variables: [a, b])
    let steps = ThrowingCompiledFunction { given in
      try state.traceStep(gradients: given, caller: "test")
      return []
    }
    let one = Tensor([1.0])
    _ = try steps.call([one, one])
    b.isTrainable = false
    _ = try steps.call([one])
    b.isTrainable = true
    _ = try steps.call([one, one])
    #expect(a.value.doubles == [1 - 0.5 - 0.75 - 0.875])
    #expect(b.value.doubles == [1 - 0.5 - 0.75])
  }

  @Test func `Rate changes without tracing`() throws {
    let stepper = try Stepper(SGD(learningRate: 0.5), parameters: [[0.0]])
    for rate in [0.5, 0.25, 2] {
      stepper.state.learningRate = rate
      try stepper.update(gradients: [[1.0]])
    }
    #expect(stepper.parameters == [[-2.75]])
    #expect(stepper.tracedCount == 1)
  }
}
