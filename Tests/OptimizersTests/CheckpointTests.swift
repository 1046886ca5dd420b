import Optimizers
import Testing

/// A run that is saved and taken up again by a new optimizer ends in the same bits as one that was not interrupted.
@Suite struct CheckpointTests {
  private func values(_ run: FixtureRun) -> [[Double]] { run.variables.map { $0.value.doubles } }

  private func check(_ optimizer: any Optimizer, at step: Int, _ dtype: DType = .float32) throws {
    let name = "\(type(of: optimizer).className) at step \(step)"
    let whole = try FixtureRun(optimizer, dtype: dtype, throughLoss: true)
    for _ in 0..<step { try whole.advance() }
    let saved = whole.state.checkpoint()
    let weights = whole.variables.map { $0.value.evaluated() }

    let resumed = try FixtureRun(optimizer, dtype: dtype, throughLoss: true)
    for (variable, value) in zip(resumed.variables, weights) { variable.assign(value) }
    try resumed.state.restore(saved)
    for next in step + 1...step + 8 {
      try whole.advance(whole.gradients(at: next))
      try resumed.advance(whole.gradients(at: next))
    }
    #expect(values(whole) == values(resumed), "\(name)")
    let (a, b) = (whole.state.checkpoint().mapValues(\.doubles), resumed.state.checkpoint().mapValues(\.doubles))
    #expect(a == b, "\(name)")
    #expect(whole.state.learningRate == resumed.state.learningRate)
    whole.state.finalizeVariableValues()
    resumed.state.finalizeVariableValues()
    #expect(values(whole) == values(resumed), "\(name), finalized")
  }

  @Test func `Every optimizer`() throws {
    for type in OptimizerRegistry.builtIn {
      let optimizer = try? OptimizerRegistry.optimizer(named: type.className)
      // LBFGS chooses its points, and has a test of its own.
      if type != LBFGS.self { try check(optimizer ?? type.init(), at: 5) }
    }
  }

  @Test func `Everything around`() throws {
    let schedule = CosineDecayRestarts(initialLearningRate: 0.1, firstDecaySteps: 3)
    let full = Nadam(
      learningRate: schedule, weightDecay: 0.1, globalClipnorm: 1, useEMA: true, emaMomentum: 0.8, emaOverwriteFrequency: 2,
      gradientAccumulationSteps: 3
    ).with { $0.nonFinite = .skip }
    for step in [0, 1, 4, 6, 11] { try check(full, at: step) }
    try check(LossScaleOptimizer(Adam(amsgrad: true), initialScale: 4, dynamicGrowthSteps: 3), at: 5, .float64)
    try check(RMSprop(momentum: 0.5, centered: true), at: 4)
    let multi = MultiOptimizer(
      default: SGD(momentum: 0.9), [(.pathPattern("conv/.*"), Nadam().with { $0.gradientAccumulationSteps = 2 }), (.name("scale"), Adafactor())])
    for step in [3, 4] { try check(multi, at: step) }
  }

  @Test func `Changed rate`() throws {
    for optimizer in [SGD(), SGD(learningRate: ExponentialDecay(initialLearningRate: 1, decaySteps: 2, decayRate: 0.5))] {
      let run = try FixtureRun(optimizer), other = try FixtureRun(optimizer)
      try run.advance()
      run.state.learningRate = 0.375
      try other.state.restore(run.state.checkpoint())
      #expect(other.state.learningRate == 0.375)
      // And back.
      let fresh = try FixtureRun(optimizer)
      try other.state.restore(fresh.state.checkpoint())
      #expect(other.state.learningRate == fresh.state.learningRate)
    }
  }

  @Test func `What does not fit is listed`() throws {
    let adam = try FixtureRun(Adam())
    try adam.advance()
    var saved = adam.state.checkpoint()
    saved["parameters/bias/momentum"] = nil
    saved["parameters/kernel/velocity"] = Tensor([1.0])
    saved["parameters/other/momentum"] = Tensor(1.0)
    let other = try FixtureRun(Adam())
    let before = other.state.checkpoint().mapValues(\.doubles)
    let error = try #require(throws: DescentError.self) { try other.state.restore(saved) }
    #expect(error.kind == .state)
    #expect(error.message.contains("parameters/bias/momentum is missing"))
    #expect(error.message.contains("parameters/kernel/velocity is float64 [1], expected float64 [5, 6]"))
    #expect(error.message.contains("parameters/other/momentum is left over"))
    #expect(other.state.checkpoint().mapValues(\.doubles) == before)

    // A schedule does not take the place of a number unseen, nor the other way round.
    let scheduled = try FixtureRun(Adam(learningRate: ExponentialDecay(initialLearningRate: 1, decaySteps: 2, decayRate: 0.5)))
    let mismatch = try #require(throws: DescentError.self) { try scheduled.state.restore(adam.state.checkpoint()) }
    #expect(mismatch.message.contains("optimizer/learning_rate is left over"))
  }

  @Test func `Keras files that do not fit`() throws {
    let adam = try FixtureRun(Adam()), sgd = try FixtureRun(SGD(momentum: 0.9))
    let error = try #require(throws: DescentError.self) { try adam.state.restore(kerasVariables: sgd.state.kerasVariables()) }
    #expect(error.message.contains("there are 6 variables, expected 10"))
    #expect(adam.state.iterations == 0)
    // Keras writes only these two before the first step.
    try adam.state.restore(kerasVariables: [Tensor(Int32(0)), Tensor(Float(0.25))])
    #expect(adam.state.learningRate == 0.25)
  }
}
