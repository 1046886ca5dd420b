import Optimizers
import Testing

/// Five steps of a vector and a matrix against Keras 3.15.1 and the original Keras 2.2.4, in float64.
@Suite struct GoldenTests {
  let golden: JSONValue

  init() throws { golden = try Fixture.load("golden-optimizers") }

  /// The parameters after each step.
  func run(_ optimizer: any Optimizer) throws -> [[Double]] {
    let meta = golden["_meta"]!
    func tensors(_ value: JSONValue) -> [String: Tensor] {
      [
        "b": Tensor(value[0]!.numbers), "kernel": Tensor(shape: [3, 2], scalars: value[1]!.numbers),
      ]
    }
    let stepper = try Stepper(optimizer, parameters: tensors(meta["params"]!))
    return try meta["grads"]!.array!.map { gradients in
      try stepper.update(gradients: tensors(gradients))
      return stepper.parameters["b"]!.doubles + stepper.parameters["kernel"]!.doubles
    }
  }

  /// The golden values are printed to 12 digits.
  func check(_ key: String, _ name: String, _ optimizer: any Optimizer, tolerance: Double = 2e-11) throws {
    let expected = try #require(golden[key]?[name], "\(name)").array!.map(\.numbers)
    for (step, (found, wanted)) in zip(try run(optimizer), expected).enumerated() {
      let difference = relativeDifference(found, wanted)
      #expect(difference < tolerance, "\(key) \(name), step \(step + 1): \(difference)")
    }
  }

  @Test func keras3() throws {
    let key = "keras-3.15.1"
    let time = InverseTimeDecay(initialLearningRate: 0.01, decaySteps: 1, decayRate: 0.1)
    let optimizers: [String: any Optimizer] = [
      "SGD()": SGD(),
      "SGD(momentum=0.9,nesterov=True)": SGD(momentum: 0.9, nesterov: true),
      "RMSprop(momentum=0.9)": RMSprop(momentum: 0.9),
      "RMSprop(centered=True,momentum=0.9)": RMSprop(momentum: 0.9, centered: true),
      "Adagrad()": Adagrad(),
      "Adadelta()": Adadelta(),
      "Adam()": Adam(),
      "Adam(0.1,beta_2=0.5,amsgrad=True)": Adam(learningRate: 0.1, beta2: 0.5, amsgrad: true),
      "Adamax()": Adamax(),
      "AdamW()": AdamW(),
      "Adafactor(0.1,relative_step=False,clip_threshold=0.5)": Adafactor(learningRate: 0.1, clipThreshold: 0.5),
      "Ftrl(0.1,l1=0.01,l2=0.02,l2_shrinkage=0.03,beta=0.5)": Ftrl(
        learningRate: 0.1, l1RegularizationStrength: 0.01, l2RegularizationStrength: 0.02,
        l2ShrinkageRegularizationStrength: 0.03, beta: 0.5),
      "Lion(weight_decay=0.1)": Lion().with { $0.weightDecay = 0.1 },
      "Muon()": Muon(),
      "ScheduleFreeAdamW()": ScheduleFreeAdamW(),
      "SGD(1.0,clipnorm=1.0)": SGD(learningRate: 1).with { $0.clipnorm = 1 },
      "SGD(1.0,clipvalue=0.3)": SGD(learningRate: 1).with { $0.clipvalue = 0.3 },
      "Adam(0.01,weight_decay=0.1,global_clipnorm=1.0)": Adam(learningRate: 0.01).with { $0.weightDecay = 0.1; $0.globalClipnorm = 1 },
      "Adam(0.1,gradient_accumulation_steps=2)": Adam(learningRate: 0.1).with { $0.gradientAccumulationSteps = 2 },
      "SGD(InverseTimeDecay(0.01,1,0.1),momentum=0.9)": SGD(learningRate: time, momentum: 0.9),
    ]
    #expect(Set(optimizers.keys) == Set(golden[key]!.object!.keys))
    // The golden run computed some scalars of these two in float32: √max(rows, columns); powers of the step.
    let tolerances = ["Muon()": 1e-9, "Adafactor(0.1,relative_step=False,clip_threshold=0.5)": 1e-6]
    for (name, optimizer) in optimizers { try check(key, name, optimizer, tolerance: tolerances[name] ?? 2e-11) }
  }

  @Test func keras2() throws {
    let key = "keras-2.2.4"
    let optimizers: [String: any Optimizer] = [
      "SGD()": SGD(convention: .keras2),
      "SGD(momentum=0.9,nesterov=True)": SGD(momentum: 0.9, nesterov: true, convention: .keras2),
      "RMSprop()": RMSprop(convention: .keras2),
      "Adagrad()": Adagrad(convention: .keras2),
      "Adadelta()": Adadelta(convention: .keras2),
      "Adam()": Adam(convention: .keras2),
      "Adam(decay=0.5)": Adam(convention: .keras2).with { $0.decay = 0.5 },
      "Adam(lr=0.1,beta_2=0.5,amsgrad=True)": Adam(learningRate: 0.1, beta2: 0.5, amsgrad: true, convention: .keras2),
      "Adamax(decay=0.1)": Adamax(convention: .keras2).with { $0.decay = 0.1 },
      "Nadam(schedule_decay=1.0)": Nadam(scheduleDecay: 1, convention: .keras2),
      "SGD(lr=1,clipvalue=0.3)": SGD(learningRate: 1, convention: .keras2).with { $0.clipvalue = 0.3 },
      "RMSprop(lr=0.1,epsilon=0.5)": RMSprop(learningRate: 0.1, epsilon: 0.5, convention: .keras2),
      "Adadelta(lr=1,epsilon=0.5)": Adadelta(learningRate: 1, epsilon: 0.5, convention: .keras2),
    ]
    #expect(Set(optimizers.keys) == Set(golden[key]!.object!.keys))
    for (name, optimizer) in optimizers { try check(key, name, optimizer) }
  }

  @Test func schedules() throws {
    let key = "keras-3.15.1-schedules"
    let steps = golden[key]!["steps"]!.array!.map { $0.int! }
    let schedules: [String: any LearningRateSchedule] = [
      "ExponentialDecay(0.1,10,0.5,staircase=True)": ExponentialDecay(
        initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5, staircase: true),
      "PolynomialDecay(0.1,100)": PolynomialDecay(initialLearningRate: 0.1, decaySteps: 100),
      "PolynomialDecay(0.1,20,0.01,power=2.0,cycle=True)": PolynomialDecay(
        initialLearningRate: 0.1, decaySteps: 20, endLearningRate: 0.01, power: 2, cycle: true),
      "InverseTimeDecay(0.1,10,0.5,staircase=True)": InverseTimeDecay(
        initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5, staircase: true),
      "CosineDecay(0.1,100,alpha=0.1)": CosineDecay(initialLearningRate: 0.1, decaySteps: 100, alpha: 0.1),
      "CosineDecayRestarts(0.1,10)": CosineDecayRestarts(initialLearningRate: 0.1, firstDecaySteps: 10),
    ]
    #expect(Set(schedules.keys).union(["steps"]) == Set(golden[key]!.object!.keys))
    for (name, schedule) in schedules {
      for (step, wanted) in zip(steps, golden[key]![name]!.numbers) {
        // Keras computes schedules in float32.
        #expect(abs(schedule(step: step) - wanted) <= 1e-6 * wanted + 1e-9, "\(name) at \(step)")
      }
    }
  }
}
