import TensorCore

/// While training, images whose saturation is multiplied by f / (1 − f), with f drawn for each. Images have three channels: red, green and blue.
/// (Keras: `keras.layers.RandomSaturation`.)
public final class RandomSaturation: RandomLightLayer {
  /// - Parameters:
  ///   - factor: between what f is drawn, from −1 to 1, where ½ changes nothing; a number f for −f to f, as in Keras 3.
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
      factor, within: -1...1, valueRange: valueRange, needsColors: true, seed: seed, dataFormat: dataFormat, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  /// What the saturation is multiplied by.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factorRange
    let f = uniform(images, low, high, random)
    return [f / (1 - f + fuzz)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    var colors = HueSaturationValue(images)
    let saturation = colors.saturation * drawn[0].reshaped([images.shape[0], 1, 1])
    colors.saturation = clipped(saturation)
    return colors.images
  }
}

extension RandomSaturation: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let own = try LightSettings(&options, defaults: RandomSaturation(0))
    self.init(own.factor, valueRange: own.valueRange, dataFormat: own.dataFormat, seed: own.seed, inputShape: options.inputShape, name: options.name)
  }
}
