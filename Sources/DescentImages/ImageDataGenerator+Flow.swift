import Foundation

extension ImageDataGenerator {
  /// Pictures in memory and their targets, changed and in batches. (Keras: `ImageDataGenerator.flow`.)
  ///
  ///     try model.fit(try generator.flow(xTrain, yTrain, batchSize: 32), epochs: 10)
  /// - Parameters:
  ///   - x: [rows, height, width, channels], or channels first.
  ///   - y: a target for each.
  ///   - batchSize: rows of a batch.
  ///   - shuffle: whether each pass has an order of its own.
  ///   - seed: of the order and of what is drawn; nil for one derived from `setRandomSeed`'s.
  ///   - saveToDir: a folder that all changed pictures are written to (made if it is not there), each under the prefix, its place and a number; nil for none.
  ///   - savePrefix: what their names begin with.
  ///   - saveFormat: of their files.
  ///   - ignoreClassSplit: allows that a subset lacks one of the targets.
  ///   - subset: `validation`: the first rows, as many as `validationSplit` says; `training`: the others; nil: all.
  ///   - workers: how many pictures are worked on at once; nil for as many as there are processors.
  /// - Throws: ``DescentError`` of kind `data` when `x` has not four axes or there is not one target for each row; of kind
  ///   `invalidArgument` when `subset` is asked for without a `validationSplit`, or parts have different targets.
  public func flow(
    _ x: Tensor, _ y: Tensor, batchSize: Int = 32, shuffle: Bool = true, seed: UInt64? = nil, saveToDir: String? = nil, savePrefix: String = "",
    saveFormat: ImageFormat = .png, ignoreClassSplit: Bool = false,
    subset: DirectorySubset? = nil, workers: Int? = nil
  ) throws -> Dataset<(Tensor, Tensor)> {
    let rows = try part(Dataset(x, y), x, y, subset, ignoreClassSplit)
    return try batches(rows, batchSize, shuffle, seed, workers, SavedPictures(saveToDir, savePrefix, saveFormat)) { ($0.0, { picture, row in (picture, row.1) }) }
  }

  /// Pictures in memory, their targets and weights, changed and in batches; see the other `flow`.
  public func flow(
    _ x: Tensor, _ y: Tensor, sampleWeight: Tensor, batchSize: Int = 32, shuffle: Bool = true, seed: UInt64? = nil,
    saveToDir: String? = nil, savePrefix: String = "",
    saveFormat: ImageFormat = .png, ignoreClassSplit: Bool = false, subset: DirectorySubset? = nil, workers: Int? = nil
  ) throws -> Dataset<(Tensor, Tensor, Tensor)> {
    let rows = try part(Dataset(x, y, sampleWeight: sampleWeight), x, y, subset, ignoreClassSplit)
    return try batches(rows, batchSize, shuffle, seed, workers, SavedPictures(saveToDir, savePrefix, saveFormat)) { ($0.0, { picture, row in (picture, row.1, row.2) }) }
  }

  /// Pictures in memory without targets, changed and in batches; see the other `flow`.
  public func flow(
    _ x: Tensor, batchSize: Int = 32, shuffle: Bool = true, seed: UInt64? = nil, saveToDir: String? = nil, savePrefix: String = "",
    saveFormat: ImageFormat = .png, subset: DirectorySubset? = nil, workers: Int? = nil
  ) throws -> Dataset<Tensor> {
    let rows = try part(Dataset(x), x, nil, subset, true)
    return try batches(rows, batchSize, shuffle, seed, workers, SavedPictures(saveToDir, savePrefix, saveFormat)) { ($0, { picture, _ in picture }) }
  }

