import TensorCore

/// Sets the optimizer's learning rate before each epoch, and logs it as `learning_rate`. (Keras:
/// `keras.callbacks.LearningRateScheduler`.)
public final class LearningRateScheduler: Callback {
  private let schedule: (_ epoch: Int, _ learningRate: Double) -> Double

  /// - Parameter schedule: from the epoch, counted from 0, and the present rate to the rate of that epoch.
  public init(_ schedule: @escaping (_ epoch: Int, _ learningRate: Double) -> Double) { self.schedule = schedule }

  public override func onEpochBegin(_ epoch: Int) throws {
    guard let model else { return }
    let rate = schedule(epoch, try model.learningRate)
    guard rate.isFinite && rate >= 0 else {
      throw DescentError(
        .invalidArgument, "LearningRateScheduler: the schedule gave \(rate) for epoch \(epoch); expected a number at least 0")
    }
    try model.setLearningRate(rate)
  }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws { logs["learning_rate"] = try model?.learningRate }
}
