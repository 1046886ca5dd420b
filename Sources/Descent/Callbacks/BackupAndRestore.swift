import Foundation
import TensorCore

/// Keeps a training run on disk, so that one that was killed goes on as if nothing had happened: the same call of `fit` in a new
/// process ends in the same bits, on a processor of the same instruction set (``instructionSet``).
///
///     try model.fit(x, y, epochs: 100, callbacks: [BackupAndRestore("backup"), EarlyStopping(patience: 5)])
///
/// A checkpoint holds everything: weights, the optimizer's slots, counters and rates, averages, the state of all random numbers,
/// the epoch and the place in the shuffled rows, the running loss and metrics, what callbacks remember (``Callback/state()``: the
/// best number, the patience left) and the history. It is written to a temporary file, flushed to the disk and renamed, and the one before
/// is kept beside it; a checkpoint that is torn or altered is noticed by its checksums, and the one before is taken. When the disk is
/// full `fit` throws, and the checkpoints stay as they are.
///
/// The run must be the same: another model, optimizer or loss, other data or another batch size is an error that says what differs. Of a stream
/// the first batch of a pass is compared, and its source has to begin anew: an iterator with its first batch again.
/// One run at a time owns the folder; it is free again when its process ends, however it does. The bits are the same on machines with
/// the same ``instructionSet``. (Keras: `keras.callbacks.BackupAndRestore`, which restores weights and the epoch.)
public final class BackupAndRestore: Callback {
  /// The folder of the checkpoints.
  public let folder: String
  /// After each epoch, or after so many batches.
  public let saveFrequency: SaveFrequency
  /// Whether the checkpoints are removed when training has come to its end; not if it was interrupted.
  public let deletesAtEnd: Bool
  /// The checkpoint that this run went on from.
  public private(set) var restoredFrom: String?
  /// Why the latest checkpoint was not taken, if it was not.
  public private(set) var damage: String?

  /// The instruction set of the machine that wrote the checkpoint, if it is not this one's: the rest of the run then differs from
  /// that of an uninterrupted one in the last bits.
  public internal(set) var otherInstructionSet: String?
  /// What must be the same besides what `fit` knows of.
  package var conditions = JSONObject()

  /// Since the last checkpoint.
  private var batches = 0
  private var lock: FolderLock?

  /// - Parameters:
  ///   - folder: made if it is missing; of this run alone.
  ///   - saveFrequency: after each epoch, or after so many batches. Ctrl-C is followed by a checkpoint too.
  ///   - deletesAtEnd: whether the checkpoints are removed when training has come to its end.
  public init(_ folder: String, saveFrequency: SaveFrequency = .epoch, deletesAtEnd: Bool = true) {
    self.folder = folder
    self.saveFrequency = saveFrequency
    self.deletesAtEnd = deletesAtEnd
  }

  /// One that does the same in another folder.
  package func writing(to folder: String) -> BackupAndRestore {
    let copy = BackupAndRestore(folder, saveFrequency: saveFrequency, deletesAtEnd: deletesAtEnd)
    copy.conditions = conditions
    return copy
  }

  private var latestPath: String { "\(folder)/latest.checkpoint" }
  private var previousPath: String { "\(folder)/previous.checkpoint" }

  public override var runsOnEveryRank: Bool { false }

  public override func onTrainBegin() throws {
    batches = 0
    restoredFrom = nil
    damage = nil
    try saveFrequency.validate("BackupAndRestore")
    otherInstructionSet = nil
    try makeFolder(folder)
    lock = try FolderLock(folder)
    // What processes that were killed while they wrote have left.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix("latest.checkpoint.") {
      unlink("\(folder)/\(name)")
    }
  }

  /// The last complete checkpoint, nil if there is none.
  /// - Throws: ``DescentError`` if there are files and none is whole.
  func latest() throws -> TrainingCheckpoint? {
    var faults: [String] = []
    for path in [latestPath, previousPath] where access(path, F_OK) == 0 {
      do {
        let checkpoint = try TrainingCheckpoint(path)
        restoredFrom = path
        damage = faults.first
        return checkpoint
      } catch let error as DescentError {
        faults.append(error.message)
      }
    }
    if faults.isEmpty { return nil }
    throw DescentError(
      .file, "BackupAndRestore: no checkpoint in \(folder) can be read; remove them to start anew: \(faults.joined(separator: "; "))")
  }

  /// - Parameter count: how many batches were computed since it was asked last.
  /// What ``isDue(afterBatches:isInterrupted:)`` is about to say.
  func willBeDue(afterBatches count: Int, isInterrupted: Bool) -> Bool {
    if case .batches(let frequency) = saveFrequency, batches + count >= frequency { return true }
    return isInterrupted
  }

  func isDue(afterBatches count: Int, isInterrupted: Bool) -> Bool {
    batches += count
    if case .batches(let frequency) = saveFrequency, batches >= frequency {
      batches = 0
      return true
    }
    return isInterrupted
  }

  func write(_ checkpoint: TrainingCheckpoint) throws {
    // The latest gets a second name before the first is given away. After a damaged latest was found, the previous is the one to keep.
    if damage == nil && access(latestPath, F_OK) == 0 {
      unlink(previousPath)
      // Not every file system gives a file two names. Then there is only the latest one, which is replaced at once or not at all; and
      // what else may be wrong here is told by the writing of that.
      _ = SystemCalls.current.link(latestPath, previousPath)
    }
    try checkpoint.write(to: latestPath)
    damage = nil
  }

  public override func onTrainEnd(_ logs: Logs) {
    lock?.release()
    lock = nil
  }

  /// After training has come to its end.
  func finish() throws {
    if deletesAtEnd { try remove() }
  }

  /// Whether a folder holds a checkpoint, be it whole or not.
  public static func hasCheckpoint(in folder: String) -> Bool {
    let backup = BackupAndRestore(folder)
    return access(backup.latestPath, F_OK) == 0 || access(backup.previousPath, F_OK) == 0
  }

  /// Removes the checkpoints, and the folder if nothing else is in it.
  /// - Throws: ``DescentError`` if that is not permitted.
  public func remove() throws {
    for path in [latestPath, previousPath] where unlink(path) != 0 && errno != ENOENT {
      throw fileError(path, "cannot be removed")
    }
    rmdir(folder)
  }
}

/// When something is saved.
public enum SaveFrequency: Sendable, Equatable {
  /// After each epoch, when all other callbacks have seen its end.
  case epoch
  /// After every so many batches, counted from the start of `fit`.
  case batches(Int)

  func validate(_ caller: String) throws {
    if case .batches(let count) = self, count < 1 {
      throw DescentError(.invalidArgument, "\(caller): saveFrequency is every \(count) batches; it must be at least 1")
    }
  }
}
