import TensorCore

/// (x − mean) / max(√variance, 1e-7) for each position along some axes, with the mean and variance of data that the layer was shown
/// (``adapt(_:)``), or given ones. (Keras: `keras.layers.Normalization`.)
///
///     let scaling = Normalization()
///     try scaling.adapt(xTrain)
///
/// Before it is adapted, the mean is 0 and the variance 1. Training leaves both alone.
public final class Normalization: Layer {
  /// The axes whose positions have a mean and a variance each, with axis 0 counting the rows; negative from the end. None for one mean and
  /// one variance of all.
  public let axis: [Int]
  /// Whether the layer does the opposite: mean + x · max(√variance, 1e-7).
  public let invert: Bool
  private let givenMean: Tensor?, givenVariance: Tensor?

  /// Of the sizes of the axes, in order; nil until the layer is built, or if they were given.
  public private(set) var mean: Variable?, variance: Variable?
  /// Of no use, but Keras's files have it.
  private var count: Variable?

  /// - Parameters:
  ///   - axis: the axes whose positions have a mean and a variance each, with axis 0 counting the rows; negative from the end; none for
  ///     one mean and one variance of all.
  ///   - mean: a number, or of a shape that stretches to the axes' sizes; nil for that of data.
  ///   - variance: as the mean, of its shape; nil for that of data.
  ///   - invert: whether the layer does the opposite.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, which it does not.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    axis: [Int], mean: Tensor? = nil, variance: Tensor? = nil, invert: Bool = false, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.axis = axis
    self.invert = invert
    givenMean = mean
    givenVariance = variance
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  /// The same for one axis.
  /// - Parameters:
  ///   - axis: the axis whose positions have a mean and a variance each; negative from the end. Axis 0, which counts the rows, is
  ///     refused.
  ///   - mean: a number, or of a shape that stretches to the axis's size; nil for that of data.
  ///   - variance: as the mean, of its shape; nil for that of data. One of the two alone is refused.
  ///   - invert: whether the layer does the opposite.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, which it does not.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public convenience init(
    axis: Int = -1, mean: Tensor? = nil, variance: Tensor? = nil, invert: Bool = false, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.init(
      axis: [axis], mean: mean, variance: variance, invert: invert, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    let kept = try keptAxes(rank: inputShape.count + 1)
    if kept.first == 0 {
      throw DescentError(.invalidArgument, "layer \(name): axis \(axis) names axis 0, which counts the rows of a batch and has no fixed size")
    }
    let shape = kept.map { inputShape[$0 - 1] }
    guard (givenMean == nil) == (givenVariance == nil), givenMean?.shape == givenVariance?.shape else {
      func text(_ x: Tensor?) -> String { x.map { "of shape \($0.shape)" } ?? "not given" }
      throw DescentError(
        .invalidArgument, "layer \(name): the mean is \(text(givenMean)) and the variance \(text(givenVariance)); expected both, of one shape")
    }
    for variance in givenVariance?.doubles ?? [] { try checkSetting("a variance", variance, .nonNegative) }
    // The shapes of given ones are checked where they are used.
    if givenMean != nil { return }
    mean = try addVariable("mean", shape: shape, initializer: .zeros, isTrainable: false)
    variance = try addVariable("variance", shape: shape, initializer: .ones, isTrainable: false)
    count = addCounter("count")
  }

