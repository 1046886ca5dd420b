import TensorCore

/// While training, each image with a rectangle from another one of the batch. (Yun et al., "CutMix", 2019; Keras: `keras.layers.CutMix`.)
///
/// Its sides are the square root of 1 − w of the image's, with w drawn from the beta distribution of α and α, and α drawn for a batch.
public final class CutMix: MixingLayer {
  /// Between what α is drawn, from 0 to 1; a number for 0 to that number.
  public let factor: RandomFactor

  /// - Parameters:
  ///   - factor: between what α is drawn, from 0 to 1; a number for 0 to that number.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: RandomFactor = 1, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.factor = factor
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws { try check(factor, "factor", 0...1) }

  /// Where the rectangle begins and ends along the width and along the height, and which other image it comes from.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factor.range(least: 0)
    let alpha = random.uniform([1], low: low, high: high, dtype: images.dtype) + 1e-6
    let part = sqrt(1 - CutMix.symmetricBeta(images.shape[0], alpha: alpha, random))
    let (x0, x1) = span(images, part, images.shape[2], random)
    let (y0, y1) = span(images, part, images.shape[1], random)
    return [x0, x1, y0, y1, random.shuffle(Tensor.range(images.shape[0]))]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let isOther = isInside(images, drawn[0], drawn[1], drawn[2], drawn[3])
    return select(isOther.broadcast(to: images.shape), take(images, drawn[4].cast(to: .int32), axis: 0), images)
  }

  override func weight(_ drawn: [Tensor], _ images: Tensor) -> Tensor {
    1 - (drawn[1] - drawn[0]) * (drawn[3] - drawn[2]) / Double(images.shape[1] * images.shape[2])
  }

  /// Numbers of the beta distribution of α and α, for an α of about 1 at most that is itself drawn: of pairs U^(1/α), V^(1/α) the first whose sum is not above 1
  /// (Jöhnk, 1964), which every second one is at least. Logarithms, as the powers may be too small to be told from 0.
  package static func symmetricBeta(_ count: Int, alpha: Tensor, _ random: RandomGenerator) -> Tensor {
    var result = Tensor(repeating: 0.5, shape: [count]).cast(to: alpha.dtype)
    for _ in 0..<24 {
      func power() -> Tensor { log(random.uniform([count], low: 1e-30, high: 1, dtype: alpha.dtype)) / alpha }
      let (x, y) = (power(), power())
      let most = maximum(x, y)
      let isGood = most + log(exp(x - most) + exp(y - most)) .<= 0
      result = select(isGood, 1 / (1 + exp(minimum(y - x, 80))), result)
    }
    return result
  }
}

extension CutMix: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: CutMix())
    try options.refuseBoundingBoxes()
    self.init(
      try options.factor("factor"), seed: try options.seed(), dataFormat: try options.dataFormat(), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("data_format", .string(dataFormat.rawValue)), ("factor", factor.rangeJSON(least: 0)), ("seed", .seed(seed))])
  }
}
