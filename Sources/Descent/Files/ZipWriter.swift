/// Writes a zip file: entries stored or deflated, zip64 where sizes ask for it. The same entries make the same bytes: no times are kept.
package final class ZipWriter {
  private let file: FileWriter
  private var directory: [UInt8] = []
  private var entryCount = 0
  private var names: Set<String> = []

  /// Writes the archive at `path`, as `writeFile` does.
  package static func write(_ path: String, _ body: (ZipWriter) throws -> Void) throws {
    try writeFile(path) { file in
      let writer = ZipWriter(file)
      try body(writer)
      try writer.finish()
    }
  }

  private init(_ file: FileWriter) { self.file = file }

  /// Adds an entry whose contents come in pieces, stored as they are.
  package func add(_ name: String, pieces: [UnsafeRawBufferPointer]) throws {
    let checksum = pieces.reduce(0) { crc32($1, after: $0) }
    let count = pieces.reduce(0) { $0 + $1.count }
    try begin(name, method: 0, checksum: checksum, compressed: count, expanded: count)
    for piece in pieces { try file.write(piece) }
  }

  /// Adds an entry, compressed.
  package func addDeflated(_ name: String, _ bytes: UnsafeRawBufferPointer) throws {
    let data = deflated(bytes)
    try begin(name, method: 8, checksum: crc32(bytes), compressed: data.count, expanded: bytes.count)
    try file.write(data)
  }

  /// Writes what stands before an entry's data, and notes it for the directory.
  private func begin(_ name: String, method: Int, checksum: UInt32, compressed: Int, expanded: Int) throws {
    guard names.insert(name).inserted, (1...0xFFFF).contains(name.utf8.count) else {
      throw DescentError(.invalidArgument, "the zip entry '\(name)' comes twice, is empty or is too long")
    }
    let offset = file.count
    let isLarge = max(compressed, expanded, offset) >= 0xFFFF_FFFF
    func header(_ signature: Int, inDirectory: Bool) -> [UInt8] {
      var sizes = [expanded, compressed]
      if inDirectory { sizes.append(offset) }
      let extra = isLarge ? field(1, 2) + field(8 * sizes.count, 2) + sizes.flatMap { field($0, 8) } : []
      let version = isLarge ? 45 : 20
      var bytes = field(signature, 4)
      if inDirectory { bytes += field(version, 2) }
      // Flag 11: the name is UTF-8. The date is 1980-01-01, the first there is.
      bytes += field(version, 2) + field(1 << 11, 2) + field(method, 2) + field(0, 2) + field(0x21, 2)
      bytes += field(Int(checksum), 4) + field(isLarge ? 0xFFFF_FFFF : compressed, 4)
      bytes += field(isLarge ? 0xFFFF_FFFF : expanded, 4)
      bytes += field(name.utf8.count, 2) + field(extra.count, 2)
      if inDirectory { bytes += field(0, 10) + field(isLarge ? 0xFFFF_FFFF : offset, 4) }
      return bytes + Array(name.utf8) + extra
    }
    try file.write(header(0x0403_4B50, inDirectory: false))
    directory += header(0x0201_4B50, inDirectory: true)
    entryCount += 1
  }

  private func finish() throws {
    let offset = file.count
    try file.write(directory)
    let isLarge = entryCount >= 0xFFFF || directory.count >= 0xFFFF_FFFF || offset >= 0xFFFF_FFFF
    if isLarge {
      let end = file.count
      try file.write(
        field(0x0606_4B50, 4) + field(44, 8) + field(45, 2) + field(45, 2) + field(0, 8) + field(entryCount, 8)
          + field(entryCount, 8) + field(directory.count, 8) + field(offset, 8))
      try file.write(field(0x0706_4B50, 4) + field(0, 4) + field(end, 8) + field(1, 4))
    }
    let shown = isLarge ? (0xFFFF, 0xFFFF_FFFF, 0xFFFF_FFFF) : (entryCount, directory.count, offset)
    try file.write(
      field(0x0605_4B50, 4) + field(0, 4) + field(shown.0, 2) + field(shown.0, 2) + field(shown.1, 4) + field(shown.2, 4)
        + field(0, 2))
  }
}

/// A number as that many little-endian bytes.
private func field(_ value: Int, _ byteCount: Int) -> [UInt8] {
  (0..<byteCount).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
}
