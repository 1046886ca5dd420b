import TensorCore

/// h′ = activation(x · kernel + h · recurrentKernel + bias): the step of a ``SimpleRNN``. (Elman, 1990; Keras:
/// `keras.layers.SimpleRNNCell`.)
public final class SimpleRNNCell: KernelCell {
  /// - Parameters:
  ///   - units: the size of the state and of the output, at least 1.
  ///   - activation: what is applied to the sum of the products.
  ///   - useBias: whether a bias is added.
  ///   - kernelInitializer: the first values of the kernel for the inputs.
  ///   - recurrentInitializer: the first values of the kernel for the state.
  ///   - biasInitializer: the bias's first values.
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
    _ units: Int, activation: ActivationFunction = .tanh, useBias: Bool = true, kernelInitializer: Initializer = .glorotUniform,
    recurrentInitializer: Initializer = .orthogonal, biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil,
    recurrentRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil,
    recurrentConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, dropout: Double = 0, recurrentDropout: Double = 0,
    seed: UInt64? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.init(
      KernelCellSettings(
        units: units, activation: activation, useBias: useBias, kernelInitializer: kernelInitializer,
        recurrentInitializer: recurrentInitializer, biasInitializer: biasInitializer, kernelRegularizer: kernelRegularizer,
        recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer, kernelConstraint: kernelConstraint,
        recurrentConstraint: recurrentConstraint, biasConstraint: biasConstraint, dropout: dropout,
        recurrentDropout: recurrentDropout, seed: seed),
      name: name, trainable: trainable, dtype: dtype)
  }

  override init(_ settings: KernelCellSettings, name: String?, trainable: Bool, dtype: DType?) {
    super.init(settings, name: name, trainable: trainable, dtype: dtype)
  }

  public override func step(_ x: [Tensor], _ state: [Tensor], _ context: ForwardContext) throws -> (output: Tensor, state: [Tensor]) {
    let h = try activation.applied(to: x[0] + stateProducts(state[0], context)[0])
    return (h, [h])
  }
}

extension SimpleRNNCell: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: SimpleRNNCell(1), except: "units")
    self.init(try KernelCellSettings(&options, hasGates: false), name: options.name, trainable: true, dtype: nil)
  }

  public func options() throws -> JSONObject { try settings.options(hasGates: false) }
}
