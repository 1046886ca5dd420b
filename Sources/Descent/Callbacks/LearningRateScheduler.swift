import TensorCore

/// Sets the optimizer's learning rate before each epoch, and logs it as `learning_rate`. Of a ``MultiOptimizer`` it is the default's rate; the
/// others' keep their ratio to it (``Model/setLearningRate(_:)``). (Keras: `keras.callbacks.LearningRateScheduler`.)
public final class LearningRateScheduler: Callback {
  private let schedule: (_ epoch: Int, _ learningRate: Double) -> Double
  /// Whether it says the rate of each epoch.
  public let verbose: Verbosity

  /// - Parameters:
  ///   - verbose: 1 to print a line before each epoch; 0 for nothing.
  ///   - schedule: from the epoch, counted from 0, and the present rate to the rate of that epoch.
  public init(verbose: Verbosity = 0, _ schedule: @escaping (_ epoch: Int, _ learningRate: Double) -> Double) {
    self.schedule = schedule
    self.verbose = verbose
  }

  public override func onTrainBegin() throws { try verbose.validate("LearningRateScheduler") }

  public override func onEpochBegin(_ epoch: Int) throws {
    guard let model else { return }
    let rate = schedule(epoch, try model.learningRate)
    guard rate.isFinite && rate >= 0 else {
      throw DescentError(
        .invalidArgument, "LearningRateScheduler: the schedule gave \(rate) for epoch \(epoch); expected a number at least 0")
    }
    try model.setLearningRate(rate)
    say("Epoch \(epoch + 1): LearningRateScheduler setting learning rate to \(rate).", if: verbose)
  }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws { logs["learning_rate"] = try model?.learningRate }
}
