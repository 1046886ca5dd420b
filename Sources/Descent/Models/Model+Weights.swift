import Optimizers
import TensorCore

extension Model {
  /// Sees to it that the variables hold the weights to judge the model by, whatever the optimizer trains. For whoever reads weights; the
  /// next step of training goes on where the last one ended.
  package func showWeightsToJudge() { access.stepping { training?.optimizerState?.useEvaluationValues() } }

  /// Runs `body`, which puts other weights in the place of some or all, and tells the optimizer.
  package func replacingWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
    try access.stepping {
      showWeightsToJudge()
      let result = try body()
      training?.optimizerState?.weightsWereReplaced()
      return result
    }
  }
}
