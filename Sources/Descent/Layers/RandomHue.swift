import TensorCore

/// While training, images whose hue is turned by up to half a circle times f, in either direction, with f drawn for each. Images have three channels: red, green and blue.
/// (Keras: `keras.layers.RandomHue`.)
public final class RandomHue: RandomLightLayer {
  /// - Parameters:
  ///   - factor: between what f is drawn, from 0 to 1; a number for 0 to that number.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - dataFormat: where the channels are.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: RandomFactor, valueRange: ClosedRange<Double> = 0...255, dataFormat: DataFormat = .channelsLast, seed: UInt64? = nil,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(
      factor, within: 0...1, valueRange: valueRange, needsColors: true, seed: seed, dataFormat: dataFormat, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  /// What is added to the hue, a circle being 1.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factorRange
    let side = select(uniform(images, 0, 1, random) .> 0.5, -1, Tensor.ones([images.shape[0]], dtype: images.dtype))
    return [side * uniform(images, low, high, random) * 0.5]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    var colors = HueSaturationValue(images.scaled(from: valueRange, to: 0...1))
    // Values of a hue that differ by whole numbers are one.
    colors.hue = colors.hue + drawn[0].reshaped([images.shape[0], 1, 1])
    return clip(colors.images, 0, 1).scaled(from: 0...1, to: valueRange)
  }
}

extension RandomHue: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let own = try LightSettings(&options, defaults: RandomHue(0))
    self.init(own.factor, valueRange: own.valueRange, dataFormat: own.dataFormat, seed: own.seed, inputShape: options.inputShape, name: options.name)
  }
}
