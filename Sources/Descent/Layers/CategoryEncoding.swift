import TensorCore

/// How numbers of categories are written. (Keras: `output_mode`.)
public enum CategoryOutput: String, Sendable, CaseIterable {
  /// The numbers themselves.
  case int
  /// For each number a row with 1 at its place and 0 elsewhere, in the place of a last axis of size 1 or behind the others.
  case oneHot = "one_hot"
  /// For each image, sentence … one row: 1 for the numbers that occur.
  case multiHot = "multi_hot"
  /// The same with how often they occur.
  case count

  /// Numbers of categories in this form; those that are none of the categories are left out.
  /// - Parameters:
  ///   - indices: `int32` with rows on axis 0. Where they are gathered, they are so along axis 1.
  ///   - depth: how many categories there are.
  ///   - weights: how much each counts, of the indices' shape.
  func encoded(_ indices: Tensor, depth: Int, dtype: DType, weights: Tensor? = nil) -> Tensor {
    switch self {
    case .int: return indices
    case .oneHot:
      let isSingle = indices.rank > 1 && indices.shape.last == 1
      return (isSingle ? indices.reshaped(Array(indices.shape.dropLast())) : indices).oneHot(depth: depth, dtype: dtype)
    case .multiHot: return indices.oneHot(depth: depth, dtype: dtype).max(axes: [1])
    case .count:
      let places = indices.oneHot(depth: depth, dtype: dtype)
      return (weights.map { places * $0.cast(to: dtype).expandingShape(at: -1) } ?? places).sum(axes: [1])
    }
  }

  /// - Throws: ``DescentError`` if rows of that shape cannot be written so.
  func check(_ inputShape: [Int], depth: Int, of layer: Layer) throws {
    if self == .multiHot || self == .count, inputShape.isEmpty || inputShape[0] == 0 {
      throw layer.settingsError("a row of the input has shape \(inputShape), which has no numbers to gather in one row; outputMode is \(rawValue)")
    }
    _ = try ModelBuilder.elementCount(inputShape + [depth], of: "layer \(layer.name): a row of the result")
  }
}

extension LayerOptions {
  /// The option `output_mode`.
  mutating func categoryOutput() throws -> CategoryOutput {
    let kind = SettingKind.choice(CategoryOutput.self)
    // What older versions of Keras called it.
    return try value("output_mode", SettingKind(kind.expected) { try kind.read($0 == "binary" ? "multi_hot" : $0) })
  }
}

/// Whole numbers from 0 to `numTokens` − 1 as rows of zeros and ones, or of counts. Others are left out. (Keras:
/// `keras.layers.CategoryEncoding`.)
///
/// With a second input, how much each number counts: `try layer([x, weights], context)`, in a graph `try layer(x, countWeights: w)`.
public final class CategoryEncoding: Layer {
  /// How many categories there are.
  public let numTokens: Int
  /// One-hot, multi-hot or count.
  public let outputMode: CategoryOutput

  /// - Parameters:
  ///   - numTokens: how many categories there are, at least 1.
  ///   - outputMode: one-hot, multi-hot or count.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ numTokens: Int, outputMode: CategoryOutput = .multiHot, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.numTokens = numTokens
    self.outputMode = outputMode
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override var argumentNames: [String] { ["inputs", "count_weights"] }
  public override var acceptsIntegers: Bool { true }

  public override func build(inputShapes: [[Int]]) throws {
    try checkSetting("numTokens", numTokens, .from(1, to: 1 << 24))
    try check(inputShapes)
  }

  /// - Throws: ``DescentError`` if the layer does not take rows of those shapes.
  private func check(_ inputShapes: [[Int]]) throws {
    guard outputMode != .int else { throw settingsError("outputMode is int; expected oneHot, multiHot or count") }
    guard inputShapes.count == 1 || (inputShapes.count == 2 && outputMode == .count && inputShapes[1] == inputShapes[0]) else {
      throw settingsError("it was called with rows of shapes \(inputShapes); expected one, or where outputMode is count weights of the same shape")
    }
    try outputMode.check(inputShapes[0], depth: numTokens, of: self)
  }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    try check(inputs.map { Array($0.shape.dropFirst()) })
    guard inputs.allSatisfy({ $0.shape[0] == inputs[0].shape[0] }) else {
      throw settingsError("it was called with tensors of shapes \(inputs.map(\.shape)); expected weights of the shape of the numbers")
    }
    let weights = inputs.count > 1 ? inputs[1] : nil
    let dtype = inputs.first { $0.dtype.isFloatingPoint }?.dtype ?? builtDType
    return [outputMode.encoded(inputs[0].cast(to: .int32), depth: numTokens, dtype: dtype, weights: weights)]
  }

  /// Calls the layer in a graph with how much each number counts. (Keras: `layer(x, count_weights=w)`.)
  public func callAsFunction(_ x: some Symbolic, countWeights: some Symbolic) throws -> Symbol {
    let arguments = CallArguments(positional: [.symbol(x.symbol)], named: [("count_weights", .symbol(countWeights.symbol))])
    return Symbol(call: try LayerCall(self, arguments), index: 0)
  }
}

extension CategoryEncoding: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: CategoryEncoding(1), except: "num_tokens")
    try options.refuse("sparse", unless: false)
    self.init(
      try options.int("num_tokens"), outputMode: try options.categoryOutput(), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("num_tokens", JSONValue(numTokens)), ("output_mode", .string(outputMode.rawValue))])
  }
}
