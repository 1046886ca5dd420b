import Foundation
import TensorCore

/// activation(einsum(equation, x, kernel) + bias): a dense layer over any axes. (Keras: `keras.layers.EinsumDense`.)
///
///     EinsumDense("abc,cd->abd", outputShape: [nil, 64], biasAxes: "d")   // as Dense(64) for sequences
///
/// The equation is `X,Y->Z`, `…X,Y->…Z` or `X…,Y->Z…` with three points for axes that stay; the letters of the rows come first.
public final class EinsumDense: Layer {
  /// Which axes are multiplied and summed, as of ``einsum(_:_:)``.
  public let equation: String
  /// The shape of a row of the result without the axes that the three points stand for; nil for a size that is the input's.
  public let partialOutputShape: [Int?]
  /// The letters of the result along which there is a bias; nil for none.
  public let biasAxes: String?
  /// What is applied to the layer's result.
  public let activation: ActivationFunction
  /// The kernel's first values.
  public let kernelInitializer: Initializer
  /// The bias's first values.
  public let biasInitializer: Initializer
  /// A penalty on the kernel, added to the loss.
  public let kernelRegularizer: Regularizer?
  /// A penalty on the bias, added to the loss.
  public let biasRegularizer: Regularizer?
  /// What is done to the kernel after each step of training.
  public let kernelConstraint: Constraint?
  /// What is done to the bias after each step of training.
  public let biasConstraint: Constraint?

  /// nil until the layer is built.
  public private(set) var kernel: Variable?
  /// nil until the layer is built, or without a bias.
  public private(set) var bias: Variable?

  /// - Parameters:
  ///   - equation: of the input and the kernel.
  ///   - outputShape: the shape of a row of the result without the axes that the three points stand for; nil for a size that is
  ///     the input's.
  ///   - activation: by value (`.relu`) or by Keras's name (`"relu"`).
  ///   - biasAxes: the letters of the result along which there is a bias; nil for none.
  ///   - kernelInitializer: the kernel's first values.
  ///   - biasInitializer: the bias's first values.
  ///   - kernelRegularizer: a penalty on the kernel, added to the loss.
  ///   - biasRegularizer: a penalty on the bias, added to the loss.
  ///   - activityRegularizer: a penalty on the result, divided by the number of rows.
  ///   - kernelConstraint: what is done to the kernel after each step of training.
  ///   - biasConstraint: what is done to the bias after each step of training.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ equation: String, outputShape: [Int?], activation: ActivationFunction = .linear, biasAxes: String? = nil,
    kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.equation = equation
    partialOutputShape = outputShape
    self.biasAxes = biasAxes
    self.activation = activation
    self.kernelInitializer = kernelInitializer
    self.biasInitializer = biasInitializer
    self.kernelRegularizer = kernelRegularizer
    self.biasRegularizer = biasRegularizer
    self.kernelConstraint = kernelConstraint
    self.biasConstraint = biasConstraint
    super.init(activityRegularizer: activityRegularizer, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    let shapes = try weightShapes(inputShape: inputShape)
    kernel = try addVariable(
      "kernel", shape: shapes.kernel, initializer: try kernelInitializer.withFanAxes(shapes.fan), regularizer: kernelRegularizer,
      constraint: kernelConstraint)
    if let shape = shapes.bias {
      bias = try addVariable(
        "bias", shape: shape, initializer: biasInitializer, regularizer: biasRegularizer, constraint: biasConstraint)
    }
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let kernel else { throw DescentError(.state, "layer \(name): it is not built") }
    let shapes = try weightShapes(inputShape: Array(x.shape.dropFirst()))
    guard shapes.kernel == kernel.shape else {
      throw DescentError(
        .invalidArgument,
        "layer \(name): its kernel has shape \(kernel.shape), but rows of shape \(Array(x.shape.dropFirst())) need one of shape \(shapes.kernel)")
    }
    var y = einsum(equation, x, kernel.value)
    if let bias { y += bias.value }
    return try context.apply(activation, to: y)
  }

  // MARK: - Shapes

  private func refusal(_ message: String) -> DescentError {
    DescentError(.invalidArgument, "layer \(name): equation '\(equation)': \(message)")
  }

  /// Input, kernel and result, and where the three points are.
  private func parts() throws -> (input: [Character], kernel: [Character], output: [Character], points: Points) {
    let sides = equation.components(separatedBy: "->")
    let operands = sides[0].components(separatedBy: ",")
    guard sides.count == 2, operands.count == 2 else { throw refusal("expected 'X,Y->Z', '...X,Y->...Z' or 'X...,Y->Z...'") }
    func split(_ text: String) throws -> ([Character], Points) {
      let left = text.hasPrefix("..."), right = text.hasSuffix("...") && !left
      let letters = Array(left ? text.dropFirst(3) : right ? text.dropLast(3) : text[...])
      guard !letters.isEmpty, letters.allSatisfy({ $0.isASCII && $0.isLetter }) else {
        throw refusal("expected 'X,Y->Z', '...X,Y->...Z' or 'X...,Y->Z...'")
      }
      return (letters, left ? .left : right ? .right : .none)
    }
    let (input, points) = try split(operands[0]), (kernel, none) = try split(operands[1]), (output, same) = try split(sides[1])
    guard points == same, none == .none else { throw refusal("the three points stand on the same side of input and result") }
    return (input, kernel, output, points)
  }

