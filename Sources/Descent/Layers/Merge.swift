import TensorCore

/// A layer that makes one tensor of several: the base of ``Add``, ``Multiply``, ``Concatenate`` and their kin. (Keras:
/// `keras.layers.Merge`.)
///
/// Elementwise ones stretch sizes of 1; a row of fewer axes gets axes of size 1 in front. The result has a mask if all inputs
/// have: what counts in one of them counts.
public class Merge: Layer {
  /// - Parameters:
  ///   - activityRegularizer: a penalty on the result, divided by the number of rows.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public override init(
    activityRegularizer: Regularizer? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(activityRegularizer: activityRegularizer, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShapes: [[Int]]) throws { try check(inputShapes) }

  /// - Throws: ``DescentError`` naming the layer and the shapes if rows of these cannot be merged.
  func check(_ shapes: [[Int]]) throws {
    var shape = shapes[0]
    for other in shapes.dropFirst() {
      guard let merged = broadcastShape(shape, other) else {
        throw DescentError(
          .invalidArgument, "layer \(name): rows of shapes \(shape) and \(other) cannot be merged; sizes must be equal, or 1")
      }
      shape = merged
    }
  }

  /// - Throws: ``DescentError`` naming the layer if it was called with one input or more than two.
  final func requireTwo(_ shapes: [[Int]]) throws {
    guard shapes.count == 2 else {
      throw DescentError(.invalidArgument, "layer \(name): it takes two inputs, and was called with \(shapes.count)")
    }
  }

  public override var supportsMasking: Bool { true }

  public override var acceptsIntegers: Bool { true }

  /// What `merge` makes of the inputs, in one dtype, and their masks.
  /// - Parameters:
  ///   - isElementwise: whether a row of fewer axes gets axes of size 1 in front.
  ///   - computes: whether the results are other numbers than the inputs'.
  fileprivate func merged(
    _ inputs: [Tensor], _ context: ForwardContext, isElementwise: Bool = true, computes: Bool = true, _ merge: ([Tensor], [Tensor?]) -> Tensor
  ) throws -> [Tensor] {
    try check(inputs.map { Array($0.shape.dropFirst()) })
    let dtype = promoted(inputs)[0].dtype
    // Bytes and truths are computed with as whole numbers.
    let isNarrow = computes && (dtype == .uint8 || dtype == .bool)
    let inputs = inputs.map { context.cast($0, to: isNarrow ? .int32 : dtype) }
    /// As Keras has it: what a byte does not hold begins at 0 again. A mean has a fraction.
    func restored(_ result: Tensor) -> Tensor {
      if result.dtype != .int32 || !isNarrow { return result }
      return (dtype == .uint8 ? mod(result, Tensor(Int32(256))) : result).cast(to: dtype)
    }
    guard isElementwise else { return [restored(merge(inputs, inputs.map { context.mask(of: $0) }))] }
    let rank = inputs.map(\.rank).max() ?? 1
    var masks: [Tensor?] = []
    let aligned = inputs.map { x -> Tensor in
      // As in Keras, a tensor that gets axes loses its mask on the way in.
      masks.append(x.rank == rank ? context.mask(of: x) : nil)
      return x.reshaped([x.shape[0]] + [Int](repeating: 1, count: rank - x.rank) + x.shape.dropFirst())
    }
    return [restored(merge(aligned, masks))]
  }

  public override func computeMask(_ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) -> [Tensor?] {
    let given = masks.compactMap { $0 }
    if given.count < masks.count { return [nil] }
    let deepest = given.max { $0.rank < $1.rank }!
    return [given.dropFirst().reduce(given[0].spread(like: deepest)) { $0 .|| $1.spread(like: deepest) }]
  }

  /// The greatest or the smallest of inputs, where a masked place does not count.
  fileprivate func choosing(_ inputs: [Tensor], _ masks: [Tensor?], _ choose: (Tensor, Tensor) -> Tensor) -> Tensor {
    var result = inputs[0]
    var kept = masks[0].map { $0.spread(like: result) }
    for (x, mask) in zip(inputs, masks).dropFirst() {
      let own = mask.map { $0.spread(like: x) }
      let other = own.map { select($0, x, result) } ?? x
      if let kept { result = select(kept, result, other) }
      kept = kept.flatMap { kept in own.map { kept .|| $0 } }
      result = choose(result, other)
    }
    return result
  }
}

