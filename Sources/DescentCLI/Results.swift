import ArgumentParser
import Foundation
import KerasFiles

/// What a training run writes.
struct Results {
  private let folder: RunFolder?
  private let savePath: String?
  private let isResuming: Bool
  /// Keeps the run on disk while it lasts, if its folder was named.
  let backup: BackupAndRestore?

  private static let weights = "weights.npz", history = "history.csv", model = "model.keras"

  /// Tries every place that results will go to, and takes the run's folder. Of several processes rank 0 does; the others write nothing.
  init(_ options: ResultOptions) throws {
    guard CommandGroup.isLeader else {
      (folder, savePath, isResuming, backup) = (nil, nil, options.resume, nil)
      return
    }
    savePath = options.save
    isResuming = options.resume
    if let savePath { try checkWritable(savePath) }
    folder = options.out != nil || options.save == nil ? try RunFolder(options.out) : nil
    let checkpoints = options.out.map { $0.hasSuffix("/") ? $0 + "checkpoint" : $0 + "/checkpoint" }
    if let folder, let checkpoints, !options.resume, BackupAndRestore.hasCheckpoint(in: checkpoints) {
      folder.release()
      throw DescentError(
        .state, "\(folder.path): holds the checkpoint of a run that has not come to its end; go on with it with --resume, or choose another --out")
    }
    // Removed when the results are written, not before.
    backup = checkpoints.map {
      BackupAndRestore($0, saveFrequency: options.checkpointEvery.map { .batches($0) } ?? .epoch, deletesAtEnd: false)
    }
  }

  private var hasCheckpoint: Bool { backup.map { BackupAndRestore.hasCheckpoint(in: $0.folder) } ?? false }

  /// Whether the run that is to be resumed has come to its end already.
  /// - Throws: ``DescentError`` saying what differs if the folder holds what is left of another run.
  func isFinished(_ settings: RunSettings) throws -> Bool {
    guard let folder, isResuming else { return false }
    let isFinished = !hasCheckpoint && folder.has(Results.history)
    if hasCheckpoint || isFinished, let first = try Optional(settings.differences(in: folder)), !first.isEmpty {
      throw DescentError(
        .state, "\(folder.path): --resume goes on with the run that was begun there, whose \(first.joined(separator: "; "))")
    }
    return isFinished
  }

  /// What the run is told to be before its first step, when nothing can refuse it any more.
  func begin(_ settings: RunSettings) throws {
    guard let folder else { return }
    if !hasCheckpoint {
      if isResuming { Output.remark("There is no checkpoint in \(folder.path); the run begins at its start.") }
      if folder.has(Results.history) || folder.has(Results.weights) {
        Output.remark("The results of an earlier run in \(folder.path) are kept as previous-\(Results.history) and previous-\(Results.weights).")
        // Its history first: it says that a run has come to its end.
        try folder.keep(Results.history)
        try folder.keep(Results.weights)
        try folder.keep(Results.model)
      }
    }
    try settings.write(to: folder)
  }

  /// Writes everything, and says what. What cannot be written where it should be is written elsewhere.
  /// - Parameter withModel: whether all of the model is written to the folder, if it is not to be saved elsewhere.
  /// - Returns: what was written, and where the whole model is, if anywhere.
  /// - Throws: ``DescentError`` telling both places.
  func write(_ model: Model, _ history: History, withModel: Bool = false) throws -> (text: String, model: String?) {
    var written: [String] = []
    var failures: [String] = []
    func attempt(_ path: String, _ write: (String) throws -> Void) {
      do {
        try write(path)
        written.append(path)
      } catch {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let others = [folder?.path, RunFolder.unused(), NSTemporaryDirectory() + "descent-\(getpid())"].compactMap { $0 }
        let rescued = others.map { "\($0)/\(name)" }.filter { $0 != path }.first { (try? write($0)) != nil }
        failures.append("\(error); " + (rescued.map { "it was written to \($0) instead" } ?? "nor could it be written elsewhere"))
      }
    }
    if let savePath {
      attempt(savePath) { try ModelFormat(path: $0)?.save(model, $0) }
    }
    var modelPath = savePath.flatMap { ModelFormat(path: $0)?.isWholeModel == true ? $0 : nil }
    if let folder {
      if withModel && modelPath == nil {
        modelPath = folder.file(Results.model)
        attempt(folder.file(Results.model)) { try model.save($0) }
      }
      attempt(folder.file(Results.weights)) { try NPZ.write(model.variables.map { ($0.path, $0.value) }, to: $0) }
      // Last: it says that the rest is there.
      attempt(folder.file(Results.history)) { try history.writeCSV(to: $0) }
      // The history is what is looked at first.
      if written.count > 1 { written.swapAt(written.count - 2, written.count - 1) }
    }
    if !failures.isEmpty { throw DescentError(.file, failures.joined(separator: "; ")) }
    return (written.count > 1 ? written.dropLast().joined(separator: ", ") + " and " + written.last! : written.joined(), modelPath)
  }

  /// After everything is written.
  func finish() throws { try backup?.remove() }

  /// However it ends.
  func release() { folder?.release() }
}

/// Tells what is known once training begins.
final class RunObserver: Callback {
  private let results: Results
  private let settings: RunSettings
  private var isNew = true

  init(_ results: Results, _ settings: RunSettings) {
    self.results = results
    self.settings = settings
  }

  override func onTrainBegin() throws { try results.begin(settings) }

  override func onTrainBatchBegin(_ batch: Int) {
    guard isNew else { return }
    isNew = false
    if let damage = results.backup?.damage { Output.remark("The latest checkpoint was damaged, and the one before was taken: \(damage)") }
    if let other = results.backup?.otherInstructionSet {
      Output.remark(
        "The checkpoint was written with \(other) instructions, and this machine has \(instructionSet): the result will differ from that of an uninterrupted run in the last bits.")
    }
  }
}
