import TensorCore

/// The interval in which each number lies: i where boundaries[i − 1] ≤ x < boundaries[i]. (Keras: `keras.layers.Discretization`.)
///
/// The boundaries are given, or quantiles of data that the layer was shown (``adapt(_:)``).
public final class Discretization: Layer {
  /// Ascending; nil until the layer is adapted.
  public private(set) var binBoundaries: [Double]?
  /// How many intervals `adapt` makes; nil if the boundaries were given.
  public let numBins: Int?
  /// How exact quantiles are, as a part of the number of elements.
  public let epsilon: Double
  /// The numbers of intervals, or rows of zeros and ones, or of counts.
  public let outputMode: CategoryOutput

  private init(
    boundaries: [Double]?, numBins: Int?, epsilon: Double, outputMode: CategoryOutput, inputShape: [Int?]?,
    name: String?, trainable: Bool, dtype: DType?
  ) {
    binBoundaries = boundaries
    self.numBins = numBins
    self.epsilon = epsilon
    self.outputMode = outputMode
    super.init(inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  /// - Parameters:
  ///   - binBoundaries: ascending: one less than there are intervals.
  ///   - outputMode: the numbers of intervals (`int32`), or rows of zeros and ones, or of counts.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public convenience init(
    binBoundaries: [Double], outputMode: CategoryOutput = .int, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.init(
      boundaries: binBoundaries, numBins: nil, epsilon: 0.01, outputMode: outputMode, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  /// Intervals that hold equally many of the numbers that the layer is shown.
  /// - Parameters:
  ///   - numBins: how many, at least 1.
  ///   - epsilon: how exact quantiles are, as a part of the number of elements, more than 0 and at most 1.
  ///   - outputMode: the numbers of intervals (`int32`), or rows of zeros and ones, or of counts.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public convenience init(
    numBins: Int, epsilon: Double = 0.01, outputMode: CategoryOutput = .int, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.init(
      boundaries: nil, numBins: numBins, epsilon: epsilon, outputMode: outputMode, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  private func known() throws -> [Double] {
    guard let binBoundaries else {
      throw DescentError(.state, "layer \(name): it has no boundaries yet; adapt it to data first, or give binBoundaries")
    }
    return binBoundaries
  }

  override var revision: Int { adaptations }
  private var adaptations = 0

  override var hasTrainableOption: Bool { false }

  public override func build(inputShape: [Int]) throws {
    let boundaries = try known()
    guard boundaries == boundaries.sorted(), boundaries.allSatisfy({ !$0.isNaN }) else {
      throw settingsError("binBoundaries is \(boundaries); expected numbers that ascend")
    }
    try outputMode.check(inputShape, depth: boundaries.count + 1, of: self)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let boundaries = try known()
    return outputMode.encoded(
      digitize(x, bins: boundaries), depth: boundaries.count + 1, dtype: x.dtype.isFloatingPoint ? x.dtype : builtDType)
  }

  /// Takes quantiles of data for boundaries, to within ``epsilon``. Models that have the layer already
  /// go by them from their next call on.
  /// - Parameter data: numbers of any shape.
  /// - Throws: ``DescentError`` if there are none, or the boundaries were given.
  public func adapt(_ data: Tensor) throws { try adapt(batches: CollectionOfOne(data)) }

  /// The same from batches, one after another.
  public func adapt(batches: some Sequence<Tensor>) throws {
    guard let numBins else { throw DescentError(.state, "layer \(name): adapt: its boundaries were given; make it with numBins instead") }
    try checkSetting("numBins", numBins, .count)
    try checkSetting("epsilon", epsilon, .interpolation)
    var summary = QuantileSummary()
    for batch in batches {
      let values = batch.cast(to: .float32).scalars(as: Float.self)
      if values.contains(where: \.isNaN) { throw DescentError(.data, "layer \(name): adapt: a batch holds NaN, which lies in no interval") }
      if !values.isEmpty { summary = QuantileSummary(of: values, epsilon: epsilon).merged(with: summary, epsilon: epsilon) }
    }
    guard !summary.values.isEmpty else { throw DescentError(.data, "layer \(name): adapt: there are no numbers") }
    adaptations += 1
    binBoundaries = summary.compressed(epsilon: 1 / Double(numBins)).values.dropLast().map(Double.init)
  }
}

/// Values with how many elements each stands for: what Keras keeps of data to find quantiles.
private struct QuantileSummary {
  var values: [Float] = []
  var weights: [Float] = []

  init() {}

  /// Every so-many-th of the sorted elements, so that 1 / `epsilon` remain.
  init(of elements: [Float], epsilon: Double) {
    let step = max(Double(elements.count) / (1 / epsilon), 1)
    let sorted = elements.sorted()
    values = stride(from: Int(step - 1), to: sorted.count, by: Int(step)).map { sorted[$0] }
    weights = [Float](repeating: Float(step), count: values.count)
  }

  func merged(with other: QuantileSummary, epsilon: Double) -> QuantileSummary {
    let (values, weights) = (values + other.values, weights + other.weights)
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var result = QuantileSummary()
    result.values = order.map { values[$0] }
    result.weights = order.map { weights[$0] }
    return result.compressed(epsilon: epsilon)
  }

  /// Interpolated at 1 / `epsilon` equal parts of the weight.
  func compressed(epsilon: Double) -> QuantileSummary {
    if Double(values.count) * epsilon < 1 { return self }
    var sums: [Float] = []
    for weight in weights { sums.append((sums.last ?? 0) + weight) }
    let total = sums.last ?? 1
    let parts = sums.map { Double($0 / total) }
    let wanted = (0..<Int((1 / epsilon).rounded(.up))).map { epsilon + Double($0) * epsilon }
    let cumulated = QuantileSummary.interpolated(wanted, parts, sums)
    var result = QuantileSummary()
    result.values = QuantileSummary.interpolated(wanted, parts, values).map { Float($0) }
    result.weights = cumulated.indices.map { Float(cumulated[$0] - ($0 > 0 ? cumulated[$0 - 1] : 0)) }
    return result
  }

  /// The values at places between those that are known, on straight lines; beyond the ends those of the ends.
  private static func interpolated(_ wanted: [Double], _ places: [Double], _ values: [Float]) -> [Double] {
    wanted.map { place in
      guard let next = places.firstIndex(where: { $0 > place }) else { return Double(values.last ?? 0) }
      if next == 0 { return Double(values[0]) }
      let (low, high) = (Double(values[next - 1]), Double(values[next]))
      return (high - low) / (places[next] - places[next - 1]) * (place - places[next - 1]) + low
    }
  }
}

extension Discretization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Discretization(numBins: 1), except: "bin_boundaries", "num_bins")
    try options.refuse("sparse", unless: false)
    let boundaries = try options.optional("bin_boundaries", SettingKind.anyNumber.list(of: "numbers"))
    let numBins = try options.optionalInt("num_bins")
    guard boundaries != nil || numBins != nil else {
      throw DescentError(.invalidArgument, "\(options.owner): expected 'bin_boundaries' or 'num_bins'")
    }
    self.init(
      boundaries: boundaries, numBins: numBins, epsilon: try options.double("epsilon"),
      outputMode: try options.categoryOutput(), inputShape: options.inputShape, name: options.name, trainable: true, dtype: nil)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("bin_boundaries", binBoundaries.map { .array($0.map { JSONValue($0) }) } ?? .null), ("num_bins", numBins.map { JSONValue($0) } ?? .null),
      ("epsilon", JSONValue(epsilon)), ("output_mode", .string(outputMode.rawValue)), ("sparse", false),
    ])
  }
}
