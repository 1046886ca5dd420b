import Descent
import DescentTestSupport
import Testing

/// Calls a layer and keeps what it leaves beside its result.
private final class Probe: Layer {
  let inner: Layer
  var mask: Tensor?
  var addedLosses: [Tensor] = []

  init(_ inner: Layer) {
    self.inner = inner
    super.init()
  }

  override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    let results = try inner.outputs(inputs, context)
    mask = context.mask(of: results[0])
    addedLosses = context.losses
    return results
  }
}

/// Layers made from Keras's own descriptions of them, called on their own.
@Suite struct LayerFixtureTests {
  static let cases = ["layers", "convolution-layers"].flatMap { file in
    ((try? Fixture(file).cases) ?? []).indices.map { (file, $0) }
  }

  @Test(arguments: cases)
  func `as Keras`(_ file: String, _ number: Int) throws {
    let fixture = try Fixture(file)
    let entry = fixture.cases[number]
    let what = "\(entry["layer"]?["class_name"]?.string ?? "?") \(number)"
    let layer = try Layer.deserialize(try needed(entry["layer"]))
    let probe = Probe(layer)
    let inputs = try needed(entry["inputs"]?.array).map { name in
      try Fixture.tensor(fixture.json["inputs"]?[try needed(name.string)])
    }
    let masks = try entry["masks"]?.array?.map { try $0 == .null ? nil : Fixture.tensor($0) } ?? []
    func call(_ inputs: [Tensor], training: Bool) throws -> Tensor { try probe(inputs, masks: masks, training: training) }
    _ = try call(inputs, training: false)
    let weights = try needed(entry["weights"]?.array).map { try Fixture.tensor($0) }
    try #require(layer.variables.map(\.shape) == weights.map(\.shape), "\(what)")
    for (variable, weight) in zip(layer.variables, weights) { variable.assign(weight) }

    let y = try call(inputs, training: false)
    #expect(y.shape == (try Fixture.integers(entry["y"]?["shape"])), "\(what)")
    expectClose(y, try Fixture.numbers(entry["y"]?["values"]), tolerance: 1e-10, what)
    let mask = entry["mask"] ?? .null
    #expect((probe.mask == nil) == (mask == .null), "\(what): mask")
    if let found = probe.mask, mask != .null {
      #expect(found.doubles == (try Fixture.numbers(mask["values"])), "\(what): mask")
    }
    let penalties = layer.regularizers.map { $0.regularizer($0.variable.value).item() }
    let losses = probe.addedLosses.map { $0.item() } + penalties
    expectClose([losses.reduce(0, +)], [try needed(entry["losses"]?.double)], tolerance: 1e-10, "\(what): losses")
    #expect(losses.isEmpty == (entry["losses"]?.double == 0), "\(what): losses")

    if let expected = entry["input_gradients"]?.array {
      let trained = layer.trainableVariables
      let loss = square(try call(inputs, training: false)).sum()
      for (gradient, expected) in zip(gradients(of: loss, withRespectTo: inputs), expected) {
        expectClose(gradient, try Fixture.numbers(expected["values"]), tolerance: 1e-10, "\(what): derivative of an input")
      }
      for (gradient, expected) in zip(gradients(of: loss, withRespectTo: trained), try needed(entry["weight_gradients"]?.array)) {
        expectClose(gradient, try Fixture.numbers(expected["values"]), tolerance: 1e-10, "\(what): derivative of a weight")
      }
    }
    if let expected = entry["training_y"] {
      let y = try call(inputs, training: true)
      expectClose(y, try Fixture.numbers(expected["values"]), tolerance: 1e-10, "\(what): training")
      for (variable, expected) in zip(layer.variables, try needed(entry["weights_after"]?.array)) {
        expectClose(variable.value, try Fixture.numbers(expected["values"]), tolerance: 1e-10, "\(what): \(variable.name) after")
      }
    }
    // What is written says the same.
    let written = try layer.serialize()
    let again = try needed(Layer.deserialize(written).serialize()["config"])
    let keras = try needed(entry["layer"]?["config"]?.object)
    for (key, value) in try needed(written["config"]?.object).members where key != "layer" && key != "dtype" {
      #expect(again[key] == value, "\(what): '\(key)' read back")
      // Keras leaves it out for some.
      if key == "trainable" { continue }
      let same = keras[key] ?? .null
      let isSame = value == same || (value.double != nil && value.double == same.double) || value == .array([same])
        || value["class_name"] != nil && value["class_name"] == same["class_name"]
      #expect(isSame, "\(what): '\(key)' is \(value), Keras writes \(same)")
    }
  }

  @Test func `there are cases`() { #expect(LayerFixtureTests.cases.count == 81 + 172) }
}
