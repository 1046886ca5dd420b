import TensorCore

/// Text files of a folder as a stream of batches, and what they are of.
///
/// Texts become rows of numbers before a model sees them:
///
///     try vectorize.adapt(reviews.texts)
///     try model.fit(reviews.dataset.map { texts, labels in (try vectorize(texts), labels) }, epochs: 3)
public struct TextDataset<Element> {
  /// The batches; to be changed by `map`, `cache`, … as any other stream.
  public let dataset: Dataset<Element>
  /// The texts alone, in batches and in the order of their files: what a vocabulary is learned from.
  public let texts: Dataset<[String]>
  /// What the labels 0, 1, … stand for; empty without labels.
  public let classNames: [String]
  /// The files, in the order of the rows before they are shuffled for each pass.
  public let filePaths: [String]

  /// The number of batches.
  public var count: Int? { dataset.count }
}

/// Text files of a folder with labels, in batches. (Keras: `keras.utils.text_dataset_from_directory`.)
///
///     let reviews = try textDatasetFromDirectory("aclImdb/train", batchSize: 32, seed: 42, validationSplit: 0.2, subset: .training)
///     print(reviews.classNames)                                         // ["neg", "pos"]
///
/// Each folder in the folder is a class, with all files that end in `.txt` in it and below. The same seed gives the same order and the same
/// split as in Keras; then each pass has an order of its own, which is not that of TensorFlow. Files are read when their batch is asked for.
/// - Parameters:
///   - directory: the folder.
///   - labels: from the folders' names, or one for each file; then all files below the folder count, and classes are named after the numbers
///     that occur.
///   - labelMode: how labels are written; nil (the other function of this name) for none.
///   - classNames: the folders that count, in the order of their labels; nil for all in the order of their names.
///   - batchSize: texts of a batch.
///   - maxLength: of a text in bytes: the rest is left out, and a character that would be cut in two; nil for whole texts.
///   - shuffle: whether rows change places; without it they are in the order of their paths.
///   - seed: of the order; nil for one derived from ``setRandomSeed(_:)``'s.
///   - validationSplit: the share of files that is held back, from 0 to 1 (both excluded): the last of the order.
///   - subset: which part is wanted; needed with `validationSplit`, and only then. Both at once:
///     ``textDatasetsFromDirectory(_:labels:labelMode:classNames:batchSize:maxLength:shuffle:seed:validationSplit:followLinks:verbose:)``.
///   - followLinks: whether links to folders are gone into.
///   - verbose: prints how many files and classes were found.
/// - Returns: batches of texts with labels.
/// - Throws: ``DescentError`` of kind `invalidArgument` for settings that do not fit together, of kind `file` when the folder cannot be read or
///   has no `.txt` files; a pass throws when a file cannot be read or is not UTF-8.
/// Source: <https://keras.io/api/data_loading/text/#textdatasetfromdirectory-function>.
public func textDatasetFromDirectory(
  _ directory: String, labels: DirectoryLabels = .inferred, labelMode: LabelMode = .int, classNames: [String]? = nil, batchSize: Int = 32,
  maxLength: Int? = nil, shuffle: Bool = true, seed: UInt32? = nil, validationSplit: Double? = nil, subset: DirectorySubset? = nil,
  followLinks: Bool = false, verbose: Bool = true
) throws -> TextDataset<([String], Tensor)> {
  let settings = try TextDatasetSettings(batchSize, maxLength, shuffle, seed, validationSplit, verbose)
  let rows = try settings.selection.labelledPaths(directory, labels, labelMode, classNames: classNames, followLinks: followLinks)
  return try settings.dataset(rows, subset)
}

/// Text files of a folder and all below it, without labels, in batches: `textDatasetFromDirectory("poems", labelMode: nil)`. (Keras:
/// `keras.utils.text_dataset_from_directory` with `labels=None` or `label_mode=None`.)
///
/// See the other function of this name, with labels.
/// - Parameters:
///   - directory: the folder.
///   - labelMode: nil.
///   - batchSize: texts of a batch.
///   - maxLength: of a text in bytes; nil for whole texts.
///   - shuffle: whether rows change places; without it they are in the order of their paths.
///   - seed: of the order; nil for one derived from ``setRandomSeed(_:)``'s.
///   - validationSplit: the share of files that is held back, from 0 to 1 (both excluded): the last of the order.
///   - subset: which part is wanted; needed with `validationSplit`, and only then.
///   - followLinks: whether links to folders are gone into.
///   - verbose: prints how many files were found.
/// - Returns: batches of texts.
/// - Throws: ``DescentError``.
public func textDatasetFromDirectory(
  _ directory: String, labelMode: NoLabels?, batchSize: Int = 32, maxLength: Int? = nil, shuffle: Bool = true, seed: UInt32? = nil,
  validationSplit: Double? = nil, subset: DirectorySubset? = nil, followLinks: Bool = false, verbose: Bool = true
) throws -> TextDataset<[String]> {
  let settings = try TextDatasetSettings(batchSize, maxLength, shuffle, seed, validationSplit, verbose)
  let paths = settings.selection.paths(try FileDirectory(directory, classNames: nil, followLinks: followLinks, endings: TextDatasetSettings.endings))
  let files = Array(paths[try settings.selection.part(subset, of: paths.count, directory)])
  let read = settings.reading(files)
  return TextDataset(
    dataset: settings.batches(files.count, isShuffled: shuffle, read), texts: settings.batches(files.count, isShuffled: false, read), classNames: [],
    filePaths: files)
}

