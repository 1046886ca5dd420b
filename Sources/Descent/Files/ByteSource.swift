#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bytes that can be read from any place: those of a regular file, or some in memory.
package final class ByteSource {
  /// What errors call it: the path.
  package let name: String
  package let count: Int
  private let storage: Storage

  private enum Storage {
    case file(descriptor: Int32)
    case memory([UInt8])
  }

  /// - Throws: ``DescentError`` of kind `file` when there is no such file, it may not be read, or it is not a regular file.
  package init(path: String) throws {
    let descriptor = path.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw fileError(path, "cannot be opened") }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = fileError(path, "cannot be read")
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "is a folder" : "is not a regular file"
      throw DescentError(.file, "\(path): expected a file, but it \(kind)")
    }
    name = path
    count = Int(status.st_size)
    storage = .file(descriptor: descriptor)
  }

  package init(_ bytes: [UInt8], name: String) {
    self.name = name
    count = bytes.count
    storage = .memory(bytes)
  }

  deinit {
    if case .file(let descriptor) = storage { close(descriptor) }
  }

  /// Fills `destination` with the bytes from `offset` on.
  /// - Throws: ``DescentError`` of kind `file` when the source ends before.
  package func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    guard offset >= 0, destination.count <= count, offset <= count - destination.count else {
      throw DescentError(
        .file, "\(name): ends at byte \(count), but bytes \(offset) to \(offset &+ destination.count) are needed")
    }
    switch storage {
    case .memory(let bytes):
      bytes.withUnsafeBytes { destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + destination.count)])) }
    case .file(let descriptor):
      var done = 0
      while done < destination.count {
        let got = pread(descriptor, destination.baseAddress! + done, destination.count - done, off_t(offset + done))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { throw fileError(name, "cannot be read") }
        if got == 0 { throw DescentError(.file, "\(name): became shorter while it was read") }
        done += got
      }
    }
  }

  /// The bytes from `offset` on.
  package func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    guard count >= 0, count <= self.count else {
      throw DescentError(.file, "\(name): has \(self.count) bytes, but \(count) are needed at byte \(offset)")
    }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }

  package func allBytes() throws -> [UInt8] { try bytes(at: 0, count: count) }
}

/// The error for a system call that failed just now: what `errno` says of it.
package func fileError(_ path: String, _ failure: String) -> DescentError {
  DescentError(.file, "\(path): \(failure): \(String(cString: strerror(errno)))")
}

/// Refuses to take more memory for the contents of a file than the machine has.
package func checkFits(byteCount: Int, name: String) throws {
  let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
  if byteCount > memory {
    throw DescentError(.file, "\(name): needs \(byteCount) bytes of memory, but this machine has \(memory)")
  }
}
