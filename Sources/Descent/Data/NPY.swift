/// NumPy's `.npy` format: one array.
///
/// Versions 1 to 3, both byte orders, C and Fortran order are read. `float32`, `float64`, `int32`, `uint8` and `bool` keep their type;
/// `float16` becomes `float32`; the other integers become `int32`, and a value that does not fit is an error. Objects, strings,
/// complex numbers and structures are refused. Source: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
public enum NPY {
  /// Reads the file at `path`.
  /// - Throws: ``DescentError`` of kind `file` that names the file: when it cannot be read, is malformed, truncated or longer than
  ///   its array.
  public static func read(_ path: String) throws -> Tensor { try read(ByteSource(path: path)) }

  /// Reads a file that is in memory.
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what to call it in errors.
  public static func read(_ bytes: [UInt8], name: String) throws -> Tensor { try read(ByteSource(bytes, name: name)) }

  private static func read(_ source: ByteSource) throws -> Tensor {
    try read(SourceStream(source), byteCount: source.count)
  }

  /// - Parameter byteCount: how long the stream is, header and all.
  static func read(_ stream: some ByteStream, byteCount: Int) throws -> Tensor {
    let header = try NPYHeader(stream)
    _ = try checkedElementCount(
      header.shape, of: header.type, byteCount: byteCount - header.byteCount, name: stream.name)
    let tensor = try stream.tensor(
      shape: header.shape, of: header.type, bigEndian: header.isBigEndian, fortranOrder: header.isFortranOrder)
    try stream.expectEnd()
    return tensor
  }

  /// Writes a file that `numpy.load` reads.
  /// - Parameters:
  ///   - tensor: of any dtype.
  ///   - path: the file; one that is there is replaced.
  /// - Throws: ``DescentError`` of kind `file` when it cannot be written.
  public static func write(_ tensor: Tensor, to path: String) throws {
    try writeFile(path) { file in
      try file.write(NPYHeader.bytes(for: tensor))
      try tensor.withBytes { try file.write($0) }
    }
  }
}

/// What stands before the elements of a `.npy` file.
struct NPYHeader {
  private(set) var type = ElementType.float32
  private(set) var isBigEndian = false
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []
  /// The elements are Python objects: a pickle follows.
  private(set) var isObjects = false
  /// The header's own length.
  let byteCount: Int

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  private static let greatestTextByteCount = 1 << 16
  private static let greatestRank = 64

  /// - Parameter allowsObjects: whether an array of Python objects has a header that is read.
  init(_ stream: some ByteStream, allowsObjects: Bool = false) throws {
    let start = try stream.bytes(8, part: "the .npy header")
    guard start.starts(with: Self.magic) else {
      throw DescentError(.file, "\(stream.name): is not a .npy file: it does not start with \\x93NUMPY")
    }
    guard (1...3).contains(start[6]) else {
      throw DescentError(.file, "\(stream.name): .npy version \(start[6]) cannot be read; 1, 2 and 3 can")
    }
    let size = try stream.bytes(start[6] == 1 ? 2 : 4, part: "the .npy header")
    let textByteCount = size.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard textByteCount <= Self.greatestTextByteCount else {
      throw DescentError(
        .file, "\(stream.name): its .npy header claims \(textByteCount) bytes; at most \(Self.greatestTextByteCount) are read")
    }
    byteCount = 8 + size.count + textByteCount
    var parser = NPYHeaderParser(bytes: try stream.bytes(textByteCount, part: "the .npy header"), name: stream.name)
    try parse(&parser, allowsObjects: allowsObjects)
  }

  /// The type that NumPy calls `f4`, `i8`, …
  static func type(code: String) -> ElementType? { NPYHeaderParser.types[code] }

  private mutating func parse(_ parser: inout NPYHeaderParser, allowsObjects: Bool) throws {
    var missing: Set = ["descr", "fortran_order", "shape"]
    try parser.expect("{")
    while !parser.take("}") {
      let key = try parser.quoted()
      guard missing.remove(key) != nil else { throw parser.fault("the key '\(key)' is unknown or comes twice") }
      try parser.expect(":")
      switch key {
      case "descr":
        isObjects = allowsObjects && parser.takeObjects()
        if !isObjects { (type, isBigEndian) = try parser.type() }
      case "fortran_order": isFortranOrder = try parser.truth()
      default: shape = try parser.tuple(greatestCount: Self.greatestRank)
      }
      if !parser.take(",") {
        try parser.expect("}")
        break
      }
    }
    try parser.expectEnd()
    if let key = missing.min() { throw parser.fault("'\(key)' is missing") }
  }

