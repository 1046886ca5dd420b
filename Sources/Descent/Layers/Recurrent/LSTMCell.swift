import TensorCore

/// The step of an ``LSTM``, whose kernels hold those of the gates i, f, c and o side by side: with z = x · kernel + h · recurrentKernel + bias,
///
///     c′ = σ(z_f) · c + σ(z_i) · activation(z_c)
///     h′ = σ(z_o) · activation(c′)
///
/// (Hochreiter & Schmidhuber, 1997; Keras: `keras.layers.LSTMCell`.)
public final class LSTMCell: KernelCell {
  /// What the gates are put through.
  public var recurrentActivation: ActivationFunction { settings.recurrentActivation }
  /// Whether the forget gate's bias starts at 1.
  public let unitForgetBias: Bool

  /// - Parameters:
  ///   - units: the size of the state and of the output, at least 1.
  ///   - activation: what is applied to the candidate state and to the state that is given out.
  ///   - recurrentActivation: what is applied to the gates.
  ///   - useBias: whether a bias is added.
  ///   - kernelInitializer: the first values of the kernel for the inputs.
  ///   - recurrentInitializer: the first values of the kernel for the state.
  ///   - biasInitializer: the bias's first values.
  ///   - unitForgetBias: whether the forget gate's bias starts at 1, whatever the initializer.
  ///   - kernelRegularizer: a penalty on the kernel, added to the loss.
  ///   - recurrentRegularizer: a penalty on the kernel for the state, added to the loss.
  ///   - biasRegularizer: a penalty on the bias, added to the loss.
  ///   - kernelConstraint: what is done to the kernel after each step of training.
  ///   - recurrentConstraint: what is done to the kernel for the state after each step of training.
  ///   - biasConstraint: what is done to the bias after each step of training.
  ///   - dropout: the part of the inputs' elements that training drops, in 0 ..< 1, the same at each step.
  ///   - recurrentDropout: the part of the state's elements that training drops, in 0 ..< 1, the same at each step.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public convenience init(
    _ units: Int, activation: ActivationFunction = .tanh, recurrentActivation: ActivationFunction = .sigmoid, useBias: Bool = true,
    kernelInitializer: Initializer = .glorotUniform, recurrentInitializer: Initializer = .orthogonal,
    biasInitializer: Initializer = .zeros, unitForgetBias: Bool = true, kernelRegularizer: Regularizer? = nil,
    recurrentRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil,
    recurrentConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, dropout: Double = 0, recurrentDropout: Double = 0,
    seed: UInt64? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.init(
      KernelCellSettings(
        units: units, activation: activation, recurrentActivation: recurrentActivation, useBias: useBias,
        kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer, biasInitializer: biasInitializer,
        kernelRegularizer: kernelRegularizer, recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer,
        kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint, biasConstraint: biasConstraint,
        dropout: dropout, recurrentDropout: recurrentDropout, seed: seed),
      unitForgetBias: unitForgetBias, name: name, trainable: trainable, dtype: dtype)
  }

  init(_ settings: KernelCellSettings, unitForgetBias: Bool, name: String?, trainable: Bool, dtype: DType?) {
    self.unitForgetBias = unitForgetBias
    super.init(settings, name: name, trainable: trainable, dtype: dtype)
  }

  override var gates: Int { 4 }

  public override var stateShapes: [[Int]] { [[units], [units]] }

  public override func build(inputShape: [Int]) throws {
    try super.build(inputShape: inputShape)
    if unitForgetBias { startForgetBiasAtOne() }
  }

  public override func step(_ x: [Tensor], _ state: [Tensor], _ context: ForwardContext) throws -> (output: Tensor, state: [Tensor]) {
    let next = try memoryStep(x[0], try stateProducts(state[0], context), memory: state[1])
    return (next[0], next)
  }
}

/// What long short-term memory is, whether its products are those of matrices or convolutions.
extension KernelCell {
  /// Lets the second of four gates' biases begin at 1.
  func startForgetBiasAtOne() {
    guard let bias else { return }
    let start = bias.value
    bias.assign(concatenate([gate(0, of: start), Tensor.ones([units], dtype: start.dtype), gate(2, of: start), gate(3, of: start)], axis: 0))
  }

  /// h and c after a step.
  /// - Parameters:
  ///   - x: the inputs' part of what the four gates are made from, side by side along the last axis.
  ///   - h: the state's part, for each gate.
  ///   - memory: c before the step.
  func memoryStep(_ x: Tensor, _ h: [Tensor], memory: Tensor) throws -> [Tensor] {
    let gating = settings.recurrentActivation
    let z = h.enumerated().map { gate($0, of: x) + $1 }
    let input = try gating.applied(to: z[0]), forget = try gating.applied(to: z[1])
    let cell = forget * memory + input * (try activation.applied(to: z[2]))
    return [try gating.applied(to: z[3]) * (try activation.applied(to: cell)), cell]
  }
}

extension LSTMCell: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: LSTMCell(1), except: "units")
    self.init(try KernelCellSettings(&options, hasGates: true), unitForgetBias: try options.bool("unit_forget_bias"), name: options.name, trainable: true, dtype: nil)
  }

  public func options() throws -> JSONObject {
    var options = try settings.options(hasGates: true)
    options["unit_forget_bias"] = .bool(unitForgetBias)
    return options
  }
}
