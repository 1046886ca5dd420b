import TensorCore

/// Sound files of a folder as a stream of batches, and what they are of.
public struct AudioDataset<Element>: DataStream {
  /// The batches, or single rows; to be changed by `map`, `cache`, … as any other stream.
  public let dataset: Dataset<Element>
  /// What the labels 0, 1, … stand for; empty without labels.
  public let classNames: [String]
  /// The files, in the order of the rows before they are shuffled for each pass.
  public let filePaths: [String]

  /// The number of batches, or of rows.
  public var count: Int? { dataset.count }

  public func makeBatches(at position: DatasetPosition) throws -> (() throws -> TrainingBatch?) { try dataset.makeBatches(at: position) }
}

/// WAV files of a folder with labels, in batches. (Keras: `keras.utils.audio_dataset_from_directory`.)
///
///     let words = try audioDatasetFromDirectory("commands", batchSize: 64, outputSequenceLength: 16_000, seed: 0, validationSplit: 0.2, subset: .training)
///     print(words.classNames)                                           // ["down", "go", "left", …]
///     try model.fit(words, epochs: 5)
///
/// Each folder in the folder is a class, with all files that end in `.wav` in it and below. The same seed gives the same order and the same
/// split as in Keras; then each pass has an order of its own, which is not that of TensorFlow. Files are read when their batch is asked for,
/// those that ``WAV`` reads, where TensorFlow reads 16 bits only. All files of a batch have as many channels. There are no ragged tensors: sequences are
/// made equally long.
/// - Parameters:
///   - directory: the folder.
///   - labels: from the folders' names, or one for each file; then all files below the folder count, and classes are named after the numbers
///     that occur.
///   - labelMode: how labels are written; nil (the other function of this name) for none.
///   - classNames: the folders that count, in the order of their labels; nil for all in the order of their names.
///   - batchSize: rows of a batch; nil for single rows.
///   - samplingRate: how many samples all files have in a second; one with another number is refused, for nothing is resampled. Nil for any.
///   - outputSequenceLength: of a row: longer sounds are cut, shorter ones have silence behind. Nil for that of the longest of a batch.
///   - shuffle: whether rows change places; without it they are in the order of their paths.
///   - seed: of the order; nil for one derived from ``setRandomSeed(_:)``'s.
///   - validationSplit: the share of files that is held back, from 0 to 1 (both excluded): the last of the order.
///   - subset: which part is wanted; needed with `validationSplit`, and only then. Both at once:
///     ``audioDatasetsFromDirectory(_:labels:labelMode:classNames:batchSize:samplingRate:outputSequenceLength:shuffle:seed:validationSplit:followLinks:workers:verbose:)``.
///   - followLinks: whether links to folders are gone into.
///   - workers: how many batches are read at the same time; nil for as many as there are cores.
///   - verbose: prints how many files and classes were found.
/// - Returns: batches of `float32` sounds [rows, samples, channels], from −1 to 1, with labels.
/// - Throws: ``DescentError`` of kind `invalidArgument` for settings that do not fit together, of kind `file` when the folder cannot be read or
///   has no `.wav` files; a pass throws when a file cannot be read, or does not fit.
/// Source: <https://keras.io/api/data_loading/audio/#audiodatasetfromdirectory-function>.
public func audioDatasetFromDirectory(
  _ directory: String, labels: DirectoryLabels = .inferred, labelMode: LabelMode = .int, classNames: [String]? = nil, batchSize: Int? = 32,
  samplingRate: Int? = nil, outputSequenceLength: Int? = nil, shuffle: Bool = true, seed: UInt32? = nil, validationSplit: Double? = nil,
  subset: DirectorySubset? = nil, followLinks: Bool = false, workers: Int? = nil, verbose: Bool = true
) throws -> AudioDataset<(Tensor, Tensor)> {
  let settings = try AudioDatasetSettings(batchSize, samplingRate, outputSequenceLength, shuffle, seed, validationSplit, workers, verbose)
  return try settings.dataset(settings.selection.labelledPaths(directory, labels, labelMode, classNames: classNames, followLinks: followLinks), subset)
}

/// WAV files of a folder and all below it, without labels, in batches: `audioDatasetFromDirectory("birds", labelMode: nil)`. (Keras:
/// `keras.utils.audio_dataset_from_directory` with `labels=None` or `label_mode=None`.)
///
/// See the other function of this name, with labels.
/// - Parameters:
///   - directory: the folder.
///   - labelMode: nil.
///   - batchSize: rows of a batch; nil for single rows.
///   - samplingRate: how many samples all files have in a second; nil for any.
///   - outputSequenceLength: of a row; nil for that of the longest of a batch.
///   - shuffle: whether rows change places; without it they are in the order of their paths.
///   - seed: of the order; nil for one derived from ``setRandomSeed(_:)``'s.
///   - validationSplit: the share of files that is held back, from 0 to 1 (both excluded): the last of the order.
///   - subset: which part is wanted; needed with `validationSplit`, and only then.
///   - followLinks: whether links to folders are gone into.
///   - workers: how many batches are read at the same time; nil for as many as there are cores.
///   - verbose: prints how many files were found.
/// - Returns: batches of `float32` sounds [rows, samples, channels], from −1 to 1.
/// - Throws: ``DescentError``.
public func audioDatasetFromDirectory(
  _ directory: String, labelMode: NoLabels?, batchSize: Int? = 32, samplingRate: Int? = nil, outputSequenceLength: Int? = nil,
  shuffle: Bool = true, seed: UInt32? = nil, validationSplit: Double? = nil, subset: DirectorySubset? = nil, followLinks: Bool = false,
  workers: Int? = nil, verbose: Bool = true
) throws -> AudioDataset<Tensor> {
  let settings = try AudioDatasetSettings(batchSize, samplingRate, outputSequenceLength, shuffle, seed, validationSplit, workers, verbose)
  let paths = settings.selection.paths(try FileDirectory(directory, classNames: nil, followLinks: followLinks, endings: AudioDatasetSettings.endings))
  let files = Array(paths[try settings.selection.part(subset, of: paths.count, directory)]), reader = settings.reader
  return AudioDataset(
    dataset: settings.selection.rows(
      files.count, isShuffled: shuffle, batchSize: batchSize, workers: settings.workers, row: { try reader.row(files[$0]) },
      batch: { try reader.batch($0.map { files[$0] }) }),
    classNames: [], filePaths: files)
}

