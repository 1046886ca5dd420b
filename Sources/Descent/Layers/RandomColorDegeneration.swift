import TensorCore

/// While training, images between themselves and what they are without colours: x + f · (gray − x), with f drawn for each. Images have three
/// channels: red, green and blue. (Keras: `keras.layers.RandomColorDegeneration`.)
public final class RandomColorDegeneration: RandomLightLayer {
  /// - Parameters:
  ///   - factor: between what f is drawn, from −1 to 1; a number f for −f to f.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: RandomFactor, valueRange: ClosedRange<Double> = 0...255, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(
      factor, within: -1...1, valueRange: valueRange, needsColors: true, seed: seed, dataFormat: dataFormat, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factorRange
    return [uniform(images, low, high, random)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let gray = (images * Tensor([0.2989, 0.587, 0.114]).cast(to: images.dtype)).sum(axes: [3], keepDims: true)
    return clipped(images + perImage(drawn[0]) * (gray - images))
  }
}

extension RandomColorDegeneration: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let own = try LightSettings(&options, defaults: RandomColorDegeneration(0))
    self.init(own.factor, valueRange: own.valueRange, seed: own.seed, dataFormat: own.dataFormat, inputShape: options.inputShape, name: options.name)
  }
}