  /// Pictures of a folder with labels, changed and in batches. (Keras: `ImageDataGenerator.flow_from_directory`.)
  ///
  /// Each folder in the folder is a class, with all pictures in it and below.
  /// - Parameters:
  ///   - directory: the folder.
  ///   - targetSize: of the rows.
  ///   - colorMode: the channels.
  ///   - classes: the folders that count, in the order of their labels; nil for all in the order of their names.
  ///   - classMode: how labels are written; nil (the other function of this name) for none.
  ///   - batchSize: rows of a batch.
  ///   - shuffle: whether each pass has an order of its own.
  ///   - seed: of the order and of what is drawn; nil for one derived from `setRandomSeed`'s.
  ///   - saveToDir: a folder that all changed pictures are written to (made if it is not there), each under the prefix, its place and a number; nil for none.
  ///   - savePrefix: what their names begin with.
  ///   - saveFormat: of their files.
  ///   - followLinks: whether links to folders are gone into.
  ///   - subset: `validation`: the first pictures of each class, as many as `validationSplit` says; `training`: the others; nil: all.
  ///   - interpolation: what lies between pixels where the size changes.
  ///   - keepAspectRatio: takes the greatest part in the middle of the rows' aspect ratio.
  ///   - workers: how many pictures are worked on at once; nil for as many as there are processors.
  /// - Throws: ``DescentError`` of kind `file` when the folder cannot be read or has no pictures; of kind `invalidArgument` for settings
  ///   that do not fit together; a pass throws when a file is broken.
  public func flowFromDirectory(
    _ directory: String, targetSize: (height: Int, width: Int) = (256, 256), colorMode: ColorMode = .rgb, classes: [String]? = nil,
    classMode: ClassMode = .categorical, batchSize: Int = 32, shuffle: Bool = true, seed: UInt64? = nil, saveToDir: String? = nil, savePrefix: String = "",
    saveFormat: ImageFormat = .png, followLinks: Bool = false,
    subset: DirectorySubset? = nil, interpolation: ImageInterpolation = .nearest, keepAspectRatio: Bool = false, workers: Int? = nil
  ) throws -> ImageDataset<(Tensor, Tensor)> {
    let files = try FlowedFiles(directory, classes, followLinks, try split(subset))
    if classMode == .binary, files.names.count != 2 {
      throw fault("classMode .binary needs 2 classes; there are \(files.names.count): \(files.names)")
    }
    let read = try reader(files.paths, targetSize, colorMode, interpolation, keepAspectRatio)
    let dataset: Dataset<(Tensor, Tensor)> = try batches(Dataset(count: files.paths.count) { $0 }, batchSize, shuffle, seed, workers, SavedPictures(saveToDir, savePrefix, saveFormat)) { place in
      (try read(place), { picture, place in
        (picture, classMode.target(files.classes[place], of: files.names.count, picture))
      })
    }
    return ImageDataset(dataset: dataset, classNames: files.names, filePaths: files.paths)
  }

  /// Pictures of a folder without labels, changed and in batches: `flowFromDirectory("pictures", classMode: nil)`; see the other function
  /// of this name.
  public func flowFromDirectory(
    _ directory: String, targetSize: (height: Int, width: Int) = (256, 256), colorMode: ColorMode = .rgb, classes: [String]? = nil,
    classMode: NoLabels?, batchSize: Int = 32, shuffle: Bool = true, seed: UInt64? = nil, saveToDir: String? = nil, savePrefix: String = "",
    saveFormat: ImageFormat = .png, followLinks: Bool = false,
    subset: DirectorySubset? = nil, interpolation: ImageInterpolation = .nearest, keepAspectRatio: Bool = false, workers: Int? = nil
  ) throws -> ImageDataset<Tensor> {
    let files = try FlowedFiles(directory, classes, followLinks, try split(subset))
    let read = try reader(files.paths, targetSize, colorMode, interpolation, keepAspectRatio)
    let dataset: Dataset<Tensor> = try batches(Dataset(count: files.paths.count) { $0 }, batchSize, shuffle, seed, workers, SavedPictures(saveToDir, savePrefix, saveFormat)) { place in
      (try read(place), { picture, _ in picture })
    }
    return ImageDataset(dataset: dataset, classNames: [], filePaths: files.paths)
  }

  func fault(_ message: String) -> DescentError { DescentError(.invalidArgument, "ImageDataGenerator: \(message)") }

  /// Which shares of the rows are wanted.
  func split(_ subset: DirectorySubset?) throws -> (from: Double, to: Double)? {
    guard let subset else { return nil }
    if validationSplit == 0 { throw fault("a subset is asked for, but validationSplit is 0") }
    return subset == .validation ? (0, validationSplit) : (validationSplit, 1)
  }

