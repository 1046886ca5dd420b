import TensorCore

/// What is asked for of a folder of texts beyond the defaults.
public struct TextOptions: Sendable {
  /// The part of the texts that is trained on, greater than 0 and at most 1. A folder with the folders `train`, `validation` and `test` says itself.
  public var trainingPart = 0.8
  /// The part that is kept to judge the network on while it is trained; nil for all the rest. What remains then is to test it.
  public var validationPart: Double?
  /// Decides which texts are in which part.
  public var seed: UInt64 = 0
  /// How many words are told apart at most, with the two special ones.
  public var maxTokens = 20_000

  /// The defaults.
  public init() {}
}

/// Texts of files as rows that a network takes.
public struct TextRows {
  /// What the texts became: `int32` [texts, words] of a new network.
  public let x: Tensor
  /// `int32` [texts]: the number of each text's class; nil if that is not known.
  public let y: Tensor?
  /// The files.
  public let paths: [String]
  /// Files that cannot be read and are left out, and why.
  public let faults: [String]

  /// How many texts there are.
  public var count: Int { paths.count }
}

/// A folder of texts made ready to train on: `.txt` files in a folder for each class, named after it, or the folders `train`, `validation` (or `val`)
/// and `test`, with a folder for each class in each.
///
///     let data = try TextData("reviews")
///     let model = try data.preprocessing.network()
///     try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
///     try model.fit(data.training.x, data.training.y, epochs: 10)
///     try model.save("reviews.keras")
///     print(try model.predict(textsAt: ["unknown.txt"]).classNames)
///
/// Words are learned from the texts to train on alone. A text is cut after as many words as 95 of 100 of them have, at most 500.
public struct TextData {
  /// What becomes of a text, and what the classes are called.
  public let preprocessing: TextPreprocessing
  /// The texts to train on.
  public let training: TextRows
  /// The texts to judge the network on while it is trained; nil if there are none.
  public let validation: TextRows?
  /// The texts to test it on at the end; nil if there are none.
  public let test: TextRows?
  /// How many words the texts to train on have: the median and the most.
  public let lengths: (median: Int, greatest: Int)
  /// What was passed over.
  public let remarks: [String]

  /// - Parameters:
  ///   - folder: the folder.
  ///   - options: what is asked for beyond the defaults.
  /// - Throws: ``DescentError`` if there are no two folders with texts, or none to train on or to validate on.
  public init(_ folder: String, options: TextOptions = TextOptions()) throws {
    let files = try TextData.folders(folder)
    try self.init(folder, files, options) { texts, lengths in
      let sorted = lengths.sorted()
      let length = sorted.isEmpty ? 1 : min(max(sorted[(sorted.count - 1) * 95 / 100], 1), TextData.greatestLength)
      let vectorize = try TextVectorization(maxTokens: options.maxTokens, outputSequenceLength: length)
      try vectorize.adapt(texts)
      return try TextPreprocessing(vectorize, classNames: files.classNames)
    }
  }

  /// The texts of a folder for a network that knows its words and classes: to train it further, or to judge it.
  /// - Parameters:
  ///   - folder: the folder.
  ///   - preprocessing: the network's. Where it has no names of classes they are those of the folders.
  ///   - options: how the texts are split.
  /// - Throws: ``DescentError`` if there is another class.
  public init(_ folder: String, preparedBy preprocessing: TextPreprocessing, options: TextOptions = TextOptions()) throws {
    let files = try TextData.folders(folder, known: preprocessing.classNames)
    let named = try TextPreprocessing(preprocessing.vectorize, classNames: files.classNames)
    try self.init(folder, files, options) { _, _ in named }
  }

  private static let greatestLength = 500
  package static let endings = [".txt"]

  private static func folders(_ folder: String, known: [String]? = nil) throws -> ClassFolders {
    try ClassFolders(folder, of: "text", endings: endings, example: ".txt", known: known)
  }

