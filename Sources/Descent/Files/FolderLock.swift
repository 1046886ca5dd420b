#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A run's claim to the folder that it writes to: nobody else gets one while it lasts, and it ends with the process, however that ends.
package final class FolderLock {
  private let path: String
  private var descriptor: Int32

  private static let fileName = "run.lock"

  /// - Parameter folder: one that is there.
  /// - Throws: ``DescentError`` naming the process that writes there, if one does.
  package init(_ folder: String) throws {
    path = folder.hasSuffix("/") ? folder + Self.fileName : "\(folder)/\(Self.fileName)"
    descriptor = try Self.claim(path, folder)
    ftruncate(descriptor, 0)
    let text = "\(getpid())\n"
    _ = text.withCString { write(descriptor, $0, strlen($0)) }
  }

  /// The descriptor of the lock's file, claimed. One that is refused is closed here and never becomes the object's, whose `deinit` would close it
  /// once more: by then its number may be another thread's file.
  private static func claim(_ path: String, _ folder: String) throws -> Int32 {
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw fileError(path, "cannot be written") }
      if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
        let isHeld = errno == EWOULDBLOCK
        // Some network file systems have no locks; a run there goes on without.
        if !isHeld { return descriptor }
        let owner = number(in: descriptor).map { ", process \($0)," } ?? ""
        close(descriptor)
        throw DescentError(.state, "\(folder): another run\(owner) is writing to it; wait for its end, or choose another folder")
      }
      if isNamed(descriptor, path) { return descriptor }
      // Its owner took the file away after it was opened here.
      close(descriptor)
    }
  }

  deinit { release() }

  /// Gives the folder up.
  package func release() {
    if descriptor < 0 { return }
    if Self.isNamed(descriptor, path) { unlink(path) }
    close(descriptor)
    descriptor = -1
  }

  /// Whether a path still leads to an open file.
  private static func isNamed(_ descriptor: Int32, _ path: String) -> Bool {
    var (named, held) = (stat(), stat())
    return stat(path, &named) == 0 && fstat(descriptor, &held) == 0 && named.st_ino == held.st_ino && named.st_dev == held.st_dev
  }

  private static func number(in descriptor: Int32) -> Int? {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return count > 0 ? Int(String(decoding: bytes.prefix { $0 != 10 && $0 != 0 }, as: UTF8.self)) : nil
  }
}
