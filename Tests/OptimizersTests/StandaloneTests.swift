import Optimizers
import Testing

@Suite struct StandaloneTests {
  @Test func `Steps cannot be fewer than none`() throws {
    let error = #expect(throws: DescentError.self) {
      _ = try minimize([[1.0]], with: SGD(learningRate: 0.1), steps: -1) { p in square(p[0]).sum() }
    }
    #expect(error?.message == "Minimizer.minimize: steps is -1; it must be at least 0")
    #expect(try minimize([[1.0]], with: SGD(learningRate: 0.1), steps: 0) { p in square(p[0]).sum() } == [[1.0]])
  }

  @Test func `Plain arrays and tensors`() throws {
    var floats: [String: [Float]] = ["w": [1, 2], "b": [3]]
    let stepper = try Stepper(SGD(learningRate: 0.5), parameters: floats)
    try stepper.update(&floats, gradients: ["w": [2, -2], "b": [1]])
    #expect(floats == ["w": [0, 3], "b": [2.5]])
    // The values given count, wherever they come from.
    floats["b"] = [8]
    try stepper.update(&floats, gradients: ["w": [0, 0], "b": [2]])
    #expect(floats == ["w": [0, 3], "b": [7]])
    #expect(stepper.parameters == floats)

    let matrix = try Stepper(Muon(), parameters: Tensor(shape: [2, 2], scalars: [1.0, 0, 0, 1]))
    try matrix.update(gradients: Tensor(shape: [2, 2], scalars: [1.0, 2, 3, 4]))
    #expect(matrix.parameters.shape == [2, 2])
  }

  @Test func `Misfits are refused`() throws {
    let stepper = try Stepper(SGD(), parameters: ["w": [1.0, 2.0]])
    func message(_ gradients: [String: [Double]]) throws -> String {
      try #require(throws: DescentError.self) { try stepper.update(gradients: gradients) }.message
    }
    #expect(try message(["w": [1]]).contains("gradient w is float64 [1]; expected float64 [2]"))
    #expect(try message(["v": [1, 2]]).contains("made for [\"w\"]"))
    #expect(stepper.state.iterations == 0)
    #expect(throws: DescentError.self) { try Stepper(SGD(), parameters: [Tensor([Int32(1)])]) }
  }

  @Test func minimizing() throws {
    let end = try minimize(["x": [-7.0, 2.0]], with: SGD(learningRate: 0.1, momentum: 0.9), steps: 300) { p in
      let x = p["x"]!
      return (x * x * Tensor([0.05, 1])).sum()
    }
    #expect(end["x"]!.allSatisfy { abs($0) < 1e-3 })

    let minimizer = try Minimizer(Adam(learningRate: 0.1), startingAt: Tensor([3.0])) { ($0 * $0).sum() }
    let losses = try minimizer.minimize(steps: 20)
    #expect(losses[0] == 9)
    #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 > $1 })
    #expect(minimizer.tracedCount == 1)
  }

  /// The textbook's five, beside plain loops written from the formulas.
  @Test func textbook() throws {
    let starts = ["W1": [0.5, -1.25, 2], "b1": [0.0, 0.75]]
    func gradient(_ step: Int) -> [String: [Double]] {
      ["W1": (0..<3).map { Double((7 * step + 5 * $0) % 11 - 5) / 4 }, "b1": (0..<2).map { Double((3 * step + 4 * $0) % 7 - 3) / 8 }]
    }
    /// Runs an optimizer beside a loop over elements: (w, g, first slot, second slot, step number).
    func compare(
      _ name: String, _ optimizer: any Optimizer, _ loop: (inout Double, Double, inout Double, inout Double, Double) -> Void
    ) throws {
      var params = starts, expected = starts
      var first = starts.mapValues { $0.map { _ in 0.0 } }, second = first
      let stepper = try Stepper(optimizer, parameters: params)
      for step in 1...100 {
        let grads = gradient(step)
        try stepper.update(&params, gradients: grads)
        for key in starts.keys {
          for i in starts[key]!.indices {
            loop(&expected[key]![i], grads[key]![i], &first[key]![i], &second[key]![i], Double(step))
          }
        }
      }
      for key in starts.keys {
        let difference = zip(params[key]!, expected[key]!).map { abs($0 - $1) / max(abs($1), 1e-3) }.max()!
        #expect(difference < 2e-13, "\(name), \(key): \(difference)")
      }
    }

    try compare("SGD", SGD(learningRate: 0.01, convention: .textbook)) { w, g, _, _, _ in w -= 0.01 * g }
    try compare("Momentum", SGD(learningRate: 0.01, momentum: 0.9, convention: .textbook)) { w, g, v, _, _ in
      v = 0.9 * v - 0.01 * g
      w += v
    }
    try compare("AdaGrad", Adagrad(convention: .textbook)) { w, g, h, _, _ in
      h += g * g
      w -= 0.01 * g / (h.squareRoot() + 1e-7)
    }
    try compare("RMSprop", RMSprop(convention: .textbook)) { w, g, h, _, _ in
      h = 0.99 * h + (1 - 0.99) * g * g
      w -= 0.01 * g / (h.squareRoot() + 1e-7)
    }
    try compare("Adam", Adam(convention: .textbook)) { w, g, m, v, t in
      func power(_ base: Double) -> Double { (0..<Int(t)).reduce(1.0) { product, _ in product * base } }
      let rate = 0.001 * (1 - power(0.999)).squareRoot() / (1 - power(0.9))
      m += (1 - 0.9) * (g - m)
      v += (1 - 0.999) * (g * g - v)
      w -= rate * m / (v.squareRoot() + 1e-7)
    }
  }

  @Test func `Evaluation at the average`() throws {
    let stepper = try Stepper(ScheduleFreeAdamW(learningRate: 0.1, evaluatesAverage: true), parameters: [[1.0]])
    for _ in 0..<3 { try stepper.update(gradients: [[1.0]]) }
    let training = stepper.parameters
    stepper.state.useEvaluationValues()
    // x is the mean of z after each step; z falls by 0.1 each time, for g is always 1.
    #expect(abs(stepper.parameters[0][0] - (0.9 + 0.8 + 0.7) / 3) < 1e-8)
    stepper.state.restoreTrainingValues()
    #expect(stepper.parameters == training)
  }

  @Test func `State sizes`() throws {
    let shapes = [[100, 200], [200]]
    func floats(_ optimizer: any Optimizer) throws -> Int {
      let variables = shapes.enumerated().map { Variable(Tensor.zeros($0.element), name: "v\($0.offset)") }
      return try OptimizerState(optimizer, variables: variables).byteCount / 4
    }
    #expect(try floats(SGD()) == 0)
    #expect(try floats(SGD(momentum: 0.9)) == 20200)
    #expect(try floats(Adam()) == 40400)
    #expect(try floats(Adam(amsgrad: true)) == 60600)
    // Keras keeps 20,500 here.
    #expect(try floats(Adafactor()) == 100 + 200 + 200)
    #expect(try floats(Adam().with { $0.useEMA = true; $0.gradientAccumulationSteps = 2 }) == 80800)
  }
}
