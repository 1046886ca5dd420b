import Optimizers
import TensorCore

extension Model {
  /// The values of ``Layer/variables``, in order: those that `predict` and `evaluate` use.
  ///
  /// Schedule-free optimizers train other values than those; they come into the variables' place only while steps are made.
  public var weights: [Tensor] {
    showWeightsToJudge()
    return variables.map(\.value)
  }

  /// Replaces the values of ``Layer/variables``. Optimizers that average weights begin anew with these; slots that know of gradients only
  /// stay, and so do the averages of ``OptimizerOptions/useEMA``, as in Keras.
  /// - Parameter weights: of the variables' shapes; of any dtype for variables that are floating-point.
  /// - Throws: ``DescentError``, having changed nothing, if number, shapes or dtypes do not fit.
  public func setWeights(_ weights: [Tensor]) throws {
    let variables = self.variables
    guard weights.count == variables.count else {
      throw DescentError(
        .invalidArgument, "setWeights: \(name) has \(variables.count) variables but \(weights.count) tensors were given")
    }
    for (variable, weight) in zip(variables, weights)
    where variable.shape != weight.shape || (variable.dtype != weight.dtype && !variable.dtype.isFloatingPoint) {
      throw DescentError(
        .invalidArgument,
        "setWeights: \(variable.path) is \(variable.dtype) \(variable.shape) but the tensor is \(weight.dtype) \(weight.shape)")
    }
    replacingWeights {
      for (variable, weight) in zip(variables, weights) { variable.assign(weight.cast(to: variable.dtype)) }
    }
  }

  /// Sees to it that the variables hold the weights to judge the model by, whatever the optimizer trains. For whoever reads weights; the
  /// next step of training goes on where the last one ended.
  package func showWeightsToJudge() { training?.optimizerState?.useEvaluationValues() }

  /// Runs `body`, which puts other weights in the place of some or all, and tells the optimizer.
  package func replacingWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
    showWeightsToJudge()
    let result = try body()
    training?.optimizerState?.weightsWereReplaced()
    return result
  }
}