  private init(
    _ folder: String, _ files: ClassFolders, _ options: TextOptions, _ prepare: (_ texts: [String], _ lengths: [Int]) throws -> TextPreprocessing
  ) throws {
    let parts = try files.split(training: options.trainingPart, validation: options.validationPart, seed: options.seed, things: "texts")
    let read = files.paths.map(TextFiles.read)
    func places(_ part: UInt8) -> [Int] { parts.indices.filter { parts[$0] == part } }
    let training = places(0).compactMap { try? read[$0].get() }
    if training.isEmpty { throw DescentError(.data, "\(folder): \(parts.count) texts leave none to train on") }
    let counts = training.map { $0.utf8.split { $0 == 0x20 || (0x09...0x0d).contains($0) }.count }
    let preprocessing = try prepare(training, counts)
    func rows(_ part: UInt8) throws -> TextRows? {
      let own = places(part)
      if own.isEmpty { return nil }
      return try preprocessing.rows(own.map { read[$0] }, paths: own.map { files.paths[$0] }, classes: own.map { files.classes[$0] })
    }
    guard let rowsToTrain = try rows(0) else { throw DescentError(.data, "\(folder): \(parts.count) texts leave none to train on") }
    self.preprocessing = preprocessing
    self.training = rowsToTrain
    validation = try rows(1)
    test = try rows(2)
    if validation == nil && options.trainingPart < 1 && options.validationPart ?? 1 > 0 {
      throw DescentError(.data, "\(folder): \(parts.count) texts leave none to validate on; train on all of them with a part of 1")
    }
    let sorted = counts.sorted()
    lengths = (sorted[sorted.count / 2], sorted[sorted.count - 1])
    remarks = files.remarks + ClassFolders.remark(rowsToTrain.faults + (validation?.faults ?? []) + (test?.faults ?? []))
  }

  /// How many texts to train on are of each class.
  public var classCounts: [Int] {
    let numbers = training.y?.scalars(as: Int32.self) ?? []
    return (preprocessing.classNames ?? []).indices.map { place in numbers.count { $0 == Int32(place) } }
  }
}

private enum TextFiles {
  static func read(_ path: String) -> Result<String, DescentError> {
    do {
      return .success(try TextFile.read(path))
    } catch let error as DescentError {
      return .failure(error)
    } catch {
      return .failure(DescentError(.file, "\(path): \(error)"))
    }
  }
}

extension TextPreprocessing {
  /// Reads texts. Files that cannot be read are left out, and told in ``TextRows/faults``.
  /// - Parameters:
  ///   - paths: of the files.
  ///   - classes: the number of each one's class; nil if that is not known.
  /// - Throws: ``DescentError`` of kind `file` if none can be read, of kind `data` if there is not a class for each.
  public func rows(of paths: [String], classes: [Int]? = nil) throws -> TextRows {
    try rows(paths.map(TextFiles.read), paths: paths, classes: classes)
  }

  fileprivate func rows(_ read: [Result<String, DescentError>], paths: [String], classes: [Int]?) throws -> TextRows {
    let classes = try classes.map { try ClassFolders.checked($0, for: paths, things: "texts") }
    var texts: [String] = [], kept: [Int] = [], faults: [String] = []
    for (place, result) in read.enumerated() {
      switch result {
      case .success(let text):
        texts.append(text)
        kept.append(place)
      case .failure(let error): faults.append(error.message)
      }
    }
    if texts.isEmpty { throw DescentError(.file, faults.first ?? "there are no texts to read") }
    return TextRows(
      x: try vectorize(texts), y: classes.map { given in Tensor(kept.map { given[$0] }) }, paths: kept.map { paths[$0] }, faults: faults)
  }
}

extension Model {
  /// What the network says of texts in files.
  /// - Parameters:
  ///   - paths: of the files; of a folder all `.txt` files in it and below.
  ///   - batchSize: texts a step.
  /// - Throws: ``DescentError`` of kind `state` for a model without ``texts``, of kind `file` if no text can be read.
  public func predict(textsAt paths: [String], batchSize: Int = 32) throws -> FilePredictions {
    guard let texts else { throw DescentError(.state, "predict: \(name) knows nothing of texts in files; networks of TextPreprocessing.network do") }
    let files = try paths.flatMap { try ClassFolders.files(at: $0, endings: TextData.endings, things: "texts") }
    return try predictions(texts.rows(of: files), batchSize: batchSize)
  }

  /// The same of texts that were read before. Classes without names are called by their numbers.
  public func predictions(_ rows: TextRows, batchSize: Int = 32) throws -> FilePredictions {
    let width = outputShape?.last ?? 2
    let names = texts?.classNames ?? (0..<max(width, 2)).map(String.init)
    return try filePredictions(rows.x, paths: rows.paths, names: names, faults: rows.faults, things: "texts", batchSize: batchSize)
  }

  /// How good the network's answers are on texts whose classes are known.
  /// - Throws: ``DescentError`` for texts without classes.
  public func scores(_ rows: TextRows, batchSize: Int = 32) throws -> TableScores {
    try predictions(rows, batchSize: batchSize).scores(truths: rows.y, things: "texts")
  }
}
