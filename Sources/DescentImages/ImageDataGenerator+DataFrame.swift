import Foundation

extension ImageDataGenerator {
  /// Pictures that a table names, with labels from one of its columns, changed and in batches. (Keras: `ImageDataGenerator.flow_from_dataframe`.)
  ///
  ///     let train = try generator.flowFromDataFrame(TableFile("labels.csv"), directory: "pictures", xCol: "file", yCol: "animal")
  ///
  /// Rows whose file is not there, or has another ending than those of pictures, are left out, which is said; as are rows of other classes where
  /// `classes` are given.
  /// - Parameters:
  ///   - table: the table.
  ///   - directory: what stands before the files' names; nothing if these are paths.
  ///   - xCol: the column of the files' names.
  ///   - yCol: the column of the classes' names.
  ///   - targetSize: of the rows.
  ///   - colorMode: the channels.
  ///   - classes: the classes that count, in the order of their labels; nil for all in the order of their names.
  ///   - classMode: how labels are written.
  ///   - batchSize: rows of a batch.
  ///   - shuffle: whether each pass has an order of its own.
  ///   - seed: of the order and of what is drawn; nil for one derived from `setRandomSeed`'s.
  ///   - saveToDir: a folder that all changed pictures are written to; nil for none.
  ///   - savePrefix: what their names begin with.
  ///   - saveFormat: of their files.
  ///   - subset: `validation`: the first rows, as many as `validationSplit` says; `training`: the others; nil: all.
  ///   - interpolation: what lies between pixels where the size changes.
  ///   - keepAspectRatio: takes the greatest part in the middle of the rows' aspect ratio.
  ///   - validateFilenames: whether rows whose file is not there are left out; otherwise a pass throws where it comes to them.
  ///   - workers: how many pictures are worked on at once; nil for as many as there are processors.
  /// - Throws: ``DescentError`` of kind `file` when a column is missing or no row is left; of kind `invalidArgument` for settings that do not fit
  ///   together; a pass throws when a file is broken.
  public func flowFromDataFrame(
    _ table: TableFile, directory: String = "", xCol: String = "filename", yCol: String = "class", targetSize: (height: Int, width: Int) = (256, 256),
    colorMode: ColorMode = .rgb, classes: [String]? = nil, classMode: ClassMode = .categorical, batchSize: Int = 32, shuffle: Bool = true,
    seed: UInt64? = nil, saveToDir: String? = nil, savePrefix: String = "", saveFormat: ImageFormat = .png, subset: DirectorySubset? = nil,
    interpolation: ImageInterpolation = .nearest, keepAspectRatio: Bool = false, validateFilenames: Bool = true, workers: Int? = nil
  ) throws -> ImageDataset<(Tensor, Tensor)> {
    var rows = try NamedPictures(table, directory, xCol, [yCol], validates: validateFilenames)
    let found = Set(rows.values.map { $0[0] })
    let names = classes ?? found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard Set(names).count == names.count else { throw fault("classes is \(names); expected each once") }
    if classMode == .binary, names.count != 2 { throw fault("classMode .binary needs 2 classes; there are \(names.count): \(names)") }
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.element, $0.offset) })
    rows.keep { places[$0[0]] != nil }
    try rows.cut(split(subset), table.name)
    let read = try reader(rows.paths, targetSize, colorMode, interpolation, keepAspectRatio)
    let labels = rows.values.map { places[$0[0]]! }
    let saved = try SavedPictures(saveToDir, savePrefix, saveFormat)
    let dataset: Dataset<(Tensor, Tensor)> = try batches(Dataset(count: labels.count) { $0 }, batchSize, shuffle, seed, workers, saved) { place in
      (try read(place), { picture, place in (picture, classMode.target(labels[place], of: names.count, picture)) })
    }
    return ImageDataset(dataset: dataset, classNames: classMode == .input ? [] : names, filePaths: rows.paths)
  }

  /// Pictures that a table names, with numbers from its columns, changed and in batches. (Keras: `ImageDataGenerator.flow_from_dataframe` with
  /// `class_mode="raw"`.)
  ///
  /// See the other function of this name.
  /// - Parameters:
  ///   - table: the table.
  ///   - directory: what stands before the files' names; nothing if these are paths.
  ///   - xCol: the column of the files' names.
  ///   - yCols: the columns of numbers: `float32` [rows, columns], or [rows] of a single one.
  ///   - targetSize: of the rows.
  ///   - colorMode: the channels.
  ///   - batchSize: rows of a batch.
  ///   - shuffle: whether each pass has an order of its own.
  ///   - seed: of the order and of what is drawn; nil for one derived from `setRandomSeed`'s.
  ///   - saveToDir: a folder that all changed pictures are written to; nil for none.
  ///   - savePrefix: what their names begin with.
  ///   - saveFormat: of their files.
  ///   - subset: `validation`: the first rows, as many as `validationSplit` says; `training`: the others; nil: all.
  ///   - interpolation: what lies between pixels where the size changes.
  ///   - keepAspectRatio: takes the greatest part in the middle of the rows' aspect ratio.
  ///   - validateFilenames: whether rows whose file is not there are left out.
  ///   - workers: how many pictures are worked on at once; nil for as many as there are processors.
  /// - Throws: ``DescentError``, of kind `data` where a field holds no number.
  public func flowFromDataFrame(
    _ table: TableFile, directory: String = "", xCol: String = "filename", yCols: [String], targetSize: (height: Int, width: Int) = (256, 256),
    colorMode: ColorMode = .rgb, batchSize: Int = 32, shuffle: Bool = true, seed: UInt64? = nil, saveToDir: String? = nil, savePrefix: String = "",
    saveFormat: ImageFormat = .png, subset: DirectorySubset? = nil, interpolation: ImageInterpolation = .nearest, keepAspectRatio: Bool = false,
    validateFilenames: Bool = true, workers: Int? = nil
  ) throws -> ImageDataset<(Tensor, Tensor)> {
    guard !yCols.isEmpty else { throw fault("yCols is empty; expected at least one column") }
    var rows = try NamedPictures(table, directory, xCol, yCols, validates: validateFilenames)
    try rows.cut(split(subset), table.name)
    let numbers = try zip(rows.paths, rows.values).map { path, texts in
      try zip(yCols, texts).map { column, text in
        guard let number = table.number(text) else {
          throw DescentError(.data, "\(table.name): the row of \(path) has '\(text)' in the column '\(column)'; expected a number")
        }
        return Float(number)
      }
    }
    let read = try reader(rows.paths, targetSize, colorMode, interpolation, keepAspectRatio)
    let saved = try SavedPictures(saveToDir, savePrefix, saveFormat)
    let targets: [Tensor] = numbers.map { $0.count == 1 ? Tensor($0[0]) : Tensor($0) }
    let dataset: Dataset<(Tensor, Tensor)> = try batches(Dataset(count: numbers.count) { $0 }, batchSize, shuffle, seed, workers, saved) { place in
      (try read(place), { picture, place in (picture, targets[place]) })
    }
    return ImageDataset(dataset: dataset, classNames: [], filePaths: rows.paths)
  }
}

