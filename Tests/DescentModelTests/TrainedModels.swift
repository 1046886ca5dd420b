import Descent
import DescentTestSupport
import Testing

/// Random models that Keras made and trained for an epoch, as `keras_graphs.py` and its like write them.
struct TrainedModels {
  private let fixture: Fixture
  /// What the weights, which are not stored, are divided by.
  private let divisor: Double

  init(_ name: String) throws {
    fixture = try Fixture(name)
    divisor = fixture.json["weights_over"]?.double ?? 2
  }

  var cases: [JSONValue] { fixture.cases }

  func isTrained(_ entry: JSONValue, by optimizer: String) throws -> Bool {
    try needed(fixture.resolved(entry["model"])["compile_config"]).text().contains(optimizer)
  }

  /// A model as Keras described it, compiled as it was, with the weights it had.
  private func model(_ entry: JSONValue, dtype: DType = .float64) throws -> Model {
    var text = try fixture.resolved(entry["model"]).text()
    if dtype == .float32 { text = text.replacing("\"float64\"", with: "\"float32\"") }
    let model = try Model.fromJSON(text)
    let seed = try needed(entry["seed"]?.int)
    let weights = model.variables.enumerated().map { place, variable -> Tensor in
      let value = Fixture.pattern(variable.shape, salt: 1000 * seed + place) / divisor
      return variable.name.contains("variance") ? abs(value) / 2 + 0.5 : value
    }
    try model.setWeights(weights)
    return model
  }

  private func inputs(_ model: Model, rows: Int, salt: Int, dtype: DType) throws -> [Tensor] {
    try model.inputs.enumerated().map { place, input in
      if input.dtype.isFloatingPoint { return Fixture.pattern([rows] + input.shape.known!, salt: salt + place, dtype: dtype) }
      var numbers = Fixture.pattern([rows] + input.shape.known!, salt: salt + place, from: 0, to: 6, over: 1).doubles
      // No row is masked from its beginning.
      for row in stride(from: 0, to: numbers.count, by: input.shape[0]!) { numbers[row] = 1 + Double(Int(numbers[row]) % 6) }
      return Tensor(shape: [rows] + input.shape.known!, scalars: numbers).cast(to: .int32)
    }
  }

  private func targets(_ model: Model, rows: Int, salt: Int, dtype: DType) throws -> [Tensor] {
    try model.outputs.enumerated().map { place, output in
      let (steps, salt) = (Array(output.shape.known!.dropLast()), salt + 10 + place)
      return switch output.shape.last {
      case 2: Fixture.pattern([rows] + steps + [2], salt: salt, dtype: dtype)
      case 1: Fixture.pattern([rows] + steps + [1], salt: salt, from: 0, to: 1, over: 1, dtype: .int32)
      default: Fixture.pattern([rows] + steps, salt: salt, from: 0, to: 2, over: 1, dtype: .int32)
      }
    }
  }

  /// - Parameter trained: the tolerance of what training leaves; nil for the same.
  func check(_ entry: JSONValue, _ dtype: DType, tolerance: Double, trained: Double? = nil) throws {
    let seed = try needed(entry["seed"]?.int), what = "seed \(seed), \(dtype)"
    let model = try model(entry, dtype: dtype)
    let (rows, validationRows) = seed % 5 == 0 ? (7, 5) : (8, 4)
    #expect(model.layers.map(\.name) == entry["layers"]?.array?.compactMap(\.string), "\(what)")
    let (x, y) = try (inputs(model, rows: rows, salt: 1000 * seed + 500, dtype: dtype), targets(model, rows: rows, salt: 1000 * seed + 500, dtype: dtype))
    let (xv, yv) = try (
      inputs(model, rows: validationRows, salt: 1000 * seed + 600, dtype: dtype),
      targets(model, rows: validationRows, salt: 1000 * seed + 600, dtype: dtype)
    )
    let predictions = try model.predictAll(xv, batchSize: 4, verbose: 0)
    let expected = try needed(entry["predict"]?.array)
    #expect(predictions.tensors.count == expected.count, "\(what)")
    for (result, expected) in zip(predictions.tensors, expected) {
      expectClose(result, try Fixture.numbers(expected), tolerance: tolerance, "\(what): predict")
    }
    // What is written says the same.
    let text = try model.toJSON(), again = try Model.fromJSON(text)
    #expect(try again.toJSON() == text, "\(what)")
    try again.setWeights(model.weights)
    let same = try again.predictAll(xv, batchSize: 4, verbose: 0)
    for (a, b) in zip(same.tensors, predictions.tensors) { #expect(a.doubles == b.doubles, "\(what)") }

    let weights = entry["weighted"]?.bool == true
      ? y.indices.map { Fixture.pattern([rows], salt: 1000 * seed + 700 + $0, from: 0, to: 64, over: 32) } : nil
    let history = try model.fit(
      x, y, batchSize: 4, verbose: 0, validationData: (xv, yv), shuffle: false, sampleWeight: weights)
    let logs = try needed(entry["history"]?.object)
    // Of outputs with masks the fixture has the metrics of validation alone.
    #expect(Set(logs.keys).isSubset(of: history.names), "\(what)")
    #expect(history.names.allSatisfy { logs[$0] != nil || logs["val_" + $0] != nil }, "\(what)")
    for (name, value) in logs.members {
      expectClose(history[name], try Fixture.numbers(value), tolerance: trained ?? tolerance, "\(what): \(name)")
    }
    let sums = try needed(entry["sums_after"]?.array)
    #expect(sums.count == model.variables.count, "\(what)")
    for (variable, expected) in zip(model.variables, sums) {
      let value = variable.value.cast(to: .float64)
      let actual = [1, 2].map { (value * Fixture.pattern(variable.shape, salt: $0)).sum().item() }
      expectClose(actual, try Fixture.numbers(expected), tolerance: trained ?? tolerance, "\(what): \(variable.path)")
    }
    let scores = try model.evaluate(xv, yv, batchSize: 4, verbose: 0)
    for (name, value) in try needed(entry["evaluate"]?.object).members {
      expectClose([scores[name] ?? .nan], try Fixture.numbers(value), tolerance: trained ?? tolerance, "\(what): evaluate: \(name)")
    }
  }
}
