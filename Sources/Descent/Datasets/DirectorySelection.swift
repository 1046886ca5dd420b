import TensorCore

/// Where the labels of a folder's files come from.
public enum DirectoryLabels: Sendable, Equatable, ExpressibleByArrayLiteral {
  /// From the folders that the files are in.
  case inferred
  /// One for each file, in the order of the sorted paths.
  case list([Int])

  public init(arrayLiteral elements: Int...) { self = .list(elements) }
}

/// How labels are written. (Keras: `label_mode`.)
public enum LabelMode: String, Sendable, CaseIterable {
  /// `int32` [rows]: the number of the class, as sparse categorical crossentropy takes it.
  case int
  /// `float32` [rows, 1]: 0 or 1, as binary crossentropy takes it.
  case binary
  /// `float32` [rows, classes]: 1 at the class, as categorical crossentropy takes it.
  case categorical
}

/// Which part of a folder's files is wanted.
public enum DirectorySubset: String, Sendable, CaseIterable {
  /// What `validationSplit` leaves for training.
  case training
  /// The share that `validationSplit` sets aside.
  case validation
}

/// The type of the `labelMode` of files without labels: it has no value but nil.
public enum NoLabels: Sendable {}

/// Which files of a folder a data set is made of, and in which order: what Keras's `…_dataset_from_directory` have in common.
package struct DirectorySelection: Sendable {
  /// The function, as errors call it.
  package let caller: String
  /// What it reads, as errors call it.
  private let things: String
  private let endings: [String]
  package let isShuffled: Bool
  package let seed: UInt32
  private let validationSplit: Double?
  package let isVerbose: Bool

  /// - Parameters:
  ///   - caller: the function, as errors call it.
  ///   - things: what it reads: pictures.
  ///   - endings: of the files' names.
  ///   - shuffle: whether rows change places.
  ///   - seed: of their order; nil for one derived from ``setRandomSeed(_:)``'s.
  ///   - validationSplit: the share that is held back.
  ///   - verbose: prints how many files were found.
  /// - Throws: ``DescentError`` of kind `invalidArgument` for what does not go together.
  package init(
    _ caller: String, _ things: String, endings: [String], shuffle: Bool, seed: UInt32?, validationSplit: Double?, verbose: Bool
  ) throws {
    self.caller = caller
    self.things = things
    self.endings = endings
    isShuffled = shuffle
    self.validationSplit = validationSplit
    isVerbose = verbose
    self.seed = seed ?? UInt32(truncatingIfNeeded: nextDefaultSeed())
    if let validationSplit {
      try NumberRange.openFraction.check("validationSplit", validationSplit, caller)
      if shuffle && seed == nil { throw fault("validationSplit with shuffle needs a seed, so that no row is in both parts") }
    }
  }

  package func fault(_ message: String) -> DescentError { DescentError(.invalidArgument, "\(caller): \(message)") }

  /// The places of the part that is wanted.
  package func part(_ subset: DirectorySubset?, of count: Int, _ directory: String) throws -> Range<Int> {
    guard count > 0 else {
      let all = try FileDirectory(directory, classNames: nil, followLinks: true, endings: endings).paths
      let beside = " in folders of classes; those that lie beside the folders of classes have no labels (labelMode: nil, or labels: .list)"
      throw DescentError(
        .file, "\(directory): has no \(things)\(all.isEmpty ? "" : beside); expected files that end in \(endings.joined(separator: ", "))")
    }
    guard let validationSplit, let subset else {
      if validationSplit == nil && subset == nil { return 0..<count }
      throw fault("validationSplit and subset go together; one of them is missing")
    }
    let cut = count - Int(validationSplit * Double(count))
    let range = subset == .training ? 0..<cut : cut..<count
    guard cut < count, !range.isEmpty else {
      throw fault("of \(count) \(things) in \(directory), a validationSplit of \(validationSplit) leaves none for one of the parts")
    }
    if isVerbose { print("Using \(range.count) files for \(subset.rawValue).") }
    return range
  }

  /// All files without labels, in the order of the seed.
  package func paths(_ listed: FileDirectory) -> [String] {
    if isVerbose { print("Found \(listed.paths.count) files.") }
    guard isShuffled else { return listed.paths }
    return MersenneTwister.numpyOrder(listed.paths.count, seed: seed).map { listed.paths[$0] }
  }

  /// All files with their labels, in the order of the seed.
  /// - Parameters:
  ///   - directory: the folder.
  ///   - given: where labels come from.
  ///   - mode: how they are written.
  ///   - wanted: the folders that count; nil for all.
  ///   - followLinks: whether links to folders are gone into.
  ///   - list: the files of some classes, or of all of the folder; nil for those with the endings.
  package func labelledPaths(
    _ directory: String, _ given: DirectoryLabels, _ mode: LabelMode, classNames wanted: [String]?, followLinks: Bool = false,
    _ list: (([String]?) throws -> FileDirectory)? = nil
  ) throws -> LabelledPaths {
    let list = list ?? { try FileDirectory(directory, classNames: $0, followLinks: followLinks, endings: endings) }
    var (paths, labels, classNames): ([String], [Int], [String])
    switch given {
    case .inferred:
      let found = try FileDirectory.classNames(in: directory)
      classNames = wanted ?? found
      guard Set(classNames).isSubset(of: found), Set(classNames).count == classNames.count else {
        throw fault("classNames is \(classNames); expected some of the folders in \(directory), each once: \(found)")
      }
      let index = try list(classNames)
      (paths, labels) = (index.paths, index.classes)
    case .list(let given):
      if wanted != nil { throw fault("classNames goes with the labels of folders only; the given labels name the classes") }
      (paths, labels) = (try list(nil).paths, given)
      classNames = Set(given).sorted().map(String.init)
      guard labels.count == paths.count else { throw fault("\(labels.count) labels were given for \(paths.count) \(things) in \(directory)") }
    }
    if mode == .binary, classNames.count != 2 {
      throw fault("labelMode .binary needs 2 classes; there are \(classNames.count): \(classNames)")
    }
    let allowed = mode == .int ? Int(Int32.min)...Int(Int32.max) : 0...max(0, classNames.count - 1)
    if let label = labels.first(where: { !allowed.contains($0) }) {
      throw fault("label \(label) is given; with labelMode .\(mode.rawValue) they are from \(allowed.lowerBound) to \(allowed.upperBound)")
    }
    if isVerbose { print("Found \(paths.count) files belonging to \(classNames.count) classes.") }
    if isShuffled {
      let order = MersenneTwister.numpyOrder(paths.count, seed: seed)
      (paths, labels) = (order.map { paths[$0] }, order.map { labels[$0] })
    }
    return LabelledPaths(directory: directory, classNames: classNames, paths: paths, labels: labels, mode: mode)
  }

  /// The numbers of the rows of a pass.
  /// - Parameters:
  ///   - count: how many rows there are.
  ///   - isShuffled: whether each pass has an order of its own.
  package func places(_ count: Int, isShuffled: Bool) -> Dataset<Tensor> {
    let places = Dataset(count: count) { Tensor(Int32($0)) }
    return isShuffled ? places.shuffle(seed: UInt64(seed)) : places
  }

  /// The rows of a pass one by one, or in batches, each of which one thread makes.
  /// - Parameters:
  ///   - count: how many rows there are.
  ///   - isShuffled: whether each pass has an order of its own.
  ///   - batchSize: rows of a batch; nil for single rows.
  ///   - workers: how many threads make them.
  ///   - row: makes that of a number.
  ///   - batch: makes that of rows' numbers.
  package func rows<Element>(
    _ count: Int, isShuffled: Bool, batchSize: Int?, workers: Int, row: @escaping @Sendable (Int) throws -> Element,
    batch: @escaping @Sendable ([Int]) throws -> Element
  ) -> Dataset<Element> {
    let places = places(count, isShuffled: isShuffled)
    guard let batchSize else { return places.map(workers: workers) { try row(Int($0.scalars(as: Int32.self)[0])) } }
    return places.batch(batchSize).map(workers: workers) { numbers in try batch(numbers.scalars(as: Int32.self).map { Int($0) }) }
  }
}

/// Files and their labels.
package struct LabelledPaths: Sendable {
  package let directory: String
  package let classNames: [String]
  package let paths: [String]
  package let labels: [Int]
  fileprivate let mode: LabelMode

  fileprivate init(directory: String, classNames: [String], paths: [String], labels: [Int], mode: LabelMode) {
    (self.directory, self.classNames, self.paths, self.labels, self.mode) = (directory, classNames, paths, labels, mode)
  }

  /// The labels of a batch.
  package func targets(_ labels: [Int]) -> Tensor {
    switch mode {
    case .int: Tensor(labels.map { Int32($0) })
    case .binary: Tensor(shape: [labels.count, 1], scalars: labels.map { Float($0) })
    case .categorical:
      Tensor(shape: [labels.count, classNames.count], scalars: labels.flatMap { label in (0..<classNames.count).map { $0 == label ? Float(1) : 0 } })
    }
  }

  /// The label of a row.
  package func target(_ label: Int) -> Tensor {
    switch mode {
    case .int: Tensor(Int32(label))
    case .binary: Tensor([Float(label)])
    case .categorical: Tensor((0..<classNames.count).map { $0 == label ? Float(1) : 0 })
    }
  }
}
