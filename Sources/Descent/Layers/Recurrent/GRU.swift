import TensorCore

/// Gated recurrent units over `[rows, steps, features]`; ``GRUCell`` has the formula. The state is `[rows, units]` and zero at first.
/// (Cho et al., 2014; Keras: `keras.layers.GRU`.)
///
///     let model = Sequential { Embedding(500, 16); GRU(8); Dense(1, activation: .sigmoid) }
///
/// ``RecurrentLayer`` tells of masks, initial states, and what is given with `returnState`.
public final class GRU: RecurrentLayer {
  private let kernelCell: GRUCell

  /// The size of the state and of the output.
  public var units: Int { kernelCell.units }
  /// What the state is put through.
  public var activation: ActivationFunction { kernelCell.activation }
  /// What the gates are put through.
  public var recurrentActivation: ActivationFunction { kernelCell.recurrentActivation }
  /// Whether a number of its own is added for each unit.
  public var useBias: Bool { kernelCell.useBias }
  /// The part of the input that is left out while training.
  public var dropout: Double { kernelCell.dropout }
  /// The part of the state that is left out while training.
  public var recurrentDropout: Double { kernelCell.recurrentDropout }
  /// Whether the reset gate works after the product with the state.
  public var resetAfter: Bool { kernelCell.resetAfter }

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
  ///   - activityRegularizer: a penalty on the results, divided by the number of rows.
  ///   - kernelConstraint: what is done to the kernel after each step of training.
  ///   - recurrentConstraint: what is done to the kernel for the state after each step of training.
  ///   - biasConstraint: what is done to the bias after each step of training.
  ///   - dropout: the part of the inputs' elements that training drops, in 0 ..< 1, the same at each step.
  ///   - recurrentDropout: the part of the state's elements that training drops, in 0 ..< 1, the same at each step.
  ///   - resetAfter: whether the reset gate is applied after the product with the kernel for the state (with a bias of its own), or
  ///     before it.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - returnSequences: whether the result holds the outputs of all steps, or the last one.
  ///   - returnState: whether the states after the last step are results too.
  ///   - goBackwards: whether to go from the last step to the first. The outputs are in the order in which they are computed.
  ///   - stateful: whether a batch begins with the states that the one before it left; all batches have as many rows then.
  ///   - unroll: kept for files; changes nothing here.
  ///   - zeroOutputForMask: whether masked steps give zeros.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ units: Int, activation: ActivationFunction = .tanh, recurrentActivation: ActivationFunction = .sigmoid, useBias: Bool = true,
    kernelInitializer: Initializer = .glorotUniform, recurrentInitializer: Initializer = .orthogonal,
    biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil, recurrentRegularizer: Regularizer? = nil,
    biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil,
    recurrentConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, dropout: Double = 0, recurrentDropout: Double = 0,
    resetAfter: Bool = true, seed: UInt64? = nil, returnSequences: Bool = false, returnState: Bool = false, goBackwards: Bool = false,
    stateful: Bool = false, unroll: Bool = false, zeroOutputForMask: Bool = false, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    kernelCell = GRUCell(
      KernelCellSettings(
        units: units, activation: activation, recurrentActivation: recurrentActivation, useBias: useBias,
        kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer, biasInitializer: biasInitializer,
        kernelRegularizer: kernelRegularizer, recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer,
        kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint, biasConstraint: biasConstraint,
        dropout: dropout, recurrentDropout: recurrentDropout, seed: seed),
      resetAfter: resetAfter, name: "gru_cell", trainable: true, dtype: nil)
    super.init(
      kernelCell,
      SequenceSettings(
        returnSequences: returnSequences, returnState: returnState, goBackwards: goBackwards, stateful: stateful, unroll: unroll,
        zeroOutputForMask: zeroOutputForMask), activityRegularizer: activityRegularizer, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  private init(_ cell: GRUCell, _ sequence: SequenceSettings, activityRegularizer: Regularizer?, inputShape: [Int?]?, name: String) {
    kernelCell = cell
    super.init(cell, sequence, activityRegularizer: activityRegularizer, inputShape: inputShape, name: name, trainable: true, dtype: nil)
  }
}

extension GRU: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: GRU(1), except: "units")
    let settings = try KernelCellSettings(&options, hasGates: true)
    self.init(
      GRUCell(settings, resetAfter: try options.bool("reset_after"), name: "gru_cell", trainable: true, dtype: nil), try SequenceSettings(&options),
      activityRegularizer: try options.optionalNamed("activity_regularizer"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    var options = sequenceOptions()
    for (key, value) in try kernelCell.options().members { options[key] = value }
    options["activity_regularizer"] = try activityRegularizer?.json() ?? .null
    return options
  }
}
