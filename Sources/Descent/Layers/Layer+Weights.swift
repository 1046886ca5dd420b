import TensorCore

extension Layer {
  /// The values of ``variables``, in order; of a model those that `predict` and `evaluate` use. (Keras: `get_weights`.)
  ///
  /// Schedule-free optimizers train other values than those; they come into the variables' place only while steps are made.
  public var weights: [Tensor] {
    prepareToShowWeights()
    return variables.map(\.value)
  }

  /// Replaces the values of ``variables``.
  ///
  /// Of a model, optimizers that average weights begin anew with these; slots that know of gradients only stay, and so do the averages of
  /// ``OptimizerOptions/useEMA``, as in Keras. A layer knows of no optimizer: between two runs of training with one that averages weights
  /// (`Lookahead`, `AdamWScheduleFree`) replace those of the model.
  /// - Parameter weights: of the variables' shapes; of any dtype for variables that are floating-point.
  /// - Throws: ``DescentError``, having changed nothing, if number, shapes or dtypes do not fit.
  public func setWeights(_ weights: [Tensor]) throws {
    let variables = self.variables
    guard weights.count == variables.count else {
      throw DescentError(
        .invalidArgument,
        "setWeights: \(name) has \(variables.count) variables but \(weights.count) tensors were given\(isBuilt ? "" : "; it is not built yet")")
    }
    for (variable, weight) in zip(variables, weights)
    where variable.shape != weight.shape || (variable.dtype != weight.dtype && !variable.dtype.isFloatingPoint) {
      throw DescentError(
        .invalidArgument,
        "setWeights: \(variable.path) is \(variable.dtype) \(variable.shape) but the tensor is \(weight.dtype) \(weight.shape)")
    }
    let values = zip(variables, weights).map { $1.cast(to: $0.dtype).evaluated() }
    withWeightsReplaced {
      Variable.exclusively(variables) {
        for (variable, value) in zip(variables, values) { variable.assign(value) }
      }
    }
  }
}
