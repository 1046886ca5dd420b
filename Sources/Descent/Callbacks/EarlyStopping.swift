import TensorCore

/// Stops training when a number has not improved for some epochs. (Keras: `keras.callbacks.EarlyStopping`.)
///
/// With `restoreBestWeights` the weights of the best epoch are put back when training ends, whether this callback stopped it or
/// not. They are copied to memory of their own whenever an epoch is the best so far; the optimizer's slots are not.
/// Epochs without validation are passed over where the number is one of validation, as in Keras. If `fit` fails, the weights stay as they
/// are.
/// Different from Keras: a NaN is never the best, so that a bad first epoch neither blocks later ones nor is restored; and a
/// number that does not exist is an error, not a warning.
public final class EarlyStopping: Callback {
  /// The number that is watched, as it is called in the logs.
  public let monitor: String
  /// Less than this is no improvement.
  public let minDelta: Double
  /// How many epochs without improvement are waited for.
  public let patience: Int
  /// Whether less is better or more.
  public let mode: MonitorMode
  /// A number that must be beaten; nil for none.
  public let baseline: Double?
  /// Whether the weights of the best epoch are restored at the end.
  public let restoreBestWeights: Bool
  /// The first epoch that counts.
  public let startFromEpoch: Int
  /// Whether it says when it stops training and restores weights.
  public let verbose: Verbosity

  /// The epoch with the best number, counted from 0.
  public private(set) var bestEpoch: Int?
  /// The epoch after which this callback stopped training.
  public private(set) var stoppedEpoch: Int?
  /// Epochs without improvement.
  public private(set) var wait = 0

  private var watch: Monitor?
  private var bestWeights: [Tensor]?

  /// - Parameters:
  ///   - monitor: the number to go by, as History calls it.
  ///   - minDelta: a smaller change is no improvement.
  ///   - patience: how many epochs without improvement to bear.
  ///   - mode: whether less is better or more; `.auto` asks the loss or metric itself.
  ///   - baseline: only numbers better than this one (and than the best before) end the waiting.
  ///   - restoreBestWeights: whether the model gets the weights of its best epoch back.
  ///   - startFromEpoch: epochs before this one are not looked at.
  ///   - verbose: 1 to print a line when training is stopped and when weights are restored; 0 for nothing.
  public init(
    monitor: String = "val_loss", minDelta: Double = 0, patience: Int = 0, mode: MonitorMode = .auto, baseline: Double? = nil,
    restoreBestWeights: Bool = false, startFromEpoch: Int = 0, verbose: Verbosity = 0
  ) {
    self.monitor = monitor
    self.minDelta = minDelta
    self.patience = patience
    self.mode = mode
    self.baseline = baseline
    self.restoreBestWeights = restoreBestWeights
    self.startFromEpoch = startFromEpoch
    self.verbose = verbose
  }

  public override func onTrainBegin() throws {
    try requireCount(patience, "patience")
    try requireCount(startFromEpoch, "startFromEpoch")
    try verbose.validate("EarlyStopping")
    watch = nil
    bestWeights = nil
    bestEpoch = nil
    stoppedEpoch = nil
    wait = 0
  }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    guard let model, epoch >= startFromEpoch else { return }
    var watch = self.watch ?? Monitor(monitor, mode: mode, minDelta: minDelta, in: model)
    guard let value = try watch.value(in: logs, isEpoch: parameters, for: "EarlyStopping") else { return }
    wait += 1
    if watch.isImprovement(value) {
      watch.accept(value)
      bestEpoch = epoch
      if restoreBestWeights { bestWeights = model.weights }
      if baseline.map({ watch.isImprovement(value, over: $0) }) ?? true { wait = 0 }
    } else if wait >= patience && epoch > 0 {
      stoppedEpoch = epoch
      model.stopTraining = true
    }
    self.watch = watch
  }

  public override func state() -> CallbackState? {
    var values = JSONObject([("wait", JSONValue(wait)), ("best", watch?.state ?? .null)])
    values["best_epoch"] = bestEpoch.map { JSONValue($0) }
    values["stopped_epoch"] = stoppedEpoch.map { JSONValue($0) }
    let weights = (bestWeights ?? []).enumerated().map { (name: String($0.offset), tensor: $0.element) }
    return CallbackState(values, tensors: weights)
  }

  public override func restore(_ state: CallbackState) throws {
    guard let model else { return }
    wait = try state.integer("wait", of: self) ?? 0
    bestEpoch = try state.integer("best_epoch", of: self)
    stoppedEpoch = try state.integer("stopped_epoch", of: self)
    watch = Monitor(monitor, mode: mode, minDelta: minDelta, in: model, state: state["best"])
    if !state.tensors.isEmpty { bestWeights = state.tensors.indices.compactMap { state.tensor(String($0)) } }
  }

  public override func onTrainEnd(_ logs: Logs) throws {
    if let stoppedEpoch, model?.hasFailed != true { say("Epoch \(stoppedEpoch + 1): early stopping", if: verbose) }
    if let bestWeights, let bestEpoch, let model, !model.hasFailed {
      say("Restoring model weights from the end of the best epoch: \(bestEpoch + 1).", if: verbose)
      try model.setWeights(bestWeights)
    }
    bestWeights = nil
  }
}
