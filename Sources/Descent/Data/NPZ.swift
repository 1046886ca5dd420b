/// NumPy's `.npz` format: named arrays in a zip file.
///
///     let archive = try NPZ("data.npz")
///     let x = try archive.tensor("x")
///     try NPZ.write([("kernel", kernel), ("bias", bias)], to: "weights.npz")
public struct NPZ {
  private let archive: ZipArchive

  /// Opens the file at `path` and reads its directory; each array is read when it is asked for.
  /// - Throws: ``DescentError`` of kind `file` when it cannot be read or is no zip file.
  public init(_ path: String) throws { archive = try ZipArchive(path: path) }

  /// Opens a file that is in memory.
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what to call it in errors.
  public init(_ bytes: [UInt8], name: String) throws { archive = try ZipArchive(ByteSource(bytes, name: name)) }

  /// The names of the arrays, in the order of the file.
  public var names: [String] {
    archive.entries.compactMap { $0.name.hasSuffix(NPZ.suffix) ? String($0.name.dropLast(NPZ.suffix.count)) : nil }
  }

  /// Reads the array of that name. Types are converted as ``NPY`` does.
  /// - Throws: ``DescentError`` of kind `file`; when there is no such array, it lists those there are.
  public func tensor(_ name: String) throws -> Tensor {
    guard let entry = archive[name + NPZ.suffix] else {
      let known = names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))"
      throw DescentError(.file, "\(archive.name): has no array '\(name)'; \(known)")
    }
    try archive.checkExpansion(entry)
    return try NPY.read(archive.stream(entry), byteCount: entry.byteCount)
  }

  /// Reads an array of lists of whole numbers that differ in length, which NumPy writes as Python objects. Nothing of the file is run
  /// (see ``IMDB``); an array of two axes is read as its rows.
  /// - Throws: ``DescentError`` of kind `file`.
  public func sequences(_ name: String) throws -> [[Int32]] {
    guard let entry = archive[name + NPZ.suffix] else {
      let known = names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))"
      throw DescentError(.file, "\(archive.name): has no array '\(name)'; \(known)")
    }
    try archive.checkExpansion(entry)
    try checkFits(byteCount: entry.byteCount, name: "\(archive.name): \(entry.name)")
    let stream = try archive.stream(entry)
    let header = try NPYHeader(stream, allowsObjects: true)
    guard header.isObjects else {
      let tensor = try tensor(name)
      guard tensor.rank == 2, tensor.dtype == .int32 || tensor.dtype == .uint8 else {
        throw DescentError(.file, "\(stream.name): expected lists of whole numbers, found \(tensor.dtype) \(tensor.shape)")
      }
      let values: [Int32] = tensor.cast(to: .int32).scalars()
      return (0..<tensor.shape[0]).map { Array(values[$0 * tensor.shape[1]..<($0 + 1) * tensor.shape[1]]) }
    }
    let bytes = try stream.bytes(entry.byteCount - header.byteCount, part: "the pickle")
    try stream.expectEnd()
    let pickle = try Pickle(bytes, name: stream.name)
    let sequences = try pickle.sequences(pickle.root)
    guard header.shape == [sequences.count] else {
      throw DescentError(.file, "\(stream.name): declares shape \(header.shape) but holds \(sequences.count) lists")
    }
    return sequences
  }

  /// Reads all arrays of the file at `path`, in its order.
  /// - Throws: ``DescentError`` of kind `file` when it cannot be read or is malformed.
  public static func read(_ path: String) throws -> [(name: String, tensor: Tensor)] {
    let file = try NPZ(path)
    return try file.names.map { ($0, try file.tensor($0)) }
  }

  /// Writes a file that `numpy.load` reads.
  /// - Parameters:
  ///   - tensors: names and arrays; a name may have slashes but comes once.
  ///   - path: the file; one that is there is replaced.
  ///   - compressed: deflates the arrays, as `numpy.savez_compressed` does.
  /// - Throws: ``DescentError`` when a name comes twice or the file cannot be written.
  public static func write(_ tensors: [(name: String, tensor: Tensor)], to path: String, compressed: Bool = false) throws {
    try ZipWriter.write(path) { archive in
      for (name, tensor) in tensors {
        let header = NPYHeader.bytes(for: tensor)
        try tensor.withBytes { elements in
          if compressed {
            try (header + elements).withUnsafeBytes { try archive.addDeflated(name + suffix, $0) }
          } else {
            try header.withUnsafeBytes { try archive.add(name + suffix, pieces: [$0, elements]) }
          }
        }
      }
    }
  }

  private static let suffix = ".npy"
}
