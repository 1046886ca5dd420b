import Foundation

/// Pictures of a folder as a stream of batches, and what they are of. `fit`, `evaluate` and `predict` take it.
public struct ImageDataset<Element>: DataStream {
  /// The batches (or single rows, without a `batchSize`); to be changed by `map`, `cache`, … as any other stream.
  public let dataset: Dataset<Element>
  /// What the labels 0, 1, … stand for; empty without labels.
  public let classNames: [String]
  /// The files, in the order of the rows before they are shuffled for each pass.
  public let filePaths: [String]

  /// The number of batches.
  public var count: Int? { dataset.count }

  public func makeBatches(at position: DatasetPosition) throws -> (() throws -> TrainingBatch?) { try dataset.makeBatches(at: position) }
}

/// Pictures of a folder with labels, in batches. (Keras: `keras.utils.image_dataset_from_directory`.)
///
///     let flowers = try imageDatasetFromDirectory(
///       "flowers", imageSize: (180, 180), seed: 123, validationSplit: 0.2, subset: .training)
///     print(flowers.classNames)
///     try model.fit(flowers, epochs: 10)
///
/// Each folder in the folder is a class, with all pictures in it and below: files that end in `.jpeg`, `.jpg`, `.png`, `.bmp`
/// or `.gif`, whose first picture is taken. The same seed gives the same order and the same split as in Keras; then each pass has
/// an order of its own, which is not that of TensorFlow. Pictures are decoded by several threads ahead of the step; neither their number
/// nor where a run is taken up again changes the rows.
///
/// Numbers are those of Keras on TensorFlow: exact for PNG, for JPEG to what two versions of one library differ in. Notes on how a
/// picture is to be turned (EXIF), gamma and color profiles are not followed. JPEG files may be had in `rgba`, which TensorFlow
/// refuses, and what has no opacity is opaque (for PNG of fewer than 8 bits TensorFlow writes 1, 3 or 15). GIF is exact in
/// `rgb` (TensorFlow refuses other modes) where the picture covers the file's screen: TensorFlow has the size of the first picture, here
/// it is the screen's; what is transparent is black. BMP is exact for 24 bits; of others, which TensorFlow refuses or gives the numbers of
/// colors in place of colors, pixels are those of ``loadImage(_:colorMode:targetSize:interpolation:keepAspectRatio:)``.
/// - Parameters:
///   - directory: the folder.
///   - labels: from the folders' names, or one for each picture; then all pictures below the folder count, and classes are named after the numbers that occur.
///   - labelMode: how labels are written; nil (the other function of this name) for none.
///   - classNames: the folders that count, in the order of their labels; nil for all in the order of their names.
///   - colorMode: the channels.
///   - batchSize: rows of a batch; nil for single rows.
///   - imageSize: of the rows.
///   - shuffle: whether rows change places; without it they are in the order of their paths.
///   - seed: of the order; nil for one derived from `setRandomSeed`'s.
///   - validationSplit: the share of pictures that is held back, from 0 to 1 (both excluded): the last of the order.
///   - subset: which part is wanted; needed with `validationSplit`, and only then. Both at once: ``imageDatasetsFromDirectory(_:labels:labelMode:classNames:colorMode:batchSize:imageSize:shuffle:seed:validationSplit:interpolation:followLinks:cropToAspectRatio:padToAspectRatio:dataFormat:workers:cachesBytes:verbose:)``.
///   - interpolation: what lies between pixels.
///   - followLinks: whether links to folders are gone into.
///   - cropToAspectRatio: takes the greatest part in the middle of the rows' aspect ratio.
///   - padToAspectRatio: puts the whole picture in the middle of a black one of the rows' aspect ratio.
///   - dataFormat: where the channels are.
///   - workers: how many pictures are decoded at once; nil for as many as there are processors.
///   - cachesBytes: whether rows are kept in memory once they were read, as bytes: later passes decode nothing. Numbers are rounded to whole ones then, in all
///     passes alike. (Keras: `cache()`, which keeps numbers, four times as large.)
///   - verbose: prints how many files and classes were found.
/// - Returns: batches of `float32` images [rows, height, width, channels], from 0 to 255, with labels.
/// - Throws: ``DescentError`` of kind `invalidArgument` for settings that do not fit together, of kind `file` when the folder cannot be
///   read or has no pictures; a pass throws when a file is broken.
/// Source: <https://keras.io/api/data_loading/image/#imagedatasetfromdirectory-function>.
public func imageDatasetFromDirectory(
  _ directory: String, labels: DirectoryLabels = .inferred, labelMode: LabelMode = .int, classNames: [String]? = nil,
  colorMode: ColorMode = .rgb, batchSize: Int? = 32, imageSize: (height: Int, width: Int) = (256, 256), shuffle: Bool = true,
  seed: UInt32? = nil, validationSplit: Double? = nil, subset: DirectorySubset? = nil,
  interpolation: ImageDatasetInterpolation = .bilinear, followLinks: Bool = false, cropToAspectRatio: Bool = false,
  padToAspectRatio: Bool = false, dataFormat: DataFormat = .channelsLast, workers: Int? = nil, cachesBytes: Bool = false, verbose: Bool = true
) throws -> ImageDataset<(Tensor, Tensor)> {
  let settings = try ImageDatasetSettings(
    colorMode, batchSize, imageSize, shuffle, seed, validationSplit, interpolation, cropToAspectRatio, padToAspectRatio, dataFormat,
    workers, cachesBytes, verbose)
  let rows = try settings.selection.labelledPaths(directory, labels, labelMode, classNames: classNames) {
    try ImageDirectory.files(in: directory, classNames: $0, followLinks: followLinks)
  }
  return try settings.dataset(rows, subset)
}

