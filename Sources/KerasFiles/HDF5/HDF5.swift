/// The arrays of an HDF5 file: `.weights.h5`, `.h5`.
///
///     for (name, tensor) in try HDF5.read("model.weights.h5") { print(name, tensor.shape) }
///
/// `float32`, `float64`, `int32`, `uint8` and `bool` keep their type; `float16` and `bfloat16` become `float32`; the other integers
/// become `int32`, and a value that does not fit is an error. Everything the file says is checked against the file, and memory and
/// time are bounded by its size; see ``HDF5ReaderProcess`` for what only libhdf5 can read.
public enum HDF5 {
  /// Reads all arrays of a file, in its order, by their paths (`layers/dense/vars/0`).
  /// - Parameters:
  ///   - path: the file.
  ///   - trusted: lets libhdf5 read the file in this process if only libhdf5 can; for files of known origin.
  /// - Throws: ``DescentError`` of kind `file`.
  public static func read(_ path: String, trusted: Bool = false) throws -> [(name: String, tensor: Tensor)] {
    try read(ByteSource(path: path), trusted: trusted)
  }

  /// The same of a file that is in memory.
  /// - Parameters:
  ///   - bytes: the file's contents.
  ///   - name: what to call it in errors.
  ///   - trusted: see ``read(_:trusted:)``.
  public static func read(_ bytes: [UInt8], name: String, trusted: Bool = false) throws -> [(name: String, tensor: Tensor)] {
    try read(ByteSource(bytes, name: name), trusted: trusted)
  }

  private static func read(_ source: ByteSource, trusted: Bool) throws -> [(name: String, tensor: Tensor)] {
    let contents = try HDF5Contents(source, trusted: trusted)
    return contents.names.compactMap { name in contents[name].map { (name, $0) } }
  }
}
