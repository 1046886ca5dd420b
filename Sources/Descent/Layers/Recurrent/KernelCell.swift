import TensorCore

/// The settings that ``SimpleRNN``, ``LSTM``, ``GRU`` and their cells share.
struct KernelCellSettings {
  var units: Int
  var activation: ActivationFunction
  var recurrentActivation = ActivationFunction.sigmoid
  var useBias: Bool
  var kernelInitializer: Initializer
  var recurrentInitializer: Initializer
  var biasInitializer: Initializer
  var kernelRegularizer: Regularizer?
  var recurrentRegularizer: Regularizer?
  var biasRegularizer: Regularizer?
  var kernelConstraint: Constraint?
  var recurrentConstraint: Constraint?
  var biasConstraint: Constraint?
  var dropout: Double
  var recurrentDropout: Double
  var seed: UInt64?
}

/// A cell with a kernel for the inputs, one for the state, and a bias: the base of ``SimpleRNNCell``, ``LSTMCell`` and ``GRUCell``, and of
/// what ``ConvLSTM`` does at a step.
public class KernelCell: RNNCell {
  let settings: KernelCellSettings
  private let random: LayerRandom

  /// The size of the state and of the output.
  public var units: Int { settings.units }
  /// What the state is put through.
  public var activation: ActivationFunction { settings.activation }
  /// Whether a number of its own is added for each unit.
  public var useBias: Bool { settings.useBias }
  /// The first values of what multiplies the input.
  public var kernelInitializer: Initializer { settings.kernelInitializer }
  /// The first values of what multiplies the state.
  public var recurrentInitializer: Initializer { settings.recurrentInitializer }
  /// The first values of the bias.
  public var biasInitializer: Initializer { settings.biasInitializer }
  /// The penalty on what multiplies the input.
  public var kernelRegularizer: Regularizer? { settings.kernelRegularizer }
  /// The penalty on what multiplies the state.
  public var recurrentRegularizer: Regularizer? { settings.recurrentRegularizer }
  /// The penalty on the bias.
  public var biasRegularizer: Regularizer? { settings.biasRegularizer }
  /// What is done after each step to what multiplies the input.
  public var kernelConstraint: Constraint? { settings.kernelConstraint }
  /// What is done after each step to what multiplies the state.
  public var recurrentConstraint: Constraint? { settings.recurrentConstraint }
  /// What is done after each step to the bias.
  public var biasConstraint: Constraint? { settings.biasConstraint }
  /// The part of the inputs' elements that training drops, the same at each step.
  public var dropout: Double { settings.dropout }
  /// The part of the state's elements that training drops where the kernel is applied, the same at each step.
  public var recurrentDropout: Double { settings.recurrentDropout }
  /// Of a stream of random numbers of the cell's own; nil if it draws from the model's.
  public var seed: UInt64? { settings.seed }

  /// `[inputs, gates · units]`; nil until the cell is built.
  public private(set) var kernel: Variable?
  /// `[units, gates · units]`; nil until the cell is built.
  public private(set) var recurrentKernel: Variable?
  /// `[gates · units]`, or `[2, gates · units]` for the inputs and the state apart; nil until the cell is built, or without a bias.
  public private(set) var bias: Variable?

  init(_ settings: KernelCellSettings, name: String?, trainable: Bool, dtype: DType?) {
    self.settings = settings
    random = LayerRandom(seed: settings.seed)
    super.init(name: name, trainable: trainable, dtype: dtype)
  }

  /// What errors call the number of units.
  var unitsName: String { "units" }
  /// How many kernels lie side by side.
  var gates: Int { 1 }
  var biasShape: [Int] { [gates * units] }

  public override var stateShapes: [[Int]] { [[units]] }
  public override var outputState: Int? { 0 }

  public override func build(inputShape: [Int]) throws {
    try checkSetting(unitsName, units, .count)
    try checkSetting("dropout", dropout, .decay)
    try checkSetting("recurrentDropout", recurrentDropout, .decay)
    let window = try kernelWindow(inputShape: inputShape)
    kernel = try addVariable(
      "kernel", shape: window.sizes + [window.channels, gates * units], initializer: kernelInitializer, regularizer: kernelRegularizer,
      constraint: kernelConstraint)
    recurrentKernel = try addVariable(
      "recurrent_kernel", shape: window.sizes + [units, gates * units], initializer: recurrentInitializer,
      regularizer: recurrentRegularizer, constraint: recurrentConstraint)
    if useBias {
      bias = try addVariable("bias", shape: biasShape, initializer: biasInitializer, regularizer: biasRegularizer, constraint: biasConstraint)
    }
  }

  /// The sizes of the window that the kernels see, none for the whole of a step's row, and how many numbers each place has.
  /// - Throws: ``DescentError`` naming the shape if the cell cannot be used on such rows.
  func kernelWindow(inputShape: [Int]) throws -> (sizes: [Int], channels: Int) {
    guard inputShape.count == 1 else {
      throw settingsError("a step's row of the input has shape \(inputShape); expected [features]")
    }
    return ([], inputShape[0])
  }

  /// - Throws: ``DescentError`` naming the shape if a step's rows are not those that the cell was built for.
  func check(stepShape: [Int]) throws {
    guard stepShape.count == 1, stepShape[0] == kernel?.shape[0] else {
      throw settingsError("it was built for \(kernel?.shape[0] ?? 0) features but a step's row has shape \(stepShape)")
    }
  }