/// WAV files of a folder with labels, in batches, cut into a part to train on and one to validate on. (Keras:
/// `keras.utils.audio_dataset_from_directory` with `subset="both"`.)
///
///     let (training, validation) = try audioDatasetsFromDirectory("commands", outputSequenceLength: 16_000, seed: 0, validationSplit: 0.2)
///
/// As `audioDatasetFromDirectory` with the one subset and the other, but rows to validate on stay in one order.
/// - Parameters:
///   - directory: the folder.
///   - labels: from the folders' names, or one for each file.
///   - labelMode: how labels are written.
///   - classNames: the folders that count, in the order of their labels; nil for all in the order of their names.
///   - batchSize: rows of a batch; nil for single rows.
///   - samplingRate: how many samples all files have in a second; nil for any.
///   - outputSequenceLength: of a row; nil for that of the longest of a batch.
///   - shuffle: whether rows change places; without it they are in the order of their paths.
///   - seed: of the order; needed with `shuffle`.
///   - validationSplit: the share of files that is held back, from 0 to 1 (both excluded): the last of the order.
///   - followLinks: whether links to folders are gone into.
///   - workers: how many batches are read at the same time; nil for as many as there are cores.
///   - verbose: prints how many files and classes were found.
/// - Throws: ``DescentError``.
public func audioDatasetsFromDirectory(
  _ directory: String, labels: DirectoryLabels = .inferred, labelMode: LabelMode = .int, classNames: [String]? = nil, batchSize: Int? = 32,
  samplingRate: Int? = nil, outputSequenceLength: Int? = nil, shuffle: Bool = true, seed: UInt32? = nil, validationSplit: Double,
  followLinks: Bool = false, workers: Int? = nil, verbose: Bool = true
) throws -> (training: AudioDataset<(Tensor, Tensor)>, validation: AudioDataset<(Tensor, Tensor)>) {
  let settings = try AudioDatasetSettings(batchSize, samplingRate, outputSequenceLength, shuffle, seed, validationSplit, workers, verbose)
  let rows = try settings.selection.labelledPaths(directory, labels, labelMode, classNames: classNames, followLinks: followLinks)
  return (try settings.dataset(rows, .training), try settings.dataset(rows, .validation, inOrder: true))
}

/// What both kinds of data sets of sounds are made with.
private struct AudioDatasetSettings {
  static let endings = [".wav"]

  let selection: DirectorySelection
  let batchSize: Int?
  let workers: Int
  let reader: AudioRowReader

  init(
    _ batchSize: Int?, _ samplingRate: Int?, _ outputSequenceLength: Int?, _ shuffle: Bool, _ seed: UInt32?, _ validationSplit: Double?,
    _ workers: Int?, _ verbose: Bool
  ) throws {
    selection = try DirectorySelection(
      "audioDatasetFromDirectory", "sounds", endings: AudioDatasetSettings.endings, shuffle: shuffle, seed: seed,
      validationSplit: validationSplit, verbose: verbose)
    let counts = [("batchSize", batchSize), ("samplingRate", samplingRate), ("outputSequenceLength", outputSequenceLength), ("workers", workers)]
    for (name, value) in counts { try NumberRange.count.check(name, value, selection.caller) }
    self.batchSize = batchSize
    self.workers = workers ?? ProcessorCount.available
    reader = AudioRowReader(samplingRate: samplingRate, length: outputSequenceLength)
  }

  func dataset(_ all: LabelledPaths, _ subset: DirectorySubset?, inOrder: Bool = false) throws -> AudioDataset<(Tensor, Tensor)> {
    let part = try selection.part(subset, of: all.paths.count, all.directory)
    let (paths, labels, reader) = (Array(all.paths[part]), Array(all.labels[part]), reader)
    let rows = selection.rows(
      paths.count, isShuffled: selection.isShuffled && !inOrder, batchSize: batchSize, workers: workers,
      row: { (try reader.row(paths[$0]), all.target(labels[$0])) },
      batch: { places in (try reader.batch(places.map { paths[$0] }), all.targets(places.map { labels[$0] })) })
    return AudioDataset(dataset: rows, classNames: all.classNames, filePaths: paths)
  }
}
