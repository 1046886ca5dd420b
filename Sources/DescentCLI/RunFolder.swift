import Descent
import Foundation

/// Where a run leaves what it made. One run at a time owns it.
struct RunFolder {
  let path: String
  private let lock: FolderLock
  private let isNew: Bool

  /// Makes the folder, so that a run does not learn at its end that there is no place for its results.
  /// - Parameter path: `nil` for a new folder in `runs`, named after the time.
  /// - Throws: ``DescentError`` if it cannot be written to, or another run writes to it.
  init(_ path: String?) throws {
    self.path = path ?? RunFolder.unused()
    isNew = !FileManager.default.fileExists(atPath: self.path)
    try makeFolder(self.path)
    do {
      lock = try FolderLock(self.path)
    } catch let error as DescentError where error.kind == .file {
      throw DescentError(.file, "\(self.path): the folder may not be written to: \(error.message)")
    }
  }

  func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  /// Keeps a file under the name `previous-…`, in place of the one before.
  func keep(_ name: String) throws {
    guard has(name) else { return }
    if rename(file(name), file("previous-" + name)) != 0 { throw fileError(file(name), "cannot be renamed") }
  }

  /// Gives the folder up, and takes it away if a run that was refused has made it and left it empty.
  func release() {
    lock.release()
    if isNew { rmdir(path) }
  }

  /// A folder that there is not yet.
  static func unused() -> String {
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
