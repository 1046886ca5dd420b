import Foundation
import KerasFiles
import TestSupport
import Testing

/// A functional model in files that Keras wrote.
@Suite struct GraphFileTests {
  private let fixture = try! JSONValue(
    parsing: ByteSource(path: Fixture.folder + "/../graph-files.json").allBytes(), name: "graph-files.json")

  private func data(_ key: String) throws -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: try #require(fixture[key]?.object).members.map { name, value in
      let tensor = try Fixture.tensor(value)
      return (name, value["dtype"]?.string == "int32" ? tensor.cast(to: .int32) : tensor)
    })
  }

  private func expectPredictions(_ model: Model, _ what: String) throws {
    let results = try model.predictAll(data("x"), verbose: 0)
    for (result, expected) in zip(results.tensors, try Fixture.tensors(fixture["predict"])) {
      expectClose(result, expected.doubles, tolerance: 1e-5, what)
    }
  }

  @Test func `a keras file is read, trained on and written`() throws {
    let model = try Model.load(Fixture.path("graph.keras"))
    try expectPredictions(model, "read")
    #expect(model.outputNames == ["p", "q"] && model.optimizer != nil)
    // The optimizer goes on where Keras's stopped.
    let history = try model.fit(data("x"), data("y"), batchSize: 4, epochs: 1, verbose: 0, shuffle: false)
    let expected = try #require(fixture["next_epoch"]?.object)
    #expect(Set(history.names) == Set(expected.keys))
    for (name, values) in expected.members {
      expectClose(history[name], values.array?.compactMap(\.double) ?? [], tolerance: 2e-5, name)
    }
    let folder = TemporaryFolder()
    try model.save(folder.file("again.keras"))
    let again = try Model.load(folder.file("again.keras"))
    #expect(again.weights.map(\.doubles) == model.weights.map(\.doubles))
    #expect(try again.toJSON() == model.toJSON())
    for model in [model, again] { try model.fit(data("x"), data("y"), batchSize: 4, epochs: 1, verbose: 0, shuffle: false) }
    #expect(again.weights.map(\.doubles) == model.weights.map(\.doubles))
  }

  @Test func `a whole model in an h5 file is read`() throws {
    let model = try Model.load(Fixture.path("graph.h5"))
    try expectPredictions(model, "h5")
    #expect(model.optimizer != nil && model.metrics.count == 2)
    // The optimizer goes on where Keras's stopped.
    try model.fit(data("x"), data("y"), batchSize: 4, epochs: 1, verbose: 0, shuffle: false)
    for (result, expected) in zip(try model.predictAll(data("x"), verbose: 0).tensors, try Fixture.tensors(fixture["next_predict"])) {
      expectClose(result, expected.doubles, tolerance: 1e-5, "after the next epoch")
    }
    let chain = try Sequential.load(Fixture.path("legacy.h5"))
    #expect(chain.layers.map(\.name) == ["flatten_5", "hidden", "dropout_5", "dense_5"])
    #expect(throws: DescentError.self) { try Model.load(Fixture.path("keras2.h5")) }
  }

  @Test func `an optimizer whose rate is a schedule is read from an h5 file`() throws {
    let model = try Model.load(Fixture.path("schedule.h5"))
    #expect(model.optimizerState?.iterations == 2)
    try model.fit(data("x")["a"]!, data("y")["q"]!, batchSize: 4, epochs: 1, verbose: 0, shuffle: false)
    for (weight, expected) in zip(model.weights, try Fixture.tensors(fixture["scheduled"])) {
      expectClose(weight, expected.doubles, tolerance: 1e-6, "after the next epoch")
    }
  }

  @Test func `constants that do not fit, and what is no structure of results, are told`() throws {
    let text = try Model.load(Fixture.path("graph.keras")).toJSON()
    func told(_ old: String, _ new: String) -> String {
      #expect(text.contains(old), "\(old)")
      return message { _ = try Model.fromJSON(text.replacing(old, with: new)) }
    }
    func constant(_ value: String, _ dtype: String) -> String {
      "{\"class_name\": \"__numpy__\", \"config\": {\"value\": \(value), \"dtype\": \"\(dtype)\"}}"
    }
    #expect(told(", 0.5]", ", \(constant("[2, 3000000000]", "int64"))]").contains("holds 3000000000.0, which is no int32"))
    #expect(told(", 0.5]", ", \(constant("[2, 3]", "complex64"))]").contains("a kind that Descent has not: \"complex64\""))
    let nested = told("\"input_layers\": {\"a\": [\"a\", 0, 0]", "\"input_layers\": {\"a\": [[\"a\", 0, 0], [\"a\", 0]]")
    #expect(nested.contains("names no result of a layer"), "\(nested)")
  }

  /// What Keras 2 wrote: nodes as lists, layers without modules, a nested model whose making counts as a call.
  @Test func `a functional configuration of Keras 2 is read`() throws {
    func dense(_ name: String, _ units: Int, _ nodes: String) -> String {
      """
      {"class_name": "Dense", "config": {"name": "\(name)", "trainable": true, "dtype": "float32", "units": \(units), "activation": "relu", \
      "use_bias": true, "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": null}}, "bias_initializer": \
      {"class_name": "Zeros", "config": {}}, "kernel_regularizer": null, "bias_regularizer": null, "activity_regularizer": null, \
      "kernel_constraint": null, "bias_constraint": null}, "name": "\(name)", "inbound_nodes": \(nodes)}
      """
    }
    func input(_ name: String, _ width: Int) -> String {
      """
      {"class_name": "InputLayer", "config": {"batch_input_shape": [null, \(width)], "dtype": "float32", "sparse": false, "ragged": false, \
      "name": "\(name)"}, "name": "\(name)", "inbound_nodes": []}
      """
    }
    let inner = """
      {"class_name": "Functional", "config": {"name": "inner", "layers": [\(input("i", 3)), \(dense("d", 3, "[[[\"i\", 0, 0, {}]]]"))], \
      "input_layers": [["i", 0, 0]], "output_layers": [["d", 0, 0]]}, "name": "inner", "inbound_nodes": [[["a", 0, 0, {}]], [["b", 0, 0, {}]]]}
      """
    let normalization = """
      {"class_name": "BatchNormalization", "config": {"name": "n", "trainable": true, "dtype": "float32", "axis": [1], "momentum": 0.99, \
      "epsilon": 0.001, "center": true, "scale": true, "beta_initializer": {"class_name": "Zeros", "config": {}}, "gamma_initializer": \
      {"class_name": "Ones", "config": {}}, "moving_mean_initializer": {"class_name": "Zeros", "config": {}}, "moving_variance_initializer": \
      {"class_name": "Ones", "config": {}}, "beta_regularizer": null, "gamma_regularizer": null, "beta_constraint": null, \
      "gamma_constraint": null}, "name": "n", "inbound_nodes": [[["inner", 2, 0, {"training": false}]]]}
      """
    let add = """
      {"class_name": "Add", "config": {"name": "add", "trainable": true, "dtype": "float32"}, "name": "add", "inbound_nodes": \
      [[["inner", 1, 0, {}], ["n", 0, 0, {}]]]}
      """
    let text = """
      {"class_name": "Functional", "config": {"name": "model", "layers": [\(input("a", 3)), \(input("b", 3)), \(inner), \(normalization), \
      \(add)], "input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["add", 0, 0]]}, "keras_version": "2.9.0", "backend": "tensorflow"}
      """
    let model = try Model.fromJSON(text)
    #expect(model.inputNames == ["a", "b"] && model.variables.count == 2 + 4)
    let dense = try #require(model.layers.compactMap { $0 as? Model }.first).variables[0]
    dense.assign(Tensor.identity(3))
    let y = try model.predict([Tensor([[1 as Float, -2, 3]]), Tensor([[4 as Float, 5, -6]])], verbose: 0)
    let scale = 1 / (1 + 1e-3).squareRoot()
    expectClose(y, [1 + 4 * scale, 5 * scale, 3], tolerance: 1e-6)
    let lambda = text.replacing("\"class_name\": \"Add\"", with: "\"class_name\": \"TFOpLambda\"")
    #expect(throws: DescentError.self) { try Model.fromJSON(lambda) }
  }

  /// Deep inside too, and of operations as of layers.
  @Test func `what Descent lacks is named with its place in the graph`() throws {
    let text = try Model.load(Fixture.path("graph.keras")).toJSON()
    func told(_ old: String, _ new: String) -> String {
      #expect(text.contains(old), "\(old)")
      return message { _ = try Model.fromJSON(text.replacing(old, with: new)) }
    }
    let layer = told("\"class_name\": \"GlobalAveragePooling1D\"", "\"class_name\": \"Frobnicate\"")
    #expect(layer.contains("layer 'global_average_pooling1d'") && layer.contains("is a Frobnicate, which Descent does not have"), "\(layer)")
    #expect(layer.contains("is called with 'embedding'"), "\(layer)")
    let operation = told("\"class_name\": \"Multiply\"", "\"class_name\": \"Frobnicate\"")
    #expect(operation.contains("'multiply' is the operation Frobnicate") && operation.contains("is called with 'inner'"), "\(operation)")
    let nested = told("\"class_name\": \"Add\", \"config\": {\"name\": \"add\", \"trainable\"", "\"class_name\": \"Frobnicate\", \"config\": {\"name\": \"add\", \"trainable\"")
    #expect(nested.contains("model 'inner'") && nested.contains("layer 'add'"), "\(nested)")
  }
}
