/// Any cell run over the steps of a sequence; see ``RNNCell`` for one of your own. (Keras: `keras.layers.RNN`.)
///
///     let layer = RNN(LSTMCell(32), returnSequences: true)
///     let deep = RNN([LSTMCell(32), LSTMCell(32)])
///
/// ``RecurrentLayer`` tells of masks, initial states, and what is given with `returnState`.
public final class RNN: RecurrentLayer {
  /// - Parameters:
  ///   - cell: what is done at each step.
  ///   - returnSequences: whether the result holds the outputs of all steps, or the last one.
  ///   - returnState: whether the states after the last step are results too.
  ///   - goBackwards: whether to go from the last step to the first. The outputs are in the order in which they are computed.
  ///   - stateful: whether a batch begins with the states that the one before it left; all batches have as many rows then.
  ///   - unroll: kept for files; changes nothing here.
  ///   - zeroOutputForMask: whether masked steps give zeros.
  ///   - activityRegularizer: a penalty on the results, divided by the number of rows.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ cell: RNNCell, returnSequences: Bool = false, returnState: Bool = false, goBackwards: Bool = false, stateful: Bool = false,
    unroll: Bool = false, zeroOutputForMask: Bool = false, activityRegularizer: Regularizer? = nil, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(
      cell,
      SequenceSettings(
        returnSequences: returnSequences, returnState: returnState, goBackwards: goBackwards, stateful: stateful, unroll: unroll,
        zeroOutputForMask: zeroOutputForMask), activityRegularizer: activityRegularizer, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  /// Several cells, each of which takes what the one before it gives; see ``StackedRNNCells``.
  /// - Parameters:
  ///   - cells: the cells, the first first.
  ///   - returnSequences: whether the result holds the outputs of all steps, or the last one.
  ///   - returnState: whether the states after the last step are results too.
  ///   - goBackwards: whether to go from the last step to the first. The outputs are in the order in which they are computed.
  ///   - stateful: whether a batch begins with the states that the one before it left; all batches have as many rows then.
  ///   - unroll: kept for files; changes nothing here.
  ///   - zeroOutputForMask: whether masked steps give zeros.
  ///   - activityRegularizer: a penalty on the results, divided by the number of rows.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public convenience init(
    _ cells: [RNNCell], returnSequences: Bool = false, returnState: Bool = false, goBackwards: Bool = false, stateful: Bool = false,
    unroll: Bool = false, zeroOutputForMask: Bool = false, activityRegularizer: Regularizer? = nil, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.init(
      StackedRNNCells(cells), returnSequences: returnSequences, returnState: returnState, goBackwards: goBackwards, stateful: stateful,
      unroll: unroll, zeroOutputForMask: zeroOutputForMask, activityRegularizer: activityRegularizer, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }
}

extension RNN: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RNN(SimpleRNNCell(1)), except: "cell")
    let cell: RNNCell = try options.layer("cell", "a cell")
    let sequence = try SequenceSettings(&options)
    self.init(
      cell, returnSequences: sequence.returnSequences, returnState: sequence.returnState, goBackwards: sequence.goBackwards,
      stateful: sequence.stateful, unroll: sequence.unroll, zeroOutputForMask: sequence.zeroOutputForMask,
      activityRegularizer: try options.optionalNamed("activity_regularizer"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    var options = sequenceOptions()
    options["cell"] = try LayerJSON.json(of: cell, dtype: cell.builtDType)
    if let activityRegularizer { options["activity_regularizer"] = try activityRegularizer.json() }
    return options
  }
}

