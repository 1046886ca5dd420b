import KerasFiles
import TestSupport
import Testing

/// Kinds of losses, metrics, regularizers, constraints, initializers and activations of a program's own that have settings.
@Suite struct OwnSettingsTests {
  private static let registered: Result<Void, any Error> = Result {
    try Loss.register("WeightedMSE", package: "own", settings: ["factor": 1]) { settings in
      let factor = try settings.value("factor", .number(in: .positive))
      return .custom { target, prediction in square(target - prediction).mean(axis: -1) * factor }
    }
    try Metric.register("PowerError", package: "own", settings: ["power": 1]) { settings in
      let power = try settings.double("power")
      return .custom("power", direction: .down) { target, prediction in pow(abs(target - prediction), power).mean(axis: -1) }
    }
    try Regularizer.register("FourthPower", package: "own", settings: ["strength": 0.5]) { settings in
      let strength = try settings.double("strength")
      return .custom { pow($0, 4).sum() * strength }
    }
    try Constraint.register("AtLeast", package: "own", settings: ["least": 0]) { settings in
      let least = try settings.double("least")
      return .custom { maximum($0, Tensor(number: least)) }
    }
    try Initializer.register("Steps", package: "own", settings: ["step": 1, "is_falling": false]) { settings in
      let step = try settings.double("step") * (settings.bool("is_falling") ? -1 : 1)
      return .custom { shape, dtype, _ in
        (Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { Double($0) }) * step).cast(to: dtype)
      }
    }
    try ActivationFunction.register("Powered", package: "own", settings: ["power": 2]) { settings in
      let power = try settings.double("power")
      return .custom { pow($0, power) }
    }
  }

  /// Not by what it is called.
  @Test func `a loss says itself whether it is for classes`() throws {
    try Loss.register("RenamedCrossEntropy", settings: [:]) { _ in .custom { target, prediction in abs(target - prediction) } }
    #expect(try !Loss(named: "RenamedCrossEntropy").isForClasses)
    let known: Set = [
      "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
      "categorical_generalized_cross_entropy", "sparse_categorical_crossentropy", "crossentropy",
    ]
    #expect(Set(Loss.catalog.values.filter(\.isForClasses).map(\.name)) == known)
  }

  private func register() throws { try OwnSettingsTests.registered.get() }

  private func model() throws -> Sequential {
    let model = try Sequential(
      [
        Dense(
          3, activation: ActivationFunction(named: "Powered", settings: ["power": 3]),
          kernelInitializer: Initializer(named: "Steps", settings: ["step": 0.125, "is_falling": true]),
          kernelRegularizer: Regularizer(named: "FourthPower", settings: ["strength": 0.25]),
          kernelConstraint: Constraint(named: "AtLeast", settings: ["least": -0.5]), inputShape: [2]), Dense(1),
      ], seed: 1)
    try model.compile(
      optimizer: SGD(learningRate: 1e-5), loss: Loss(named: "WeightedMSE", settings: ["factor": 3]).reducing(by: .sum),
      metrics: [Metric(named: "PowerError", settings: ["power": 3]), Metric(named: "PowerError").named("plain")])
    return model
  }

  private let x = Tensor([[1, 2], [3, -1], [0.5, 0.25], [-2, 1]] as [[Float]]), y = Tensor([[1], [2], [3], [4]] as [[Float]])

  @Test func `a model of them is saved with their settings, read, cloned and trained on alike`() throws {
    try register()
    let folder = TemporaryFolder()
    let model = try model()
    try model.fit(x, y, epochs: 2, verbose: 0)
    try model.save(folder.file("own.keras"))
    let again = try Sequential.load(folder.file("own.keras"))
    for model in [model, again, try cloneModel(model)] {
      let dense = try #require(model.layers[0] as? Dense)
      #expect("\(dense.activation)" == "powered(power: 3)")
      #expect("\(dense.kernelInitializer)" == "steps(isFalling: true, step: 0.125)")
      #expect(dense.kernelRegularizer?.config == ["strength": 0.25] && dense.kernelConstraint?.config == ["least": -0.5])
    }
    for model in [model, again] {
      #expect(model.loss?.config == ["factor": 3, "name": "weighted_mse", "reduction": "sum"])
      #expect(model.metrics.map { $0.config["power"] } == [3, 1])
      try model.fit(x, y, epochs: 2, verbose: 0, shuffle: false)
    }
    #expect(apart(again.weights, model.weights) == 0)
    let (left, right) = (try model.evaluate(x, y, verbose: 0), try again.evaluate(x, y, verbose: 0))
    #expect(left["loss"] == right["loss"] && left["power_error"] == right["power_error"] && left["power_error"] != nil)
  }

  @Test func `they are written as Keras writes what is registered, and so it is read`() throws {
    try register()
    let json = try Loss(named: "WeightedMSE", settings: ["factor": 3]).json()
    let keras = #"{"module": null, "class_name": "WeightedMSE", "config": {"factor": 3, "name": "weighted_mse", "reduction": "sum_over_batch_size"}, "registered_name": "own>WeightedMSE"}"#
    #expect(try json == JSONValue(parsing: keras))
    #expect(try Loss(json: json).config["factor"] == 3)
    let metric = #"{"module": null, "class_name": "PowerError", "config": {"name": "p", "dtype": "float32", "power": 3}, "registered_name": "own>PowerError"}"#
    #expect(try Metric(json: JSONValue(parsing: metric)).config == ["name": "p", "power": 3])
    let activation = try ActivationFunction(named: "powered", settings: ["power": 3]).json()
    #expect(try activation == JSONValue(parsing: #"{"module": null, "class_name": "Powered", "config": {"power": 3}, "registered_name": "own>Powered"}"#))
    #expect(try Regularizer(json: ["class_name": "own>FourthPower", "config": ["strength": 2]]).config == ["strength": 2])
  }

  @Test func `the values are those of the settings`() throws {
    try register()
    let (target, prediction) = (Tensor([[1.0], [2.0]]), Tensor([[2.0], [4.0]]))
    #expect(try Loss(named: "WeightedMSE", settings: ["factor": 3])(target: target, prediction: prediction).item() == 7.5)
    #expect((try Loss(named: "weighted_mse"))(target: target, prediction: prediction).item() == 2.5)
    #expect(try ActivationFunction(named: "Powered", settings: ["power": 3])(Tensor([2.0])).item() == 8)
    #expect(try Constraint(named: "AtLeast", settings: ["least": 1])(Tensor([0.0, 2.0])).doubles == [1, 2])
    #expect(try Regularizer(named: "FourthPower", settings: ["strength": 2])(Tensor([1.0, 2.0])).item() == 34)
  }

  @Test func `settings that are unknown, of another kind or out of range are refused, and so are classes that are not registered`() throws {
    try register()
    func said(_ json: JSONValue) throws -> String { try #require(throws: DescentError.self) { try Loss(json: json) }.message }
    #expect(
      try said(["class_name": "WeightedMSE", "config": ["facter": 3]]) == "loss WeightedMSE: unknown setting 'facter'; did you mean 'factor'?")
    #expect(
      try said(["class_name": "WeightedMSE", "config": ["factor": "3"]])
        == "loss WeightedMSE: 'factor' is \"3\"; expected a number greater than 0")
    #expect(try said(["class_name": "WeightedMSE", "config": ["factor": -3]]).contains("expected a number greater than 0"))
    #expect(try said(["class_name": "WeightedMSE", "confg": ["factor": 3]]).contains("unknown field 'confg'"))
    // One that a program in Python has registered is not Keras's of the same name.
    #expect(try said(["module": nil, "class_name": "Huber", "config": [:], "registered_name": "theirs>Huber"]).contains("unknown loss 'theirs>Huber'"))
    #expect(throws: DescentError.self) { try Layer.deserialize(["module": nil, "class_name": "Dense", "config": ["units": 1], "registered_name": "theirs>Dense"]) }
  }

  @Test func `a class that cannot be made with its defaults is not registered, nor one with a setting that all have`() throws {
    let noNumber = try #require(throws: DescentError.self) {
      try Loss.register("Unmakable", settings: ["factor": "x"]) { settings in
        let factor = try settings.double("factor")
        return .custom { target, prediction in square(target - prediction).mean(axis: -1) * factor }
      }
    }
    #expect(noNumber.message == "loss Unmakable: 'factor' is \"x\"; expected a number")
    #expect(throws: DescentError.self) { try Loss(named: "Unmakable") }
    let taken = try #require(throws: DescentError.self) {
      try Metric.register("Unnamable", settings: ["name": "x"]) { _ in .custom("x") { target, _ in target } }
    }
    #expect(taken.message == "metric Unnamable: every metric has a setting 'name'; call it something else")
  }
}
