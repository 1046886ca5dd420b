/// A zip file that is read: `.npz`, `.keras`.
///
/// Entries are stored or deflated; zip64 is understood. Everything the file says is checked against the file when it is opened (sizes,
/// places, overlaps, names that point outside), and the checksum of an entry when it is read. Source: PKWARE's APPNOTE 6.3.
package final class ZipArchive {
  package struct Entry: Sendable {
    package let name: String
    /// Its size once expanded, as the archive declares it; reading verifies it.
    package let byteCount: Int
    fileprivate let compressedByteCount: Int
    fileprivate let isDeflated: Bool
    fileprivate let checksum: UInt32
    fileprivate let headerOffset: Int
  }

  /// In the order of the archive's directory.
  package let entries: [Entry]
  private let source: ByteSource
  private let indexByName: [String: Int]

  package var name: String { source.name }

  /// Entries past this are refused: each takes some memory before anything is read.
  package static let greatestEntryCount = 1 << 20

  package convenience init(path: String) throws { try self.init(ByteSource(path: path)) }

  /// - Throws: ``DescentError`` of kind `file`.
  package init(_ source: ByteSource) throws {
    self.source = source
    let directory = try ZipDirectory(source)
    entries = try directory.entries(of: source)
    var indexByName: [String: Int] = [:]
    for (index, entry) in entries.enumerated() {
      guard indexByName.updateValue(index, forKey: entry.name) == nil else {
        throw DescentError(.file, "\(source.name): the entry \(entry.name) comes twice")
      }
    }
    self.indexByName = indexByName
    try checkOverlaps(end: directory.offset)
  }

  package subscript(name: String) -> Entry? { indexByName[name].map { entries[$0] } }

  /// The contents of an entry as a stream, whose checksum and size are verified as its end is read.
  package func stream(_ entry: Entry) throws -> some ByteStream {
    let label = "\(source.name): \(entry.name)"
    let header = try ZipRecord(source.bytes(at: entry.headerOffset, count: ZipRecord.localByteCount))
    guard header.uint32(0) == 0x0403_4B50 else {
      throw DescentError(.file, "\(label): expected a zip entry at byte \(entry.headerOffset), found something else")
    }
    let start = entry.headerOffset + ZipRecord.localByteCount + header.uint16(26) + header.uint16(28)
    guard start <= source.count, entry.compressedByteCount <= source.count - start else {
      throw DescentError(.file, "\(label): takes \(entry.compressedByteCount) bytes at byte \(start) of \(source.count)")
    }
    let data = SourceStream(source, range: start..<(start + entry.compressedByteCount))
    return ZipEntryStream(
      entry.isDeflated ? try InflateStream(data, format: .deflate) : data, name: label, byteCount: entry.byteCount,
      checksum: entry.checksum)
  }

  /// The contents of an entry.
  /// - Parameter limit: more bytes than that are refused before any memory is taken.
  package func bytes(_ entry: Entry, limit: Int = .max) throws -> [UInt8] {
    guard entry.byteCount <= limit else {
      throw DescentError(.file, "\(source.name): \(entry.name) has \(entry.byteCount) bytes; at most \(limit) are expected")
    }
    try checkExpansion(entry)
    try checkFits(byteCount: entry.byteCount, name: "\(source.name): \(entry.name)")
    let stream = try stream(entry)
    let bytes = try stream.bytes(entry.byteCount, part: "the entry")
    try stream.expectEnd()
    return bytes
  }

  /// Verifies a size so far above the compressed one that memory is not to be taken on the archive's word for it.
  package func checkExpansion(_ entry: Entry) throws {
    if isSuspicious(expanded: entry.byteCount, compressed: entry.compressedByteCount) {
      _ = try stream(entry).countRest(limit: entry.byteCount)
    }
  }

  /// Entries that share bytes make a small file expand to any size.
  private func checkOverlaps(end: Int) throws {
    let inOrder = entries.sorted { $0.headerOffset < $1.headerOffset }
    for (index, entry) in inOrder.enumerated() {
      let next = index + 1 < inOrder.count ? inOrder[index + 1].headerOffset : end
      let least = ZipRecord.localByteCount + entry.name.utf8.count
      guard entry.headerOffset <= next - least, entry.compressedByteCount <= next - least - entry.headerOffset else {
        throw DescentError(
          .file,
          "\(source.name): the entry \(entry.name) of \(entry.compressedByteCount) bytes at byte \(entry.headerOffset) runs into what follows at byte \(next)"
        )
      }
    }
  }
}

