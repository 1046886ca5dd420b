import Descent
import DescentTestSupport
import Testing

/// Layers called on whole numbers outside of a model. Expected numbers and dtypes are Keras's on JAX.
@Suite struct WholeNumberTests {
  private static let types: [DType] = [.uint8, .int32]

  @Test(arguments: [false, true]) func `what was measured on whole numbers scales whole numbers`(_ isInverse: Bool) throws {
    for type in Self.types {
      let layer = Normalization(invert: isInverse)
      try layer.adapt(Tensor([[Int32(0)], [1], [1], [0]]))
      let y = try layer(Tensor([[Int32(1)], [3]]).cast(to: type))
      #expect(y.dtype == .float32)
      expectClose(y, isInverse ? [1, 2] : [1, 5], tolerance: 1e-6, "\(type)")
    }
  }

  @Test(arguments: types) func `pictures of whole numbers are resized to such`(_ type: DType) throws {
    let x = Tensor(shape: [1, 2, 2, 1], scalars: [Int32(0), 250, 9, 100]).cast(to: type)
    func expect(_ layer: Layer, _ expected: [Double], _ resultType: DType) throws {
      let y = try layer(x)
      #expect(y.dtype == resultType)
      expectClose(y, expected, tolerance: 1e-4, "\(Swift.type(of: layer)) \(type)")
    }
    try expect(Resizing(3, 5, interpolation: .nearest), [0, 0, 250, 250, 250, 9, 9, 100, 100, 100, 9, 9, 100, 100, 100], type)
    try expect(Resizing(3, 5), [0, 25, 125, 225, 250, 4, 22, 90, 158, 175, 9, 18, 54, 91, 100], type)
    let cubic: [Double] = type == .uint8
      ? [0, 16, 130, 243, 255, 0, 16, 90, 164, 192, 2, 15, 50, 85, 98] : [-26, 16, 130, 243, 286, -12, 16, 90, 164, 192, 2, 15, 50, 85, 98]
    try expect(Resizing(3, 5, interpolation: .bicubic), cubic, type)
    let doubled: [Double] = [0, 62, 188, 250, 2, 55, 160, 212, 7, 39, 105, 138, 9, 32, 77, 100]
    try expect(UpSampling2D(2, interpolation: .bilinear), doubled, type)
    try expect(CenterCrop(3, 3), [0, 125, 250, 4.5, 89.75, 175, 9, 54.5, 100], .float32)
  }

  @Test(arguments: types) func `merging keeps whole numbers`(_ type: DType) throws {
    let (a, b) = (Tensor([[Int32(200), 3]]).cast(to: type), Tensor([[Int32(100), 4]]).cast(to: type))
    let isByte = type == .uint8
    for (layer, expected) in [(Add(), [isByte ? 44 : 300, 7]), (Multiply(), [isByte ? 32 : 20000, 12]), (Maximum(), [200, 4])] as [(Merge, [Double])] {
      let y = try layer([a, b])
      #expect(y.dtype == type)
      expectClose(y, expected, "\(Swift.type(of: layer)) \(type)")
    }
    // 200 · 200 + 3 · 3.
    let product = try Dot(axes: 1)([a, a]), joined = try Concatenate()([a, b])
    #expect(product.dtype == type && joined.dtype == type)
    expectClose(product, [isByte ? 73 : 40009], "\(type)")
    expectClose(joined, [200, 3, 100, 4])
    let mean = try Average()([Tensor([[Int32(20), 3]]).cast(to: type), Tensor([[Int32(10), 4]]).cast(to: type)])
    #expect(mean.dtype == .float32)
    expectClose(mean, [15, 3.5])
    // In a graph too they reach these layers as they are.
    let inputs = [Input(shape: [2], dtype: type), Input(shape: [2], dtype: type)]
    let model = try Model(inputs: inputs, outputs: Add()(inputs))
    expectClose(try model.predict([a, b], verbose: 0), [isByte ? 44 : 300, 7])
  }

