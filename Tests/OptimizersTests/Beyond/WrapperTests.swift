import Optimizers
import Testing

/// Lookahead and SAM around other optimizers, with gradients taken by the library.
@Suite struct WrapperTests {
  /// The fixtures' objective c · w² / 2 + g · w, whose gradient is c · w + g, with g of one step after the other.
  private func run(_ optimizer: any Optimizer, _ json: JSONValue) throws -> (
    state: OptimizerState, faults: [String], greatest: Double
  ) {
    let inputs = Fixture.inputs
    func tensors(_ values: [[Double]]) -> [String: Tensor] {
      var result: [String: Tensor] = [:]
      for index in inputs.names.indices { result[inputs.names[index]] = inputs.tensor(index, values[index], .float64) }
      return result
    }
    let start = tensors(inputs.initial)
    let curvatures = start.mapValues { ReferenceTests.curvature($0) }
    let slopes = start.mapValues { Variable(Tensor.zeros($0.shape, dtype: .float64), isTrainable: false) }
    let minimizer = try Minimizer(optimizer, startingAt: start) { p in
      inputs.names.map { ((0.5 * curvatures[$0]! * p[$0]! + slopes[$0]!.value) * p[$0]!).sum() }.reduce(Tensor(0.0)) { $0 + $1 }
    }
    var faults: [String] = []
    var greatest = 0.0
    for step in 1...50 {
      for (name, value) in tensors(inputs.gradients[step - 1]) { slopes[name]!.assign(value) }
      try minimizer.step()
      guard let expected = json["steps"]!["\(step)"] else { continue }
      for (index, name) in inputs.names.enumerated() {
        let all = minimizer.parameters[name]!.doubles
        let difference = relativeDifference(inputs.recorded[index].map { all[$0] }, expected[name]!.numbers)
        greatest = max(greatest, difference)
        if !(difference <= 1e-12) { faults.append("\(KerasFixtureTests.name(json)), step \(step), \(name): \(difference)") }
      }
    }
    // One function for each formula, whatever happens.
    #expect(minimizer.tracedCount <= optimizer.variantCount)
    return (minimizer.state, faults, greatest)
  }

  private func inner(_ json: JSONValue) throws -> any Optimizer {
    let config = json["wrapped"]!["config"]!
    let name = json["wrapped"]!["function"]!.string!.lowercased()
    let rate = (config["lr"] ?? config["learning_rate"])!.double!
    return name.hasSuffix("sgd")
      ? SGD(learningRate: rate, momentum: config["momentum"]?.double, convention: .torch)
      : Adam(learningRate: rate, convention: .torch)
  }

  @Test func lookahead() throws {
    var count = 0
    for fixture in ["published", "optax"] {
      for json in try Fixture.cases(fixture) where json["optimizer"]!.string!.lowercased() == "lookahead" {
        let config = json["config"]!
        let momentum: LookaheadMomentum =
          config["pullback_momentum"] == "pullback"
          ? .pullBack : config["pullback_momentum"] == "reset" || config["reset_state"] == true ? .reset : .keep
        let optimizer = Lookahead(
          try inner(json), syncPeriod: (config["k"] ?? config["sync_period"])?.int,
          alpha: (config["alpha"] ?? config["slow_step_size"])?.double, momentum: momentum)
        let result = try run(optimizer, json)
        #expect(result.faults.isEmpty, "\(result.faults.joined(separator: "\n"))")
        count += 1
      }
    }
    #expect(count == 7)
  }

  @Test func sam() throws {
    var count = 0
    for fixture in ["published", "optax"] {
      for json in try Fixture.cases(fixture) where json["optimizer"]!.string!.lowercased() == "sam" {
        let config = json["config"]!
        let epsilon = config["perturb_eps"]?.double ?? (fixture == "optax" ? 0 : nil)
        let optimizer = SAM(try inner(json), rho: config["rho"]?.double, epsilon: epsilon, adaptive: config["adaptive"]?.bool)
        let result = try run(optimizer, json)
        #expect(result.faults.isEmpty, "\(result.faults.joined(separator: "\n"))")
        count += 1
      }
    }
    #expect(count == 6)
  }

