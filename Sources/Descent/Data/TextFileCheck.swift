#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import TensorCore

/// Looks at the bytes of a file that should be text and says what it is when it is something else: a wrong guess about a file is told by
/// its cause, not by what it leads to.
enum TextFileCheck {
  /// - Parameter file: where the bytes lie, if they do; its pages that were gone through are given back.
  /// - Throws: ``DescentError`` of kind `file` unless the bytes are UTF-8 without zeros.
  static func check(_ bytes: UnsafeRawBufferPointer, name: String, file: MappedFile? = nil) throws {
    try checkKind(bytes, name: name)
    if let encoding = wideEncoding(bytes) {
      throw DescentError(
        .file, "\(name): is not UTF-8 but \(encoding); save it as UTF-8, or convert it: iconv -f \(encoding) -t UTF-8")
    }
    if isPlainUTF8(bytes, file) { return }
    if let zero = memchrPlace(0, bytes) {
      throw DescentError(.file, "\(name): line \(line(of: zero, bytes)): holds a byte 0, so it is not a text file")
    }
    throw DescentError(
      .file,
      "\(name): line \(line(of: invalidPlace(bytes), bytes)): is not UTF-8; is it \(likelyEncoding(bytes))? Convert it: iconv -f \(likelyEncoding(bytes)) -t UTF-8")
  }

  /// - Throws: ``DescentError`` of kind `file` if the file is of a known kind that is not text.
  static func checkKind(_ bytes: UnsafeRawBufferPointer, name: String) throws {
    if let (_, what) = signatures.first(where: { bytes.starts(with: $0.0) }) { throw DescentError(.file, "\(name): \(what)") }
  }

  /// The encoding that a text is most likely in, as iconv calls it, and whether that is UTF-8 without zeros.
  /// - Parameter file: where the bytes lie, if they do; its pages that were gone through are given back.
  static func encoding(of bytes: UnsafeRawBufferPointer, file: MappedFile? = nil) -> (name: String, isPlain: Bool) {
    if let wide = wideEncoding(bytes) { return (wide, false) }
    if isPlainUTF8(bytes, file) { return ("UTF-8", true) }
    return (isUTF8(bytes) ? "UTF-8" : likelyEncoding(bytes), false)
  }

