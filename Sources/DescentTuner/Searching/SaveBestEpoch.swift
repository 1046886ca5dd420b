import Descent

/// Writes a model's weights whenever an epoch is the best of all executions of a trial. (KerasTuner: `SaveBestEpoch`.)
///
/// Where the logs lack the objective, as it is computed after `fit`, each epoch's are written.
final class SaveBestEpoch: Callback {
  private let objective: Objective
  private let path: String
  private var best: Double
  /// Whether any epoch had the number: one without then is one that was not validated.
  private var wasSeen = false

  init(_ objective: Objective, _ path: String) {
    (self.objective, self.path) = (objective, path)
    best = objective.worst
  }

  override var runsOnEveryRank: Bool { false }

  override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    if let value = objective.value(in: logs.dictionary) {
      wasSeen = true
      guard objective.isBetter(value, than: best) else { return }
      best = value
    } else if wasSeen {
      return
    }
    try model?.saveWeights(path, format: .safetensors)
  }
}