/// Pictures of a folder and all below it, without labels, in batches: `imageDatasetFromDirectory("pictures", labelMode: nil)`. (Keras:
/// `keras.utils.image_dataset_from_directory` with `labels=None` or `label_mode=None`.)
///
/// See the other function of this name, with labels.
/// - Parameters:
///   - directory: the folder.
///   - labelMode: nil.
///   - colorMode: the channels.
///   - batchSize: rows of a batch; nil for single rows.
///   - imageSize: of the rows.
///   - shuffle: whether rows change places; without it they are in the order of their paths.
///   - seed: of the order; nil for one derived from `setRandomSeed`'s.
///   - validationSplit: the share of pictures that is held back, from 0 to 1 (both excluded): the last of the order.
///   - subset: which part is wanted; needed with `validationSplit`, and only then.
///   - interpolation: what lies between pixels.
///   - followLinks: whether links to folders are gone into.
///   - cropToAspectRatio: takes the greatest part in the middle of the rows' aspect ratio.
///   - padToAspectRatio: puts the whole picture in the middle of a black one of the rows' aspect ratio.
///   - dataFormat: where the channels are.
///   - workers: how many pictures are decoded at once; nil for as many as there are processors.
///   - cachesBytes: whether rows are kept in memory once they were read, as bytes: later passes decode nothing. Numbers are rounded to whole ones then, in all
///     passes alike. (Keras: `cache()`, which keeps numbers, four times as large.)
///   - verbose: prints how many files were found.
/// - Returns: batches of `float32` images [rows, height, width, channels], from 0 to 255.
/// - Throws: ``DescentError``.
public func imageDatasetFromDirectory(
  _ directory: String, labelMode: NoLabels?, colorMode: ColorMode = .rgb, batchSize: Int? = 32,
  imageSize: (height: Int, width: Int) = (256, 256), shuffle: Bool = true, seed: UInt32? = nil, validationSplit: Double? = nil,
  subset: DirectorySubset? = nil, interpolation: ImageDatasetInterpolation = .bilinear, followLinks: Bool = false,
  cropToAspectRatio: Bool = false, padToAspectRatio: Bool = false, dataFormat: DataFormat = .channelsLast, workers: Int? = nil, cachesBytes: Bool = false,
  verbose: Bool = true
) throws -> ImageDataset<Tensor> {
  let settings = try ImageDatasetSettings(
    colorMode, batchSize, imageSize, shuffle, seed, validationSplit, interpolation, cropToAspectRatio, padToAspectRatio, dataFormat,
    workers, cachesBytes, verbose)
  let paths = settings.selection.paths(try ImageDirectory.files(in: directory, classNames: nil, followLinks: followLinks))
  let files = Array(paths[try settings.selection.part(subset, of: paths.count, directory)])
  let read = settings.reading(files)
  return ImageDataset(
    dataset: settings.selection.rows(
      files.count, isShuffled: shuffle, batchSize: settings.batchSize, workers: settings.workers, row: { try read([$0], true) },
      batch: { try read($0, false) }),
    classNames: [], filePaths: files)
}