/// Where an archive's directory lies.
private struct ZipDirectory {
  let offset: Int
  let byteCount: Int
  let entryCount: Int

  private static let endByteCount = 22
  private static let longestComment = 65535

  init(_ source: ByteSource) throws {
    let tailCount = min(source.count, Self.endByteCount + Self.longestComment)
    let tail = ZipRecord(try source.bytes(at: source.count - tailCount, count: tailCount))
    guard
      let end = stride(from: tailCount - Self.endByteCount, through: 0, by: -1).first(where: { place in
        tail.uint32(place) == 0x0605_4B50 && place + Self.endByteCount + tail.uint16(place + 20) == tailCount
      })
    else { throw DescentError(.file, "\(source.name): is not a zip file, or is truncated: its end record is missing") }
    var disks = [tail.uint16(end + 4), tail.uint16(end + 6)]
    var entryCount = tail.uint16(end + 10)
    var byteCount = tail.uint32(end + 12)
    var offset = tail.uint32(end + 16)
    var directoryEnd = source.count - tailCount + end
    if entryCount == 0xFFFF || byteCount == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
      // The locator lies right before the end record and says where the zip64 end record is.
      let locator = ZipRecord(try source.bytes(at: directoryEnd - 20, count: 20))
      if locator.uint32(0) == 0x0706_4B50 {
        let place = try locator.int64(8, of: source)
        let record = ZipRecord(try source.bytes(at: place, count: 56))
        guard record.uint32(0) == 0x0606_4B50, place <= directoryEnd - 20 - 56 else {
          throw DescentError(.file, "\(source.name): its zip64 end record is not where it should be")
        }
        disks = [record.uint32(16), record.uint32(20)]
        entryCount = try record.int64(32, of: source)
        byteCount = try record.int64(40, of: source)
        offset = try record.int64(48, of: source)
        directoryEnd = place
      }
    }
    guard disks == [0, 0] else { throw DescentError(.file, "\(source.name): is one part of an archive in several files") }
    guard offset <= directoryEnd, byteCount <= directoryEnd - offset else {
      throw DescentError(
        .file, "\(source.name): its directory of \(byteCount) bytes at byte \(offset) does not lie in the file")
    }
    guard entryCount <= ZipArchive.greatestEntryCount else {
      throw DescentError(
        .file, "\(source.name): declares \(entryCount) entries; at most \(ZipArchive.greatestEntryCount) are read")
    }
    self.offset = offset
    self.byteCount = byteCount
    self.entryCount = entryCount
  }

  func entries(of source: ByteSource) throws -> [ZipArchive.Entry] {
    let record = ZipRecord(try source.bytes(at: offset, count: byteCount))
    var entries: [ZipArchive.Entry] = []
    var place = 0
    for index in 0..<entryCount {
      guard place <= byteCount - 46, record.uint32(place) == 0x0201_4B50 else {
        throw DescentError(.file, "\(source.name): its directory has \(entryCount) entries, but entry \(index) is broken")
      }
      let length = 46 + record.uint16(place + 28) + record.uint16(place + 30) + record.uint16(place + 32)
      guard length <= byteCount - place else {
        throw DescentError(.file, "\(source.name): entry \(index) runs past the end of the directory")
      }
      // A folder is an entry without contents; none of ours is of use.
      if let entry = try self.entry(record, at: place, source) { entries.append(entry) }
      place += length
    }
    return entries
  }

  private func entry(_ record: ZipRecord, at place: Int, _ source: ByteSource) throws -> ZipArchive.Entry? {
    let nameStart = place + 46
    let extraStart = nameStart + record.uint16(place + 28)
    guard let name = String(validating: record.bytes[nameStart..<extraStart], as: UTF8.self) else {
      throw DescentError(.file, "\(source.name): the name of an entry is not UTF-8")
    }
    try checkName(name, source)
    let label = "\(source.name): \(name)"
    let flags = record.uint16(place + 8)
    if flags & 0x2041 != 0 { throw DescentError(.file, "\(label): is encrypted") }
    let method = record.uint16(place + 10)
    guard method == 0 || method == 8 else {
      throw DescentError(.file, "\(label): compression method \(method) cannot be read; 0 (stored) and 8 (deflate) can")
    }
    var sizes = [record.uint32(place + 24), record.uint32(place + 20), record.uint32(place + 42)]
    if sizes.contains(0xFFFF_FFFF) {
      try fillZip64(&sizes, record, extraStart..<(extraStart + record.uint16(place + 30)), label, source)
    }
    guard method == 8 || sizes[0] == sizes[1] else {
      throw DescentError(.file, "\(label): is stored as it is, yet its two sizes differ: \(sizes[0]) and \(sizes[1])")
    }
    // 1,032 is the most that deflate can do.
    guard sizes[1] <= source.count, sizes[0] / 1032 <= sizes[1] else {
      throw DescentError(.file, "\(label): cannot have \(sizes[0]) bytes, compressed to \(sizes[1]), in a file of \(source.count)")
    }
    if name.hasSuffix("/") { return nil }
    return ZipArchive.Entry(
      name: name, byteCount: sizes[0], compressedByteCount: sizes[1], isDeflated: method == 8,
      checksum: UInt32(record.uint32(place + 16)), headerOffset: sizes[2])
  }

  private func checkName(_ name: String, _ source: ByteSource) throws {
    let bytes = name.utf8
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    // A leading slash, a drive, a step up, or what other systems take for one.
    let isOutside = bytes.isEmpty || parts[0].isEmpty || parts[0].utf8.last == UInt8(ascii: ":") || parts.contains("..")
      || bytes.contains(UInt8(ascii: "\\")) || bytes.contains(0)
    if isOutside {
      throw DescentError(.file, "\(source.name): the entry '\(name)' points outside of the archive")
    }
  }

  /// Puts the values of the zip64 field in place of those that are all ones, in the order the format gives them.
  private func fillZip64(
    _ sizes: inout [Int], _ record: ZipRecord, _ extra: Range<Int>, _ label: String, _ source: ByteSource
  ) throws {
    var field = extra.lowerBound
    while field <= extra.upperBound - 4 {
      let end = field + 4 + record.uint16(field + 2)
      guard end <= extra.upperBound else { break }
      if record.uint16(field) == 1 {
        var place = field + 4
        for index in sizes.indices where sizes[index] == 0xFFFF_FFFF && place <= end - 8 {
          sizes[index] = try record.int64(place, of: source)
          place += 8
        }
        return
      }
      field = end
    }
    throw DescentError(.file, "\(label): its zip64 sizes are missing")
  }
}

