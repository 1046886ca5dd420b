import TensorCore

/// While training, (x − mean) · factor + mean for each channel of an image, within the range of values, with factors drawn uniformly. (Keras:
/// `keras.layers.RandomContrast`.)
public final class RandomContrast: RandomLightLayer {
  /// - Parameters:
  ///   - factor: what is taken from 1 for the least and added to 1 for the greatest factor, from 0 to 1; a number f for factors from 1 to
  ///     1 + f, as in Keras 3.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: RandomFactor, valueRange: ClosedRange<Double> = 0...255, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(
      factor, within: 0...1, valueRange: valueRange, seed: seed, dataFormat: dataFormat, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factorRange
    return [uniform(images, 1 - low, 1 + high, random)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let mean = images.mean(axes: [1, 2], keepDims: true)
    return clipped((images - mean) * perImage(drawn[0]) + mean)
  }
}

extension RandomContrast: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let own = try LightSettings(&options, defaults: RandomContrast(0))
    self.init(own.factor, valueRange: own.valueRange, seed: own.seed, dataFormat: own.dataFormat, inputShape: options.inputShape, name: options.name)
  }
}