  @Test func `Gradients from elsewhere are refused`() throws {
    for optimizer in [SAM(), Lookahead(SAM()), Sophia(), LBFGS(), LossScaleOptimizer(SAM())] as [any Optimizer] {
      let error = try #require(throws: DescentError.self) { try Stepper(optimizer, parameters: [[1.0]]) }
      #expect(error.kind == .invalidArgument)
    }
  }

  /// A wrapper with a wrapped one that has formulas and shared numbers of its own.
  @Test func nesting() throws {
    let optimizer = Lookahead(Cautious(Prodigy(d0: 0.01)), syncPeriod: 2)
    let plain = try FixtureRun(Cautious(Prodigy(d0: 0.01)))
    let run = try FixtureRun(optimizer)
    try plain.advance()
    try run.advance()
    #expect(run.variables.map { $0.value.doubles } == plain.variables.map { $0.value.doubles })
    let start = Fixture.inputs.initial
    try plain.advance()
    try run.advance()
    for (index, (a, b)) in zip(run.variables, plain.variables).enumerated() {
      let half = zip(start[index], b.value.doubles).map { ($0 + $1) / 2 }
      #expect(relativeDifference(a.value.doubles, half) < 1e-14)
    }
  }

  /// Where the gradient's sign agrees with the step nothing is masked but for the paper's one more element in the divisor.
  @Test func `Cautious mask of one sign`() throws {
    var parameters = [[1.0, 2.0, 3.0]]
    let stepper = try Stepper(Cautious(SGD(learningRate: 0.5, momentum: 0.5), scaling: .plusOne), parameters: parameters)
    try stepper.update(&parameters, gradients: [[1.0, -1.0, 2.0]])
    #expect(parameters == [[1 - 0.5 * 0.75, 2 + 0.5 * 0.75, 3 - 1.0 * 0.75]])
    // The velocity is now against the second gradient's first element: 0.25 − 0.1 goes the other way.
    try stepper.update(&parameters, gradients: [[-0.25, -1.0, 2.0]])
    #expect(parameters[0][0] == 1 - 0.5 * 0.75)
  }

  /// What cannot be told apart, or would only be looked for outermost.
  @Test(arguments: [
    (Lookahead(Lookahead(Adam())) as any Optimizer, "Lookahead: two of its slots are called 'slowWeights', and could not be told apart"),
    (Lookahead(AdEMAMix(), momentum: .pullBack), "Lookahead: two of its slots are called 'slowMomentum', and could not be told apart"),
    (Lookahead(LossScaleOptimizer(Adam())), "Lookahead: a LossScaleOptimizer cannot be inside it; put it around the whole"),
    (SAM(MultiOptimizer()), "SAM: a MultiOptimizer cannot be inside it; put one around each of its optimizers"),
    (LossScaleOptimizer(Cautious(MultiOptimizer())), "LossScaleOptimizer: inner_optimizer: Cautious: a MultiOptimizer cannot be inside it; put one around each of its optimizers"),
  ])
  func `refuses what it cannot be around`(optimizer: any Optimizer, message: String) {
    #expect(throws: DescentError(.invalidArgument, message)) { try optimizer.validate() }
    #expect(throws: DescentError(.invalidArgument, message)) { try Minimizer(optimizer, startingAt: [[1.0, 2.0]]) { p in p[0].sum() } }
  }

  @Test func `settings that a wrapper has not are those of the optimizer inside`() throws {
    let tried = try OptimizerRegistry.setting(
      [("learning_rate", 0.25), ("rho", 0.125), ("momentum", "reset")], in: Lookahead(SAM(SGD(momentum: 0.5)), syncPeriod: 3)) as? Lookahead
    let sam = tried?.innerOptimizer as? SAM
    #expect(tried?.syncPeriod == 3)
    #expect(tried?.options.learningRate(step: 0) == 0.25)
    #expect(sam?.rho == 0.125)
    // The wrapper's own setting of that name.
    #expect(tried?.momentum == .reset && (sam?.innerOptimizer as? SGD)?.momentum == 0.5)
  }
}
