import Descent
import DescentTestSupport
import Testing

/// What Keras's JSON may say of losses, metrics, activations, initializers, regularizers and constraints, and that nothing it says is lost.
@Suite struct CatalogTests {
  private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

  @Test func `a field that Keras does not write is refused wherever an object stands`() throws {
    func said<Value: KerasNamed>(_ type: Value.Type, _ className: String) -> String {
      failure(.invalidArgument) { try Value(json: ["class_name": .string(className), "confg": ["delta": 3]]) }
    }
    let expected = "unknown field 'confg'; did you mean 'config'?"
    #expect(said(Loss.self, "Huber") == "loss: \(expected)")
    #expect(said(Metric.self, "Precision") == "metric: \(expected)")
    #expect(said(ActivationFunction.self, "ReLU") == "activation: \(expected)")
    #expect(said(Initializer.self, "RandomNormal") == "initializer: \(expected)")
    #expect(said(Regularizer.self, "L2") == "regularizer: \(expected)")
    #expect(said(Constraint.self, "MaxNorm") == "constraint: \(expected)")
  }

  @Test func `the fields that Keras does write are taken`() throws {
    let loss = try Loss(
      json: json(#"{"module": "keras.losses", "class_name": "Huber", "config": {"delta": 3}, "registered_name": null, "shared_object_id": 1, "build_config": null}"#))
    #expect(loss.config["delta"]?.double == 3)
  }

  @Test func `settings that come with the name of a registered value are refused where they are not its own`() throws {
    try Loss.register(.huber(delta: 3).named("catalog_huber"))
    #expect(try Loss(json: json(#"{"class_name": "catalog_huber", "config": {"delta": 3}}"#)).config["delta"]?.double == 3)
    let said = failure(.invalidArgument) { try Loss(json: json(#"{"class_name": "catalog_huber", "config": {"delta": 5}}"#)) }
    #expect(said == "loss catalog_huber: 'delta' is 5; what is registered under that name has 3.0, and takes no settings")
    try Regularizer.register(.custom("catalog_penalty") { square($0).sum() })
    #expect(failure(.invalidArgument) { try Regularizer(json: json(#"{"class_name": "catalog_penalty", "config": {"l2": 5}}"#)) }
      == "regularizer catalog_penalty: 'l2' is 5; what is registered under that name takes no settings")
  }

  @Test func `every setting of every class is written as it was read`() throws {
    func check<Value: KerasNamed>(_ type: Value.Type) throws {
      for value in Value.catalog.values {
        guard let className = value.className else { continue }
        for (key, standard) in value.config {
          let others: [JSONValue] = switch standard {
          case .bool(let flag): [.bool(!flag)]
          case .number: [JSONValue((standard.double ?? 0) / 2 + 0.125), JSONValue((standard.int ?? 1) + 1), 0]
          case .string: key == "name" ? ["renamed"] : ["sum", "none", "PR", "minoring", "micro", "fan_out", "uniform", "columns", "uniform_average"]
          default: [1, [0, 1], "micro", 0.5]
          }
          for other in others where other != standard {
            guard let made = try? Value(json: ["class_name": .string(className), "config": [key: other]]) else { continue }
            let written = made.config[key]
            let isNumber = other.double != nil && (written?.double ?? written?[0]?.double) == other.double
            let isSame = written == other || isNumber || written?.array == [other] || written?.array?.map(\.double) == other.array?.map(\.double)
            #expect(written != nil && isSame, "\(Value.kindName) \(className): \(key) \(other) is \(written ?? .null)")
          }
        }
      }
    }
    try check(Loss.self)
    try check(Metric.self)
    try check(ActivationFunction.self)
    try check(Initializer.self)
    try check(Regularizer.self)
    try check(Constraint.self)
  }

  @Test func `the number of labels of an area under a curve is kept, and checked`() throws {
    let metric = try Metric(json: json(#"{"class_name": "AUC", "config": {"multi_label": true, "num_labels": 3}}"#))
    #expect(metric.config["num_labels"] == 3)
    try metric.validate(targetShape: [5, 3], predictionShape: [5, 3])
    #expect(failure(.invalidArgument) { try metric.validate(targetShape: [5, 2], predictionShape: [5, 2]) }
      == "metric auc: num_labels is 3, but predictions of shape [5, 2] have 2 labels")
    #expect(failure(.invalidArgument) { try Metric(json: json(#"{"class_name": "AUC", "config": {"num_labels": 3}}"#)) }
      == "metric AUC: num_labels is 3, which is for multi_label alone")
  }

  private func written(_ loss: Loss = .mse, _ metrics: [Metric] = []) throws -> JSONValue {
    let model = Sequential([Dense(1, inputShape: [2])], seed: 1)
    try model.compile(optimizer: .sgd, loss: loss, metrics: metrics)
    return try needed(model.json()["compile_config"])
  }

  @Test func `a metric of a loss with settings is not written as one without`() throws {
    #expect(try written(.mse, [.loss(.binaryFocalCrossentropy)])["metrics"] == ["binary_focal_crossentropy"])
    let said = failure(.invalidArgument) { try written(.mse, [.loss(.binaryFocalCrossentropy(gamma: 5))]) }
    #expect(said.contains("metric 'binary_focal_crossentropy'") && said.contains("cannot be written to a file"), "\(said)")
  }

  @Test func `a closure that is called as something of Keras's is not written as that`() throws {
    let metric = Metric.custom("accuracy") { target, prediction in abs(target - prediction).mean(axis: -1) }
    #expect(failure(.invalidArgument) { try written(.mse, [metric]) }.contains("cannot be written to a file"))
    let loss = Loss.custom("crossentropy") { target, prediction in abs(target - prediction).mean(axis: -1) }
    #expect(failure(.invalidArgument) { try written(loss) }.contains("cannot be written to a file"))
  }

  @Test func `the reduction of a registered closure is not lost`() throws {
    let loss = Loss.custom("catalog_cubic") { target, prediction in pow(abs(target - prediction), 3).mean(axis: -1) }
    try Loss.register(loss)
    #expect(try written(loss)["loss"] == "catalog_cubic")
    let said = failure(.invalidArgument) { try written(loss.reducing(by: .sum)) }
    #expect(said.contains("loss 'catalog_cubic'") && said.contains("reduction"), "\(said)")
  }
}
