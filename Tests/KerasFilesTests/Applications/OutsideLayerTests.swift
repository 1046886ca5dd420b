import Descent
import Foundation
import DescentTestSupport
import KerasFiles
import TestSupport
import Testing

/// Layers that Keras keeps with one network each.
@Suite struct OutsideLayerTests {
  @Test func `they compute what their names say, and are trained`() throws {
    let x = TestSupport.Fixture.pattern([2, 3, 4], salt: 1, dtype: .float32)
    let scale = LayerScale(0.5, 4)
    #expect(try scale(x).doubles == x.doubles.map { $0 * 0.5 })
    #expect(scale.trainableVariables.map(\.shape) == [[4]])
    #expect(try CustomScaleLayer(0.25)([x, x * 2]).doubles == x.doubles.map { $0 * 1.5 })
    #expect(failure(.invalidArgument) { _ = try LayerScale(1, 3, name: "l")(x) } == "layer l: projectionDim is 3; expected the last size of rows of shape [3, 4]")
    #expect(failure(.invalidArgument) { _ = try CustomScaleLayer(1, name: "c")([x]) }.contains("layer c: it takes two inputs"))
  }

  /// The texts are Keras's 3.15.1.
  @Test func `files say where Keras has them`() throws {
    func described(_ layer: Layer) throws -> [JSONValue?] {
      let json = try layer.serialize()
      return [json["module"], json["class_name"], json["registered_name"]]
    }
    #expect(try described(LayerScale(1e-6, 3)) == ["keras.src.applications.convnext", "LayerScale", "LayerScale"])
    #expect(
      try described(CustomScaleLayer(0.17)) == ["keras.src.applications.inception_resnet_v2", "CustomScaleLayer", "CustomScaleLayer"])
    let folder = TemporaryFolder()
    let image = Input(shape: [8, 8, 3])
    let deep = try Conv2D(3, 3, padding: .same)(image)
    let sum = try CustomScaleLayer(0.17)([deep, LayerScale(0.5, 3)(deep)])
    let model = try Model(inputs: image, outputs: sum)
    let x = TestSupport.Fixture.pattern([2, 8, 8, 3], salt: 2, dtype: .float32)
    try model.save(folder.file("scaled.keras"))
    let again = try Model.load(folder.file("scaled.keras"))
    #expect(again.layers.contains { ($0 as? LayerScale)?.initialValue == 0.5 } && again.layers.contains { ($0 as? CustomScaleLayer)?.scale == 0.17 })
    #expect(try again.predict(x, verbose: 0).doubles == model.predict(x, verbose: 0).doubles)
  }
}
