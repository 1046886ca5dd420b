import Descent
import DescentTestSupport
import Testing

/// Small models trained by the real Keras in float64, without shuffling, and here: weights, history, evaluation, prediction.
@Suite struct KerasModelTests {
  let fixture: Fixture

  init() throws { fixture = try Fixture("models") }

  /// The model of a case with its initial weights, compiled.
  private func model(_ entry: JSONValue, dtype: DType) throws -> Sequential {
    let model = Sequential(dtype: dtype)
    model.add(Input(shape: [6]))
    for layer in try #require(entry["layers"]?.array) {
      func option<Value: KerasNamed>(_ name: String, _ type: Value.Type) throws -> Value? {
        guard let json = layer[name], !json.isNull else { return nil }
        return try Value(json: json)
      }
      model.add(
        Dense(
          try #require(layer["units"]?.int), activation: try option("activation", ActivationFunction.self) ?? .linear,
          useBias: layer["use_bias"]?.bool ?? true, kernelRegularizer: try option("kernel_regularizer", Regularizer.self),
          biasRegularizer: try option("bias_regularizer", Regularizer.self),
          activityRegularizer: try option("activity_regularizer", Regularizer.self),
          kernelConstraint: try option("kernel_constraint", Constraint.self)))
    }
    func metrics(_ name: String) throws -> [Metric] {
      try (entry[name]?.array ?? []).map { try Metric(named: try #require($0.string)) }
    }
    try model.compile(
      anyOptimizer: OptimizerRegistry.optimizer(from: try #require(entry["optimizer"])),
      loss: Loss(json: try #require(entry["loss"])), metrics: metrics("metrics"), weightedMetrics: metrics("weighted_metrics"))
    try model.setWeights(try #require(entry["initial_weights"]?.array).map { try Fixture.tensor($0, as: dtype) })
    return model
  }

  private func target(_ entry: JSONValue, _ part: String, _ dtype: DType) throws -> Tensor {
    let name = try #require(entry["target"]?.string)
    return try Fixture.tensor(fixture.json["targets"]?[name]?[part], as: name == "labels" ? .int32 : dtype)
  }

  private func fit(_ model: Sequential, _ entry: JSONValue, _ dtype: DType) throws -> History {
    let fit = entry["fit"]
    let split = fit?["validation_split"]?.double ?? 0
    let validation = try (
      x: Fixture.tensor(fixture.json["x_validation"], as: dtype), y: target(entry, "validation", dtype)
    )
    let classWeight = fit?["class_weight"]?.object.map { object in
      Dictionary(uniqueKeysWithValues: object.members.map { (Int($0.key)!, $0.value.double!) })
    }
    let sampleWeight = try fit?["sample_weight"] == nil ? nil : Tensor(Fixture.numbers(fixture.json["sample_weight"]))
    return try model.fit(
      Fixture.tensor(fixture.json["x"], as: dtype), target(entry, "train", dtype), batchSize: 4, epochs: 3, verbose: 0,
      validationSplit: split, validationData: split == 0 ? validation : nil, shuffle: false, classWeight: classWeight,
      sampleWeight: sampleWeight)
  }

  private func check(_ dtype: DType, tolerance: Double) throws {
    for entry in fixture.cases {
      let name = try #require(entry["name"]?.string)
      let model = try model(entry, dtype: dtype)
      let history = try fit(model, entry, dtype)
      let expected = try #require(entry["history"]?.object)
      // The rate of a schedule is in the history here.
      #expect(history.names.filter { $0 != "learning_rate" } == expected.members.map(\.key).sorted(), "\(name)")
      for (key, values) in expected.members {
        expectClose(history[key], try Fixture.numbers(values), tolerance: tolerance, "\(name): \(key)")
      }
      for (variable, weight) in zip(model.variables, try #require(entry["final_weights"]?.array)) {
        expectClose(
          variable.value, try Fixture.numbers(weight["values"]), tolerance: tolerance, "\(name): \(variable.path)")
      }
      #expect(model.variables.map(\.path) == (entry["paths"]?.array ?? []).compactMap(\.string), "\(name)")
      #expect(model.countParameters() == entry["parameters"]?.int)

      let x = try Fixture.tensor(fixture.json["x_validation"], as: dtype)
      let scores = try model.evaluate(x, target(entry, "validation", dtype), batchSize: 4, verbose: 0)
      for (key, value) in try #require(entry["evaluate"]?.object).members {
        expectClose([scores[key] ?? .nan], try Fixture.numbers(value), tolerance: tolerance, "\(name): evaluate \(key)")
      }
      expectClose(
        try model.predict(x, batchSize: 4, verbose: 0), try Fixture.numbers(entry["predict"]), tolerance: tolerance,
        "\(name): predict")
    }
  }

  @Test func float64() throws { try check(.float64, tolerance: 1e-10) }
  @Test func float32() throws { try check(.float32, tolerance: 2e-5) }
}