  /// The axes counted from the first, in order.
  private func keptAxes(rank: Int) throws -> [Int] {
    let kept = axis.map { $0 < 0 ? $0 + rank : $0 }.sorted()
    guard kept.allSatisfy((0..<rank).contains), Set(kept).count == kept.count else {
      throw DescentError(.invalidArgument, "layer \(name): axis \(axis) is not of a tensor of \(rank) axes")
    }
    return kept
  }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard isBuilt, let mean = mean?.value ?? givenMean, let variance = variance?.value ?? givenVariance else {
      throw DescentError(.state, "layer \(name): it is not built")
    }
    let kept = try keptAxes(rank: x.rank)
    var sizes = [Int](repeating: 1, count: x.rank)
    for (place, axis) in kept.enumerated() {
      if let own = self.mean { try requireSize(own.shape[place], ofAxis: axis, in: x) }
      sizes[axis] = x.shape[axis]
    }
    let shape = kept.map { sizes[$0] }
    guard broadcastShape(mean.shape, shape) == shape else {
      throw DescentError(
        .invalidArgument, "layer \(name): a mean of shape \(mean.shape) does not stretch to \(shape), the sizes of the axes \(axis)")
    }
    func stretched(_ values: Tensor) -> Tensor { values.cast(to: x.dtype).broadcast(to: shape).reshaped(sizes) }
    let deviation = maximum(sqrt(stretched(variance)), Tensor(number: fuzz))
    return invert ? stretched(mean) + x * deviation : (x - stretched(mean)) / deviation
  }

  /// Takes the mean and the variance (divided by the number of elements) of data. Building the layer is a part of it where that has not
  /// been done.
  /// - Parameter data: rows on axis 0.
  /// - Throws: ``DescentError`` if there are no rows, some are NaN or infinite, they do not fit the layer, or its mean was given. The layer
  ///   stays as it was then.
  public func adapt(_ data: Tensor) throws { try adapt(batches: CollectionOfOne(data)) }

  /// The same from batches, one after another.
  public func adapt(batches: some Sequence<Tensor>) throws {
    guard givenMean == nil else { throw DescentError(.state, "layer \(name): adapt: its mean and variance were given") }
    var total = 0.0
    var mean: Tensor?, variance: Tensor?
    for batch in batches {
      guard batch.rank > 0, batch.count > 0 else {
        throw DescentError(.data, "layer \(name): adapt: a batch of shape \(batch.shape) has no elements")
      }
      if !isBuilt { _ = try self(batch.dtype.isFloatingPoint ? batch : batch.cast(to: requestedDType ?? .float32)) }
      let kept = try keptAxes(rank: batch.rank)
      for (axis, size) in zip(kept, self.mean?.shape ?? []) { try requireSize(size, ofAxis: axis, in: batch) }
      let reduced = (0..<batch.rank).filter { !kept.contains($0) }
      let x = batch.cast(to: .float64)
      let own = x.mean(axes: reduced)
      let ownVariance = square(x - x.mean(axes: reduced, keepDims: true)).mean(axes: reduced)
      let count = Double(batch.count) / Double(max(own.count, 1))
      total += count
      let share = count / total
      if let oldMean = mean, let oldVariance = variance {
        let newMean = oldMean * (1 - share) + own * share
        variance =
          ((oldVariance + square(oldMean - newMean)) * (1 - share) + (ownVariance + square(own - newMean)) * share).evaluated()
        mean = newMean.evaluated()
      } else {
        (mean, variance) = (own.evaluated(), ownVariance.evaluated())
      }
    }
    guard let mean, let variance, let ownMean = self.mean, let ownVariance = self.variance else {
      throw DescentError(.data, "layer \(name): adapt: there is no batch")
    }
    // A number that is none, or infinite, in the data leaves no mean, or no variance.
    if let place = variance.doubles.firstIndex(where: { !$0.isFinite }) {
      let holder = variance.rank == 0 ? "the data hold" : "place \(place) of \(variance.count) along the axes that are kept holds"
      throw DescentError(.data, "layer \(name): adapt: \(holder) numbers that are NaN or infinite, which have no mean")
    }
    ownMean.assign(mean.cast(to: ownMean.dtype))
    ownVariance.assign(variance.cast(to: ownVariance.dtype))
  }
}

extension Normalization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Normalization())
    let axes = try options.optional("axis", .integers) ?? []
    self.init(
      axis: axes, mean: try options.numbers("mean"), variance: try options.numbers("variance"),
      invert: try options.bool("invert"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("axis", .ints(axis)), ("invert", .bool(invert)), ("mean", givenMean.map { JSONValue(nested: $0) } ?? .null),
      ("variance", givenVariance.map { JSONValue(nested: $0) } ?? .null),
    ])
  }
}

extension LayerOptions {
  /// A number, or lists in lists of numbers; nil where the option is null or missing.
  mutating func numbers(_ key: String) throws -> Tensor? {
    try optional(key, SettingKind("a number, or lists of numbers", Tensor.init(nested:)))
  }
}

extension Tensor {
  /// Numbers in lists in lists, or one alone; nil for anything else.
  fileprivate init?(nested json: JSONValue) {
    var shape: [Int] = [], elements: [Double] = []
    func isRead(_ json: JSONValue, _ depth: Int) -> Bool {
      if let number = json.double {
        elements.append(number)
        return depth == shape.count
      }
      guard let list = json.array else { return false }
      if depth == shape.count && elements.isEmpty { shape.append(list.count) }
      return depth < shape.count && shape[depth] == list.count && list.allSatisfy { isRead($0, depth + 1) }
    }
    guard isRead(json, 0) else { return nil }
    self.init(shape: shape, scalars: elements)
  }
}

extension JSONValue {
  /// The elements of a tensor in lists in lists, or a number where it has no axes.
  init(nested tensor: Tensor) {
    var elements = tensor.doubles[...]
    func list(_ shape: ArraySlice<Int>) -> JSONValue {
      guard let size = shape.first else { return JSONValue(elements.removeFirst()) }
      return .array((0..<size).map { _ in list(shape.dropFirst()) })
    }
    self = list(tensor.shape[...])
  }
}
