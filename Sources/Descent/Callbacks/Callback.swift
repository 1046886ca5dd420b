/// Something that watches training, evaluation or prediction and may act on it. Override the hooks you need.
///
/// Batches and epochs count from 0. What a hook throws leaves `fit` after ``onTrainEnd(_:)`` was called; the model then holds the
/// weights as they are. (Keras: `keras.callbacks.Callback`.)
open class Callback {
  /// The model at work, while it is.
  public internal(set) weak var model: Model?
  /// What `fit`, `evaluate` or `predict` was asked for.
  public internal(set) var parameters = RunParameters()
  /// Where it says what it does.
  package lazy var announcements: ProgressOutput = .standard
  /// Whether no other member of the group says it.
  var isSpeaker = true

  /// For subclasses.
  public init() {}

  /// Whether every member of a group of processes (`fit`'s `group`) has it at work. One that writes or shows something says false and is at
  /// work on rank 0 alone; one that steers training, as by ``Model/stopTraining`` or the learning rate, has to be at work everywhere.
  open var runsOnEveryRank: Bool { true }

  /// Before anything; the model has the weights it starts with.
  open func onTrainBegin() throws {}
  /// At the end of `fit`, however it ends. `logs` are the last epoch's.
  open func onTrainEnd(_ logs: Logs) throws {}
  /// Before an epoch, counted from 0.
  open func onEpochBegin(_ epoch: Int) throws {}
  /// After validation. Numbers put into `logs` are kept by ``History``.
  open func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {}
  /// Before a batch of training, counted from 0 in each epoch.
  open func onTrainBatchBegin(_ batch: Int) throws {}
  /// After a step. `logs` hold the means over the epoch so far.
  open func onTrainBatchEnd(_ batch: Int, _ logs: Logs) throws {}

  /// At the start of `evaluate` and of each validation.
  open func onTestBegin() throws {}
  /// After the last batch of an evaluation, with its numbers.
  open func onTestEnd(_ logs: Logs) throws {}
  /// Before a batch of an evaluation.
  open func onTestBatchBegin(_ batch: Int) throws {}
  /// After a batch of an evaluation, with the numbers so far.
  open func onTestBatchEnd(_ batch: Int, _ logs: Logs) throws {}

  /// What the callback remembers from epoch to epoch, for ``BackupAndRestore`` to keep; nil if that is nothing.
  open func state() throws -> CallbackState? { nil }
  /// Takes up what ``state()`` gave. Called after ``onTrainBegin()`` of a run that goes on from a checkpoint.
  open func restore(_ state: CallbackState) throws {}

  /// Before the first batch of a prediction.
  open func onPredictBegin() throws {}
  /// After the last batch of a prediction.
  open func onPredictEnd() throws {}
  /// Before a batch of a prediction.
  open func onPredictBatchBegin(_ batch: Int) throws {}
  /// After a batch of a prediction.
  open func onPredictBatchEnd(_ batch: Int) throws {}
}

extension Callback {
  /// Says what the callback does, if it is to. In a terminal a bar may stand on the line.
  func say(_ text: @autoclosure () -> String, if verbose: Verbosity) {
    guard isSpeaker, verbose != .silent else { return }
    announcements.write((announcements.isTerminal ? "\n" : "") + text().printable + "\n")
  }

  /// - Throws: ``DescentError`` of kind `invalidArgument` if a number of things is less than 0.
  func requireCount(_ value: Int, _ setting: String) throws {
    try NumberRange.nonNegative.check(setting, value, "\(type(of: self))")
  }
}

/// What a run was asked for.
public struct RunParameters: Sendable {
  /// The number of epochs at which `fit` ends.
  public var epochs = 1
  /// Batches an epoch.
  public var steps = 0
  /// The number of rows in a batch.
  public var batchSize = 0
  /// Whether validation follows an epoch.
  public var hasValidation = false
}
