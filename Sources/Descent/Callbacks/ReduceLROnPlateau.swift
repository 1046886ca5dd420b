import TensorCore

/// Multiplies the learning rate by a factor when a number has not improved for some epochs, and logs it as `learning_rate`.
/// Epochs without validation are passed over where the number is one of validation. Of a ``MultiOptimizer`` the rates of all optimizers are
/// multiplied; the default's is the one that is logged and not made less than the least. (Keras: `keras.callbacks.ReduceLROnPlateau`.
/// Different from Keras: a NaN is never the best, and a number that does not exist is an error.)
public final class ReduceLROnPlateau: Callback {
  /// The number that is watched, as it is called in the logs.
  public let monitor: String
  /// What the rate is multiplied by.
  public let factor: Double
  /// How many epochs without improvement are waited for.
  public let patience: Int
  /// Whether less is better or more.
  public let mode: MonitorMode
  /// Less than this is no improvement.
  public let minDelta: Double
  /// How many epochs after a reduction do not count.
  public let cooldown: Int
  /// The rate is not made less than this.
  public let minimumLearningRate: Double
  /// Whether it says when it reduces the rate.
  public let verbose: Verbosity

  /// Epochs without improvement since the rate last changed.
  public private(set) var wait = 0
  /// Epochs to go in which nothing is counted.
  public private(set) var cooldownLeft = 0
  private var watch: Monitor?

  /// - Parameters:
  ///   - monitor: the number to go by, as History calls it.
  ///   - factor: what the rate is multiplied by: at least 0 and less than 1.
  ///   - patience: how many epochs without improvement to bear.
  ///   - mode: whether less is better or more; `.auto` asks the loss or metric itself.
  ///   - minDelta: a smaller change is no improvement.
  ///   - cooldown: how many epochs to leave uncounted after a reduction.
  ///   - minimumLearningRate: the rate does not go below (Keras's `min_lr`).
  ///   - verbose: 1 to print a line when the rate is reduced; 0 for nothing.
  public init(
    monitor: String = "val_loss", factor: Double = 0.1, patience: Int = 10, mode: MonitorMode = .auto,
    minDelta: Double = 1e-4, cooldown: Int = 0, minimumLearningRate: Double = 0, verbose: Verbosity = 0
  ) {
    self.monitor = monitor
    self.factor = factor
    self.patience = patience
    self.mode = mode
    self.minDelta = minDelta
    self.cooldown = cooldown
    self.minimumLearningRate = minimumLearningRate
    self.verbose = verbose
  }

  public override func onTrainBegin() throws {
    try NumberRange.decay.check("factor", factor, "ReduceLROnPlateau")
    try requireCount(patience, "patience")
    try requireCount(cooldown, "cooldown")
    try verbose.validate("ReduceLROnPlateau")
    watch = nil
    wait = 0
    cooldownLeft = 0
  }

  public override func state() -> CallbackState? {
    CallbackState(
      JSONObject([("wait", JSONValue(wait)), ("cooldown", JSONValue(cooldownLeft)), ("best", watch?.state ?? .null)]))
  }

  public override func restore(_ state: CallbackState) throws {
    guard let model else { return }
    wait = try state.integer("wait", of: self) ?? 0
    cooldownLeft = try state.integer("cooldown", of: self) ?? 0
    watch = Monitor(monitor, mode: mode, minDelta: minDelta, in: model, state: state["best"])
  }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    guard let model else { return }
    let rate = try model.learningRate
    logs["learning_rate"] = rate
    var watch = self.watch ?? Monitor(monitor, mode: mode, minDelta: minDelta, in: model)
    defer { self.watch = watch }
    guard let value = try watch.value(in: logs, isEpoch: parameters, for: "ReduceLROnPlateau") else { return }
    if cooldownLeft > 0 {
      cooldownLeft -= 1
      wait = 0
    }
    if watch.isImprovement(value) {
      watch.accept(value)
      wait = 0
    } else if cooldownLeft == 0 {
      wait += 1
      if wait >= patience && rate > minimumLearningRate {
        let reduced = max(rate * factor, minimumLearningRate)
        try model.setLearningRate(reduced)
        say("Epoch \(epoch + 1): ReduceLROnPlateau reducing learning rate to \(reduced).", if: verbose)
        cooldownLeft = cooldown
        wait = 0
      }
    }
  }
}
