/// Bytes that are read once, from first to last.
package protocol ByteStream: AnyObject {
  /// What errors call it.
  var name: String { get }
  /// Puts the next bytes at the start of `destination` and says how many; 0 at the end only.
  func read(into destination: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteStream {
  /// Fills `destination`.
  /// - Parameter part: what the bytes are, for the error when the stream ends before: `the header`.
  package func fill(_ destination: UnsafeMutableRawBufferPointer, part: String) throws {
    var done = 0
    while done < destination.count {
      let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: destination[done...]))
      if got == 0 {
        throw DescentError(.file, "\(name): is truncated: \(part) takes \(destination.count) bytes, found \(done)")
      }
      done += got
    }
  }

  package func bytes(_ count: Int, part: String) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try fill(UnsafeMutableRawBufferPointer(buffer), part: part)
      initialized = count
    }
  }

  /// - Throws: ``DescentError`` of kind `file` unless all has been read.
  package func expectEnd() throws {
    try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { byte in
      if try read(into: byte) > 0 { throw DescentError(.file, "\(name): data follow after its end") }
    }
  }

  /// How many bytes are left, read and thrown away; stops past `limit`.
  package func countRest(limit: Int) throws -> Int {
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { scratch in
      var total = 0
      while total <= limit {
        let got = try read(into: scratch)
        if got == 0 { break }
        total += got
      }
      return total
    }
  }
}

/// A part of a ``ByteSource`` as a stream.
package final class SourceStream: ByteStream {
  private let source: ByteSource
  private var range: Range<Int>

  package let name: String

  /// - Parameter name: what errors call it; nil for the source's name.
  /// - Precondition: `range` lies within the source.
  package init(_ source: ByteSource, range: Range<Int>, name: String? = nil) {
    self.source = source
    self.range = range
    self.name = name ?? source.name
  }

  package convenience init(_ source: ByteSource) { self.init(source, range: 0..<source.count) }

  package func read(into destination: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = min(destination.count, range.count)
    if count > 0 {
      try source.read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: destination[..<count]))
      range = (range.lowerBound + count)..<range.upperBound
    }
    return count
  }
}
