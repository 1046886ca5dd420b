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

  func check(_ key: String, _ name: String, _ optimizer: any Optimizer) throws {
    let expected = try #require(golden[key]?[name], "\(name)").array!.map(\.numbers)
    for (step, (found, wanted)) in zip(try run(optimizer), expected).enumerated() {
      let difference = relativeDifference(found, wanted)
      // The golden values are printed to 12 digits.
      #expect(difference < 2e-11, "\(key) \(name), step \(step + 1): \(difference)")
    }
  }

  @Test func keras3() throws {
    let key = "keras-3.15.1"
    try check(key, "SGD()", SGD())
    try check(key, "SGD(momentum=0.9,nesterov=True)", SGD(momentum: 0.9, nesterov: true))
    try check(key, "Adam()", Adam())
    try check(key, "Adam(0.1,beta_2=0.5,amsgrad=True)", Adam(learningRate: 0.1, beta2: 0.5, amsgrad: true))
    try check(key, "SGD(1.0,clipnorm=1.0)", SGD(learningRate: 1).with(clipnorm: 1))
    try check(key, "SGD(1.0,clipvalue=0.3)", SGD(learningRate: 1).with(clipvalue: 0.3))
    try check(
      key, "Adam(0.01,weight_decay=0.1,global_clipnorm=1.0)",
      Adam(learningRate: 0.01).with(weightDecay: 0.1, globalClipnorm: 1))
    try check(key, "Adam(0.1,gradient_accumulation_steps=2)", Adam(learningRate: 0.1).with(gradientAccumulationSteps: 2))
    try check(
      key, "SGD(InverseTimeDecay(0.01,1,0.1),momentum=0.9)",
      SGD(learningRate: InverseTimeDecay(initialLearningRate: 0.01, decaySteps: 1, decayRate: 0.1), momentum: 0.9))
  }
}
