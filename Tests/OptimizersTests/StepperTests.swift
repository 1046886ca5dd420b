import Foundation
import Optimizers
import Testing

/// Variables stepped where they are, outside and inside of compiled functions.
@Suite struct StepperTests {
  private static let schedule = ExponentialDecay(initialLearningRate: 0.1, decaySteps: 3, decayRate: 0.5)

  /// What may be around an optimizer; each in turn.
  private static let optimizers: [(name: String, optimizer: any Optimizer)] = [
    ("plain", SGD(learningRate: 0.1)), ("slots", Adam(learningRate: 0.1, amsgrad: true)),
    ("averages", Adam(learningRate: 0.1).with { $0.useEMA = true; $0.emaMomentum = 0.5; $0.emaOverwriteFrequency = 3 }),
    ("accumulation", SGD(learningRate: 0.1, momentum: 0.9).with { $0.gradientAccumulationSteps = 3 }),
    ("clipping", Adam(learningRate: 0.1).with { $0.globalClipnorm = 0.5 }), ("schedule", SGD(learningRate: schedule)),
    ("decay", AdamW(learningRate: 0.1)), ("fixed loss scale", SGD(learningRate: 0.1).with { $0.lossScaleFactor = 64 }),
    ("loss scale", LossScaleOptimizer(Adam(learningRate: 0.1), dynamicGrowthSteps: 2)),
    ("skipping", Adam(learningRate: 0.1).with { $0.nonFinite = .skip }), ("variants", SOAP(learningRate: 0.01)),
    ("several", MultiOptimizer(default: SGD(learningRate: 0.1), [(.name("b"), Adam().with { $0.gradientAccumulationSteps = 2 })])),
    ("sharpness", SAM(SGD(learningRate: 0.1))),
  ]

  private static func variables() -> [Variable] {
    [
      Variable(Tensor(shape: [3, 2], scalars: [0.5, -1, 0.25, 2, 1, -0.5]), name: "w"),
      Variable(Tensor([0.0, 1.0]), name: "b"),
    ]
  }

  private static func loss(_ variables: [Tensor], _ x: Tensor) -> Tensor {
    square(matmul(x, variables[0]) + variables[1] - 1).mean()
  }

  private static var batches: [Tensor] { (0..<7).map { (batch: Int) -> Tensor in
    let numbers = (0..<12).map { (place: Int) -> Double in
      let number: Int = (place * 7 + batch * 5) % 11
      return Double(number - 5) / 4
    }
    return Tensor(shape: [4, 3], scalars: numbers)
  } }

  /// Bit for bit what a minimizer does, whose function and update are one plan by design.
  @Test(arguments: StepperTests.optimizers.indices)
  func `a step inside a compiled function is that of a minimizer`(index: Int) throws {
    let (name, optimizer) = StepperTests.optimizers[index]
    let batch = Variable(StepperTests.batches[0], name: "x", isTrainable: false)
    let minimizer = try Minimizer(optimizer, startingAt: ["w": StepperTests.variables()[0].value, "b": StepperTests.variables()[1].value]) {
      StepperTests.loss([$0["w"]!, $0["b"]!], batch.value)
    }
    let variables = StepperTests.variables()
    // As a dictionary's parameters come.
    let stepper = try Stepper(optimizer, variables: [variables[1], variables[0]])
    let step = ThrowingCompiledFunction { x in
      let loss = StepperTests.loss(variables.map(\.value), x[0])
      try stepper.update(gradients: gradients(of: stepper.scaled(loss: loss), withRespectTo: stepper.variables))
      return [loss]
    }
    for (number, x) in StepperTests.batches.enumerated() {
      batch.assign(x)
      let expected = try minimizer.step()
      #expect(try step.call([x])[0].item() == expected, "\(name), step \(number)")
      if number == 4 {
        minimizer.state.learningRate = 0.03
        stepper.state.learningRate = 0.03
      }
    }
    #expect(variables[0].value.doubles == minimizer.parameters["w"]!.doubles)
    #expect(variables[1].value.doubles == minimizer.parameters["b"]!.doubles)
    #expect(stepper.state.checkpoint().mapValues(\.doubles) == minimizer.state.checkpoint().mapValues(\.doubles))
    #expect(step.planCount == minimizer.tracedCount)
  }

  @Test(arguments: StepperTests.optimizers.indices)
  func `a step outside of a compiled function is that inside`(index: Int) throws {
    let (name, optimizer) = StepperTests.optimizers[index]
    let (inside, outside) = (StepperTests.variables(), StepperTests.variables())
    let (a, b) = (try Stepper(optimizer, variables: inside), try Stepper(optimizer, variables: outside))
    let gradient = ThrowingCompiledFunction { x in
      gradients(of: b.scaled(loss: StepperTests.loss(outside.map(\.value), x[0])), withRespectTo: outside)
    }
    let step = ThrowingCompiledFunction { x in
      let loss = StepperTests.loss(inside.map(\.value), x[0])
      try a.update(gradients: gradients(of: a.scaled(loss: loss), withRespectTo: inside))
      return []
    }
    for x in StepperTests.batches {
      if name == "sharpness" {
        // It wants more than the gradient's value.
        let error = try #require(throws: DescentError.self) { try b.update(gradients: gradient.call([x])) }
        #expect(error.message.contains("SAM"))
        return
      }
      _ = try step.call([x])
      try b.update(gradients: gradient.call([x]))
    }
    for (a, b) in zip(inside, outside) {
      #expect(zip(a.value.doubles, b.value.doubles).allSatisfy { abs($0 - $1) <= 1e-14 }, "\(name)")
    }
    #expect(a.state.iterations == b.state.iterations)
  }

