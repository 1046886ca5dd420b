import TensorCore

/// While training, the greatest value less the pixels, for images chosen at random. (Keras: `keras.layers.RandomInvert`.)
public final class RandomInvert: RandomLightLayer {
  /// - Parameters:
  ///   - factor: between what the probability is drawn for each image, from 0 to 1; a number f for 0 to f, as in Keras 3.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: RandomFactor = 1, valueRange: ClosedRange<Double> = 0...255, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(
      factor, within: 0...1, valueRange: valueRange, seed: seed, dataFormat: dataFormat, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factorRange
    let probability = uniform(images, low, high, random)
    return [uniform(images, 0, 1, random) .< probability]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    select(perImage(drawn[0]), Tensor(number: valueRange.upperBound) - images, images)
  }
}

extension RandomInvert: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let own = try LightSettings(&options, defaults: RandomInvert(), isFactorNeeded: false)
    self.init(own.factor, valueRange: own.valueRange, seed: own.seed, dataFormat: own.dataFormat, inputShape: options.inputShape, name: options.name)
  }
}
