import Foundation
import KerasFiles

/// What a training run writes.
struct Results {
  private let folder: RunFolder?
  private let savePath: String?
  /// Keeps the run on disk while it lasts, if its folder was named.
  let backup: BackupAndRestore?

  init(_ options: ResultOptions) throws {
    savePath = options.save
    folder = options.out != nil || options.save == nil ? try RunFolder(options.out) : nil
    backup = options.out.map { out in
      // Removed when the results are written, not before.
      BackupAndRestore(
        Results.checkpointFolder(out), saveFrequency: options.checkpointEvery.map { .batches($0) } ?? .epoch, deletesAtEnd: false)
    }
  }

  static func checkpointFolder(_ out: String) -> String { out + "/checkpoint" }

  static func isFinished(_ out: String) -> Bool { FileManager.default.fileExists(atPath: out + "/history.csv") }

  /// Writes everything, and says what.
  func write(_ model: Model, _ history: History) throws -> String {
    var written: [String] = []
    if let savePath {
      if savePath.hasSuffix(".keras") {
        try model.save(savePath)
      } else {
        try model.saveWeights(savePath)
      }
      written.append(savePath)
    }
    if let folder {
      let weights = folder.file("weights.npz")
      try NPZ.write(model.variables.map { ($0.path, $0.value) }, to: weights)
      // Last: it says that the rest is there.
      try history.writeCSV(to: folder.file("history.csv"))
      written += [folder.file("history.csv"), weights]
    }
    return written.count > 1 ? written.dropLast().joined(separator: ", ") + " and " + written.last! : written.joined()
  }

  /// After a run that never began.
  func removeIfEmpty() { folder?.removeIfEmpty() }

  /// After everything is written.
  func finish() throws { try backup?.remove() }
}