  private func part<Row>(_ rows: Dataset<Row>, _ x: Tensor, _ y: Tensor?, _ subset: DirectorySubset?, _ ignoreClassSplit: Bool) throws -> Dataset<Row> {
    guard x.rank == 4 else { throw DescentError(.data, "ImageDataGenerator.flow: x has shape \(x.shape); expected pictures in four axes") }
    guard try split(subset) != nil else { return rows }
    let cut = Int(Double(x.shape[0]) * validationSplit)
    if let y, !ignoreClassSplit, y.shape[0] > 0 {
      let values = y.doubles
      let length = values.count / y.shape[0] * cut
      guard Set(values[..<length]) == Set(values[length...]) else {
        throw fault("the two subsets have different targets; shuffle the rows, or take ignoreClassSplit: true")
      }
    }
    return subset == .validation ? rows.take(cut) : rows.skip(cut)
  }

  /// - Parameter parts: the picture of a row, and what becomes of it once it is prepared.
  func batches<Row, Element>(
    _ rows: Dataset<Row>, _ batchSize: Int, _ shuffle: Bool, _ seed: UInt64?, _ workers: Int?, _ saved: SavedPictures?,
    _ parts: @escaping @Sendable (Row) throws -> (Tensor, (Tensor, Row) -> Element)
  ) throws -> Dataset<Element> {
    try NumberRange.count.check("batchSize", batchSize, "ImageDataGenerator")
    try NumberRange.count.check("workers", workers, "ImageDataGenerator")
    if featurewiseCenter && mean == nil {
      throw DescentError(.state, "ImageDataGenerator: featurewiseCenter, featurewiseStdNormalization and zcaWhitening need fit(_:) first")
    }
    let seed = seed ?? nextDefaultSeed()
    let numbered = rows.zip(Dataset(count: rows.count ?? 0) { $0 })
    let ordered = shuffle ? numbered.shuffle(seed: seed) : numbered
    return ordered.map(seed: seed, workers: workers ?? ProcessorCount.available) { pair, random in
      let (row, place) = pair
      let (picture, finish) = try parts(row)
      let changed = try prepared(picture, &random)
      try saved?.write(changed, place, random.next(), dataFormat)
      return finish(changed, row)
    }.batch(batchSize)
  }

  func reader(
    _ paths: [String], _ size: (height: Int, width: Int), _ colorMode: ColorMode, _ interpolation: ImageInterpolation, _ keepAspectRatio: Bool
  ) throws -> @Sendable (Int) throws -> Tensor {
    try checkSize(size, "flowFromDirectory: targetSize")
    return { [dataFormat] place in
      let image = try loadImage(
        paths[place], colorMode: colorMode, targetSize: size, interpolation: interpolation, keepAspectRatio: keepAspectRatio)
      return try imageToArray(image, dataFormat: dataFormat)
    }
  }
}

/// The pictures of a folder in the order of Keras 2.
private struct FlowedFiles: Sendable {
  let names: [String]
  private(set) var paths: [String] = []
  private(set) var classes: [Int] = []

  init(_ directory: String, _ wanted: [String]?, _ followLinks: Bool, _ split: (from: Double, to: Double)?) throws {
    let found = try FileDirectory.classNames(in: directory, hidden: true)
    names = wanted ?? found
    guard Set(names).isSubset(of: found), Set(names).count == names.count else {
      throw DescentError(
        .invalidArgument, "ImageDataGenerator: classes is \(names); expected some of the folders in \(directory), each once: \(found)")
    }
    let all = try ImageDirectory.files(in: directory, classNames: names, followLinks: followLinks, endings: ImageDirectory.flowEndings)
    for label in names.indices {
      let places = all.classes.indices.filter { all.classes[$0] == label }
      let (from, to) = (Int((split?.from ?? 0) * Double(places.count)), Int((split?.to ?? 1) * Double(places.count)))
      for place in places[from..<to] {
        paths.append(all.paths[place])
        classes.append(label)
      }
    }
    if paths.isEmpty { throw DescentError(.file, "\(directory): has no pictures that are wanted") }
  }
}
