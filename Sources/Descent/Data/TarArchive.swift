/// A tar archive that is read from its start to its end: plain or compressed with gzip.
///
/// POSIX `ustar`, GNU's long names and `pax` paths and sizes are understood. Source: the POSIX standard on `pax`.
final class TarArchive {
  struct Entry {
    enum Kind {
      case file
      case folder
      /// A link, a device, a pipe: never made.
      case other
    }

    let name: String
    let kind: Kind
    let byteCount: Int
  }

  private let stream: any ByteStream
  private let name: String
  /// What is left of the present entry, with what fills its last block.
  private var rest = 0
  private var restOfContents = 0

  private static let blockByteCount = 512
  private static let greatestNameByteCount = 1 << 16

  convenience init(path: String) throws { try self.init(ByteSource(path: path)) }

  init(_ source: ByteSource) throws {
    name = source.name
    let isGzip = source.count > 1 ? try source.bytes(at: 0, count: 2) == [0x1F, 0x8B] : false
    stream = isGzip ? try InflateStream(SourceStream(source), format: .gzip) : SourceStream(source)
  }

  /// The next entry, whose contents are read with ``contents()`` or passed over; nil at the end.
  func next() throws -> Entry? {
    var longName: String?, longSize: Int?
    while true {
      try skip(rest)
      let header = try block()
      if header.allSatisfy({ $0 == 0 }) { return nil }
      try checkSum(header)
      let kind = header[156]
      let isExtension = [UInt8(ascii: "L"), UInt8(ascii: "x"), UInt8(ascii: "g")].contains(kind)
      let declared = try number(header, 124..<136, "size")
      // What is too large for a header's digits stands before it.
      let size = isExtension ? declared : longSize ?? declared
      guard size <= 1 << 50 else { throw fault("an entry declares \(size) bytes") }
      restOfContents = size
      rest = (size + Self.blockByteCount - 1) / Self.blockByteCount * Self.blockByteCount
      switch kind {
      case UInt8(ascii: "L"): longName = text(try smallContents()[...])
      case UInt8(ascii: "x"):
        let values = try paxValues(smallContents())
        longName = values.path ?? longName
        longSize = values.size ?? longSize
      case UInt8(ascii: "g"): continue
      default:
        var own = text(header[0..<100])
        if header[257..<262].elementsEqual("ustar".utf8), header[345] != 0, header[263] == UInt8(ascii: "0") {
          own = text(header[345..<500]) + "/" + own
        }
        let isFile = kind == 0 || kind == UInt8(ascii: "0") || kind == UInt8(ascii: "7")
        return Entry(
          name: longName ?? own, kind: isFile ? .file : kind == UInt8(ascii: "5") ? .folder : .other, byteCount: size)
      }
    }
  }

  /// The contents of the entry that ``next()`` gave, piece by piece.
  func contents(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { scratch in
      while restOfContents > 0 {
        let got = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(restOfContents, scratch.count)]))
        if got == 0 { throw fault("is truncated") }
        rest -= got
        restOfContents -= got
        try body(UnsafeRawBufferPointer(rebasing: scratch[..<got]))
      }
    }
  }

  /// The contents of the entry that ``next()`` gave.
  func contents(limit: Int) throws -> [UInt8] {
    guard restOfContents <= limit else { throw fault("an entry has \(restOfContents) bytes; at most \(limit) are expected") }
    var bytes: [UInt8] = []
    try contents { bytes.append(contentsOf: $0) }
    return bytes
  }

  private func smallContents() throws -> [UInt8] { try contents(limit: Self.greatestNameByteCount) }

  private func block() throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.blockByteCount)
    var done = 0
    while done < bytes.count {
      let got = try bytes.withUnsafeMutableBytes { try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[done...])) }
      // Not every writer ends an archive with empty blocks.
      if got == 0 && done == 0 { return [UInt8](repeating: 0, count: Self.blockByteCount) }
      if got == 0 { throw fault("is truncated") }
      done += got
    }
    return bytes
  }

  private func skip(_ count: Int) throws {
    var left = count
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { scratch in
      while left > 0 {
        let got = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(left, scratch.count)]))
        if got == 0 { throw fault("is truncated") }
        left -= got
      }
    }
    rest = 0
  }

  private func checkSum(_ header: [UInt8]) throws {
    let declared = try number(header, 148..<156, "checksum")
    let sum = header.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(header[$1])) }
    if sum != declared { throw fault("is not a tar archive, or is corrupt: the checksum of a header is wrong") }
  }

  private func number(_ header: [UInt8], _ range: Range<Int>, _ what: String) throws -> Int {
    let digits = header[range]
    if digits.first! & 0x80 != 0 {
      // GNU's binary sizes.
      let value = digits.dropFirst().suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard let value = Int(exactly: value) else { throw fault("the \(what) of an entry is broken") }
      return value
    }
    let text = digits.filter { $0 != 0 && $0 != 0x20 }
    guard text.allSatisfy({ (0x30...0x37).contains($0) }) else { throw fault("is not a tar archive: the \(what) of an entry is broken") }
    return text.reduce(0) { $0 << 3 | Int($1 - 0x30) }
  }

  /// The values of `path` and `size` among lines of `length key=value`.
  private func paxValues(_ bytes: [UInt8]) throws -> (path: String?, size: Int?) {
    var found: (path: String?, size: Int?)
    var place = 0
    while place < bytes.count {
      guard let space = bytes[place...].firstIndex(of: 0x20),
        let length = Int(String(decoding: bytes[place..<space], as: UTF8.self)), length > space - place + 1,
        length <= bytes.count - place
      else { throw fault("an extended header is broken") }
      let pair = bytes[(space + 1)..<(place + length - 1)]
      if pair.starts(with: "path=".utf8) { found.path = text(pair.dropFirst(5)) }
      if pair.starts(with: "size=".utf8) {
        guard let size = Int(text(pair.dropFirst(5))), size >= 0 else { throw fault("the size in an extended header is broken") }
        found.size = size
      }
      place += length
    }
    return found
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private func fault(_ message: String) -> DescentError { DescentError(.file, "\(name): \(message)") }
}
