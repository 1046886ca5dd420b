import Descent
import DescentTestSupport
import Testing

/// Layers that prepare columns of tables: what they make of data, and of rows, is what Keras makes of them.
@Suite struct TableLayerTests {
  static let fixture = try! Fixture("table-layers")
  static let cases = fixture.cases.indices

  @Test func `there are cases`() { #expect(Self.cases.count == 55) }

  private func input(_ name: String?) throws -> Tensor { try Fixture.tensor(Self.fixture.json["inputs"]?[needed(name)]) }

  private func areClose(_ a: [Double]?, _ b: [Double]?) -> Bool {
    guard let a, let b, a.count == b.count else { return false }
    return zip(a, b).allSatisfy { abs($0 - $1) <= 1e-6 * max(1, abs($1)) }
  }

  @Test(arguments: cases)
  func `as Keras`(_ number: Int) throws {
    let entry = Self.fixture.cases[number]
    let layer = try Layer.deserialize(try needed(entry["layer"]))
    let what = "\(layer.kerasClassName) \(number)"
    if let data = try entry["data"]?.array?.map({ try input($0.string) }) {
      if let normalization = layer as? Normalization { try normalization.adapt(batches: data) }
      if let discretization = layer as? Discretization { try discretization.adapt(batches: data) }
    }
    let x = try input(entry["x"]?.string)
    var inputs = [layer is CategoryEncoding ? x.cast(to: .int32) : x]
    if let weights = entry["weights"]?.string { inputs.append(try input(weights)) }
    let y = try layer(inputs)
    #expect(y.shape == (try Fixture.integers(entry["y"]?["shape"])), "\(what)")
    #expect((y.dtype == .int32) == entry["integers"]?.bool, "\(what)")
    expectClose(y, try Fixture.numbers(entry["y"]?["values"]), tolerance: 1e-10, what)
    let variables = layer.variables.filter { $0.name != "count" }
    for (variable, expected) in zip(variables, try needed(entry["variables"]?.array)) {
      expectClose(variable.value, try Fixture.numbers(expected["values"]), tolerance: 1e-12, "\(what): \(variable.name)")
    }
    #expect(variables.count == entry["variables"]?.array?.count, "\(what)")
    // What is written says the same, and no more.
    let described = entry["adapted"]?.object == nil ? entry["layer"] : entry["adapted"]
    let keras = try needed(described?["config"]?.object)
    let written = try needed(layer.serialize()["config"]?.object)
    #expect(Set(written.keys) == Set(keras.keys.filter { $0 != "sparse" || written["sparse"] != nil }), "\(what)")
    for (key, value) in keras.members where key != "dtype" && key != "sparse" {
      let own = written[key] ?? .null
      // Quantiles are float32 in Keras.
      let isSame = own == value || areClose(try? Fixture.numbers(own), try? Fixture.numbers(value))
      #expect(isSame, "\(what): '\(key)' is \(own), Keras writes \(value)")
    }
    let again = try Layer.deserialize(layer.serialize())
    #expect(try again.serialize()["config"] == layer.serialize()["config"], "\(what)")
  }

  @Test func `what does not fit is refused`() throws {
    func message(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "nothing was thrown"
      } catch { return (error as? DescentError)?.message ?? "\(error)" }
    }
    let rows = Tensor.zeros([2, 3])
    let adapted = Normalization(name: "n")
    try adapted.adapt(rows)
    let refused: [(String, String)] = [
      (message { _ = try Normalization(axis: 0, name: "n")(rows) }, "layer n: axis [0] names axis 0"),
      (message { _ = try Normalization(axis: 2, name: "n")(rows) }, "layer n: axis [2] is not of a tensor of 2 axes"),
      (message { _ = try Normalization(mean: 1, name: "n")(rows) }, "expected both, of one shape"),
      (message { _ = try Normalization(mean: Tensor([1.0, 2]), variance: Tensor([1.0, 2]), name: "n")(rows) }, "does not stretch to [3]"),
      (message { try Normalization(mean: 1, variance: 2, name: "n").adapt(rows) }, "its mean and variance were given"),
      (message { try adapted.adapt(Tensor.zeros([2, 4])) }, "layer n: it was built for 3 elements"),
      (message { try adapted.adapt(Tensor([[1.0, .nan, 2], [1, 2, 3]])) }, "layer n: adapt: place 1 of 3 along the axes that are kept holds numbers that are NaN"),
      (message { try adapted.adapt(Tensor([[1.0, 2, .infinity], [1, 2, 3]])) }, "place 2 of 3"),
      (message { try Normalization(axis: [], name: "n").adapt(Tensor([Float.nan, 1])) }, "layer n: adapt: the data hold numbers that are NaN"),
      (message { try adapted.adapt(batches: []) }, "there is no batch"), (message { try adapted.adapt(Tensor.zeros([0, 3])) }, "has no elements"),
      (message { _ = try Discretization(numBins: 3, name: "d")(rows) }, "layer d: it has no boundaries yet"),
      (message { _ = try Discretization(binBoundaries: [2, 1], name: "d")(rows) }, "expected numbers that ascend"),
      (message { try Discretization(binBoundaries: [1], name: "d").adapt(rows) }, "its boundaries were given"),
      (message { try Discretization(numBins: 0, name: "d").adapt(rows) }, "numBins is 0"),
      (message { try Discretization(numBins: 2, name: "d").adapt(Tensor([Float.nan])) }, "holds NaN"),
      (message { _ = try CategoryEncoding(0, name: "c")(rows) }, "layer c: numTokens is 0"),
      (message { _ = try CategoryEncoding(3, outputMode: .int, name: "c")(rows) }, "outputMode is int"),
      (message { _ = try CategoryEncoding(3, name: "c")([rows, rows]) }, "where outputMode is count"),
      (message { _ = try CategoryEncoding(3, name: "c")(Tensor([1 as Int32, 2])) }, "no numbers to gather"),
    ]
    for (found, expected) in refused { #expect(found.contains(expected), "\(found)") }
    #expect(adapted.mean?.value.doubles == [0, 0, 0])
  }

  @Test func `a layer that is shown other data goes by them in models that have it already`() throws {
    let layer = Discretization(numBins: 2, outputMode: .oneHot)
    func data(_ scale: Double) -> Tensor { Tensor((0..<100).map { Double($0) * scale }).reshaped([100, 1]) }
    try layer.adapt(data(1))
    let input = Input(shape: [1])
    let model = try Model(inputs: input, outputs: Dense(1, kernelInitializer: .ones)(layer(input)))
    try model.compile(optimizer: SGD(learningRate: 1e-30), loss: .mse)
    let places = try Model(inputs: input, outputs: layer(input))
    let x = Tensor([[20.0], [60], [200], [600]]), target = Tensor([[1.0], [1], [1], [1]])
    func check(_ expected: [Double]) throws {
      expectClose(try places.predict(x, verbose: 0), expected)
      expectClose(try layer(x), expected)
      // The plans of training and evaluating too: only rows in the first interval have the target's value.
      try model.setWeights([Tensor([[1.0], [0]]).cast(to: .float32), Tensor([0.0]).cast(to: .float32)])
      let loss = 1 - stride(from: 0, to: 8, by: 2).map { expected[$0] }.reduce(0, +) / 4
      expectClose(try model.fit(x, target, verbose: 0)["loss"], [loss])
      expectClose([try model.evaluate(x, target, verbose: 0).values["loss"]!], [loss])
    }
    try check([1, 0, 0, 1, 0, 1, 0, 1])
    try layer.adapt(data(8))
    try check([1, 0, 1, 0, 1, 0, 0, 1])
  }

  @Test func `training leaves what a layer knows of data alone`() throws {
    let x = RandomGenerator(seed: 3).normal([32, 3], mean: 5, standardDeviation: 4).evaluated()
    let scaling = Normalization()
    try scaling.adapt(x)
    let model = Sequential(seed: 1) {
      scaling
      Dense(1)
    }
    try model.compile(optimizer: SGD(learningRate: 0.1), loss: .meanSquaredError)
    let before = [scaling.mean!, scaling.variance!].map(\.value.doubles)
    let losses = try model.fit(x, (x * Tensor([1 as Float, 2, 3])).sum(axis: 1, keepDims: true), epochs: 30, verbose: 0)["loss"]
    #expect(losses.last! < 0.01 * losses[0] && model.trainableVariables.count == 2)
    #expect([scaling.mean!, scaling.variance!].map(\.value.doubles) == before)
    let scaled = try scaling(x)
    #expect(abs(scaled.mean().item()) < 1e-5 && abs(square(scaled).mean().item() - 1) < 1e-4)
  }
}
