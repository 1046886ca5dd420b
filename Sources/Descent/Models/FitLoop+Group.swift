import Optimizers
import TensorCore

/// What the members of a group see to between their steps.
extension FitLoop {
  /// What ends training, on whichever rank of a group it came up, ends it everywhere at the same step. Here the others wait for rank 0, which may
  /// ask for what they own of the optimizer's state.
  func agree() throws {
    isInterrupted = Interruption.isPending
    guard let group = runner.group else { return }
    while true {
      let bits = try group.union((isInterrupted ? 1 : 0) | (model.stopTraining ? 2 : 0) | (model.isAbandoned ? 4 : 0))
      if bits & FitLoop.request != 0 {
        try optimizerState.ownership?.gather()
        continue
      }
      isInterrupted = bits & 1 != 0
      if bits & 2 != 0 { model.stopTraining = true }
      if bits & 4 != 0 { model.isAbandoned = true }
      return
    }
  }

  private static let request: UInt8 = 8

  func spreadOptimizerState(over group: any ProcessGroup) throws {
    if callbacks.callbacks.contains(where: { $0 is SwapEMAWeights }) {
      throw DescentError(
        .invalidArgument, "fit: SwapEMAWeights exchanges weights and averages, which shardOptimizerState leaves on one process each")
    }
    let ownership = try optimizerState.spread(over: group)
    if group.rank != 0 { return }
    ownership.request = { [weak self, unowned ownership] in
      guard let self, mayAsk else {
        throw DescentError(
          .state,
          "what the optimizer remembers is spread over \(group.size) processes; callbacks can read it in onTrainBatchEnd and onEpochEnd, when the others wait")
      }
      _ = try group.union(FitLoop.request)
      try ownership.gather()
    }
  }

  func gatherOptimizerState() throws {
    guard let ownership = optimizerState.ownership else { return }
    try ownership.gather()
    optimizerState.endSpreading()
  }

  /// Rank 0 knows whether a checkpoint is due, which needs what all own.
  func gatherForBackUp(count: Int) throws {
    guard let ownership = optimizerState.ownership else { return }
    let isDue = backups.contains { $0.willBeDue(afterBatches: count, isInterrupted: isInterrupted) }
    if try ownership.group.union(isDue ? 1 : 0) != 0 { try ownership.gather() }
  }
}
