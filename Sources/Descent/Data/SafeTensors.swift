/// The safetensors format: named arrays and a few words about them.
///
/// The file is mapped into memory, so that opening costs nothing and only the arrays that are asked for are read from the disk. It must
/// not be made shorter by somebody else while it is open. `float32`, `float64`, `int32`, `uint8` and `bool` keep their type; `float16`
/// and `bfloat16` become `float32`; the other integers become `int32`, and a value that does not fit is an error.
/// Source: <https://github.com/huggingface/safetensors>.
public struct SafeTensors {
  /// The names of the arrays, in the order of the file.
  public let names: [String]
  /// The words that the file's writer put in.
  public let metadata: [String: String]

  private let contents: Contents
  private let entries: [String: Entry]

  /// Where the bytes come from.
  private enum Contents {
    case mapped(MappedFile)
    /// A file that another process may make shorter meanwhile: an error then, where a mapped one ends the program.
    case read(ByteSource)

    var name: String {
      switch self {
      case .mapped(let file): file.name
      case .read(let source): source.name
      }
    }

    var count: Int {
      switch self {
      case .mapped(let file): file.count
      case .read(let source): source.count
      }
    }

    func bytes(_ range: Range<Int>) throws -> [UInt8] {
      switch self {
      case .mapped(let file): file.withBytes { Array(UnsafeRawBufferPointer(rebasing: $0[range])) }
      case .read(let source): try source.bytes(at: range.lowerBound, count: range.count)
      }
    }
  }

  fileprivate struct Entry {
    let type: ElementType
    let shape: [Int]
    let range: Range<Int>
  }

  /// The longest header that is read: that of some hundred thousand arrays.
  private static let greatestHeaderByteCount = 1 << 25

  /// Opens the file at `path` and reads its header.
  /// - Throws: ``DescentError`` of kind `file` when it cannot be read or anything in its header does not fit the file.
  public init(_ path: String) throws { try self.init(.mapped(MappedFile(path: path))) }

  /// Opens a file that is read array by array rather than mapped: one that becomes shorter meanwhile is an error.
  package init(reading path: String) throws { try self.init(.read(ByteSource(path: path))) }

  /// Opens a file that is in memory.
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what to call it in errors.
  public init(_ bytes: [UInt8], name: String) throws { try self.init(.read(ByteSource(bytes, name: name))) }

  private init(_ file: Contents) throws {
    let name = file.name
    let (header, dataStart) = try SafeTensors.header(file)
    guard let object = header.object else { throw DescentError(.file, "\(name): its header is not a JSON object") }
    var metadata: [String: String] = [:]
    var entries: [String: Entry] = [:]
    var names: [String] = []
    for (key, value) in object.members {
      if key == "__metadata__" {
        for (word, text) in value.object?.members ?? [] {
          guard let text = text.string else { throw DescentError(.file, "\(name): the metadata '\(word)' are not text") }
          metadata[word] = text
        }
        continue
      }
      entries[key] = try Entry(value, label: "\(name): \(key)", dataStart: dataStart)
      names.append(key)
    }
    // In the order of their data, which lie side by side and fill the file.
    names.sort {
      let (left, right) = (entries[$0]!.range, entries[$1]!.range)
      return (left.lowerBound, left.upperBound) < (right.lowerBound, right.upperBound)
    }
    var end = dataStart
    for key in names {
      let range = entries[key]!.range
      guard range.lowerBound == end else {
        throw DescentError(
          .file, "\(name): the data of \(key) start at byte \(range.lowerBound), but those before end at \(end)")
      }
      end = range.upperBound
    }
    guard end == file.count else {
      throw DescentError(.file, "\(name): is truncated or too long: its arrays end at byte \(end), the file at \(file.count)")
    }
    contents = file
    self.names = names
    self.metadata = metadata
    self.entries = entries
  }

