import Descent
import DescentTestSupport
import Testing

struct ActivationFixtureTests {
  static func activation(_ entry: JSONValue) throws -> ActivationFunction {
    let name = try #require(entry["activation"])
    let config = try #require(entry["config"])
    if name == "threshold" {
      let threshold = try #require(config["threshold"]?.double)
      return .threshold(threshold, default: try #require(config["default_value"]?.double))
    }
    return try ActivationFunction(json: ["class_name": name, "config": config])
  }

  @Test func `Values and derivatives are Keras`() throws {
    let fixture = try Fixture("activations")
    let points = try Fixture.numbers(fixture.json["points"])
    for entry in fixture.cases {
      let function = try Self.activation(entry)
      let name = "\(entry["activation"]!) \(entry["config"]!)"
      let x = Tensor(points)
      expectClose(function(x), try Fixture.numbers(entry["values"]), name)
      let (_, gradients) = valueAndGradients(at: [x]) { function($0[0]).sum() }
      var derivatives = gradients[0].doubles
      var expected = try Fixture.numbers(entry["derivatives"])
      // Where the function has a corner, either side's derivative will do.
      let kinks = try Fixture.numbers(entry["kinks"])
      for index in points.indices where kinks.contains(points[index]) { (derivatives[index], expected[index]) = (0, 0) }
      expectClose(derivatives, expected, "\(name): derivative")
      #expect(gradients[0].doubles.allSatisfy { $0.isFinite }, "\(name)")
    }
  }

  @Test func `Values along axes are Keras`() throws {
    let fixture = try Fixture("activations")
    let x = try Fixture.tensor(fixture.json["row_input"])
    let rows = try #require(fixture.json["rows"]?.array)
    #expect(rows.count > 5)
    for entry in rows {
      let function = try Self.activation(entry)
      let name = "\(entry["activation"]!) \(entry["config"]!)"
      let shape = try #require(entry["shape"]?.array).compactMap(\.int)
      let cotangent = Tensor(shape: shape, scalars: try Fixture.numbers(entry["cotangent"]))
      let (_, gradients) = valueAndGradients(at: [x]) { (function($0[0]) * cotangent).sum() }
      var values = try Fixture.numbers(entry["values"])
      var expected = try Fixture.numbers(entry["gradient"])
      if entry["activation"] == "sparsemax" {
        // Of a row of which more than one element is kept Keras takes another threshold, and the row does not sum to 1. The last row lies on a corner.
        for index in 4..<8 { (values[index], expected[index]) = (.nan, .nan) }
        for index in 12..<16 { expected[index] = .nan }
      }
      expectClose(function(x), values, name)
      expectClose(gradients[0], expected, "\(name): gradient")
    }
  }
}

struct ActivationTests {
  static let smooth: [ActivationFunction] = [
    .sigmoid, .logSigmoid, .tanh, .softsign, .silu, .gelu, .gelu(approximate: true), .mish, .tanhShrink, .exponential, .softplus,
    .squareplus, .squareplus(b: 0.5), .elu, .elu(alpha: 0.3), .celu(alpha: 0.7), .selu, .leakyReLU, .relu(negativeSlope: 0.1),
    .hardSilu, .sparsePlus, .softmax, .softmax(axis: 0), .logSoftmax, .glu, .sparsemax,
  ]

  @Test(arguments: smooth) func `Derivatives match differences`(_ function: ActivationFunction) {
    let x = Tensor(shape: [2, 4], scalars: [0.5, -1.3, 2.1, 0.23, -0.7, 1.6, -2.4, 0.9])
    expectDerivativesMatchDifferences(at: x, tolerance: 1e-6, function.description) { function($0) }
  }

  @Test func `Two names of one function give the one that Keras keeps`() throws {
    #expect(try ActivationFunction(named: "swish").name == "silu")
    #expect(try ActivationFunction(named: "hard_swish").name == "hard_silu")
  }

  @Test func `Literals are values or carry their error`() throws {
    let relu: ActivationFunction = "relu"
    #expect(relu(Tensor([-1.0, 2])).doubles == [0, 2])
    let unknown: ActivationFunction = "rleu"
    let error = try #require(throws: DescentError.self) { try unknown.validated() }
    #expect(error.kind == .invalidArgument)
    #expect(error.message.contains("unknown activation 'rleu'"))
    #expect(error.message.contains("did you mean 'relu'?"))
    #expect(!error.message.contains("softmax"), "with a near name the list is left out")
  }

  @Test func `Settings out of range are refused`() {
    for bad in [
      ActivationFunction.relu(maxValue: -1), .leakyReLU(negativeSlope: .nan), .celu(alpha: 0), .squareplus(b: 0),
      .hardShrink(threshold: -1),
    ] {
      #expect(throws: DescentError.self) { try bad.validated() }
    }
  }

  @Test func `JSON is that of Keras`() throws {
    #expect(try ActivationFunction.relu.json() == "relu")
    #expect(try ActivationFunction.hardSilu.json() == "hard_silu")
    // What Keras writes for `Dense(…, activation=LeakyReLU(0.1))`.
    let layer: JSONValue = [
      "module": "keras.layers", "class_name": "LeakyReLU",
      "config": ["name": "leaky_re_lu", "trainable": true, "dtype": "float32", "negative_slope": 0.1],
      "registered_name": nil,
    ]
    let leaky = try ActivationFunction(json: layer)
    #expect(leaky.config == ["negative_slope": 0.1])
    let written = try leaky.json()
    #expect(written["class_name"] == "LeakyReLU")
    #expect(written["module"] == "keras.layers")
    #expect(written["config"]?["negative_slope"] == 0.1)
    // The layer's default is not the function's.
    #expect(try ActivationFunction(json: ["class_name": "LeakyReLU", "config": [:]]).config == ["negative_slope": 0.3])
    for function in ActivationTests.smooth {
      #expect(try ActivationFunction(json: function.json()).json() == function.json())
    }
    let error = #expect(throws: DescentError.self) {
      try ActivationFunction(json: ["class_name": "elu", "config": ["alhpa": 1]])
    }
    #expect(error?.message.contains("did you mean 'alpha'?") == true)
    #expect(throws: DescentError.self) { try ActivationFunction.custom { $0 }.json() }
  }

  @Test func `Logits are known for sigmoid and softmax over the last axis`() {
    let x = Tensor.zeros([2, 3])
    #expect(Logits(x, before: ActivationFunction.sigmoid)?.activation == .sigmoid)
    #expect(Logits(x, before: ActivationFunction.softmax)?.activation == .softmax)
    #expect(Logits(x, before: ActivationFunction.softmax(axis: 1))?.activation == .softmax)
    #expect(Logits(x, before: ActivationFunction.softmax(axis: 0)) == nil)
    #expect(Logits(x, before: ActivationFunction.relu) == nil)
  }

  @Test func `Sparsemax of ties is uniform`() {
    expectClose(ActivationFunction.sparsemax(Tensor([[1.0, 1, 1, 1]])), [0.25, 0.25, 0.25, 0.25])
    expectClose(ActivationFunction.sparsemax(Tensor([[0.5, 0.4, -3.0]])), [0.55, 0.45, 0])
  }
}
