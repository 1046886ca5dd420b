import TensorCore

/// While training, a batch changed by some of eleven ways, drawn for the batch: sheared, moved, turned, lighter or darker, with less colour, more or less contrast,
/// sharper or blurred, with fewer bits of light, solarized, with full contrast, equalized. (Cubuk et al., "RandAugment", 2019; Keras: `keras.layers.RandAugment`.)
///
/// All eleven are computed for each of the operations, and one is taken, as in Keras. Images have three channels: red, green and blue.
public final class RandAugment: RandomImageLayer {
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>
  /// How many ways are gone after one another.
  public let numOps: Int
  /// How strong they are, from 0 to 1; a number for 0 to that number.
  public let factor: RandomFactor
  /// What lies between pixels: nearest or bilinear.
  public let interpolation: Interpolation
  private let ways: [RandomImageLayer]

  /// - Parameters:
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - numOps: how many ways are gone after one another.
  ///   - factor: how strong they are, from 0 to 1; a number for 0 to that number.
  ///   - interpolation: what lies between pixels: nearest or bilinear.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    valueRange: ClosedRange<Double> = 0...255, numOps: Int = 2, factor: RandomFactor = 0.5, interpolation: Interpolation = .bilinear,
    seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.valueRange = valueRange
    self.numOps = numOps
    self.factor = factor
    self.interpolation = interpolation
    let (low, high) = factor.range(least: 0)
    let range = RandomFactor(low, high)
    // What is no factor is refused where the layer is built.
    let bits = max(1, min(8, Int(clamping: 8 * high)))
    ways = [
      RandomShear(xFactor: range, yFactor: range, interpolation: interpolation), RandomTranslation(range, range, interpolation: interpolation),
      RandomRotation(range, interpolation: interpolation), RandomBrightness(range, valueRange: valueRange), RandomColorDegeneration(range, valueRange: valueRange),
      RandomContrast(range, valueRange: valueRange), RandomSharpness(range, valueRange: valueRange),
      RandomPosterization(RandomFactor(Double(bits)), valueRange: valueRange),
      Solarization(additionFactor: range, thresholdFactor: range, valueRange: valueRange), AutoContrast(valueRange: valueRange), Equalization(valueRange: valueRange),
    ]
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try check(factor, "factor", 0...1)
    try check(valueRange: valueRange)
    try checkSetting("numOps", numOps, .from(1, to: 100))
    guard interpolation == .nearest || interpolation == .bilinear else {
      throw settingsError("interpolation is \(interpolation.rawValue); expected nearest or bilinear")
    }
    guard shape[2] == 3 else { throw settingsError("an image has \(shape[2]) channels; expected 3") }
  }

  /// The numbers of the ways, and what each of the eleven draws.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    [random.randomInteger([numOps], low: 0, high: ways.count)] + ways.flatMap { $0.drawn(for: images, random) }
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let counts = ways.map { $0.drawn(for: Tensor.zeros([1, 2, 2, 3], dtype: images.dtype), RandomGenerator(seed: 0)).count }
    var result = images
    for turn in 0..<numOps {
      let chosen = drawn[0].cast(to: .int32)[turn..<(turn + 1)].reshaped([1, 1, 1, 1])
      var place = 1
      for (number, way) in ways.enumerated() {
        let changed = way.changed(result, by: Array(drawn[place..<(place + counts[number])]))
        result = select((chosen .== Tensor(Int32(number))).broadcast(to: images.shape), changed, result)
        place += counts[number]
      }
    }
    return result
  }
}

extension RandAugment: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandAugment())
    try options.refuseBoundingBoxes()
    self.init(
      valueRange: try options.valueRange(), numOps: try options.int("num_ops"), factor: try options.factor("factor"),
      interpolation: try options.choice("interpolation"), seed: try options.seed(), dataFormat: try options.dataFormat(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("value_range", .range(valueRange)), ("num_ops", JSONValue(numOps)),
      ("factor", factor.rangeJSON(least: 0)), ("interpolation", .string(interpolation.rawValue)), ("seed", .seed(seed)),
    ])
  }
}
