#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A part of a data set: what its inputs are and what is to be said of them.
public typealias TrainAndTest<Inputs> = (train: (x: Inputs, y: Tensor), test: (x: Inputs, y: Tensor))

/// A file that Keras publishes, of a data set or a model: what it calls it, what its checksum is, and where people get it.
package struct DatasetFile: Sendable {
  /// Under Keras's cache folder.
  package let name: String
  /// SHA-256, or MD5 where Keras publishes no other; nil where it publishes none.
  package let checksum: String?
  package let origin: String
  /// The folder in Keras's cache.
  let subfolder: String

  package init(name: String, checksum: String?, origin: String, subfolder: String = "datasets") {
    self.name = name
    self.checksum = checksum
    self.origin = origin
    self.subfolder = subfolder
  }

  static let keras = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

  /// The file in the folder the user named, or in Keras's cache.
  /// - Throws: ``DescentError`` of kind `file` when it is nowhere, saying which file, its checksum and where people get it.
  package func path(in folder: String?, as ownName: String? = nil) throws -> String {
    let name = ownName ?? name
    let candidates = DatasetFile.folders(folder, subfolder).map { $0 + "/" + name }
    if let found = candidates.first(where: { access($0, F_OK) == 0 }) { return found }
    throw missing(candidates)
  }

  func missing(_ candidates: [String]) -> DescentError {
    let hash = checksum.map { " (\($0.utf8.count == 64 ? "SHA-256" : "MD5") \($0))" } ?? ""
    let arguments =
      [("origin", origin)] + (checksum.map { [("fileHash", $0)] } ?? []) + (subfolder == "datasets" ? [] : [("cacheSubdirectory", subfolder)])
    return DescentError(
      .file,
      """
      \(name) is not there: looked for \(candidates.joined(separator: ", ")). Get it from \(origin)\(hash); \
      getFile(\(arguments.map { "\($0): \"\($1)\"" }.joined(separator: ", "))) does it where there is a network. \
      Nothing is downloaded unasked.
      """)
  }

  /// Where files are looked for: the folder the user names alone, or else one in Keras's cache (for data sets `$KERAS_HOME/datasets`, by
  /// default `~/.keras/datasets`).
  static func folders(_ folder: String?, _ subfolder: String = "datasets") -> [String] { folder.map { [$0] } ?? [kerasHome + "/" + subfolder] }

  /// `$KERAS_HOME`, by default `~/.keras`.
  static var kerasHome: String {
    environment("KERAS_HOME") ?? (environment("HOME") ?? "") + "/.keras"
  }

  static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// Two arrays with as many rows each, shuffled as NumPy's `RandomState(seed)` does and cut in two: how Keras makes test sets.
func shuffledSplit(_ x: Tensor, _ y: Tensor, testSplit: Double, seed: UInt32, name: String) throws -> TrainAndTest<Tensor> {
  try NumberRange.decay.check("testSplit", testSplit, name)
  guard x.rank > 0, y.rank > 0, x.shape[0] == y.shape[0] else {
    throw DescentError(.data, "\(name): x is \(x.shape) and y is \(y.shape); expected one y for each x")
  }
  let order = MersenneTwister.numpyOrder(x.shape[0], seed: seed)
  let count = Int(Double(order.count) * (1 - testSplit))
  func rows(_ tensor: Tensor, _ range: Range<Int>) -> Tensor { pickedRows(of: tensor, order[range]) }
  let (first, second) = (0..<count, count..<order.count)
  return ((rows(x, first), rows(y, first)), (rows(x, second), rows(y, second)))
}

/// Some rows of a tensor, copied.
func pickedRows(of tensor: Tensor, _ rows: some Collection<Int>) -> Tensor {
  let rowBytes = tensor.shape.dropFirst().reduce(tensor.dtype.byteCount, *)
  return Tensor(shape: [rows.count] + tensor.shape.dropFirst(), dtype: tensor.dtype) { target in
    tensor.withBytes { source in
      for (place, row) in rows.enumerated() where rowBytes > 0 {
        UnsafeMutableRawBufferPointer(rebasing: target[(place * rowBytes)..<((place + 1) * rowBytes)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[(row * rowBytes)..<((row + 1) * rowBytes)]))
      }
    }
  }
}
