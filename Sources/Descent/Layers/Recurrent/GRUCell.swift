import TensorCore

/// The step of a ``GRU``, whose kernels hold those of the gates z, r and of the candidate side by side: with a = x · kernel + b and
/// u = h · recurrentKernel + b₂,
///
///     z = σ(a_z + u_z),  r = σ(a_r + u_r)
///     h′ = z · h + (1 − z) · activation(a_h + r · u_h)
///
/// With `resetAfter` off there is one bias, and the last product is (r · h) · recurrentKernel_h. (Cho et al., 2014; Keras:
/// `keras.layers.GRUCell`.)
public final class GRUCell: KernelCell {
  /// What the gates are put through.
  public var recurrentActivation: ActivationFunction { settings.recurrentActivation }
  /// Whether the reset gate is applied after the product with the kernel for the state.
  public let resetAfter: Bool

  /// - Parameters:
  ///   - units: the size of the state and of the output, at least 1.
  ///   - activation: what is applied to the candidate state.
  ///   - recurrentActivation: what is applied to the gates.
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
  ///   - resetAfter: whether the reset gate is applied after the product with the kernel for the state (with a bias of its own), or
  ///     before it.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public convenience init(
    _ units: Int, activation: ActivationFunction = .tanh, recurrentActivation: ActivationFunction = .sigmoid, useBias: Bool = true,
    kernelInitializer: Initializer = .glorotUniform, recurrentInitializer: Initializer = .orthogonal,
    biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil, recurrentRegularizer: Regularizer? = nil,
    biasRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil, recurrentConstraint: Constraint? = nil,
    biasConstraint: Constraint? = nil, dropout: Double = 0, recurrentDropout: Double = 0, resetAfter: Bool = true,
    seed: UInt64? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.init(
      KernelCellSettings(
        units: units, activation: activation, recurrentActivation: recurrentActivation, useBias: useBias,
        kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer, biasInitializer: biasInitializer,
        kernelRegularizer: kernelRegularizer, recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer,
        kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint, biasConstraint: biasConstraint,
        dropout: dropout, recurrentDropout: recurrentDropout, seed: seed),
      resetAfter: resetAfter, name: name, trainable: trainable, dtype: dtype)
  }

  init(_ settings: KernelCellSettings, resetAfter: Bool, name: String?, trainable: Bool, dtype: DType?) {
    self.resetAfter = resetAfter
    super.init(settings, name: name, trainable: trainable, dtype: dtype)
  }

  override var gates: Int { 3 }

  override var biasShape: [Int] { resetAfter ? [2, gates * units] : [gates * units] }
  override var inputBias: Tensor? { bias.map { resetAfter ? biasPart(0, $0) : $0.value } }

  private func biasPart(_ row: Int, _ bias: Variable) -> Tensor { bias.value[row..<(row + 1)].reshaped([gates * units]) }

  public override func step(_ x: [Tensor], _ state: [Tensor], _ context: ForwardContext) throws -> (output: Tensor, state: [Tensor]) {
    guard let recurrentKernel else { throw settingsError("it is not built") }
    let h = state[0], kernel = recurrentKernel.value
    let a = (0..<gates).map { gate($0, of: x[0]) }
    let candidate: Tensor
    let update: Tensor
    if resetAfter {
      var u = try stateProducts(h, context)
      if let bias {
        let own = biasPart(1, bias)
        u = u.enumerated().map { $1 + gate($0, of: own) }
      }
      update = try recurrentActivation.applied(to: a[0] + u[0])
      let reset = try recurrentActivation.applied(to: a[1] + u[1])
      candidate = try activation.applied(to: a[2] + reset * u[2])
    } else {
      let scales = stateScales(h, context)
      func scaled(_ index: Int, _ h: Tensor) -> Tensor { scales.map { h * $0[index] } ?? h }
      let u: [Tensor]
      if scales == nil {
        let both = matmul(h, kernel.sliced(starts: [0, 0], sizes: [units, 2 * units]))
        u = [gate(0, of: both), gate(1, of: both)]
      } else {
        u = (0..<2).map { matmul(scaled($0, h), gate($0, of: kernel)) }
      }
      update = try recurrentActivation.applied(to: a[0] + u[0])
      let reset = try recurrentActivation.applied(to: a[1] + u[1])
      candidate = try activation.applied(to: a[2] + matmul(reset * scaled(2, h), gate(2, of: kernel)))
    }
    let next = update * h + (1 - update) * candidate
    return (next, [next])
  }
}

extension GRUCell: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: GRUCell(1), except: "units")
    self.init(try KernelCellSettings(&options, hasGates: true), resetAfter: try options.bool("reset_after"), name: options.name, trainable: true, dtype: nil)
  }

  public func options() throws -> JSONObject {
    var options = try settings.options(hasGates: true)
    options["reset_after"] = .bool(resetAfter)
    return options
  }
}