  private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    allPieces(bytes) { piece, _ in isASCII(piece) || String(validating: piece, as: UTF8.self) != nil }
  }

  /// Whether the bytes are UTF-8 and none is 0.
  private static func isPlainUTF8(_ bytes: UnsafeRawBufferPointer, _ file: MappedFile?) -> Bool {
    // Most files are of plain letters only, or have others near their start.
    let start = UnsafeRawBufferPointer(rebasing: bytes.prefix(1 << 16))
    if let file, isASCII(start, zeros: false), file.allPieces({ isASCII($0, zeros: false) }) { return true }
    return allPieces(bytes) { piece, range in
      defer { file?.release(range) }
      return isASCII(piece, zeros: false) || (memchrPlace(0, piece) == nil && String(validating: piece, as: UTF8.self) != nil)
    }
  }

  /// Whether `body` says yes to all pieces, of which several threads take some each. A text is copied to be validated; no letter has a line's end in it.
  private static func allPieces(_ bytes: UnsafeRawBufferPointer, _ body: @Sendable (UnsafeRawBufferPointer, Range<Int>) -> Bool) -> Bool {
    var pieces: [Range<Int>] = []
    while let start = pieces.isEmpty ? 0 : pieces.last?.upperBound, start < bytes.count {
      let next = min(start + (1 << 23), bytes.count)
      let end = next < bytes.count ? memchrPlace(0x0A, UnsafeRawBufferPointer(rebasing: bytes[(next - 1)...])).map { next + $0 } : next
      pieces.append(start..<(end ?? bytes.count))
    }
    nonisolated(unsafe) let bytes = bytes
    let answers = concurrently(pieces.count) { [pieces] in body(UnsafeRawBufferPointer(rebasing: bytes[pieces[$0]]), pieces[$0]) }
    return answers.allSatisfy(\.self)
  }

  /// Whether all bytes are below 128, and none is 0 unless that is allowed, eight at a time.
  private static func isASCII(_ bytes: UnsafeRawBufferPointer, zeros areAllowed: Bool = true) -> Bool {
    var all: UInt64 = 0
    // What is taken from each byte has its highest bit set where there was nothing to take from.
    let least: UInt64 = areAllowed ? 0 : 0x0101_0101_0101_0101
    let words = bytes.count / 8
    for number in 0..<words {
      let word = bytes.loadUnaligned(fromByteOffset: 8 * number, as: UInt64.self)
      all |= word | (word &- least)
    }
    for place in (8 * words)..<bytes.count { all |= UInt64(bytes[place] | (bytes[place] &- UInt8(least & 1))) }
    return all & 0x8080_8080_8080_8080 == 0
  }

  private static let signatures: [([UInt8], String)] = [
    ([0x1F, 0x8B], "is compressed (gzip); expand it first: gunzip"),
    (Array("BZh".utf8), "is compressed (bzip2); expand it first: bunzip2"),
    ([0xFD] + Array("7zXZ".utf8), "is compressed (xz); expand it first: unxz"),
    ([0x28, 0xB5, 0x2F, 0xFD], "is compressed (zstd); expand it first: unzstd"),
    (Array("7z".utf8) + [0xBC, 0xAF], "is compressed (7z); expand it first"),
    (Array("PK".utf8) + [3, 4], "is a zip file, as .xlsx and .npz are too; a table of a spreadsheet is to be saved as CSV"),
    ([0xD0, 0xCF, 0x11, 0xE0], "is an Excel file; save the table as CSV"),
    (Array("PAR1".utf8), "is a Parquet file; save the table as CSV"),
    (Array("SQLite format 3".utf8), "is an SQLite database; save the table as CSV"),
    ([0x89] + Array("HDF".utf8), "is an HDF5 file; save the table as CSV"),
    ([0x93] + Array("NUMPY".utf8), "is a .npy file; put x and y into an .npz file"),
    (Array("%PDF".utf8), "is a PDF file"),
    (Array("<!DOCTYPE".utf8), "is a web page, not a table; was it downloaded from the address of a page about the file?"),
    (Array("<!doctype".utf8), "is a web page, not a table; was it downloaded from the address of a page about the file?"),
    (Array("<html".utf8), "is a web page, not a table; was it downloaded from the address of a page about the file?"),
  ]

  /// An encoding of two or four bytes a letter, by its mark or by the zeros that plain letters have in it.
  private static func wideEncoding(_ bytes: UnsafeRawBufferPointer) -> String? {
    if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
    let start = bytes.prefix(64)
    guard start.count >= 8 else { return nil }
    let zeros = [0, 1].map { odd in start.enumerated().count { $0.offset % 2 == odd && $0.element == 0 } }
    let half = start.count / 2
    if zeros[1] * 4 >= half * 3 && zeros[0] == 0 { return "UTF-16LE" }
    if zeros[0] * 4 >= half * 3 && zeros[1] == 0 { return "UTF-16BE" }
    return nil
  }

  /// Pairs of bytes above 127 are the rule in the encodings of Korean; single ones in those of western Europe.
  private static func likelyEncoding(_ bytes: UnsafeRawBufferPointer) -> String {
    var pairs = 0, single = 0
    var place = 0
    while place < bytes.count {
      if bytes[place] < 0x80 {
        place += 1
      } else if place + 1 < bytes.count, bytes[place + 1] >= 0x80 {
        pairs += 1
        place += 2
      } else {
        single += 1
        place += 1
      }
    }
    return pairs > single ? "CP949" : "CP1252"
  }

  private static func invalidPlace(_ bytes: UnsafeRawBufferPointer) -> Int {
    // Line by line: no letter has a line's end in it.
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      if String(validating: bytes[start..<end], as: UTF8.self) == nil { return start }
      start = end + 1
    }
    return 0
  }

  static func memchrPlace(_ byte: Int32, _ bytes: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress, let found = memchr(base, byte, bytes.count) else { return nil }
    return UnsafeRawPointer(found) - base
  }

  static func line(of place: Int, _ bytes: UnsafeRawBufferPointer) -> Int {
    1 + bytes[..<place].count { $0 == 0x0A }
  }
}