  /// The product of a kernel with the inputs `[steps, rows, …]`.
  func inputProduct(_ x: Tensor, _ kernel: Tensor) throws -> Tensor { matmul(x, kernel) }

  /// The product of a kernel with a state `[rows, …]`.
  func stateProduct(_ state: Tensor, _ kernel: Tensor) throws -> Tensor { matmul(state, kernel) }

  /// Whether each gate drops other inputs; as in Keras, where the state is dropped from.
  var gatesDropApart: Bool { recurrentDropout != 0 }

  /// What of the bias is added to the inputs' products.
  var inputBias: Tensor? { bias?.value }

  /// The inputs' products for all steps.
  public override func prepare(_ x: Tensor, _ context: ForwardContext) throws -> [Tensor] {
    guard let kernel else { throw settingsError("it is not built") }
    try check(stepShape: Array(x.shape.dropFirst(2)))
    var y: Tensor
    if !context.isTraining || dropout == 0 {
      y = try inputProduct(x, kernel.value)
    } else {
      let shape = [1] + x.shape.dropFirst()
      func dropped() -> Tensor { x * scale(shape, dropout, x.dtype, context) }
      y = !gatesDropApart || gates == 1
        ? try inputProduct(dropped(), kernel.value)
        : concatenate(try (0..<gates).map { try inputProduct(dropped(), gate($0, of: kernel.value)) }, axis: -1)
    }
    if let inputBias { y += inputBias }
    return [y]
  }

  /// 0 where an element is dropped, and what the others are multiplied by.
  private func scale(_ shape: [Int], _ rate: Double, _ dtype: DType, _ context: ForwardContext) -> Tensor {
    let isKept = random(context).bernoulli(shape, probability: 1 - rate)
    return select(isKept, Tensor(repeating: 1 / (1 - rate), dtype: dtype), Tensor.zeros([], dtype: dtype))
  }

  /// What the state is multiplied by for each gate; nil where nothing is dropped. The same for all steps.
  func stateScales(_ state: Tensor, _ context: ForwardContext) -> [Tensor]? {
    if !context.isTraining || recurrentDropout == 0 { return nil }
    return (0..<gates).map { _ in scale(state.shape, recurrentDropout, state.dtype, context) }
  }

  /// A gate's part of the last axis.
  func gate(_ index: Int, of x: Tensor) -> Tensor {
    let rest = Array(x.shape.dropLast())
    return x.sliced(starts: rest.map { _ in 0 } + [index * units], sizes: rest + [units])
  }

  /// The state's products with each gate's part of the kernel.
  func stateProducts(_ state: Tensor, _ context: ForwardContext) throws -> [Tensor] {
    guard let recurrentKernel else { throw settingsError("it is not built") }
    let kernel = recurrentKernel.value
    if let scales = stateScales(state, context) {
      return try scales.enumerated().map { try stateProduct(state * $1, gate($0, of: kernel)) }
    }
    let all = try stateProduct(state, kernel)
    return (0..<gates).map { gate($0, of: all) }
  }
}

// MARK: - Files

extension KernelCellSettings {
  /// - Parameters:
  ///   - hasGates: whether there is an activation for gates.
  ///   - unitsKey: what the option of the number of units is called.
  init(_ options: inout LayerOptions, hasGates: Bool, unitsKey: String = "units") throws {
    self.init(
      units: try options.int(unitsKey), activation: try options.named("activation"),
      useBias: try options.bool("use_bias"),
      kernelInitializer: try options.named("kernel_initializer"),
      recurrentInitializer: try options.named("recurrent_initializer"),
      biasInitializer: try options.named("bias_initializer"),
      kernelRegularizer: try options.optionalNamed("kernel_regularizer"),
      recurrentRegularizer: try options.optionalNamed("recurrent_regularizer"),
      biasRegularizer: try options.optionalNamed("bias_regularizer"),
      kernelConstraint: try options.optionalNamed("kernel_constraint"),
      recurrentConstraint: try options.optionalNamed("recurrent_constraint"),
      biasConstraint: try options.optionalNamed("bias_constraint"), dropout: try options.double("dropout"),
      recurrentDropout: try options.double("recurrent_dropout"), seed: try options.seed())
    if hasGates { recurrentActivation = try options.named("recurrent_activation") }
    // How Keras 2 and 3 compute the same, which is not written any more.
    _ = options.value("implementation")
  }

  func options(hasGates: Bool, unitsKey: String = "units") throws -> JSONObject {
    var options = JSONObject([(unitsKey, JSONValue(units)), ("activation", try activation.layerJSON())])
    if hasGates { options["recurrent_activation"] = try recurrentActivation.layerJSON() }
    options["use_bias"] = .bool(useBias)
    options["kernel_initializer"] = try kernelInitializer.json()
    options["recurrent_initializer"] = try recurrentInitializer.json()
    options["bias_initializer"] = try biasInitializer.json()
    options["kernel_regularizer"] = try kernelRegularizer?.json() ?? .null
    options["recurrent_regularizer"] = try recurrentRegularizer?.json() ?? .null
    options["bias_regularizer"] = try biasRegularizer?.json() ?? .null
    options["kernel_constraint"] = try kernelConstraint?.json() ?? .null
    options["recurrent_constraint"] = try recurrentConstraint?.json() ?? .null
    options["bias_constraint"] = try biasConstraint?.json() ?? .null
    options["dropout"] = JSONValue(dropout)
    options["recurrent_dropout"] = JSONValue(recurrentDropout)
    options["seed"] = .seed(seed)
    return options
  }
}