  @Test(arguments: types) func `steps of whole numbers are masked, by numbers with a fraction none`(_ type: DType) throws {
    let x = Tensor(shape: [1, 2, 2], scalars: [Int32(0), 0, 1, 2]).cast(to: type)
    for (value, expected) in [(0.5, [0.5, 1]), (0, [1, 2])] as [(Double, [Double])] {
      let model = Sequential([Masking(maskValue: value), GlobalAveragePooling1D()])
      // The mean over the steps that count.
      expectClose(try model(x), expected, tolerance: 1e-6)
      #expect(try Masking(maskValue: value)(x).dtype == type)
    }
  }

  @Test(arguments: types) func `other layers compute in their dtype`(_ type: DType) throws {
    expectClose(try Activation(.gelu)(Tensor([[Int32(0), 1, 2]]).cast(to: type)), [0, 0.8413447, 1.9544997], tolerance: 1e-3)
    #expect(try Activation(.linear)(Tensor([[Int32(0), 1, 2]]).cast(to: type)).dtype == type)
    let sequence = Tensor(shape: [1, 2, 2], scalars: [Int32(0), 1, 2, 1]).cast(to: type)
    expectClose(try Attention()([sequence, sequence]), [1, 1, 1.9640275, 1], tolerance: 1e-6)

    let images = (Fixture.pattern([2, 6, 6, 3], salt: 1) * 64 + 128).cast(to: type), steps = (Fixture.pattern([2, 4, 4], salt: 2) * 8 + 20).cast(to: type)
    let unchanged: [Layer] = [
      RandomFlip(), RandomRotation(0.2), RandomZoom(0.2), RandomTranslation(0.2, 0.2), RandomShear(xFactor: 0.2, yFactor: 0.2), RandomPerspective(1),
      RandomBrightness(0.2), RandomContrast(0.2), RandomHue(0.2), RandomSaturation(0.2), RandomSharpness(0.2), RandomColorDegeneration(0.2),
      RandomColorJitter(brightnessFactor: 0.2), RandomErasing(1), RandomGaussianBlur(1), RandomGrayscale(1), RandomInvert(1), RandomPosterization(4),
      Solarization(), Equalization(), RandAugment(), MixUp(), CutMix(),
    ]
    let ofImages: [Layer] = [
      RandomCrop(4, 4), RandomCrop(8, 8), CenterCrop(4, 4), SpatialDropout2D(0.5), UpSampling2D(2), ZeroPadding2D(1), Cropping2D(1), Flatten(),
      GlobalMaxPooling2D(), GlobalAveragePooling2D(), MaxPooling2D(), Rescaling(1.0 / 255), BatchNormalization(), Conv2D(2, 3), AutoContrast(),
    ]
    let ofSteps: [Layer] = [
      Dropout(0.5), SpatialDropout1D(0.5), AlphaDropout(0.5), GaussianNoise(0.5), GaussianDropout(0.5), ReLU(), ReLU(maxValue: 20.5),
      LeakyReLU(), ELU(), PReLU(), Softmax(), Identity(), ActivityRegularization(l2: 0.1), UnitNormalization(), LayerNormalization(), RMSNormalization(),
      GroupNormalization(groups: 2), GlobalAveragePooling1D(), GlobalMaxPooling1D(), UpSampling1D(2), ZeroPadding1D(1), RepeatVectorOfSums(), Permute([2, 1]),
      Reshape([16]), TimeDistributed(Dense(2)), LSTM(2), Bidirectional(GRU(2)), Dense(3), Activation(.relu), Activation(.softmax), LayerScale(0.1, 4),
    ]
    for (layers, x) in [(unchanged + ofImages, images), (ofSteps, steps)] {
      for layer in layers {
        let y = try layer(x), expected = try layer(x.cast(to: .float32))
        expectClose(y, expected.doubles, tolerance: 1e-6, "\(Swift.type(of: layer)) \(type)")
        _ = try layer(x, training: true).doubles
      }
    }
    for layer in unchanged { #expect(try layer(images, training: true).dtype == .float32, "\(Swift.type(of: layer))") }
  }
}

/// A layer of a program's own gets whole numbers as they are.
private final class RepeatVectorOfSums: Layer {
  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try RepeatVector(2)(x.sum(axis: 1), context) }
}
