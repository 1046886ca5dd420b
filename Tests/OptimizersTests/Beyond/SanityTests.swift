import Optimizers
import Testing

/// What every optimizer does.
@Suite struct SanityTests {
  static let optimizers = OptimizerCase.all.flatMap(\.minimum.elements)

  @Test(arguments: [DType.float32, .float64]) func `Minimizes a bowl`(_ dtype: DType) throws {
    let target = Tensor(shape: [2, 3], scalars: [1.0, -0.5, 0.25, 2, -1, 0.75]).cast(to: dtype)
    let weights = Tensor(shape: [2, 3], scalars: [1.0, 2, 0.5, 1.5, 1, 3]).cast(to: dtype)
    for optimizer in Self.optimizers {
      let name = type(of: optimizer).className
      let start = [
        "w": Tensor(repeating: 0.5, shape: [2, 3], dtype: dtype), "b": Tensor(repeating: 1.5, shape: [1], dtype: dtype),
      ]
      let minimizer = try Minimizer(optimizer, startingAt: start) { p in
        (weights * square(p["w"]! - target)).sum() + square(p["b"]! + 1).sum()
      }
      let losses = try minimizer.minimize(steps: 400)
      minimizer.state.useEvaluationValues()
      let (w, b) = (minimizer.parameters["w"]!, minimizer.parameters["b"]!)
      let last = ((weights * square(w - target)).sum() + square(b + 1).sum()).item()
      #expect(last < 0.02 * losses[0], "\(name), \(dtype): from \(losses[0]) to \(last)")
    }
  }

  /// A step with a gradient that is not finite leaves no trace: neither in slots nor in shared numbers.
  @Test func `Skipped steps`() throws {
    for optimizer in Self.optimizers where optimizer.takesGivenGradients {
      var skipping = optimizer
      skipping.options.nonFinite = .skip
      let name = type(of: optimizer).className
      let disturbed = try FixtureRun(skipping)
      let clean = try FixtureRun(skipping)
      for step in 1...12 {
        if step % 3 == 0 {
          var gradients = clean.gradients(at: step)
          gradients[step % 4] = gradients[step % 4] * (step % 2 == 0 ? Double.nan : .infinity)
          try disturbed.advance(gradients.map { $0.evaluated() })
        }
        try disturbed.advance(clean.gradients(at: step))
        try clean.advance(clean.gradients(at: step))
      }
      #expect(disturbed.state.skippedSteps == 4, "\(name)")
      var (found, expected) = (disturbed.state.checkpoint(), clean.state.checkpoint())
      found["optimizer/skipped_steps"] = nil
      expected["optimizer/skipped_steps"] = nil
      #expect(found.mapValues(\.doubles) == expected.mapValues(\.doubles), "\(name)")
      #expect(disturbed.variables.map { $0.value.doubles } == clean.variables.map { $0.value.doubles }, "\(name)")
    }
  }

  /// Gradients of zeros alone, from the first step on, move nothing and spoil nothing.
  @Test func `Zero gradients`() throws {
    for optimizer in Self.optimizers where optimizer.takesGivenGradients {
      let name = type(of: optimizer).className
      let run = try FixtureRun(optimizer)
      let before = run.variables.map { $0.value.doubles }
      let zeros = run.variables.map { Tensor.zeros($0.shape, dtype: $0.dtype) }
      for _ in 0..<3 { try run.advance(zeros) }
      let isYogi = optimizer is Yogi  // Its averages do not start at zero.
      let after = run.variables.map { $0.value.doubles }
      #expect(isYogi || after == before, "\(name)")
      #expect(after.joined().allSatisfy { $0.isFinite }, "\(name)")
      try run.advance(run.gradients(at: 1))
      try run.advance(run.gradients(at: 2))
      #expect(run.variables.flatMap { $0.value.doubles }.allSatisfy { $0.isFinite }, "\(name)")
    }
  }

  /// Evaluation takes the average and training goes on as if nothing had happened.
  @Test func `Evaluation at the average`() throws {
    let plain = try FixtureRun(AdamWScheduleFree(learningRate: 0.05))
    let watched = try FixtureRun(AdamWScheduleFree(learningRate: 0.05))
    for _ in 1...6 {
      try plain.advance()
      try watched.advance()
      watched.state.useEvaluationValues()
      #expect(watched.variables.map { $0.value.doubles } != plain.variables.map { $0.value.doubles } || watched.step == 1)
      watched.state.restoreTrainingValues()
    }
    #expect(watched.variables.map { $0.value.doubles } == plain.variables.map { $0.value.doubles })
  }

  @Test func `Small state`() throws {
    func slots(_ optimizer: any Optimizer) throws -> Int { try FixtureRun(optimizer, dtype: .float32).state.byteCount }
    let weights = 4 * (1 + 7 + 30 + 72)
    #expect(try slots(CautiousLion()) == weights)
    #expect(try slots(SGDScheduleFree()) == weights)
    #expect(try slots(Novograd()) == weights + 4 * 4)
    #expect(try slots(Prodigy(sliceStride: 10)) == 2 * weights + 4 * 2 * (1 + 1 + 3 + 8))
  }
}