  @Test func `a restored state goes on with the same bits`() throws {
    let optimizer = Adam(learningRate: StepperTests.schedule).with { $0.useEMA = true; $0.gradientAccumulationSteps = 2 }
    func run(_ count: Range<Int>, _ stepper: Stepper<[Tensor]>, _ variables: [Variable]) throws {
      let step = ThrowingCompiledFunction { x in
        let loss = StepperTests.loss(variables.map(\.value), x[0])
        try stepper.update(gradients: gradients(of: loss, withRespectTo: variables))
        return []
      }
      for index in count { _ = try step.call([StepperTests.batches[index]]) }
    }
    let whole = StepperTests.variables()
    try run(0..<7, Stepper(optimizer, variables: whole), whole)
    let parts = StepperTests.variables()
    let first = try Stepper(optimizer, variables: parts)
    try run(0..<3, first, parts)
    let second = try Stepper(optimizer, variables: parts)
    try second.state.restore(first.state.checkpoint())
    try run(3..<7, second, parts)
    #expect(parts.map(\.value.doubles) == whole.map(\.value.doubles))
  }

  @Test func `two steppers and two shapes of batches in one function`() throws {
    let variables = StepperTests.variables()
    let (first, second) = (try Stepper(SGD(learningRate: 0.5), variables: [variables[0]]), try Stepper(SGD(learningRate: 0.25), variables: [variables[1]]))
    let step = ThrowingCompiledFunction { _ in
      let sum = variables[0].value.sum() + variables[1].value.sum()
      try first.update(gradients: gradients(of: sum, withRespectTo: first.variables))
      try second.update(gradients: gradients(of: sum, withRespectTo: second.variables))
      return []
    }
    for rows in [4, 2, 4] { _ = try step.call([Tensor.ones([rows, 3])]) }
    #expect(variables[0].value.doubles == [0.5, -1, 0.25, 2, 1, -0.5].map { $0 - 1.5 })
    #expect(variables[1].value.doubles == [-0.75, 0.25])
    #expect(first.state.iterations == 3 && second.state.iterations == 3)
  }

  @Test func `a compiled closure that throws makes a function that throws and another does not`() throws {
    let variables = StepperTests.variables()
    let stepper = try Stepper(SGD(learningRate: 0.1).with { $0.nonFinite = .stop }, variables: variables)
    let step = compile { x in
      let loss = StepperTests.loss(variables.map(\.value), x)
      try stepper.update(gradients: gradients(of: loss, withRespectTo: stepper.variables))
      return loss
    }
    let losses = try (0..<3).map { _ in try step(StepperTests.batches[0]).item() }
    #expect(losses[0] > losses[1] && losses[1] > losses[2])
    #expect(throws: DescentError.self) { try step(StepperTests.batches[0] * Double.infinity) }

    let weighted = compile { x, y in
      let sum = x + y
      try stepper.update(gradients: gradients(of: (variables[0].value * sum).sum(), withRespectTo: stepper.variables))
      return sum
    }
    #expect(try weighted(Tensor.ones([3, 2], dtype: .float64), Tensor.ones([3, 2], dtype: .float64)).sum().item() == 12)

    let plain = compile { x, y in
      let sum = x + y
      return sum * 2
    }
    #expect(plain(Tensor([1.0]), Tensor([2.0])).item() == 6)
  }

  @Test func `a frozen variable stays and its plan is another`() throws {
    let variables = StepperTests.variables()
    let stepper = try Stepper(SGD(learningRate: 0.5, momentum: 0.5), variables: variables)
    let step = ThrowingCompiledFunction { _ in
      let sum = variables[0].value.sum() + variables[1].value.sum()
      try stepper.update(gradients: gradients(of: sum, withRespectTo: variables))
      return []
    }
    _ = try step.call([])
    variables[1].isTrainable = false
    _ = try step.call([])
    variables[1].isTrainable = true
    _ = try step.call([])
    #expect(variables[1].value.doubles == [0 - 0.5 - 0.75, 1 - 0.5 - 0.75])
    #expect(variables[0].value.doubles[0] == 0.5 - 0.5 - 0.75 - 0.875)
    #expect(step.planCount == 2)
  }

