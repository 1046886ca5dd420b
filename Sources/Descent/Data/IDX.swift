/// The IDX format of the MNIST data sets: one array of numbers of one type.
///
/// Read plain or compressed with gzip, whatever the name. `uint8`, `float32` and `float64` keep their type; signed bytes, 16-bit and
/// 32-bit integers become `int32`. Source: <https://yann.lecun.com/exdb/mnist/>.
public enum IDX {
  /// Reads the file at `path`.
  /// - Throws: ``DescentError`` of kind `file` that names the file: when it cannot be read, is not IDX, is truncated, or holds
  ///   anything after its data. No more memory is taken than the data that are really there.
  public static func read(_ path: String) throws -> Tensor { try read(ByteSource(path: path)) }

  /// Reads a file that is in memory.
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what to call it in errors.
  public static func read(_ bytes: [UInt8], name: String) throws -> Tensor { try read(ByteSource(bytes, name: name)) }

  private static func read(_ source: ByteSource) throws -> Tensor {
    let start = try source.bytes(at: 0, count: min(2, source.count))
    guard start == [0x1F, 0x8B] else {
      let stream = SourceStream(source)
      let header = try Header(stream)
      return try header.tensor(stream, available: source.count - header.byteCount)
    }
    let stream = try inflated(source)
    let header = try Header(stream)
    if isSuspicious(expanded: header.dataByteCount, compressed: source.count) {
      let probe = try inflated(source)
      let found = try probe.countRest(limit: header.byteCount + header.dataByteCount) - header.byteCount
      return try header.tensor(stream, available: found)
    }
    if header.type == .uint8, let tensor = try WholeInflate.bytes(source, after: header.byteCount, shape: header.shape) { return tensor }
    return try header.tensor(stream, available: header.dataByteCount)
  }

  private static func inflated(_ source: ByteSource) throws -> InflateStream {
    try InflateStream(SourceStream(source), format: .gzip)
  }

  /// Writes a file, not compressed; one that is there is replaced.
  /// - Parameters:
  ///   - tensor: `uint8`, `int32`, `float32` or `float64`.
  ///   - path: the file.
  /// - Throws: ``DescentError`` when the dtype has no IDX type (`bool`), there are more axes or elements than IDX counts, or the
  ///   file cannot be written.
  public static func write(_ tensor: Tensor, to path: String) throws {
    guard let type = Header.types.first(where: { $0.value == ElementType(tensor.dtype) }) else {
      throw DescentError(.invalidArgument, "\(path): IDX has no dtype \(tensor.dtype); uint8, int32, float32 and float64 it has")
    }
    guard tensor.rank < 256, tensor.shape.allSatisfy({ $0 <= Int(UInt32.max) }) else {
      throw DescentError(.invalidArgument, "\(path): shape \(tensor.shape) is too large for IDX")
    }
    var header: [UInt8] = [0, 0, type.key, UInt8(tensor.rank)]
    for size in tensor.shape { withUnsafeBytes(of: UInt32(size).bigEndian) { header.append(contentsOf: $0) } }
    try writeFile(path) { file in
      try file.write(header)
      try tensor.withBytes { try file.write(bigEndian($0, elementByteCount: tensor.dtype.byteCount)) }
    }
  }

  private static func bigEndian(_ bytes: UnsafeRawBufferPointer, elementByteCount size: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bytes.count) { target, initialized in
      for index in 0..<bytes.count { target[index] = bytes[index / size * size + size - 1 - index % size] }
      initialized = bytes.count
    }
  }

  private struct Header {
    let type: ElementType
    let shape: [Int]
    let elementCount: Int

    static let types: [UInt8: ElementType] = [
      0x08: .uint8, 0x09: .int8, 0x0B: .int16, 0x0C: .int32, 0x0D: .float32, 0x0E: .float64,
    ]

    var byteCount: Int { 4 + 4 * shape.count }
    var dataByteCount: Int { elementCount * type.byteCount }

    init(_ stream: some ByteStream) throws {
      let magic = try stream.bytes(4, part: "the IDX header")
      guard magic[0] == 0, magic[1] == 0, let type = Header.types[magic[2]] else {
        let found = magic.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined(separator: " ")
        throw DescentError(
          .file,
          "\(stream.name): is not an IDX file: expected it to start with 00 00, a type (08 uint8, 09, 0b, 0c, 0d or 0e) and the number of axes, found \(found)"
        )
      }
      self.type = type
      let sizes = try stream.bytes(4 * Int(magic[3]), part: "the IDX header")
      shape = stride(from: 0, to: sizes.count, by: 4).map { start in
        sizes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
      }
      elementCount = try checkedElementCount(shape, of: type, byteCount: nil, name: stream.name)
    }

    /// - Parameter available: how many bytes the stream still has, as far as that is known.
    func tensor(_ stream: some ByteStream, available: Int) throws -> Tensor {
      _ = try checkedElementCount(shape, of: type, byteCount: available, name: stream.name)
      let tensor = try stream.tensor(shape: shape, of: type, bigEndian: true)
      try stream.expectEnd()
      return tensor
    }
  }
}
