import DescentTestSupport
import Testing

@testable import Descent

/// What a mask does to the loss and the metrics, as in Keras: crossed with weights of rows, losses, and all that counts.
@Suite struct MaskTests {
  private let fixture: Fixture
  private let rows = 5, batch = 2

  init() throws { fixture = try Fixture("masks") }

  private static let metrics: [String: [String]] = [
    "number": ["mse", "mae", "root_mean_squared_error", "cosine_similarity"],
    "binary": ["accuracy", "binary_crossentropy", "auc", "precision"],
    "classes": ["accuracy", "sparse_categorical_crossentropy"],
  ]

  private struct Case {
    let kind: String, steps: Int, isMasked: Bool, weighting: String
    let loss: Loss

    init(_ entry: JSONValue) throws {
      kind = try needed(entry["kind"]?.string)
      steps = try needed(entry["steps"]?.int)
      isMasked = try needed(entry["masked"]?.bool)
      weighting = try needed(entry["weighting"]?.string)
      loss = try Loss(json: needed(entry["loss"]))
    }

    var name: String { "\(kind), \(steps) steps, \(isMasked ? "masked" : "all"), \(loss.className ?? "") \(loss.reduction), weights: \(weighting)" }
  }

  private func model(_ entry: Case) throws -> Model {
    let ids = Input(shape: [entry.steps], dtype: .int32)
    let (units, activation): (Int, ActivationFunction) =
      switch entry.kind {
      case "number": (2, .tanh)
      case "binary": (1, .sigmoid)
      default: (6, .softmax)
      }
    let words = Embedding(4, 3, maskZero: entry.isMasked)
    words.requestedDType = .float64
    let model = try Model(inputs: ids, outputs: Dense(units, activation: activation)(words(ids)))
    try model.setWeights(model.variables.enumerated().map { Fixture.pattern($1.shape, salt: 10 + $0) })
    var names = MaskTests.metrics[entry.kind]!
    if entry.weighting == "sample" && entry.steps > 1 { names.removeAll { ["auc", "precision"].contains($0) } }
    let weighted = names.filter { $0 != "accuracy" }.map { name in try! Metric(named: name).asInKeras().named("w_" + name) }
    try model.compile(
      optimizer: SGD(learningRate: 0.1), loss: entry.loss, metrics: names.map { try! Metric(named: $0).asInKeras() },
      weightedMetrics: weighted)
    return model
  }

  private func data(_ entry: Case) -> (x: Tensor, y: Tensor) {
    var ids = Fixture.pattern([rows, entry.steps], salt: 1, from: 0, to: 3, over: 1).doubles
    // A batch of which nothing counts, and one of which all does.
    for place in 2 * entry.steps..<4 * entry.steps { ids[place] = 0 }
    for place in 4 * entry.steps..<5 * entry.steps { ids[place] = 1 }
    let x = Tensor(shape: [rows, entry.steps], scalars: ids.map { Int32($0) })
    if entry.kind == "number" { return (x, Fixture.pattern([rows, entry.steps, 2], salt: 2)) }
    let y = Fixture.pattern(
      [rows, entry.steps, 1], salt: 3, from: 0, to: entry.kind == "binary" ? 1 : 5, over: 1, dtype: .int32)
    return (x, entry.weighting == "class" ? y.reshaped([rows, 1]) : y)
  }

  private func expect(_ scores: [String: Double], _ expected: JSONValue?, _ what: String) throws {
    let expected = try needed(expected?.object, what)
    #expect(Set(scores.keys) == Set(expected.keys), "\(what)")
    for (name, value) in expected.members {
      expectClose([scores[name] ?? .nan], try Fixture.numbers(value), tolerance: 1e-9, "\(what): \(name)")
    }
  }

  @Test func `masks reach loss and metrics as in Keras`() throws {
    for json in fixture.cases {
      let entry = try Case(json)
      let (x, y) = data(entry)
      let weight = entry.weighting == "sample" ? Fixture.pattern([rows], salt: 4, from: 0, to: 64, over: 32) : nil
      let classWeight: [Int: Double]? = entry.weighting == "class" ? [0: 0.5, 1: 2, 3: 0.25] : nil
      let trained = try model(entry)
      let history = try trained.fit(
        x, y, batchSize: batch, verbose: 0, shuffle: false, classWeight: classWeight, sampleWeight: weight)
      try expect(Dictionary(uniqueKeysWithValues: history.names.map { ($0, history[$0][0]) }), json["fit"], "\(entry.name): fit")
      for (variable, expected) in zip(trained.variables, try needed(json["weights_after"]?.array)) {
        expectClose(variable.value, try Fixture.numbers(expected), tolerance: 1e-9, "\(entry.name): \(variable.path)")
      }
      if classWeight == nil {
        let scores = try model(entry).evaluate(x, y, batchSize: batch, verbose: 0, sampleWeight: weight)
        try expect(scores.values, json["evaluate"], "\(entry.name): evaluate")
        try expect(model(entry).testOnBatch(x, y, sampleWeight: weight).values, json["test_on_batch"], "\(entry.name): testOnBatch")
      }
      try expect(
        model(entry).trainOnBatch(x, y, sampleWeight: weight, classWeight: classWeight).values, json["train_on_batch"],
        "\(entry.name): trainOnBatch")
    }
    #expect(fixture.cases.count == 52)
  }
}
