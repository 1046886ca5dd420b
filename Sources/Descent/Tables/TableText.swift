#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The text of a table's file as UTF-8: mapped where it lies if it is that already, else expanded or converted in memory.
final class TableText: @unchecked Sendable {
  let name: String
  /// What was found out about the file that its owner should know.
  let remarks: [String]
  private let storage: Storage

  private enum Storage {
    case mapped(MappedFile)
    case memory([UInt8])
  }

  /// - Parameter encoding: as iconv calls it; nil to find it out.
  /// - Throws: ``DescentError`` of kind `file` if the file is no text, or not in that encoding.
  init(path: String, encoding: String?) throws {
    name = path
    let file = try MappedFile(path: path)
    let isCompressed = file.withBytes { $0.starts(with: [0x1F, 0x8B]) }
    let start: Storage = isCompressed ? .memory(try TableText.expanded(path)) : .mapped(file)
    (storage, remarks) = try TableText.converted(start, name: path, encoding: encoding)
  }

  /// The same of a file that is in memory.
  init(_ bytes: [UInt8], name: String, encoding: String? = nil) throws {
    self.name = name
    (storage, remarks) = try TableText.converted(.memory(bytes), name: name, encoding: encoding)
  }

  /// Tells the system that a part of the text has been gone through.
  func release(_ range: Range<Int>) {
    if case .mapped(let file) = storage { file.release(range) }
  }

  /// The text, which is there within `body` only.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try TableText.withBytes(storage, body)
  }

  private static func withBytes<Result>(_ storage: Storage, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    switch storage {
    case .mapped(let file): try file.withBytes(body)
    case .memory(let bytes): try bytes.withUnsafeBytes(body)
    }
  }

  private static func expanded(_ path: String) throws -> [UInt8] {
    let stream = try InflateStream(SourceStream(ByteSource(path: path)), format: .gzip)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = try piece.withUnsafeMutableBytes { try stream.read(into: $0) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: piece[..<count])
      try checkFits(byteCount: bytes.count, name: path)
    }
  }

  private static func converted(_ storage: Storage, name: String, encoding given: String?) throws -> (Storage, [String]) {
    try withBytes(storage) { bytes in
      try TextFileCheck.checkKind(bytes, name: name)
      let mapped: MappedFile? = if case .mapped(let file) = storage { file } else { nil }
      let found = given == nil ? TextFileCheck.encoding(of: bytes, file: mapped) : nil
      let encoding = given ?? found?.name ?? "UTF-8"
      let isUTF8 = ["utf-8", "utf8", "ascii", "us-ascii"].contains(encoding.lowercased())
      if isUTF8 && found?.isPlain != true { try TextFileCheck.check(bytes, name: name, file: mapped) }
      let result = isUTF8 ? storage : .memory(try decoded(bytes, from: encoding, name: name))
      if !isUTF8, withBytes(result, { TextFileCheck.memchrPlace(0, $0) }) != nil {
        throw DescentError(.file, "\(name): holds a byte 0, so it is not a text file")
      }
      let remarks = isUTF8 || given != nil ? [] : ["\(name) is not UTF-8; it was read as \(encoding)"]
      return (result, remarks)
    }
  }

  /// Bytes of some encoding as UTF-8.
  static func decoded(_ bytes: UnsafeRawBufferPointer, from encoding: String, name: String) throws -> [UInt8] {
    #if canImport(Glibc)
      let converter = iconv_open("UTF-8", encoding)
      guard converter != iconv_t(bitPattern: -1) else {
        throw DescentError(.invalidArgument, "\(name): the encoding '\(encoding)' is not known; iconv --list names those there are")
      }
      defer { iconv_close(converter) }
      var result: [UInt8] = []
      result.reserveCapacity(bytes.count + bytes.count / 2)
      var input = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
      var left = bytes.count
      var piece = [CChar](repeating: 0, count: 1 << 16)
      while left > 0 {
        let (status, reason, written) = piece.withUnsafeMutableBufferPointer { buffer in
          var output = buffer.baseAddress
          var room = buffer.count
          let status = iconv(converter, &input, &left, &output, &room)
          return (status, errno, buffer.count - room)
        }
        result.append(contentsOf: piece[..<written].lazy.map { UInt8(bitPattern: $0) })
        if status == iconvFailure, reason != E2BIG {
          let line = TextFileCheck.line(of: bytes.count - left, bytes)
          throw DescentError(.file, "\(name): line \(line): is not \(encoding); give another encoding")
        }
      }
      return result
    #else
      throw DescentError(.file, "\(name): is \(encoding); convert it to UTF-8: iconv -f \(encoding) -t UTF-8")
    #endif
  }
}

#if canImport(Glibc)
  /// What iconv returns of a sequence that it cannot convert.
  private let iconvFailure = Int(bitPattern: UInt.max)
#endif