  @Test func `a gradient that is not finite stops the function`() throws {
    let variables = StepperTests.variables()
    let stepper = try Stepper(SGD(learningRate: 0.5).with { $0.nonFinite = .stop }, variables: variables)
    let step = ThrowingCompiledFunction { x in
      let loss = StepperTests.loss(variables.map(\.value), x[0])
      try stepper.update(gradients: gradients(of: loss, withRespectTo: variables))
      return []
    }
    let before = variables.map(\.value.doubles)
    let error = try #require(throws: DescentError.self) { try step.call([StepperTests.batches[0] * Double.nan]) }
    #expect(error.message == "step 1: the gradient of w, b is not finite; nothing was changed")
    #expect(variables.map(\.value.doubles) == before)
    #expect(stepper.state.iterations == 0)
  }

  @Test func `what does not fit is refused`() throws {
    let variables = StepperTests.variables()
    let stepper = try Stepper(SGD().with { $0.nonFinite = .skip }, variables: variables)
    let few = try #require(throws: DescentError.self) { try stepper.update(gradients: [variables[0].value]) }
    #expect(few.message == "1 gradients were given for 2 parameters: w, b")
    let shape = try #require(throws: DescentError.self) { try stepper.update(gradients: [variables[1].value, variables[1].value]) }
    #expect(shape.message == "gradient w is float64 [2]; expected float64 [3, 2]")
    let twice = ThrowingCompiledFunction { _ in
      let sum = variables[0].value.sum() + variables[1].value.sum()
      for _ in 0..<2 { try stepper.update(gradients: gradients(of: sum, withRespectTo: variables)) }
      return []
    }
    let error = try #require(throws: DescentError.self) { try twice.call([]) }
    #expect(error.message.contains("called twice"))
    #expect(stepper.state.iterations == 0)
  }

  @Test func `threads take turns`() throws {
    let variables = StepperTests.variables()
    let start = variables.map(\.value.doubles)
    nonisolated(unsafe) let stepper = try Stepper(SGD(learningRate: 0.25), variables: variables)
    let ones = variables.map { Tensor.ones($0.shape, dtype: $0.dtype) }
    nonisolated(unsafe) let shared = stepper
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<25 { try! shared.update(gradients: ones) }
    }
    #expect(stepper.state.iterations == 100)
    #expect(zip(variables.flatMap(\.value.doubles), start.flatMap { $0 }).allSatisfy { abs($0 - $1 + 25) < 1e-9 })
  }

  /// A critic's steps between two of a generator's: each has the rate, the number and the phase that it would have in a run of its own.
  @Test(arguments: StepperTests.optimizers.indices)
  func `several steps in one function are those of as many runs`(index: Int) throws {
    let (name, optimizer) = StepperTests.optimizers[index]
    func made(_ count: Int) throws -> (variables: [Variable], stepper: Stepper<[Tensor]>, step: ThrowingCompiledFunction) {
      let variables = StepperTests.variables()
      let stepper = try Stepper(optimizer, variables: variables)
      let step = ThrowingCompiledFunction { x in
        try (0..<count).map { _ in
          let loss = StepperTests.loss(variables.map(\.value), x[0])
          try stepper.update(gradients: gradients(of: stepper.scaled(loss: loss), withRespectTo: stepper.variables))
          return loss
        }
      }
      return (variables, stepper, step)
    }
    let one = try made(1), three = try made(3)
    if ["loss scale", "skipping"].contains(name) {
      // Whether a step is one is known when it has run.
      let error = try #require(throws: DescentError.self) { try three.step.call([StepperTests.batches[0]]) }
      #expect(error.message.contains("Stepper.update is called twice in one compiled function; with this optimizer one step a run is possible"))
      return
    }
    for (number, x) in StepperTests.batches.enumerated() {
      let expected = try (0..<3).map { _ in try one.step.call([x])[0].item() as Double }
      #expect(relativeDifference(stack(try three.step.call([x])).doubles, expected) < 1e-13, "\(name), step \(number)")
      if number == 4 {
        one.stepper.state.learningRate = 0.03
        three.stepper.state.learningRate = 0.03
      }
    }
    for (a, b) in zip(three.variables, one.variables) { #expect(relativeDifference(a.value.doubles, b.value.doubles) < 1e-13, "\(name)") }
    let (found, expected) = (three.stepper.state.checkpoint(), one.stepper.state.checkpoint())
    #expect(Set(found.keys) == Set(expected.keys))
    for (key, value) in expected { #expect(relativeDifference(try #require(found[key]).doubles, value.doubles) < 1e-12, "\(name) \(key)") }
    #expect(three.stepper.state.iterations == one.stepper.state.iterations)
  }

  /// More than a function keeps plans of.
  @Test func `steps are counted on batches of many sizes`() throws {
    let w = Variable(Tensor([0.0]), name: "w")
    let stepper = try Stepper(SGD(learningRate: InverseTimeDecay(initialLearningRate: 1, decaySteps: 1, decayRate: 1)), variables: [w])
    let step = ThrowingCompiledFunction { x in
      try stepper.update(gradients: [x[0].sum().reshaped([1])])
      return []
    }
    var expected = 0.0
    for number in 0..<160 {
      let count = number % 80 + 1
      _ = try step.call([Tensor.ones([count], dtype: .float64)])
      expected -= Double(count) / Double(number + 1)
    }
    #expect(stepper.state.iterations == 160)
    #expect(relativeDifference(w.value.doubles, [expected]) < 1e-12)
  }
}