/// Text files of a folder with labels, in batches, cut into a part to train on and one to validate on. (Keras:
/// `keras.utils.text_dataset_from_directory` with `subset="both"`.)
///
///     let (training, validation) = try textDatasetsFromDirectory("aclImdb/train", seed: 42, validationSplit: 0.2)
///
/// As `textDatasetFromDirectory` with the one subset and the other, but rows to validate on stay in one order.
/// - Parameters:
///   - directory: the folder.
///   - labels: from the folders' names, or one for each file.
///   - labelMode: how labels are written.
///   - classNames: the folders that count, in the order of their labels; nil for all in the order of their names.
///   - batchSize: texts of a batch.
///   - maxLength: of a text in bytes; nil for whole texts.
///   - shuffle: whether rows change places; without it they are in the order of their paths.
///   - seed: of the order; needed with `shuffle`.
///   - validationSplit: the share of files that is held back, from 0 to 1 (both excluded): the last of the order.
///   - followLinks: whether links to folders are gone into.
///   - verbose: prints how many files and classes were found.
/// - Throws: ``DescentError``.
public func textDatasetsFromDirectory(
  _ directory: String, labels: DirectoryLabels = .inferred, labelMode: LabelMode = .int, classNames: [String]? = nil, batchSize: Int = 32,
  maxLength: Int? = nil, shuffle: Bool = true, seed: UInt32? = nil, validationSplit: Double, followLinks: Bool = false, verbose: Bool = true
) throws -> (training: TextDataset<([String], Tensor)>, validation: TextDataset<([String], Tensor)>) {
  let settings = try TextDatasetSettings(batchSize, maxLength, shuffle, seed, validationSplit, verbose)
  let rows = try settings.selection.labelledPaths(directory, labels, labelMode, classNames: classNames, followLinks: followLinks)
  return (try settings.dataset(rows, .training), try settings.dataset(rows, .validation, inOrder: true))
}

/// What both kinds of data sets of texts are made with.
private struct TextDatasetSettings {
  static let endings = [".txt"]

  let selection: DirectorySelection
  let batchSize: Int
  let maxLength: Int?

  init(_ batchSize: Int, _ maxLength: Int?, _ shuffle: Bool, _ seed: UInt32?, _ validationSplit: Double?, _ verbose: Bool) throws {
    selection = try DirectorySelection(
      "textDatasetFromDirectory", "texts", endings: TextDatasetSettings.endings, shuffle: shuffle, seed: seed, validationSplit: validationSplit,
      verbose: verbose)
    try NumberRange.count.check("batchSize", batchSize, selection.caller)
    try NumberRange.nonNegative.check("maxLength", maxLength, selection.caller)
    self.batchSize = batchSize
    self.maxLength = maxLength
  }

  func dataset(_ all: LabelledPaths, _ subset: DirectorySubset?, inOrder: Bool = false) throws -> TextDataset<([String], Tensor)> {
    let part = try selection.part(subset, of: all.paths.count, all.directory)
    let (paths, labels) = (Array(all.paths[part]), Array(all.labels[part]))
    let read = reading(paths)
    let rows = batches(paths.count, isShuffled: selection.isShuffled && !inOrder) { places in
      (try read(places), all.targets(places.map { labels[$0] }))
    }
    return TextDataset(
      dataset: rows, texts: batches(paths.count, isShuffled: false, read), classNames: all.classNames, filePaths: paths)
  }

  func reading(_ paths: [String]) -> @Sendable ([Int]) throws -> [String] {
    let maxLength = maxLength
    return { places in try places.map { try TextFile.read(paths[$0], maxLength: maxLength) } }
  }

  func batches<Element>(_ count: Int, isShuffled: Bool, _ batch: @escaping @Sendable ([Int]) throws -> Element) -> Dataset<Element> {
    selection.places(count, isShuffled: isShuffled).batch(batchSize).map { numbers in
      try batch(numbers.scalars(as: Int32.self).map { Int($0) })
    }
  }
}

/// A file that holds one text.
package enum TextFile {
  /// - Parameter maxLength: how many bytes are taken; nil for all. A character that would be cut in two is left out.
  /// - Throws: ``DescentError`` of kind `file` if it cannot be read or is not UTF-8.
  package static func read(_ path: String, maxLength: Int? = nil) throws -> String {
    let source = try ByteSource(path: path)
    var bytes = try source.bytes(at: 0, count: min(maxLength ?? source.count, source.count))
    if bytes.count < source.count {
      // At most three bytes of a character may have come without its last.
      for cut in 0..<4 where cut <= bytes.count {
        if let text = String(validating: bytes.dropLast(cut), as: UTF8.self) { return text }
      }
      bytes = try source.allBytes()
    }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    try bytes.withUnsafeBytes { try TextFileCheck.check($0, name: path) }
    throw DescentError(.file, "\(path): is not UTF-8")
  }
}