  private enum Points { case none, left, right }

  private func weightShapes(inputShape row: [Int]) throws -> (kernel: [Int], bias: [Int]?, fan: Initializer.FanAxes) {
    let (input, kernel, output, points) = try parts()
    // Rows have no fixed number; no letter of the kernel may stand for them.
    let inputShape: [Int?] = [nil] + row
    let elided = inputShape.count - input.count
    guard elided >= 0, elided == 0 || points != .none else {
      throw refusal("rows of shape \(row) have another number of axes")
    }
    var outputShape: [Int?] = [nil] + partialOutputShape
    if points == .left && elided > 0 { outputShape.insert(contentsOf: inputShape[1..<max(elided, 1)], at: 1) }
    if points == .right { outputShape += inputShape.suffix(elided) }
    let before = points == .left ? elided : 0
    guard outputShape.count == output.count + elided else {
      throw refusal("outputShape \(partialOutputShape.map { $0.map(String.init) ?? "nil" }) has another number of axes than the result")
    }
    func size(_ letter: Character, _ letters: [Character], _ shape: [Int?]) -> Int?? {
      letters.firstIndex(of: letter).map { shape[$0 + before] }
    }
    for letter in input {
      if case let given?? = size(letter, output, outputShape), case let own?? = size(letter, input, inputShape), given != own {
        throw refusal("axis '\(letter)' has size \(own) in rows of shape \(row) and \(given) in outputShape")
      }
    }
    var shape: [Int] = [], inputs: [Int] = [], outputs: [Int] = []
    for (place, letter) in kernel.enumerated() {
      let found = size(letter, output, outputShape)
      (found != nil ? { outputs.append(place) } : { inputs.append(place) })()
      guard let size = (found ?? nil) ?? (size(letter, input, inputShape) ?? nil) else {
        throw refusal("the size of the kernel's axis '\(letter)' is not known")
      }
      shape.append(size)
    }
    if let letter = output.first(where: { !input.contains($0) && !kernel.contains($0) }) {
      throw refusal("axis '\(letter)' of the result stands on neither side")
    }
    var bias: [Int]?
    if let biasAxes {
      let letters = Array(biasAxes)
      guard !letters.isEmpty, letters.allSatisfy(output.contains) else { throw refusal("biasAxes '\(biasAxes)' are not the result's") }
      let first = output.firstIndex { letters.contains($0) } ?? 0
      bias = try output[first...].map { letter in
        guard letters.contains(letter) else { return 1 }
        guard let size = (size(letter, output, outputShape) ?? nil) ?? (size(letter, input, inputShape) ?? nil) else {
          throw refusal("the size of the bias's axis '\(letter)' is not known")
        }
        return size
      }
      if points == .right { bias! += [Int](repeating: 1, count: elided) }
    }
    return (shape, bias, Initializer.FanAxes(inputs: inputs, outputs: outputs))
  }
}

extension SettingKind<[Int?]> {
  /// A size, or a list of sizes of which some are not known.
  fileprivate static var sizes: SettingKind {
    let list = SettingKind<Int>.integer.orNull.list(of: "integers and nulls")
    return SettingKind(list.expected) { json in try json.int.map { [$0] } ?? list.read(json) }
  }
}

extension EinsumDense: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: EinsumDense("ab,bc->ac", outputShape: [1]), except: "equation", "output_shape")
    for key in ["lora_rank", "lora_alpha", "quantization_config", "gptq_unpacked_column_size"] { try options.refuse(key) }
    let sizes = try options.value("output_shape", .sizes)
    let biasAxes = options.value("bias_axes")
    self.init(
      try options.string("equation"), outputShape: sizes,
      activation: try options.named("activation"), biasAxes: biasAxes.string,
      kernelInitializer: try options.named("kernel_initializer"),
      biasInitializer: try options.named("bias_initializer"),
      kernelRegularizer: try options.optionalNamed("kernel_regularizer"),
      biasRegularizer: try options.optionalNamed("bias_regularizer"),
      activityRegularizer: try options.optionalNamed("activity_regularizer"),
      kernelConstraint: try options.optionalNamed("kernel_constraint"),
      biasConstraint: try options.optionalNamed("bias_constraint"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([
      ("output_shape", .array(partialOutputShape.map { $0.map { JSONValue($0) } ?? .null })), ("equation", .string(equation)),
      ("activation", try activation.layerJSON()), ("bias_axes", biasAxes.map { .string($0) } ?? .null),
      ("kernel_initializer", try kernelInitializer.json()), ("bias_initializer", try biasInitializer.json()),
      ("kernel_regularizer", try kernelRegularizer?.json() ?? .null),
      ("bias_regularizer", try biasRegularizer?.json() ?? .null),
      ("activity_regularizer", try activityRegularizer?.json() ?? .null),
      ("kernel_constraint", try kernelConstraint?.json() ?? .null), ("bias_constraint", try biasConstraint?.json() ?? .null),
    ])
  }
}