extension Tensor {
  /// A mask with axes of size 1 behind, so that it stretches over what it is a mask of.
  func spread(like x: Tensor) -> Tensor {
    rank >= x.rank ? self : reshaped(shape + [Int](repeating: 1, count: x.rank - rank))
  }
}

/// The sum of all inputs. (Keras: `keras.layers.Add`.)
public final class Add: Merge {
  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    try merged(inputs, context) { inputs, _ in inputs.dropFirst().reduce(inputs[0], +) }
  }
}

/// The first of two inputs minus the second. (Keras: `keras.layers.Subtract`.)
public final class Subtract: Merge {
  override func check(_ shapes: [[Int]]) throws {
    try requireTwo(shapes)
    try super.check(shapes)
  }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    try merged(inputs, context) { inputs, _ in inputs[0] - inputs[1] }
  }
}

/// The product of all inputs, element by element; what a mask leaves out of an input multiplies nothing. (Keras:
/// `keras.layers.Multiply`.)
public final class Multiply: Merge {
  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    try merged(inputs, context, product)
  }

  private func product(_ inputs: [Tensor], _ masks: [Tensor?]) -> Tensor {
    var result: Tensor?
    for (x, mask) in zip(inputs, masks) {
      let factor = mask.map { select($0.spread(like: x), x, 1) } ?? x
      result = result.map { $0 * factor } ?? factor
    }
    let product = result!
    let given = zip(inputs, masks).compactMap { x, mask in mask.map { $0.spread(like: x) } }
    if given.count < masks.count { return product }
    return select(given.dropFirst().reduce(given[0]) { $0 .|| $1 }, product, 0)
  }
}

/// The mean of all inputs. (Keras: `keras.layers.Average`.)
public final class Average: Merge {
  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    try merged(inputs, context) { inputs, _ in inputs.dropFirst().reduce(inputs[0], +) / Tensor(number: Double(inputs.count)) }
  }
}

/// The greatest of all inputs, element by element. (Keras: `keras.layers.Maximum`.)
public final class Maximum: Merge {
  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    try merged(inputs, context) { inputs, masks in choosing(inputs, masks) { TensorCore.maximum($0, $1) } }
  }
}

/// The smallest of all inputs, element by element. (Keras: `keras.layers.Minimum`.)
public final class Minimum: Merge {
  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    try merged(inputs, context) { inputs, masks in choosing(inputs, masks) { TensorCore.minimum($0, $1) } }
  }
}

/// The inputs one after another along an axis. (Keras: `keras.layers.Concatenate`.)
public final class Concatenate: Merge {
  /// With axis 0 counting the rows; negative from the end.
  public let axis: Int

  /// - Parameters:
  ///   - axis: along which the inputs stand one after another, with axis 0 counting the rows; negative from the end.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(axis: Int = -1, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.axis = axis
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shapes: [[Int]]) throws {
    let rank = shapes[0].count + 1
    let own = axis < 0 ? axis + rank : axis
    guard own > 0 && own < rank else {
      throw DescentError(.invalidArgument, "layer \(name): axis \(axis) is not one of a row of shape \(shapes[0])")
    }
    for shape in shapes.dropFirst() {
      var expected = shapes[0]
      if shape.count == expected.count { expected[own - 1] = shape[own - 1] }
      guard shape == expected else {
        throw DescentError(
          .invalidArgument,
          "layer \(name): rows of shapes \(shapes[0]) and \(shape) cannot stand one after another along axis \(axis); all other sizes must be equal")
      }
    }
  }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    try merged(inputs, context, isElementwise: false, computes: false) { inputs, _ in TensorCore.concatenate(inputs, axis: axis) }
  }

  public override func computeMask(_ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) -> [Tensor?] {
    if masks.allSatisfy({ $0 == nil }) { return [nil] }
    let numbers = zip(inputs, masks).map { x, mask in
      mask.map { $0.spread(like: x).broadcast(to: x.shape).cast(to: .int32) } ?? Tensor.ones(x.shape, dtype: .int32)
    }
    return [TensorCore.concatenate(numbers, axis: axis).max(axis: -1) .!= 0]
  }
}