  /// The header of a file, and where the data begin.
  private static func header(_ file: Contents) throws -> (JSONValue, Int) {
    guard file.count >= 8 else {
      throw DescentError(.file, "\(file.name): is not a safetensors file: it has \(file.count) bytes")
    }
    let claimed = try file.bytes(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard claimed <= UInt64(greatestHeaderByteCount), Int(claimed) <= file.count - 8 else {
      throw DescentError(
        .file, "\(file.name): is not a safetensors file, or is truncated: its header claims \(claimed) of \(file.count) bytes")
    }
    let end = 8 + Int(claimed)
    return (try JSONValue(parsing: file.bytes(8..<end), name: "\(file.name): header"), end)
  }

  /// The shape of an array, `nil` if there is none of that name.
  public func shape(_ name: String) -> [Int]? { entries[name]?.shape }

  /// Reads the array of that name.
  /// - Throws: ``DescentError`` of kind `file`; when there is no such array, it lists those there are.
  public func tensor(_ name: String) throws -> Tensor {
    guard let entry = entries[name] else {
      throw DescentError(.file, "\(contents.name): has no array '\(name)'; it has \(names.joined(separator: ", "))")
    }
    let label = "\(contents.name): \(name)"
    try checkFits(byteCount: entry.shape.reduce(entry.type.dtype.byteCount, *), name: label)
    switch contents {
    case .read(let source): return try SourceStream(source, range: entry.range, name: label).tensor(shape: entry.shape, of: entry.type, bigEndian: false)
    case .mapped(let file):
      return try file.withBytes { contents in
        try Tensor(shape: entry.shape, dtype: entry.type.dtype) { bytes in
          try entry.type.convert(UnsafeRawBufferPointer(rebasing: contents[entry.range]), bigEndian: false, to: bytes, name: label)
        }
      }
    }
  }

  /// Writes a file.
  /// - Parameters:
  ///   - tensors: names and arrays; a name comes once.
  ///   - metadata: words to put in.
  ///   - path: the file; one that is there is replaced.
  /// - Throws: ``DescentError`` when a name comes twice or the file cannot be written.
  public static func write(_ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String) throws {
    var header = JSONObject()
    if !metadata.isEmpty {
      header["__metadata__"] = .object(
        JSONObject(metadata.sorted { $0.key < $1.key }.map { (key: $0.key, value: .string($0.value)) }))
    }
    var members: [(key: String, value: JSONValue)] = []
    var end = 0
    // The reference writer puts wide elements first, so that all are aligned.
    let ordered = tensors.enumerated().sorted {
      (-$0.element.tensor.dtype.byteCount, $0.offset) < (-$1.element.tensor.dtype.byteCount, $1.offset)
    }.map(\.element)
    for (name, tensor) in ordered {
      let start = end
      end += tensor.count * tensor.dtype.byteCount
      members.append(
        (
          name,
          [
            "dtype": .string(Entry.names[ElementType(tensor.dtype)]!), "shape": .array(tensor.shape.map { JSONValue($0) }),
            "data_offsets": [JSONValue(start), JSONValue(end)],
          ]
        ))
    }
    let all = JSONObject(header.members + members)
    guard all.count == header.count + members.count, !members.contains(where: { $0.key == "__metadata__" }) else {
      throw DescentError(.invalidArgument, "\(path): a name comes twice among \(members.map(\.key).joined(separator: ", "))")
    }
    var text = JSONValue.object(all).text()
    text += String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    try writeFile(path) { file in
      try withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { try file.write($0) }
      try file.write(Array(text.utf8))
      for (_, tensor) in ordered { try tensor.withBytes { try file.write($0) } }
    }
  }
}

extension SafeTensors.Entry {
  static let names: [ElementType: String] = [
    .float16: "F16", .bfloat16: "BF16", .float32: "F32", .float64: "F64", .int8: "I8", .int16: "I16", .int32: "I32", .int64: "I64",
    .uint8: "U8", .uint16: "U16", .uint32: "U32", .uint64: "U64", .bool: "BOOL",
  ]

  init(_ value: JSONValue, label: String, dataStart: Int) throws {
    guard let code = value["dtype"]?.string, let sizes = value["shape"]?.array, let offsets = value["data_offsets"]?.array,
      offsets.count == 2, let first = offsets[0].int, let last = offsets[1].int
    else { throw DescentError(.file, "\(label): expected dtype, shape and two data_offsets in its header") }
    guard let type = Self.names.first(where: { $0.value == code })?.key else {
      let known = Self.names.values.sorted().joined(separator: ", ")
      throw DescentError(.file, "\(label): dtype \(code) cannot be read; \(known) can")
    }
    let shape = try sizes.map { size in
      guard let size = size.int, size >= 0 else { throw DescentError(.file, "\(label): \(size) is not a size") }
      return size
    }
    guard shape.count <= 64, first >= 0, last >= first, last < 1 << 56 else {
      throw DescentError(.file, "\(label): its shape \(shape) or data_offsets [\(first), \(last)] are not possible")
    }
    _ = try checkedElementCount(shape, of: type, byteCount: last - first, name: label)
    self.type = type
    self.shape = shape
    range = (dataStart + first)..<(dataStart + last)
  }
}
