import TensorCore

/// While training, pixels plus a part of the range of values drawn uniformly for each image, within that range. (Keras:
/// `keras.layers.RandomBrightness`.)
public final class RandomBrightness: RandomLightLayer {
  /// - Parameters:
  ///   - factor: the part of the range that is added, from −1 to 1; a number f for −f to f.
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
      factor, within: -1...1, valueRange: valueRange, seed: seed, dataFormat: dataFormat, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  /// What is added.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factorRange
    return [uniform(images, low, high, random) * (valueRange.upperBound - valueRange.lowerBound)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    clipped(images + perImage(drawn[0]))
  }
}

extension RandomBrightness: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let own = try LightSettings(&options, defaults: RandomBrightness(0))
    self.init(own.factor, valueRange: own.valueRange, seed: own.seed, dataFormat: own.dataFormat, inputShape: options.inputShape, name: options.name)
  }
}
