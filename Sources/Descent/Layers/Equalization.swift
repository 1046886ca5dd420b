import TensorCore

/// While training, images whose values are spread so that all are about equally frequent: a value becomes 255 times the part of pixels, among all
/// images of the batch and for each channel by itself, that do not exceed it. (Keras: `keras.layers.Equalization`.)
public final class Equalization: RandomImageLayer {
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>
  /// How many different values are told apart.
  public let bins: Int

  /// - Parameters:
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - bins: how many different values are told apart.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    valueRange: ClosedRange<Double> = 0...255, bins: Int = 256, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.valueRange = valueRange
    self.bins = bins
    super.init(dataFormat: dataFormat, seed: nil, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try check(valueRange: valueRange)
    try checkSetting("bins", bins, .from(2, to: 65_536))
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let light = images.scaled(from: valueRange, to: 0...255)
    let channels = images.shape[3], most = Double(bins - 1)
    // All channels are counted at once, each in bins of its own.
    let starts = (Tensor.range(channels) * Tensor(Int32(bins))).reshaped([1, 1, 1, channels])
    let places = clip(light.cast(to: .float32) * most / 255, 0, Tensor(number: most)).cast(to: .int32) + starts
    let counts = bincount(places.reshaped([places.count]), length: channels * bins).cast(to: images.dtype).reshaped([channels, bins])
    let sums = counts.cumsum(axis: 1)
    let total = Double(images.count / max(channels, 1))
    // The first bin that holds something becomes 0: its count is the least of the sums that are not 0.
    let first = select(sums .> 0, sums, Tensor(number: total)).min(axes: [1], keepDims: true)
    let rest = maximum(total - first, 1)
    let table = clip(round((sums - first) * 255 / rest), 0, 255)
    let found = take(table.reshaped([channels * bins]), clip(light / 255 * most, 0, Tensor(number: most)).cast(to: .int32) + starts, axis: 0)
    // A channel of one value stays as it is.
    let isOne = (counts .> 0).cast(to: images.dtype).sum(axes: [1]).reshaped([1, 1, 1, channels]) .<= 1
    return select(isOne.broadcast(to: images.shape), light, found).scaled(from: 0...255, to: valueRange)
  }
}

extension Equalization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Equalization())
    try options.refuseBoundingBoxes()
    self.init(
      valueRange: try options.valueRange(), bins: try options.int("bins"), dataFormat: try options.dataFormat(), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("data_format", .string(dataFormat.rawValue)), ("value_range", .range(valueRange)), ("bins", JSONValue(bins))])
  }
}
