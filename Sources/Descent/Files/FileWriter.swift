#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import Synchronization

/// Writes a file so that its path never names half of one: to a temporary file beside it, flushed to the disk, then renamed.
/// Folders on the way are made. A path that is a link stays one: the file that it leads to is replaced, and a file that was there keeps its
/// permissions.
/// - Throws: ``DescentError`` of kind `file`; the path then still names what it named before.
package func writeFile(_ path: String, _ body: (FileWriter) throws -> Void) throws {
  try checkIsFile(path)
  let target = try followed(path)
  let folder = parent(of: target)
  try makeFolder(folder)
  let temporary = temporaryPath(for: target)
  let file = try FileWriter(path: path, temporary: temporary, like: target)
  do {
    try body(file)
    try file.finish()
  } catch {
    unlink(temporary)
    throw error
  }
  guard SystemCalls.current.rename(temporary, target) == 0 else {
    let error = fileError(path, "cannot be written")
    unlink(temporary)
    throw error
  }
  // The new name is lasting once the folder is on the disk too; not every file system can be asked for that.
  let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
  if descriptor >= 0 {
    _ = SystemCalls.current.sync(descriptor)
    close(descriptor)
  }
}

/// Tries whether ``writeFile(_:_:)`` can write at a path, so that work whose result goes there is not begun in vain. Leaves nothing.
/// - Throws: ``DescentError`` of kind `file`: what is there is no file, or nothing can be written beside it.
package func checkWritable(_ path: String) throws {
  try checkIsFile(path)
  let target = try followed(path)
  // Folders that are missing would be made in the nearest one there is.
  var folder = parent(of: target)
  var status = stat()
  var isNearest = true
  while stat(folder, &status) != 0 {
    guard errno == ENOENT, folder != ".", folder != "/" else { throw fileError(path, "cannot be written") }
    folder = parent(of: folder)
    isNearest = false
  }
  guard status.st_mode & S_IFMT == S_IFDIR else {
    throw DescentError(.file, "\(path): cannot be written: \(folder) is a file; expected a folder")
  }
  let temporary = temporaryPath(for: isNearest ? target : folder + "/descent")
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw fileError(path, "cannot be written") }
  close(descriptor)
  unlink(temporary)
}

/// A rename would put a file in the place of /dev/stdout.
private func checkIsFile(_ path: String) throws {
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
  let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device or a pipe"
  throw DescentError(.file, "\(path): cannot be written: expected a file, but it is \(kind)")
}

/// What a path names in the end, if it is a link.
private func followed(_ path: String) throws -> String {
  var place = path
  for _ in 0..<40 {
    var buffer = [UInt8](repeating: 0, count: 1 << 12)
    let count = buffer.withUnsafeMutableBytes { readlink(place, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count) }
    if count <= 0 { return place }
    let next = String(decoding: buffer.prefix(count), as: UTF8.self)
    place = next.hasPrefix("/") ? next : parent(of: place) + "/" + next
  }
  throw DescentError(.file, "\(path): cannot be written: it is a link to a link to a link, and so on")
}

private func parent(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

private let writerCount = Atomic<Int>(0)

/// A name that no other process and no other thread writes to.
private func temporaryPath(for path: String) -> String {
  "\(path).\(getpid())-\(writerCount.add(1, ordering: .relaxed).newValue).tmp"
}

/// Writes text to a file, as ``writeFile(_:_:)`` does.
package func writeFile(_ path: String, text: String) throws {
  try writeFile(path) { try $0.write(Array(text.utf8)) }
}

/// Makes a folder and those above it, where they are missing.
package func makeFolder(_ path: String) throws {
  if mkdir(path, 0o777) == 0 || errno == EEXIST {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw DescentError(.file, "\(path): expected a folder, but it is a file")
    }
    return
  }
  if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
    try makeFolder(String(path[..<slash]))
    if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
  }
  throw fileError(path, "the folder cannot be made")
}

/// A file that is being written from its start to its end.
package final class FileWriter {
  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var flushed = 0

  private static let bufferByteCount = 1 << 16

  /// How many bytes have been written.
  package var count: Int { flushed + buffer.count }

  /// - Parameter other: a file whose permissions the new one gets, if it is there.
  fileprivate init(path: String, temporary: String, like other: String) throws {
    self.path = path
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw fileError(path, "cannot be written") }
    var status = stat()
    // Some file systems have no permissions.
    if stat(other, &status) == 0 { _ = fchmod(descriptor, status.st_mode & 0o777) }
  }

  deinit { close(descriptor) }

  package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    if buffer.count + bytes.count > FileWriter.bufferByteCount { try flush() }
    if bytes.count > FileWriter.bufferByteCount {
      try writeNow(bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try writeNow($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeNow(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      let got = systemWrite(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if got < 0 && errno == EINTR { continue }
      if got < 0 { throw fileError(path, "cannot be written") }
      done += got
    }
    flushed += bytes.count
  }

  fileprivate func finish() throws {
    try flush()
    // Delayed allocation reports a full disk here. Anything else means that this file system cannot be asked.
    if SystemCalls.current.sync(descriptor) != 0 && [EIO, ENOSPC, EDQUOT].contains(errno) {
      throw fileError(path, "cannot be written")
    }
  }
}

/// `write`, whose name the class has taken.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
