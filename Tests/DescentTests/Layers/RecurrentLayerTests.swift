import Descent
import DescentTestSupport
import Testing

/// Calls a layer and gives all that it computes.
private final class All: Layer {
  let inner: Layer
  var results: [Tensor] = []
  var addedLosses: [Tensor] = []

  init(_ inner: Layer) {
    self.inner = inner
    super.init()
  }

  override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    results = if let mask = context.mask(of: inputs[0]) { try inner.outputs(inputs, mask: mask, context) } else { try inner.outputs(inputs, context) }
    addedLosses = context.losses
    return results
  }

  func of(_ inputs: [Tensor], mask: Tensor?, training: Bool = false) throws -> [Tensor] {
    // The same tensors get new handles, so that a mask is this call's.
    _ = try forwardAll(inputs, mask, training)
    return results
  }

  private func forwardAll(_ inputs: [Tensor], _ mask: Tensor?, _ training: Bool) throws -> Tensor {
    try Sum(self)(inputs, masks: [mask], training: training)
  }
}

/// Makes one result of several, which a layer called on its own must have.
private final class Sum: Layer {
  let inner: All

  init(_ inner: All) {
    self.inner = inner
    super.init()
  }

  override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    [try inner.outputs(inputs, context)[0]]
  }
}

/// A case of a fixture, of which not everything is printed.
struct RecurrentCase: Sendable, CustomStringConvertible {
  let file: String
  let number: Int
  var description: String { "\(file) \(number)" }
}

/// Recurrent layers made from Keras's own descriptions of them.
@Suite struct RecurrentLayerTests {
  static let fixtures = ["recurrent-layers", "conv-lstm"].reduce(into: [:]) { $0[$1] = try? Fixture($1) }
  static let cases = fixtures.keys.sorted().flatMap { file in
    (fixtures[file]?.cases ?? []).indices.map { RecurrentCase(file: file, number: $0) }
  }

  @Test func `there are cases`() { #expect(Self.cases.count == 59 + 17) }

  @Test(arguments: cases) func `as Keras`(_ place: RecurrentCase) throws {
    let fixture = try needed(Self.fixtures[place.file])
    let entry = fixture.cases[place.number]
    let what = "\(entry["layer"]?["class_name"]?.string ?? "?"), \(place)"
    let layer = try Layer.deserialize(try needed(entry["layer"]))
    let shape = try Fixture.integers(entry["shape"] ?? fixture.json["shape"])
    let mask = entry["masked"] == true
      ? Tensor(shape: [shape[0], shape[1]], scalars: try Fixture.numbers(fixture.json["mask"])) .!= 0 : nil
    let states = try (entry["states"]?.array ?? []).enumerated().map { Fixture.pattern(try Fixture.integers($1), salt: 20 + $0) }
    func sequence(_ call: Int) -> Tensor { Fixture.pattern(shape, salt: 1 + call) }

    let all = All(layer)
    _ = try all.of([sequence(0)] + states, mask: mask)
    for layer in layer.allLayers { (layer as? RecurrentLayer)?.resetStates() }
    let weights = try needed(entry["weights"]?.array)
    let weightShapes = try weights.map { try Fixture.integers($0[1]) }
    try #require(layer.variables.map(\.shape) == weightShapes, "\(what)")
    for (place, variable) in layer.variables.enumerated() {
      #expect(variable.name == weights[place][0]?.string, "\(what)")
      variable.assign(Fixture.pattern(variable.shape, salt: 40 + place))
    }

    for (call, expected) in try needed(entry["calls"]?.array).enumerated() {
      let expected = try needed(expected.array)
      let results = try all.of([sequence(call)] + states, mask: mask)
      let shapes = try expected.map { try Fixture.integers($0["shape"]) }
      try #require(results.map(\.shape) == shapes, "\(what)")
      for (result, expected) in zip(results, expected) {
        expectClose(result, try Fixture.numbers(expected["values"]), tolerance: 1e-10, "\(what), call \(call)")
      }
    }
    let penalties = layer.regularizers.map { $0.regularizer($0.variable.value).item() }
      + layer.allLayers.dropFirst().flatMap { $0.regularizers.map { $0.regularizer($0.variable.value).item() } }
    let losses = (all.addedLosses.map { $0.item() } + penalties).reduce(0, +)
    expectClose([losses], [try needed(entry["losses"]?.double)], tolerance: 1e-10, "\(what): losses")

    if let expected = entry["gradients"]?.array {
      let inputs = [sequence(0)] + states
      let loss = try all.of(inputs, mask: mask).map { square($0).sum() }.reduce(Tensor(0.0), +)
      let found = gradients(of: loss, withRespectTo: inputs) + gradients(of: loss, withRespectTo: layer.trainableVariables)
      try #require(found.count == expected.count)
      for (place, (gradient, expected)) in zip(found, expected).enumerated() {
        expectClose(gradient, try Fixture.numbers(expected), tolerance: 1e-10, "\(what): derivative \(place)")
      }
    }

    // What is written says the same.
    let written = try layer.serialize()
    let again = try needed(Layer.deserialize(written).serialize()["config"])
    let keras = try needed(entry["layer"]?["config"]?.object)
    for (key, value) in try needed(written["config"]?.object).members where !["layer", "backward_layer", "cell", "dtype", "trainable"].contains(key) {
      #expect(again[key] == value, "\(what): '\(key)' read back")
      let same = keras[key] ?? .null
      let isSame = value == same || (value.double != nil && value.double == same.double)
        || value["class_name"] != nil && value["class_name"] == same["class_name"]
      #expect(isSame, "\(what): '\(key)' is \(value), Keras writes \(same)")
    }
  }
}