/// The rows of a table that names pictures.
private struct NamedPictures {
  private(set) var paths: [String] = []
  /// Of the wanted columns, row by row.
  private(set) var values: [[String]] = []

  init(_ table: TableFile, _ directory: String, _ xCol: String, _ yCols: [String], validates: Bool) throws {
    var missing = 0
    for row in try table.texts(of: [xCol] + yCols) {
      let path = directory.isEmpty ? row[0] : FileDirectory.joined(directory, row[0])
      let isPicture = ImageDirectory.flowEndings.contains { hasEnding(path, $0) } && FileManager.default.fileExists(atPath: path)
      if validates && !isPicture {
        missing += 1
        continue
      }
      paths.append(path)
      values.append(Array(row.dropFirst()))
    }
    if missing > 0 { print("Found \(missing) invalid image filenames in the column '\(xCol)' of \(table.name); these rows are left out.") }
  }

  mutating func keep(_ isWanted: ([String]) -> Bool) {
    let places = values.indices.filter { isWanted(values[$0]) }
    (paths, values) = (places.map { paths[$0] }, places.map { values[$0] })
  }

  mutating func cut(_ split: (from: Double, to: Double)?, _ name: String) throws {
    if let split {
      let range = Int(split.from * Double(paths.count))..<Int(split.to * Double(paths.count))
      (paths, values) = (Array(paths[range]), Array(values[range]))
    }
    if paths.isEmpty { throw DescentError(.file, "\(name): names no pictures that are there and wanted") }
  }
}

/// Where changed pictures are written.
struct SavedPictures: Sendable {
  let directory: String
  let prefix: String
  let format: ImageFormat

  /// Nil without a folder. It is made if it is not there.
  init?(_ directory: String?, _ prefix: String, _ format: ImageFormat) throws {
    guard let directory else { return nil }
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw DescentError(.file, "\(directory): the folder for changed pictures cannot be made")
    }
    (self.directory, self.prefix, self.format) = (directory, prefix, format)
  }

  /// Writes one under the prefix, its place and a number by which passes differ.
  func write(_ picture: Tensor, _ place: Int, _ number: UInt64, _ dataFormat: DataFormat) throws {
    let ending = format == .jpeg ? "jpeg" : "png"
    let path = FileDirectory.joined(directory, "\(prefix)_\(place)_\(number % 10_000_000).\(ending)")
    try saveImage(path, try arrayToImage(picture, dataFormat: dataFormat, scale: true), fileFormat: format)
  }
}
