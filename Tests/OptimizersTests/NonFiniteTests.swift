import Optimizers
import Testing

@Suite struct NonFiniteTests {
  private let start = ["a": [1.0, 2.0], "b": [3.0]]
  private let good = ["a": [0.5, -1.0], "b": [2.0]]

  private func bad(_ value: Double) -> [String: [Double]] { ["a": [0.5, -1.0], "b": [value]] }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func skip(_ value: Double) throws {
    let optimizer = Adam(learningRate: 0.1).with { $0.globalClipnorm = 1; $0.useEMA = true; $0.nonFinite = .skip }
    let disturbed = try Stepper(optimizer, parameters: start), clean = try Stepper(optimizer, parameters: start)
    for step in 0..<6 {
      if step % 2 == 1 { try disturbed.update(gradients: bad(value)) }
      try disturbed.update(gradients: good)
      try clean.update(gradients: good)
    }
    #expect(disturbed.parameters == clean.parameters)
    #expect(disturbed.state.skippedSteps == 3)
    #expect(disturbed.state.iterations == 6)
    var (found, expected) = (disturbed.state.checkpoint(), clean.state.checkpoint())
    found["optimizer/skipped_steps"] = nil
    expected["optimizer/skipped_steps"] = nil
    #expect(found.mapValues(\.doubles) == expected.mapValues(\.doubles))
  }

  /// A micro-step that is skipped is not counted: the update is made of as many finite ones as ever.
  @Test func `Skip while accumulating`() throws {
    let optimizer = SGD(learningRate: 0.5).with { $0.gradientAccumulationSteps = 2; $0.nonFinite = .skip }
    let stepper = try Stepper(optimizer, parameters: start)
    for gradient in [good, bad(.nan), bad(.nan), good] { try stepper.update(gradients: gradient) }
    #expect(stepper.parameters == ["a": [0.75, 2.5], "b": [2.0]])
    #expect(stepper.state.iterations == 1)
  }

  @Test func stop() throws {
    let stepper = try Stepper(Adam().with { $0.nonFinite = .stop }, parameters: start)
    try stepper.update(gradients: good)
    let before = (stepper.parameters, stepper.state.checkpoint().mapValues(\.doubles))
    let error = try #require(throws: DescentError.self) { try stepper.update(gradients: bad(.infinity)) }
    #expect(error.kind == .numerics)
    #expect(error.message == "step 2: the gradient of b is not finite; nothing was changed")
    #expect(stepper.parameters == before.0)
    #expect(stepper.state.checkpoint().mapValues(\.doubles) == before.1)
  }

  @Test func propagate() throws {
    let stepper = try Stepper(SGD(learningRate: 0.5), parameters: start)
    try stepper.update(gradients: bad(.nan))
    #expect(stepper.parameters["a"] == [0.75, 2.5])
    #expect(stepper.parameters["b"]![0].isNaN)
    // As in Keras, the norm of all spreads it.
    let clipping = try Stepper(SGD(learningRate: 0.5).with { $0.globalClipnorm = 1 }, parameters: start)
    try clipping.update(gradients: bad(.infinity))
    #expect(clipping.parameters.values.joined().allSatisfy { $0.isNaN })
  }

  @Test func `Dynamic loss scale`() throws {
    let optimizer = LossScaleOptimizer(SGD(learningRate: 0.5), initialScale: 8, dynamicGrowthSteps: 2)
    let minimizer = try Minimizer(optimizer, startingAt: [[1.0]]) { $0[0].sum() }
    for _ in 0..<4 { try minimizer.step() }
    #expect(minimizer.parameters == [[-1.0]])
    #expect(minimizer.state.currentLossScale == 32)

    let stepper = try Stepper(optimizer, parameters: [[1.0]])
    for gradient in [Double.nan, .infinity, 4, 4, .nan] { try stepper.update(gradients: [[gradient]]) }
    // Scales: 8, 4, 2, 2, then doubled to 4, then halved.
    #expect(stepper.parameters == [[-1.0]])
    #expect(stepper.state.currentLossScale == 2)
    #expect(stepper.state.skippedSteps == 3)
    #expect(stepper.state.iterations == 2)
  }

  /// The square root of a negative number, whose derivative is none.
  @Test(arguments: [NonFinitePolicy.stop, .skip, .propagate])
  func `A search along lines does as it is told`(policy: NonFinitePolicy) throws {
    let minimizer = try Minimizer(LBFGS().with { $0.nonFinite = policy }, startingAt: [[-1.0, 4.0]]) { p in sqrt(p[0]).sum() }
    if policy == .stop {
      let error = try #require(throws: DescentError.self) { try minimizer.step() }
      #expect(error == DescentError(.numerics, "step 1: the gradient of 0 is not finite; nothing was changed"))
    } else {
      #expect(try minimizer.step().isNaN)
    }
    #expect(!minimizer.hasConverged)
    #expect(minimizer.state.skippedSteps == (policy == .skip ? 1 : 0))
    if policy == .propagate {
      #expect(minimizer.parameters[0].contains { $0.isNaN })
    } else {
      #expect(minimizer.parameters == [[-1.0, 4.0]])
    }
  }

  @Test func `A search whose counters were read and cannot be right remembers no steps`() throws {
    for (name, value) in [("history_count", Double.nan), ("history_count", -1), ("history_start", 10), ("history_start", .infinity)] {
      let minimizer = try Minimizer(LBFGS(), startingAt: [[-3.0, 4.0]]) { p in (square(p[0]) * Tensor([1.0, 30])).sum() }
      try minimizer.minimize(steps: 3)
      var state = minimizer.state.checkpoint()
      let key = try #require(state.keys.first { $0.hasSuffix(name) })
      state[key] = Tensor(value)
      try minimizer.state.restore(state)
      try minimizer.minimize(steps: 20)
      #expect(minimizer.parameters[0].allSatisfy { abs($0) < 1e-6 })
    }
  }
}
