import Foundation
import KerasFiles
import TestSupport
import Testing

@testable import Descent

/// `training` in the calls of Keras's files: what was said, and what Keras notes of each call though nobody said it.
@Suite struct CallDefaultTests {
  private let fixture = try! JSONValue(
    parsing: ByteSource(path: Fixture.folder + "/../call-defaults.json").allBytes(), name: "call-defaults.json")

  @Test func `layers have Keras's default`() throws {
    let defaults = try #require(fixture["training"]?.object)
    for type in LayerRegistry.builtIn {
      #expect((type as Layer.Type).trainingByDefault == defaults[type.className]?.bool, "\(type.className)")
    }
  }

  @Test func `a file whose calls have the default is trained as Keras does`() throws {
    let model = try Model.load(Fixture.path("call-defaults.keras"))
    let (x, y) = (try Fixture.tensor(try #require(fixture["x"])), try Fixture.tensor(try #require(fixture["y"])))
    let history = try model.fit(x, y, batchSize: 4, epochs: 3, verbose: 0, shuffle: false)
    expectClose(history["loss"], try #require(fixture["loss"]?.array).compactMap(\.double), tolerance: 1e-5, "loss")
    for (variable, values) in zip(model.variables, try Fixture.tensors(fixture["weights"])) {
      expectClose(variable.value, values.doubles, tolerance: 1e-5, variable.path)
    }
  }

  /// The loss of a batch with what a layer does in training alone, and without; of a model as it is written and read.
  @Test(arguments: [nil, false, true] as [Bool?])
  func `what was said stays said`(training: Bool?) throws {
    let layers: [@Sendable () -> Layer] = [
      { Dropout(0.5, seed: 1) }, { GaussianNoise(1, seed: 1) }, { GaussianDropout(0.5, seed: 1) }, { AlphaDropout(0.5, seed: 1) },
      { BatchNormalization() },
    ]
    let x = Tensor((0..<80).map { Float($0 % 9) - 4 }).reshaped([20, 4]), y = Tensor.zeros([20, 4])
    for make in layers {
      let input = Input(shape: [4])
      let layer = make()
      let model = try Model(inputs: input, outputs: try layer(input, training: training))
      try model.compile(optimizer: "sgd", loss: "mse")
      for read in [model, try Model.fromJSON(model.toJSON())] {
        let name = "\(layer.name), training \(training.map { "\($0)" } ?? "not said")"
        let evaluated = try read.evaluate(x, y, batchSize: 20, verbose: 0)["loss"] ?? .nan
        let trained = try read.fit(x, y, batchSize: 20, epochs: 1, verbose: 0)["loss"][0]
        #expect((abs(evaluated - trained) < 1e-6) == (training != nil && !(training == true && !(layer is BatchNormalization))), "\(name)")
      }
      // What Keras writes of a call that says nothing.
      let noted = try model.toJSON().replacing(#/"kwargs": ?\{\}/#, with: "\"kwargs\": {\"training\": false}")
      if training == nil && !(layer is BatchNormalization) {
        #expect(noted.contains("\"training\": false"))
        let read = try Model.fromJSON(noted)
        #expect(try read.toJSON() == model.toJSON(), "\(layer.name)")
      }
    }
  }
}
