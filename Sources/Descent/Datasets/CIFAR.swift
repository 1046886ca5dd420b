#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// CIFAR-10: 50,000 training and 10,000 test images, 32 × 32 pixels in colour, in ten classes (Krizhevsky, 2009).
/// Source: <https://keras.io/api/datasets/cifar10/>.
public enum CIFAR10 {
  /// What the classes 0 to 9 are.
  public static let classNames = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

  static let file = DatasetFile(
    name: "cifar-10-python.tar.gz", checksum: "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    origin: "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz")

  /// Reads the data set, as `keras.datasets.cifar10.load_data` does: `uint8` images [n, 32, 32, 3] and labels [n, 1].
  ///
  /// The folder may hold what Keras 3 makes of it (`cifar-10-batches-py-target/cifar-10-batches-py`), what Keras 2 made
  /// (`cifar-10-batches-py`), the archive as it is published (`cifar-10-python.tar.gz`), or be `cifar-10-batches-py` itself.
  /// The files are Python's pickles; nothing of them is run.
  /// - Parameter folder: nil for Keras's cache.
  /// - Throws: ``DescentError`` of kind `file`.
  public static func loadData(folder: String? = nil) throws -> TrainAndTest<Tensor> {
    let names = (1...5).map { "data_batch_\($0)" }
    let files = try CIFARFiles(file, inner: "cifar-10-batches-py", names: names + ["test_batch"], folder)
    let train = try names.map { try files.images($0, labels: "labels") }
    let test = try files.images("test_batch", labels: "labels")
    return ((joined(train.map(\.0)), joined(train.map(\.1))), test)
  }
}

/// CIFAR-100: 50,000 training and 10,000 test images, 32 × 32 pixels in colour, in 100 classes of 20 kinds (Krizhevsky, 2009).
/// Source: <https://keras.io/api/datasets/cifar100/>.
public enum CIFAR100 {
  /// Which labels are read.
  public enum LabelMode: String, Sendable {
    /// The 100 classes.
    case fine
    /// The 20 kinds.
    case coarse
  }

  static let file = DatasetFile(
    name: "cifar-100-python.tar.gz", checksum: "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    origin: "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz")

  /// Reads the data set, as `keras.datasets.cifar100.load_data` does: `uint8` images [n, 32, 32, 3] and labels [n, 1] (`int32` where
  /// Keras has `int64`).
  /// - Parameters:
  ///   - labelMode: which labels.
  ///   - folder: nil for Keras's cache; as ``CIFAR10/loadData(folder:)``'s, with `cifar-100-python` for the inner folder.
  /// - Throws: ``DescentError`` of kind `file`.
  public static func loadData(labelMode: LabelMode = .fine, folder: String? = nil) throws -> TrainAndTest<Tensor> {
    let files = try CIFARFiles(file, inner: "cifar-100-python", names: ["train", "test"], folder)
    let key = labelMode.rawValue + "_labels"
    func part(_ name: String) throws -> (x: Tensor, y: Tensor) {
      let (images, labels) = try files.images(name, labels: key)
      return (images, labels.cast(to: .int32).evaluated())
    }
    return (try part("train"), try part("test"))
  }
}

/// The pickles of a CIFAR data set, out of a folder or an archive.
private struct CIFARFiles {
  private var contents: [String: [UInt8]] = [:]
  private let place: String

  /// No such file has more: 50,000 images of 3,072 bytes and their labels and names.
  private static let greatestByteCount = 1 << 29

  init(_ file: DatasetFile, inner: String, names: [String], _ folder: String?) throws {
    let roots = DatasetFile.folders(folder)
    let folders = roots.flatMap { ["\($0)/\(inner)-target/\(inner)", "\($0)/\(inner)"] } + (folder.map { [$0] } ?? [])
    if let found = folders.first(where: { access("\($0)/\(names[0])", F_OK) == 0 }) {
      place = found
      for name in names { contents[name] = try ByteSource(path: "\(found)/\(name)").allBytes() }
      return
    }
    let archives = roots.flatMap { ["\($0)/\(file.name)", "\($0)/\(inner)-target_archive", "\($0)/\(inner).tar.gz"] }
    guard let found = archives.first(where: { access($0, F_OK) == 0 }) else { throw file.missing(folders + archives) }
    place = found
    let archive = try TarArchive(path: found)
    while let entry = try archive.next() {
      let parts = entry.name.split(separator: "/").map(String.init).filter { $0 != "." }
      guard parts.count == 2, parts[0] == inner, names.contains(parts[1]), entry.kind == .file else { continue }
      contents[parts[1]] = try archive.contents(limit: Self.greatestByteCount)
    }
    for name in names where contents[name] == nil { throw DescentError(.file, "\(found): has no file \(inner)/\(name)") }
  }

  /// Images [n, 32, 32, 3] and labels [n, 1], `uint8`.
  func images(_ name: String, labels key: String) throws -> (x: Tensor, y: Tensor) {
    let label = "\(place)/\(name)"
    let pickle = try Pickle(contents[name]!, name: label)
    guard let data = try pickle.tensor(pickle[pickle.root, "data"]), data.dtype == .uint8, data.rank == 2, data.shape[1] == 3072 else {
      throw DescentError(.file, "\(label): expected 'data' of uint8 [n, 3072]")
    }
    guard let labels = try pickle.integers(pickle[pickle.root, key]), labels.count == data.shape[0] else {
      throw DescentError(.file, "\(label): expected '\(key)' with one number for each of \(data.shape[0]) images")
    }
    guard labels.allSatisfy({ (0..<256).contains($0) }) else { throw DescentError(.file, "\(label): a label is not from 0 to 255") }
    // Stored as one plane for each colour.
    let images = data.reshaped([data.shape[0], 3, 32, 32]).transposed([0, 2, 3, 1]).evaluated()
    return (images, Tensor(shape: [labels.count, 1], scalars: labels.map { UInt8($0) }))
  }
}

/// Tensors that differ in their number of rows, one after the other.
func joined(_ tensors: [Tensor]) -> Tensor {
  let rows = tensors.reduce(0) { $0 + $1.shape[0] }
  return Tensor(shape: [rows] + tensors[0].shape.dropFirst(), dtype: tensors[0].dtype) { target in
    var offset = 0
    for tensor in tensors {
      tensor.withBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: target[offset..<(offset + source.count)]).copyMemory(from: source)
        offset += source.count
      }
    }
  }
}