/// Pictures of a folder with labels, in batches, cut into a part to train on and one to validate on. (Keras:
/// `keras.utils.image_dataset_from_directory` with `subset="both"`.)
///
///     let (training, validation) = try imageDatasetsFromDirectory("flowers", seed: 123, validationSplit: 0.2)
///     try model.fit(training, epochs: 10, validationData: validation)
///
/// As `imageDatasetFromDirectory` with the one subset and the other, but rows to validate on stay in one order.
/// - Parameters:
///   - directory: the folder.
///   - labels: from the folders' names, or one for each picture.
///   - labelMode: how labels are written.
///   - classNames: the folders that count, in the order of their labels; nil for all in the order of their names.
///   - colorMode: the channels.
///   - batchSize: rows of a batch; nil for single rows.
///   - imageSize: of the rows.
///   - shuffle: whether rows change places; without it they are in the order of their paths.
///   - seed: of the order; needed with `shuffle`.
///   - validationSplit: the share of pictures that is held back, from 0 to 1 (both excluded): the last of the order.
///   - interpolation: what lies between pixels.
///   - followLinks: whether links to folders are gone into.
///   - cropToAspectRatio: takes the greatest part in the middle of the rows' aspect ratio.
///   - padToAspectRatio: puts the whole picture in the middle of a black one of the rows' aspect ratio.
///   - dataFormat: where the channels are.
///   - workers: how many pictures are decoded at once; nil for as many as there are processors.
///   - cachesBytes: whether rows are kept in memory once they were read, as bytes: later passes decode nothing. Numbers are rounded to whole ones then, in all
///     passes alike. (Keras: `cache()`, which keeps numbers, four times as large.)
///   - verbose: prints how many files and classes were found.
/// - Throws: ``DescentError``.
public func imageDatasetsFromDirectory(
  _ directory: String, labels: DirectoryLabels = .inferred, labelMode: LabelMode = .int, classNames: [String]? = nil,
  colorMode: ColorMode = .rgb, batchSize: Int? = 32, imageSize: (height: Int, width: Int) = (256, 256), shuffle: Bool = true,
  seed: UInt32? = nil, validationSplit: Double, interpolation: ImageDatasetInterpolation = .bilinear, followLinks: Bool = false,
  cropToAspectRatio: Bool = false, padToAspectRatio: Bool = false, dataFormat: DataFormat = .channelsLast, workers: Int? = nil, cachesBytes: Bool = false,
  verbose: Bool = true
) throws -> (training: ImageDataset<(Tensor, Tensor)>, validation: ImageDataset<(Tensor, Tensor)>) {
  let settings = try ImageDatasetSettings(
    colorMode, batchSize, imageSize, shuffle, seed, validationSplit, interpolation, cropToAspectRatio, padToAspectRatio, dataFormat,
    workers, cachesBytes, verbose)
  let rows = try settings.selection.labelledPaths(directory, labels, labelMode, classNames: classNames) {
    try ImageDirectory.files(in: directory, classNames: $0, followLinks: followLinks)
  }
  return (try settings.dataset(rows, .training), try settings.dataset(rows, .validation, inOrder: true))
}

/// What both kinds of data sets of pictures are made with.
private struct ImageDatasetSettings {
  let reader: ImageRowReader
  let selection: DirectorySelection
  let batchSize: Int?
  let workers: Int
  let cachesBytes: Bool

  init(
    _ colorMode: ColorMode, _ batchSize: Int?, _ imageSize: (height: Int, width: Int), _ shuffle: Bool, _ seed: UInt32?,
    _ validationSplit: Double?, _ interpolation: ImageDatasetInterpolation, _ crop: Bool, _ pad: Bool, _ dataFormat: DataFormat,
    _ workers: Int?, _ cachesBytes: Bool, _ verbose: Bool
  ) throws {
    try checkSize(imageSize, "imageDatasetFromDirectory: imageSize")
    if crop && pad { throw imageDatasetFault("only one of cropToAspectRatio and padToAspectRatio can be true") }
    try NumberRange.count.check("batchSize", batchSize, "imageDatasetFromDirectory")
    try NumberRange.count.check("workers", workers, "imageDatasetFromDirectory")
    selection = try DirectorySelection(
      "imageDatasetFromDirectory", "pictures", endings: ImageDirectory.endings, shuffle: shuffle, seed: seed, validationSplit: validationSplit,
      verbose: verbose)
    reader = ImageRowReader(
      colorMode: colorMode, height: imageSize.height, width: imageSize.width, interpolation: interpolation,
      aspectRatio: crop ? .cropped : pad ? .padded : .stretched, dataFormat: dataFormat)
    self.batchSize = batchSize
    self.workers = workers ?? ProcessorCount.available
    self.cachesBytes = cachesBytes
  }

  func dataset(_ all: LabelledPaths, _ subset: DirectorySubset?, inOrder: Bool = false) throws -> ImageDataset<(Tensor, Tensor)> {
    let part = try selection.part(subset, of: all.paths.count, all.directory)
    let (paths, labels) = (Array(all.paths[part]), Array(all.labels[part]))
    let read = reading(paths)
    let rows = selection.rows(
      paths.count, isShuffled: selection.isShuffled && !inOrder, batchSize: batchSize, workers: workers,
      row: { (try read([$0], true), all.target(labels[$0])) }, batch: { (try read($0, false), all.targets($0.map { labels[$0] })) })
    return ImageDataset(dataset: rows, classNames: all.classNames, filePaths: paths)
  }

  /// Reads the pictures at places as one tensor, or has kept them; a single one without an axis of rows.
  func reading(_ paths: [String]) -> @Sendable (_ places: [Int], _ isSingle: Bool) throws -> Tensor {
    let reader = reader
    let cache = cachesBytes ? ImageRowCache(count: paths.count) : nil
    let length = reader.shape.reduce(DType.float32.byteCount, *)
    return { places, isSingle in
      try Tensor(shape: (isSingle ? [] : [places.count]) + reader.shape, dtype: .float32) { memory in
        for (row, place) in places.enumerated() {
          let own = UnsafeMutableRawBufferPointer(rebasing: memory[(row * length)..<((row + 1) * length)])
          if let cache { try cache.fill(own, with: place) { try reader.read(paths[place], into: $0) } } else { try reader.read(paths[place], into: own) }
        }
      }
    }
  }
}

private func imageDatasetFault(_ message: String) -> DescentError { DescentError(.invalidArgument, "imageDatasetFromDirectory: \(message)") }
