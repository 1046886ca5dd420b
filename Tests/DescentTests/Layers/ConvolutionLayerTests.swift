import Descent
import DescentTestSupport
import Testing

struct ConvolutionLayerTests {
  private func message(_ layer: Layer, _ row: [Int]) -> String {
    do {
      _ = try layer(Tensor.zeros([1] + row))
      return "nothing was thrown"
    } catch let error as DescentError {
      return error.message
    } catch {
      return "not a DescentError: \(error)"
    }
  }

  @Test func `what does not fit is one error that names the layer`() {
    let refused: [(Layer, [Int], String)] = [
      (Conv2D(4, 5, name: "a"), [3, 8, 1], "layer a: a window of 5 positions"), (Conv2D(0, 3, name: "a"), [8, 8, 1], "layer a: filters is 0"),
      (Conv2D(4, 3, strides: 0, name: "a"), [8, 8, 1], "layer a: strides is [0]"),
      (Conv2D(4, [3, 3, 3], name: "a"), [8, 8, 1], "layer a: kernelSize is [3, 3, 3]"),
      (Conv2D(4, 3, groups: 2, name: "a"), [8, 8, 3], "layer a: groups is 2, which does not divide the 3 channels"),
      (Conv2D(3, 3, groups: 2, name: "a"), [8, 8, 2], "groups that divide the filters"),
      (Conv2D(4, 3, strides: 2, dilationRate: 2, name: "a"), [8, 8, 1], "both more than 1"),
      (Conv2D(4, 3, padding: .causal, name: "a"), [8, 8, 1], "layer a: padding is causal; expected valid or same"),
      (Conv2D(4, 3, name: "a"), [8, 8], "layer a: a row of the input has shape [8, 8]; expected [height, width, channels]"),
      (Conv1D(4, 3, dataFormat: .channelsFirst, name: "a"), [8], "expected [channels, steps]"),
      (Conv2D(1 << 60, 3, name: "a"), [8, 8, 1], "layer a"), (Conv2DTranspose(4, 3, strides: 1 << 30, name: "a"), [8, 8, 1], "layer a"),
      (Conv2DTranspose(4, 3, strides: 2, outputPadding: 2, name: "a"), [8, 8, 1], "layer a: outputPadding [2, 2] must be less"),
      (DepthwiseConv2D(3, depthMultiplier: 0, name: "a"), [8, 8, 1], "layer a: depthMultiplier is 0"),
      (MaxPooling2D(9, name: "a"), [8, 8, 1], "layer a: a window of 9 positions"), (MaxPooling2D(0, name: "a"), [8, 8, 1], "layer a: poolSize is [0]"),
      (GlobalMaxPooling2D(name: "a"), [0, 8, 1], "layer a: a row of the input has shape [0, 8, 1]"),
      (ZeroPadding2D([[1, 1]], name: "a"), [8, 8, 1], "layer a: padding is"), (Cropping2D(4, name: "a"), [8, 8, 1], "leaves nothing"),
      (UpSampling3D(2, interpolation: .bilinear, name: "a"), [2, 2, 2, 1], "interpolation is bilinear; expected nearest"),
      (AdaptiveMaxPooling2D(9, name: "a"), [0, 8, 1], "layer a"), (AdaptiveMaxPooling2D(1 << 30, name: "a"), [8, 8, 1], "layer a: a row of the result"),
      (AdaptiveAveragePooling1D(0, name: "a"), [8, 1], "layer a: outputSize is [0]"),
      (AdaptiveAveragePooling1D([2, 2], name: "a"), [8, 1], "layer a: outputSize is [2, 2]"),
      (Resizing(0, 4, name: "a"), [8, 8, 1], "layer a: height is 0"), (Resizing(2, 4, name: "a"), [0, 8, 1], "an image of 0 × 8 positions has none"),
      (Resizing(1 << 30, 1 << 30, name: "a"), [8, 8, 1 << 20], "layer a"), (Resizing(2, 2, name: "a"), [8, 8], "expected [height, width, channels]"),
      (UpSampling2D(1 << 40, name: "a"), [8, 8, 1], "layer a"),
    ]
    for (layer, row, expected) in refused {
      let found = message(layer, row)
      #expect(found.contains(expected), "\(found)")
    }
  }

  @Test func `a built layer takes images of another size and refuses other channels`() throws {
    let layer = Conv2D(2, 3, name: "c")
    #expect(try layer(Tensor.ones([1, 8, 8, 3])).shape == [1, 6, 6, 2])
    #expect(try layer(Tensor.ones([4, 5, 9, 3])).shape == [4, 3, 7, 2])
    let error = #expect(throws: DescentError.self) { try layer(Tensor.ones([1, 8, 8, 2])) }
    #expect(error?.message.contains("built for 3 channels") == true)
    let small = #expect(throws: DescentError.self) { try layer(Tensor.ones([1, 2, 8, 3])) }
    #expect(small?.message.contains("layer c: a window of 3 positions") == true)
  }

  @Test func `a small network learns where a bright spot is`() throws {
    var generator = SeededGenerator(seed: 1)
    var pixels: [Float] = [], labels: [Int32] = []
    for _ in 0..<128 {
      let place = Int.random(in: 0..<4, using: &generator)
      var image = (0..<64).map { _ in Float.random(in: 0...0.3, using: &generator) }
      image[(place / 2 * 4 + 1) * 8 + place % 2 * 4 + 2] += 1
      pixels += image
      labels.append(Int32(place))
    }
    let model = Sequential(seed: 1) {
      Conv2D(8, 3, padding: .same, activation: .relu, inputShape: [8, 8, 1])
      MaxPooling2D()
      BatchNormalization()
      Conv2D(8, 3, activation: .relu)
      Flatten()
      Dense(4, activation: .softmax)
    }
    try model.compile(optimizer: Adam(learningRate: 0.01), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    let x = Tensor(shape: [128, 8, 8, 1], scalars: pixels), y = Tensor(labels)
    let history = try model.fit(x, y, batchSize: 32, epochs: 12, verbose: 0)
    #expect(history["accuracy"].last! > 0.95)
  }
}
