import TensorCore

/// While training, images with fewer bits of light: of values from 0 to 255, the lower bits become 0. How many bits stay is drawn for each image.
/// (Keras: `keras.layers.RandomPosterization`.)
public final class RandomPosterization: RandomLightLayer {
  /// - Parameters:
  ///   - factor: how many bits stay, from 1 to 8: at least the first number and fewer than the second, or both if they are the same.
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
      factor, within: 1...8, valueRange: valueRange, seed: seed, dataFormat: dataFormat, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    guard factor.values.allSatisfy({ (1...8).contains($0) && $0 == $0.rounded() }) else {
      throw settingsError("factor is \(factor); expected one whole number or two from 1 to 8")
    }
    try super.check(shape)
  }

  /// How many bits become 0.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factorRange
    if low == high { return [Tensor(repeating: 8 - low, shape: [images.shape[0]]).cast(to: images.dtype)] }
    return [8 - random.randomInteger([images.shape[0]], low: Int(low), high: Int(high)).cast(to: images.dtype)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let powers = Tensor((0...7).map { Double(1 << $0) }).cast(to: images.dtype)
    let step = perImage(take(powers, drawn[0].cast(to: .int32), axis: 0))
    let light = clip(images.scaled(from: valueRange, to: 0...255), 0, 255)
    return (floor(light / step) * step).scaled(from: 0...255, to: valueRange)
  }
}

extension RandomPosterization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let own = try LightSettings(&options, defaults: RandomPosterization(8))
    self.init(own.factor, valueRange: own.valueRange, seed: own.seed, dataFormat: own.dataFormat, inputShape: options.inputShape, name: options.name)
  }
}