/// Little-endian numbers in some bytes of an archive.
private struct ZipRecord {
  static let localByteCount = 30

  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func uint16(_ place: Int) -> Int { Int(bytes[place]) | Int(bytes[place + 1]) << 8 }

  func uint32(_ place: Int) -> Int { uint16(place) | uint16(place + 2) << 16 }

  /// A 64-bit size or place, which is no greater than any file's.
  func int64(_ place: Int, of source: ByteSource) throws -> Int {
    let value = UInt64(uint32(place)) | UInt64(uint32(place + 4)) << 32
    guard let value = Int(exactly: value), value < 1 << 56 else {
      throw DescentError(.file, "\(source.name): declares a size or place of \(value), which no file has")
    }
    return value
  }
}

/// The contents of an entry, no more than declared; at their end the checksum is verified.
private final class ZipEntryStream: ByteStream {
  let name: String
  private let contents: any ByteStream
  private let byteCount: Int
  private let checksum: UInt32
  private var done = 0
  private var found: UInt32 = 0

  init(_ contents: any ByteStream, name: String, byteCount: Int, checksum: UInt32) {
    self.contents = contents
    self.name = name
    self.byteCount = byteCount
    self.checksum = checksum
  }

  func read(into destination: UnsafeMutableRawBufferPointer) throws -> Int {
    if destination.isEmpty { return 0 }
    let got = try contents.read(into: destination)
    done += got
    guard done <= byteCount, got > 0 || done == byteCount else {
      throw DescentError(.file, "\(name): expands to \(done > byteCount ? "more than " : "")\(min(done, byteCount)) bytes, but the archive says \(byteCount)")
    }
    found = crc32(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(destination)[..<got]), after: found)
    // Whoever reads all the bytes learns of a wrong checksum with the last of them.
    if done == byteCount && found != checksum {
      throw DescentError(.file, "\(name): its checksum is wrong; the file is corrupt")
    }
    return got
  }
}
