import ArgumentParser
import Descent
import DescentImages
import Foundation

/// Which data a command works on.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "fashion-mnist, a folder of pictures or of texts, a table (.csv, .tsv, .txt, .data, .jsonl, also with .gz), an .npz file or a folder of IDX files.",
      discussion: """
        fashion-mnist is looked for in the user's cache, Keras's cache and the Debian package's folder. A folder of pictures (JPEG, PNG, GIF, BMP) \
        holds a folder for each class, named after it: pets/cats/1.jpg, pets/dogs/2.jpg; or folders train, validation and test with such folders; a folder of texts (.txt) likewise. A folder of IDX files \
        holds the four files of a data set like MNIST (train-images-idx3-ubyte, …), plain or with .gz; pixels become numbers from 0 to 1. A table \
        names its columns in the first line, or is an object of JSON in each line (.jsonl); --target says which one to predict. Separators (, ; tab | space), decimal commas, the encoding and a missing \
        header are found out. An .npz file holds x and y, and may hold x_val \
        and y_val, x_test and y_test; x_train and y_train are understood too. A model of several inputs takes x_NAME (x_val_NAME, …), one of \
        several outputs y_NAME.
        """,
      valueName: "data"))
  var data = Self.standard

  static let standard = "fashion-mnist"

  @Option(help: ArgumentHelp("The column of a table to predict. (Not needed with a model that was trained on a table)", valueName: "column"))
  var target: String?

  @OptionGroup(title: "How a table is written") var tableReading: TableReadingOptions

  func validate() throws {
    if target != nil && !isTable {
      throw ValidationError("--target names a column of a table, but --data is '\(data)'.")
    }
    if tableReading.isUsed && !isTable {
      throw ValidationError("--separator, --decimal-mark, --encoding and --no-header say how a table is written, but --data is '\(data)'.")
    }
    _ = try tableReading.reading
    if !isTable && !isArchive && !isFashionMNIST && !isFolder && !isPicture {
      let advice = DataOptions.advice.first { hasEnding(data, $0.ending) }?.text
      if let advice { throw ValidationError("--data is '\(data)': \(advice).") }
      if exists { throw ValidationError("--data is '\(data)'; expected \(DataOptions.expected).") }
    }
  }

  /// For commands that need to know what is right.
  func requireTarget() throws {
    // Of a file that is not there that is what is to be told.
    if isTable && target == nil && exists { throw ValidationError("--data \(data) needs --target, the name of the column to predict.") }
  }

  /// - Parameter model: the one that is to take the data; one that knows a table's columns, or none, gets a table looked at and prepared, others
  ///   get its numbers as they are. Without one pictures are made as `train` makes them for a new network.
  func load(for model: Model? = nil) throws -> DataSet {
    if isFashionMNIST {
      let fashion = try FashionMNIST.load()
      return DataSet(name: "Fashion-MNIST", (fashion.train, fashion.test))
    }
    if isTable, let table = model?.table { return DataSet(try TableData(self.table(), preparedBy: table), name: data) }
    if isTable && model == nil { return DataSet(try TableData(table(), target: target ?? ""), name: data) }
    if isTable { try checkPlainTable() }
    if isTable { return DataSet(try CSVTable(data, target: target ?? ""), name: data) }
    if isArchive { return try DataSet(archive: data) }
    if isTexts { return try DataSet(texts(for: model), name: data, asPlaces: model?.takesPlaces ?? false) }
    if isPictures {
      guard let model else { return try DataSet(ImageData(data), name: data) }
      return try DataSet(images(for: model), name: data, asPlaces: model.takesPlaces)
    }
    guard isFolder else { throw DescentError(.file, "\(data): no such file or folder; expected \(DataOptions.expected)") }
    return DataSet(name: data, try ImageFolder.load(data))
  }

  /// - Throws: ``DescentError`` for what cannot be read as plain numbers, which is how a model that knows no columns takes a table.
  func checkPlainTable() throws {
    if [".jsonl", ".ndjson"].contains(where: { hasEnding(data, $0) || hasEnding(data, $0 + ".gz") }) {
      throw DescentError(.data, "\(data): lines of JSON are for models that were trained on a table; this one knows no columns")
    }
    if tableReading.isUsed {
      throw DescentError(
        .data,
        "\(data): --separator, --decimal-mark, --encoding and --no-header are for models that were trained on a table; "
          + "this one knows no columns, and takes numbers with commas between them below a line of names")
    }
  }

  var isArchive: Bool { hasEnding(data, ".npz") }

  /// A text file of rows and columns.
  var isTable: Bool {
    [".csv", ".tsv", ".tab", ".txt", ".data", ".dat", ".jsonl", ".ndjson"].contains { hasEnding(data, $0) || hasEnding(data, $0 + ".gz") }
  }

  func table() throws -> TableFile { try TableFile(data, reading: tableReading.reading) }

  /// A folder that does not hold the files of a data set like MNIST, or a picture.
  var isPictures: Bool { isFolder && !ImageFolder.isBegun(data) && !isTexts || isPicture }

  /// A folder with texts in it or below, and no pictures.
  var isTexts: Bool {
    func holds(_ endings: [String]) -> Bool {
      (try? FileDirectory(data, classNames: nil, followLinks: true, endings: endings)).map { !$0.paths.isEmpty } ?? false
    }
    return isFolder && !ImageFolder.isBegun(data) && holds(TextData.endings) && !holds(ImageDirectory.endings)
  }

  /// The texts of a folder, as a model takes them.
  func texts(for model: Model?, _ options: TextOptions = TextOptions()) throws -> TextData {
    guard let model else { return try TextData(data, options: options) }
    guard let known = model.texts else { throw DescentError(.data, "\(data): the model knows no words, and this is a folder of texts") }
    return try TextData(data, preparedBy: known, options: options)
  }

  private var isPicture: Bool { ImageDirectory.endings.contains { hasEnding(data, $0) } }

  /// The pictures of a folder, as a model takes them.
  func images(for model: Model, _ options: ImageOptions = ImageOptions()) throws -> ImageData {
    if let known = model.images { return try ImageData(data, preparedBy: known, options: options) }
    return try ImageData(data, options: options.fitting(model))
  }

  private var isFashionMNIST: Bool { data == Self.standard }

  private var exists: Bool { FileManager.default.fileExists(atPath: data) }

  private var isFolder: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: data, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static let expected = "fashion-mnist, an existing folder of pictures, of texts or of IDX files, a table ending in .csv, .tsv, .txt, .data or .jsonl, or a file ending in .npz"

  /// What people have besides, and what becomes of it.
  private static let advice: [(ending: String, text: String)] = [
    (".npz.gz", "it is compressed; expand it first: gunzip"),
    (".zip", "it is an archive; expand it first: unzip"),
    (".npy", "a single array has no y; put both in one file: numpy.savez(\"d.npz\", x=x, y=y)"),
    (".xlsx", "tables of spreadsheets are not read; save it as .csv"), (".xls", "tables of spreadsheets are not read; save it as .csv"),
    (".parquet", "Parquet files are not read; save it as .csv"), (".h5", "HDF5 files hold weights here; put data into an .npz file"),
    (".keras", "it is a model; give it with --model"),
  ]
}

/// Runs `body`; an error that the data are to blame for says which they are.
func blamingData<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as DescentError where error.kind == .data {
    return try naming(name) { throw error }
  }
}
