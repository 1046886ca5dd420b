#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file as memory that is read from the disk where it is touched, or bytes that are in memory already.
package final class MappedFile {
  package let name: String
  private let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// - Throws: ``DescentError`` of kind `file`.
  package init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw fileError(path, "cannot be opened") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw fileError(path, "cannot be read") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw DescentError(.file, "\(path): expected a file, but it is a folder or a device")
    }
    name = path
    isMapped = status.st_size > 0
    guard isMapped else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let start = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let start, start != MAP_FAILED else { throw fileError(path, "cannot be mapped") }
    bytes = UnsafeRawBufferPointer(start: start, count: Int(status.st_size))
  }

  package init(_ contents: [UInt8], name: String) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 16)
    copy.copyBytes(from: contents)
    self.name = name
    bytes = UnsafeRawBufferPointer(copy)
    isMapped = false
  }

  package var count: Int { bytes.count }

  /// The file's bytes, which are there within `body` only.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
    } else {
      bytes.deallocate()
    }
  }
}
