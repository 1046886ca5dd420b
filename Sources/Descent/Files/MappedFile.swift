#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import TensorCore

/// A file as memory that is read from the disk where it is touched.
package final class MappedFile: @unchecked Sendable {
  package let name: String
  private let bytes: UnsafeRawBufferPointer
  private let descriptor: Int32

  /// - Throws: ``DescentError`` of kind `file`.
  package init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw fileError(path, "cannot be opened") }
    var isOpen = false
    defer { if !isOpen { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw fileError(path, "cannot be read") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw DescentError(.file, "\(path): expected a file, but it is a folder or a device")
    }
    name = path
    self.descriptor = descriptor
    guard status.st_size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      isOpen = true
      return
    }
    let start = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let start, start != MAP_FAILED else { throw fileError(path, "cannot be mapped") }
    bytes = UnsafeRawBufferPointer(start: start, count: Int(status.st_size))
    isOpen = true
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

  /// Whether `body` says yes to all of the file, of which it gets a copy in pieces of any length, from several threads. This is faster than to touch the
  /// pages of a file for the first time: the system reads ahead, and no page has to be put into this process's memory.
  package func allPieces(_ body: @Sendable (UnsafeRawBufferPointer) -> Bool) -> Bool {
    let part = 1 << 24, size = 1 << 18
    let answers = concurrently((count + part - 1) / part) { number in
      let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
      defer { piece.deallocate() }
      var (place, end) = (number * part, min(count, (number + 1) * part))
      while place < end {
        let done = pread(descriptor, piece.baseAddress, min(size, end - place), off_t(place))
        guard done > 0, body(UnsafeRawBufferPointer(rebasing: piece[..<done])) else { return false }
        place += done
      }
      return true
    }
    return answers.allSatisfy(\.self)
  }

  deinit {
    close(descriptor)
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }
}
