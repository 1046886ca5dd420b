#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file as memory that is read from the disk where it is touched.
package final class MappedFile: @unchecked Sendable {
  package let name: String
  private let bytes: UnsafeRawBufferPointer

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
    guard status.st_size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let start = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let start, start != MAP_FAILED else { throw fileError(path, "cannot be mapped") }
    bytes = UnsafeRawBufferPointer(start: start, count: Int(status.st_size))
  }

  package var count: Int { bytes.count }

  /// The file's bytes, which are there within `body` only.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// Tells the system that a part of the file has been gone through: its pages need not count as this process's memory any longer. They are read again where
  /// they are touched again.
  package func release(_ range: Range<Int>) {
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    // Whole pages within the part.
    let start = (range.lowerBound + pageSize - 1) / pageSize * pageSize, end = range.upperBound / pageSize * pageSize
    guard let base = bytes.baseAddress, end > start, range.upperBound <= bytes.count else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
  }

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }
}