  /// The header of a file with that tensor.
  static func bytes(for tensor: Tensor) -> [UInt8] {
    let descr =
      switch tensor.dtype {
      case .float32: "<f4"
      case .float64: "<f8"
      case .int32: "<i4"
      case .uint8: "|u1"
      case .bool: "|b1"
      }
    let sizes = tensor.shape.map(String.init).joined(separator: ", ") + (tensor.rank == 1 ? "," : "")
    var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(sizes)), }"
    // The elements start at a multiple of 64, and the text ends its line.
    let used = magic.count + 4 + text.utf8.count + 1
    text += String(repeating: " ", count: (64 - used % 64) % 64) + "\n"
    let count = text.utf8.count
    return magic + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)] + Array(text.utf8)
  }
}

/// Reads the Python dictionary of a `.npy` header.
private struct NPYHeaderParser {
  let bytes: [UInt8]
  let name: String
  var position = 0

  init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  mutating func take(_ symbol: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: symbol) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ symbol: Unicode.Scalar) throws {
    if !take(symbol) { throw fault("expected '\(symbol)' at byte \(position)") }
  }

  mutating func expectEnd() throws {
    skipSpace()
    if position < bytes.count { throw fault("something follows at byte \(position)") }
  }

  mutating func quoted() throws -> String {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "'") || bytes[position] == UInt8(ascii: "\""),
      let end = bytes[(position + 1)...].firstIndex(of: bytes[position])
    else { throw fault("expected a word in quotes at byte \(position)") }
    defer { position = end + 1 }
    return String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
  }

  mutating func truth() throws -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw fault("'fortran_order' must be True or False")
  }

  mutating func tuple(greatestCount: Int) throws -> [Int] {
    try expect("(")
    var sizes: [Int] = []
    while !take(")") {
      skipSpace()
      let start = position
      while position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") { position += 1 }
      guard let size = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
        throw fault("'shape' must be a tuple of sizes")
      }
      guard sizes.count < greatestCount else { throw fault("'shape' has more than \(greatestCount) axes") }
      sizes.append(size)
      // Python 2 wrote sizes as 3L.
      _ = take("L")
      if !take(",") {
        try expect(")")
        break
      }
    }
    return sizes
  }

  mutating func takeObjects() -> Bool {
    skipSpace()
    guard bytes[position...].starts(with: "'|O'".utf8) else { return false }
    position += 4
    return true
  }

  /// - Throws: ``DescentError``: a dtype that is none is damage, one that cannot be used is not.
  mutating func type() throws -> (ElementType, isBigEndian: Bool) {
    if take("[") { throw unsupported("records with several fields", "save each field as an array of its own") }
    let descr = try quoted()
    let order = descr.first ?? " "
    guard "<>|=".contains(order), let code = descr.dropFirst().first else { throw fault("'\(descr)' is not a dtype") }
    if let type = Self.types[String(descr.dropFirst())] { return (type, order == ">") }
    let known = "float16 to float64, int8 to int64, uint8 to uint64 and bool can be read"
    switch code {
    case "O": throw unsupported("Python objects (\(descr))", "they are never loaded, as that would run what they say; save numbers")
    case "U", "S", "a": throw unsupported("text (\(descr))", "number the classes, as numpy.unique(y, return_inverse=True) does")
    case "c": throw unsupported("complex numbers (\(descr))", "save real and imaginary parts as numbers")
    case "M", "m": throw unsupported("\(code == "M" ? "dates" : "durations") (\(descr))", "make numbers of them, such as days since a first one")
    case "V": throw unsupported("raw bytes (\(descr))", known)
    case "f", "i", "u", "b": throw unsupported("numbers of an unusual size (\(descr))", known + "; use astype before saving")
    default: throw fault("'\(descr)' is not a dtype")
    }
  }

  /// What is right in the file, and not for us.
  private func unsupported(_ contents: String, _ advice: String) -> DescentError {
    DescentError(.file, "\(name): holds \(contents), which Descent does not read; \(advice)")
  }

  fileprivate static let types: [String: ElementType] = [
    "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "u1": .uint8,
    "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
  ]

  private mutating func skipSpace() {
    while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x0A { position += 1 }
  }

  func fault(_ message: String) -> DescentError { DescentError(.file, "\(name): its .npy header is broken: \(message)") }
}
