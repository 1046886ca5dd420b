import TensorCore

/// Stops training after the batch in which the loss stopped being a finite number. (Keras: `keras.callbacks.TerminateOnNaN`.
/// Different from Keras: what follows an epoch, validation and later callbacks' `onEpochEnd`, is left out, so that nobody saves
/// the ruined weights.)
public final class TerminateOnNaN: Callback {
  /// Whether to end in an error instead of a shortened ``History``.
  public let raisesError: Bool

  /// - Parameter raisesError: whether `fit` ends with an error; otherwise it just ends.
  public init(raisesError: Bool = false) { self.raisesError = raisesError }

  public override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) throws {
    guard let model, let loss = logs["loss"], !loss.isFinite else { return }
    if raisesError { throw DescentError(.numerics, "TerminateOnNaN: the loss is \(loss) after batch \(batch)") }
    model.abandonTraining()
  }
}
