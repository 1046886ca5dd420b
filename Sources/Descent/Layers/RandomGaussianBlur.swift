import TensorCore

/// While training, images blurred by a Gaussian window, each with a probability that is drawn for it; how wide the window is along both axes is
/// drawn for a batch. Outside of an image lies 0. (Keras: `keras.layers.RandomGaussianBlur`.)
public final class RandomGaussianBlur: RandomImageLayer {
  /// Between what the probability is drawn, from 0 to 1; a number for 0 to that number.
  public let factor: RandomFactor
  /// How many pixels the window has along the width and along the height; both are odd.
  public let kernelSize: (width: Int, height: Int)
  /// Between what the window's standard deviations are drawn, in pixels, from 0 to 1; a number for 0 to that number.
  public let sigma: RandomFactor
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>

  /// - Parameters:
  ///   - factor: between what the probability is drawn, from 0 to 1; a number for 0 to that number.
  ///   - kernelSize: how many pixels the window has along the width and along the height; both are odd.
  ///   - sigma: between what the window's standard deviations are drawn, in pixels, from 0 to 1; a number for 0 to that number.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: RandomFactor = 1, kernelSize: (width: Int, height: Int) = (3, 3), sigma: RandomFactor = 1,
    valueRange: ClosedRange<Double> = 0...255, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.factor = factor
    self.kernelSize = kernelSize
    self.sigma = sigma
    self.valueRange = valueRange
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try check(factor, "factor", 0...1)
    try check(sigma, "sigma", 0...1)
    try check(valueRange: valueRange)
    for size in [kernelSize.width, kernelSize.height] {
      guard size % 2 == 1, (1...255).contains(size) else { throw settingsError("kernelSize is \(kernelSize.width), \(kernelSize.height); expected odd numbers from 1 to 255") }
    }
  }

  /// 1 for each image that is blurred and 0 for others, and the standard deviations along the width and the height.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = sigma.range(least: 0)
    return [chosen(images, factor, random), random.uniform([2], low: low, high: high, dtype: images.dtype) + 1e-6]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    func window(_ size: Int, _ sigma: Tensor) -> [Tensor] {
      let heights = (0..<size).map { place in
        let x = (Double(place) - Double(size - 1) / 2) / sigma
        return exp(-0.5 * (x * x))
      }
      let sum = heights.dropFirst().reduce(heights[0], +)
      return heights.map { $0 / sum }
    }
    let across = window(kernelSize.width, drawn[1][0..<1]), down = window(kernelSize.height, drawn[1][1..<2])
    let blurred = images.windowSums(axis: 2, across).windowSums(axis: 1, down)
    let result = select(perImage(drawn[0]) .> 0.5, blurred, images)
    return clip(result, Tensor(number: valueRange.lowerBound), Tensor(number: valueRange.upperBound))
  }
}

extension RandomImageLayer {
  /// 1 for each image that something is done to, with a probability drawn for it, and 0 for others.
  func chosen(_ images: Tensor, _ factor: RandomFactor, _ random: RandomGenerator) -> Tensor {
    let (low, high) = factor.range(least: 0)
    let probability = uniform(images, low, high, random)
    return (uniform(images, 0, 1, random) .< probability).cast(to: images.dtype)
  }
}

extension RandomGaussianBlur: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomGaussianBlur())
    try options.refuseBoundingBoxes()
    let pair = try options.value("kernel_size", SettingKind.integers.map("an integer or two") { $0.count == 1 ? $0 + $0 : $0.count == 2 ? $0 : nil })
    self.init(
      try options.factor("factor"), kernelSize: (pair[0], pair[1]), sigma: try options.factor("sigma"), valueRange: try options.valueRange(),
      seed: try options.seed(), dataFormat: try options.dataFormat(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("factor", factor.rangeJSON(least: 0)),
      ("kernel_size", .ints([kernelSize.width, kernelSize.height])), ("sigma", sigma.rangeJSON(least: 0)), ("value_range", .range(valueRange)),
      ("seed", .seed(seed)),
    ])
  }
}