/// Σ of the products of two inputs along an axis of each, row by row. Of `[rows, a…, k, b…]` and `[rows, c…, k, d…]` the result is
/// `[rows, a…, b…, c…, d…]`, or `[rows, 1]` where nothing is left. (Keras: `keras.layers.Dot`.)
public final class Dot: Merge {
  /// The axis of each input, with axis 0 counting the rows; negative from the end.
  public let axes: [Int]
  /// Whether both are divided by their lengths along the axes first: the result is the cosine then.
  public let normalize: Bool

  /// - Parameters:
  ///   - axes: an axis for both inputs, or one for each, with axis 0 counting the rows; negative from the end.
  ///   - normalize: whether both are divided by their lengths along the axes first.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(axes: [Int], normalize: Bool = false, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.axes = axes
    self.normalize = normalize
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  /// The same axis of both inputs.
  /// - Parameters:
  ///   - axes: the axis, with axis 0 counting the rows; negative from the end.
  ///   - normalize: whether both are divided by their lengths along the axis first.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public convenience init(
    axes: Int, normalize: Bool = false, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.init(axes: [axes], normalize: normalize, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shapes: [[Int]]) throws {
    guard shapes.count == 2, axes.count == 1 || axes.count == 2 else {
      throw DescentError(
        .invalidArgument, "layer \(name): it takes two inputs and one or two axes, and was called with \(shapes.count) and \(axes)")
    }
    let own = positions(shapes.map { $0.count + 1 })
    guard zip(own, shapes).allSatisfy({ $0 > 0 && $0 <= $1.count }), shapes[0][own[0] - 1] == shapes[1][own[1] - 1] else {
      throw DescentError(
        .invalidArgument, "layer \(name): rows of shapes \(shapes[0]) and \(shapes[1]) have no axes \(axes) of one size to multiply along")
    }
  }

  private func positions(_ ranks: [Int]) -> [Int] { ranks.enumerated().map { number, rank in
    let axis = axes.count == 1 ? axes[0] : axes[number]
    return axis < 0 ? axis + rank : axis
  } }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    try merged(inputs, context, isElementwise: false) { inputs, _ in product(inputs) }
  }

  private func product(_ inputs: [Tensor]) -> Tensor {
    let axes = positions(inputs.map(\.rank))
    let (a, b) = normalize
      ? (TensorCore.normalize(inputs[0], axis: axes[0]), TensorCore.normalize(inputs[1], axis: axes[1])) : (inputs[0], inputs[1])
    let rows = a.shape[0], size = a.shape[axes[0]]
    let left = a.movingLast(axes[0]), right = b.movingLast(axes[1])
    let rest = Array(left.shape.dropFirst().dropLast() + right.shape.dropFirst().dropLast())
    let product = matmul(
      left.reshaped([rows, left.shape.dropFirst().dropLast().reduce(1, *), size]),
      right.reshaped([rows, right.shape.dropFirst().dropLast().reduce(1, *), size]), transposeB: true)
    return product.reshaped([rows] + (rest.isEmpty ? [1] : rest))
  }

  public override func computeMask(_ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) -> [Tensor?] { [nil] }
}

extension Add: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject() }
}

extension Subtract: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject() }
}

extension Multiply: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject() }
}

extension Average: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject() }
}

extension Maximum: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject() }
}

extension Minimum: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject() }
}

extension Concatenate: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Concatenate())
    self.init(
      axis: try options.int("axis"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("axis", JSONValue(axis))]) }
}

extension Dot: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Dot(axes: 1), except: "axes")
    self.init(
      axes: try options.ints("axes"), normalize: try options.bool("normalize"),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("axes", .intOrList(axes)), ("normalize", .bool(normalize))]) }
}
