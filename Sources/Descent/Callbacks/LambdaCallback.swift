/// Calls functions at the hooks. (Keras: `keras.callbacks.LambdaCallback`.)
public final class LambdaCallback: Callback {
  /// What is told nothing.
  public typealias Plain = () throws -> Void
  /// What is told an epoch or a batch, counted from 0.
  public typealias Counted = (_ index: Int) throws -> Void
  /// What is told an epoch or a batch, and the numbers.
  public typealias Logged = (_ index: Int, _ logs: Logs) throws -> Void

  private let epochBegin: Counted?
  private let epochEnd: Logged?
  private let trainBegin: Plain?
  private let trainEnd: ((_ logs: Logs) throws -> Void)?
  private let trainBatchBegin: Counted?
  private let trainBatchEnd: Logged?

  /// What is to be run when. What a function throws leaves `fit`.
  /// - Parameters:
  ///   - onEpochBegin: before an epoch, with its number.
  ///   - onEpochEnd: after an epoch and its validation, with its number and the numbers of both.
  ///   - onTrainBegin: before anything else.
  ///   - onTrainEnd: at the end of `fit`, however it ends, with the last epoch's numbers.
  ///   - onTrainBatchBegin: before a batch of training, with its number in the epoch.
  ///   - onTrainBatchEnd: after a step, with the batch's number in the epoch and the means over the epoch so far.
  public init(
    onEpochBegin: Counted? = nil, onEpochEnd: Logged? = nil, onTrainBegin: Plain? = nil,
    onTrainEnd: ((_ logs: Logs) throws -> Void)? = nil, onTrainBatchBegin: Counted? = nil, onTrainBatchEnd: Logged? = nil
  ) {
    epochBegin = onEpochBegin
    epochEnd = onEpochEnd
    trainBegin = onTrainBegin
    trainEnd = onTrainEnd
    trainBatchBegin = onTrainBatchBegin
    trainBatchEnd = onTrainBatchEnd
  }

  public override func onEpochBegin(_ epoch: Int) throws { try epochBegin?(epoch) }
  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws { try epochEnd?(epoch, logs) }
  public override func onTrainBegin() throws { try trainBegin?() }
  public override func onTrainEnd(_ logs: Logs) throws { try trainEnd?(logs) }
  public override func onTrainBatchBegin(_ batch: Int) throws { try trainBatchBegin?(batch) }
  public override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) throws { try trainBatchEnd?(batch, logs) }
}
