import Descent
import DescentTestSupport
import Testing

/// What recurrent layers of convolutions do that is not a number of Keras's.
@Suite struct ConvLSTMTests {
  private let x = Fixture.pattern([2, 3, 4, 5, 2], salt: 1, dtype: .float32)

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error)" }
  }

  @Test func `with windows over a single place it is a layer of products`() throws {
    let pixels = Fixture.pattern([2, 3, 1, 2], salt: 1, dtype: .float32)
    let conv = ConvLSTM1D(3, 1, returnSequences: true), plain = LSTM(3, returnSequences: true)
    _ = try (conv(pixels), plain(pixels.reshaped([2, 3, 2])))
    for (a, b) in zip(plain.variables, conv.variables) { a.assign(b.value.reshaped(a.shape)) }
    expectClose(try conv(pixels), try plain(pixels.reshaped([2, 3, 2])).doubles, tolerance: 1e-6)
  }

  @Test func `a masked step leaves the state as it is`() throws {
    let layer = ConvLSTM2D(2, 2, returnSequences: true), zeros = ConvLSTM2D(2, 2, returnSequences: true, zeroOutputForMask: true)
    _ = try (layer(x), zeros(x))
    for (a, b) in zip(zeros.variables, layer.variables) { a.assign(b.value) }
    let mask = Tensor(shape: [2, 3], scalars: [1.0, 0, 1, 1, 0, 1]) .!= 0
    let held = try layer(x, mask: mask)
    #expect(held[0..<2, 0..<1].doubles == held[0..<2, 1..<2].doubles)
    let without = try layer(concatenate([x[0..<2, 0..<1], x[0..<2, 2..<3]], axis: 1))
    expectClose(held[0..<2, 2..<3], without[0..<2, 1..<2].doubles, tolerance: 1e-6)
    #expect(try zeros(x, mask: mask)[0..<2, 1..<2].doubles.allSatisfy { $0 == 0 })
  }

  @Test func `each gate drops elements of its own, the same at each step`() throws {
    let ones = Tensor.ones([1, 2, 8, 8, 1])
    let layer = ConvLSTM2D(
      1, 1, activation: .linear, recurrentActivation: .linear, useBias: false, kernelInitializer: .ones, recurrentInitializer: .zeros,
      dropout: 0.5, seed: 3, returnSequences: true)
    // c = i · c̃ at the first step and c′ = f · c + i · c̃ at the second, h = o · c, where each factor is 0 or 2.
    let (y, again) = (try layer(ones, training: true).doubles, try layer(ones, training: true).doubles)
    #expect(Set(y[..<64]) == [0, 8])
    #expect(Set(y[64...]) == [0, 8, 24])
    #expect(y != again)
    let still = try layer(ones)
    #expect(still.doubles == [Double](repeating: 1, count: 64) + [Double](repeating: 2, count: 64))
  }

  @Test func `training and files work inside a model`() throws {
    let model = Sequential(seed: 1) {
      ConvLSTM2D(3, 3, padding: .same, dropout: 0.1, recurrentDropout: 0.1, returnSequences: true, inputShape: [3, 4, 5, 2])
      BatchNormalization()
      Bidirectional(ConvLSTM2D(2, 2, strides: 2), mergeMode: .sum)
      Flatten()
      Dense(1)
    }
    try model.compile(optimizer: .adam(learningRate: 0.01), loss: .meanSquaredError)
    let losses = try model.fit(x, Tensor([0.5, -0.5]).cast(to: .float32).reshaped([2, 1]), epochs: 30, verbose: 0)["loss"]
    #expect(try needed(losses.last) < 0.5 * needed(losses.first))
    let summary = model.summaryText()
    #expect(summary.contains("conv_lstm2d (ConvLSTM2D)") && summary.contains("(None, 3, 4, 5, 3)"))
    let again = try Model.fromJSON(model.toJSON())
    #expect(again.layers.map(\.outputShape) == model.layers.map(\.outputShape))
    #expect(try again.toJSON() == model.toJSON())
    #expect(!"\(try model.explainPrediction(x))".isEmpty)
  }

  @Test func `what does not fit is told`() throws {
    let layer = ConvLSTM2D(2, 3, name: "a")
    #expect(message { _ = try layer(x[0..<2, 0..<3, 0..<2]) }.contains("layer a: a window of 3 positions"))
    #expect(message { _ = try ConvLSTM2D(2, 2, name: "a")(Tensor.zeros([2, 3, 4, 5])) }.contains("layer a: a row of the input has shape [4, 5]; expected [height, width, channels]"))
    #expect(message { _ = try ConvLSTM2D(0, 2, name: "a")(x) } == "layer a: filters is 0; it must be at least 1")
    #expect(message { _ = try ConvLSTM2D(2, 2, padding: .causal, name: "a")(x) }.contains("padding is causal; expected valid or same"))
    #expect(message { _ = try ConvLSTM2D(2, 2, strides: 2, dilationRate: 2, name: "a")(x) }.contains("both more than 1"))
    let built = ConvLSTM2D(2, 2, name: "a")
    _ = try built(x)
    #expect(message { _ = try built(x[0..<2, 0..<3, 0..<3]) }.contains("built for steps of shape [4, 5, 2]"))
    #expect(message { _ = try built([x, Tensor.zeros([2, 3, 4, 2])]) }.contains("initial states has the shapes [3, 4, 2]; expected [3, 4, 2], [3, 4, 2]"))
    let open = Sequential { ConvLSTM2D(2, 2, inputShape: [nil, nil, 5, 2], name: "a"); Flatten() }
    #expect(message { _ = try open.predict(x, verbose: 0) }.contains("needs to know a size that is open"))
    let steps = Sequential { ConvLSTM2D(2, 2, inputShape: [nil, 4, 5, 2]); Flatten() }
    #expect(try steps.predict(x, verbose: 0).shape == [2, 3 * 4 * 2])
  }
}
