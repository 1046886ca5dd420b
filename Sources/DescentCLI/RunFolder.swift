import Descent
import Foundation

/// Where a run leaves what it made.
struct RunFolder {
  let path: String

  /// Makes the folder, so that a run does not learn at its end that there is no place for its results.
  /// - Parameter path: `nil` for a new folder in `runs`, named after the time.
  init(_ path: String?) throws {
    self.path = path ?? RunFolder.unused()
    try makeFolder(self.path)
    guard FileManager.default.isWritableFile(atPath: self.path) else {
      throw DescentError(.file, "\(self.path): the folder may not be written to")
    }
  }

  func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

  /// Takes the folder away again when a run that was refused left it empty.
  func removeIfEmpty() { rmdir(path) }

  private static func unused() -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd-HHmmss"
    let base = "runs/" + formatter.string(from: Date())
    var path = base
    var number = 2
    while FileManager.default.fileExists(atPath: path) {
      path = "\(base)-\(number)"
      number += 1
    }
    return path
  }
}
