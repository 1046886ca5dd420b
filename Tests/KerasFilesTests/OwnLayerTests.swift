import DescentTestSupport
import Foundation
import KerasFiles
import TestSupport
import Testing

@testable import Descent

private final class Two: Layer, ConfigurableLayer {
  let first = Dense(4), second = Dense(4)

  convenience init(_ options: inout LayerOptions) throws { self.init(name: options.name) }

  func options() -> JSONObject { JSONObject([]) }

  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try first(tanh(second(x, context)), context) }
}

private final class Net: Model {
  let tail = Dense(1)
  let blocks = [[Dense(4, activation: .tanh), Dense(4)], [Dense(4, activation: .tanh)]]
  let middle = Sequential { Dense(4, activation: .tanh) }
  let afterAll = Dense(4, activation: .tanh)
  private let _hidden = Dense(4, activation: .tanh)
  let pair = (Dense(4), Two())

  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    var x = x
    for layer in blocks.joined() { x = try layer(x, context) }
    x = try _hidden(afterAll(middle(x, context), context), context)
    return try tail(pair.1(pair.0(x, context), context), context)
  }
}

/// Models of a program's own and their layers of layers against files that Keras wrote of the same.
@Suite struct OwnLayerTests {
  private let fixture = try! JSONValue(parsing: ByteSource(path: Fixture.folder + "/../own-layers.json").allBytes(), name: "own-layers.json")

  @Test func `weights of a model of one's own lie where Keras has them`() throws {
    let model = Net(seed: 1)
    let x = try Fixture.tensor(try #require(fixture["x"]))
    _ = try model.predict(x, verbose: 0)
    try model.loadWeights(Fixture.path("subclassed.weights.h5"))
    expectClose(try model.predict(x, verbose: 0), try Fixture.tensor(try #require(fixture["prediction"])).doubles, tolerance: 1e-5)
  }

  private final class Odd: Layer {
    let numbered = (3, Dense(1))
    let byName = ["b": Dense(1), "a": Dense(2)]
    lazy var late = Dense(3)
    let present: Dense? = Dense(4), absent: Dense? = nil
    let sizes = [1, 2, 3], words = ["a": 1]

    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
      try [numbered.1, byName["a"]!, byName["b"]!, late, present!].reduce(x) { try $1($0, context) }
    }
  }

  @Test func `layers are found however properties hold them`() throws {
    let model = Sequential { Odd(inputShape: [2]) }
    try model.build(rows: [2])
    let paths = KerasPaths.places(in: model).map(\.path)
    #expect(paths.dropFirst(2) == ["by_name/dense", "by_name/dense_1", "late", "numbered/dense", "present"].map { "layers/odd/\($0)" }[...])
    #expect(KerasPaths.places(in: model)[2].layer.weights[1].shape == [2])
  }

  @Test func `an optimizer goes on where Keras left it, though a layer calls its parts in another order`() throws {
    LayerRegistry.register(Two.self)
    let model = try Model.load(Fixture.path("own-layers.keras"))
    let (x, y) = (try Fixture.tensor(try #require(fixture["x"])), try Fixture.tensor(try #require(fixture["y"])))
    let history = try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, shuffle: false)
    expectClose(history["loss"], try #require(fixture["loss"]?.array).compactMap(\.double), tolerance: 1e-5, "loss")
    for (variable, values) in zip(model.variables, try Fixture.tensors(fixture["weights"])) {
      expectClose(variable.value, values.doubles, tolerance: 1e-5, variable.path)
    }
  }

  @Test func `weights for each step of a row count as in Keras`() throws {
    let x = try Fixture.tensor(try #require(fixture["steps"]?["x"]))
    for entry in try #require(fixture["steps"]?["cases"]?.array) {
      let (y, weights) = (try Fixture.tensor(try #require(entry["y"])), try Fixture.tensor(try #require(entry["weights"])))
      let (loss, metric) = (try #require(entry["loss"]?.string), try #require(entry["metric"]?.string))
      let width = loss == "mse" ? 2 : 4
      let model = Sequential { Input(shape: [5, 3]); Dense(width, activation: width == 4 ? .softmax : .linear) }
      try model.compile(
        optimizer: SGD(learningRate: 0.5), loss: Loss(named: loss), metrics: [Metric(named: metric)], weightedMetrics: [Metric(named: metric)])
      try model.setWeights(try Fixture.tensors(entry["start"]))
      let history = try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, shuffle: false, sampleWeight: weights)
      for (name, values) in try #require(entry["history"]?.object?.members) {
        expectClose(history[name], try #require(values.array).compactMap(\.double), tolerance: 1e-5, "\(loss) \(weights.shape) \(name)")
      }
      let scores = try model.evaluate(x, y, batchSize: 8, verbose: 0, sampleWeight: weights)
      for (name, value) in try #require(entry["scores"]?.object?.members) {
        expectClose([try #require(scores[name])], [try #require(value.double)], tolerance: 1e-5, "\(loss) \(weights.shape) \(name)")
      }
      // Steps that come in streams count alike.
      let streamed = try model.evaluate(Dataset(x, y, sampleWeight: weights).batch(8), verbose: 0)
      for name in scores.names { expectClose([streamed[name]!], [scores[name]!], tolerance: 1e-6, name) }
    }
  }
}
