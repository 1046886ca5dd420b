import ArgumentParser
import Descent
import Foundation

/// Which data a command works on.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "fashion-mnist, a folder of IDX files, a .csv file or an .npz file.",
      discussion: """
        fashion-mnist is looked for in the user's cache, Keras's cache and the Debian package's folder. A folder holds the four \
        files of a data set like MNIST (train-images-idx3-ubyte, …), plain or with .gz; pixels become numbers from 0 to 1. A .csv \
        file names its columns in the first line; --target says which one to predict. An .npz file holds x and y, and may hold x_val \
        and y_val, x_test and y_test; x_train and y_train are understood too. A model of several inputs takes x_NAME (x_val_NAME, …), one of \
        several outputs y_NAME.
        """,
      valueName: "data"))
  var data = "fashion-mnist"

  @Option(help: ArgumentHelp("The column of a .csv file to predict. (descent predict: the column that is not to be looked at; none where all columns are features)", valueName: "column"))
  var target: String?

  func validate() throws {
    if target != nil && !isCSV {
      throw ValidationError("--target names a column of a .csv file, but --data is '\(data)'.")
    }
    if !isCSV && !isArchive && !isFashionMNIST && !isFolder {
      let advice = DataOptions.advice.first { hasEnding(data, $0.ending) }?.text
      if let advice { throw ValidationError("--data is '\(data)': \(advice).") }
      if exists { throw ValidationError("--data is '\(data)'; expected \(DataOptions.expected).") }
    }
  }

  /// For commands that need to know what is right.
  func requireTarget() throws {
    // Of a file that is not there that is what is to be told.
    if isCSV && target == nil && exists { throw ValidationError("--data \(data) needs --target, the name of the column to predict.") }
  }

  func load() throws -> DataSet {
    if isFashionMNIST {
      let fashion = try FashionMNIST.load()
      return DataSet(name: "Fashion-MNIST", (fashion.train, fashion.test))
    }
    if isCSV { return DataSet(try CSVTable(data, target: target ?? ""), name: data) }
    if isArchive { return try DataSet(archive: data) }
    guard isFolder else { throw DescentError(.file, "\(data): no such file or folder; expected \(DataOptions.expected)") }
    return DataSet(name: data, try ImageFolder.load(data))
  }

  var isArchive: Bool { hasEnding(data, ".npz") }

  var isCSV: Bool { hasEnding(data, ".csv") }

  private var isFashionMNIST: Bool { data == "fashion-mnist" }

  private var exists: Bool { FileManager.default.fileExists(atPath: data) }

  private var isFolder: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: data, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static let expected = "fashion-mnist, an existing folder of IDX files, a file ending in .csv or one ending in .npz"

  /// What people have besides, and what becomes of it.
  private static let advice: [(ending: String, text: String)] = [
    (".csv.gz", "it is compressed; expand it first: gunzip"), (".npz.gz", "it is compressed; expand it first: gunzip"),
    (".zip", "it is an archive; expand it first: unzip"),
    (".tsv", "tables separated by tabs are not read; separate its columns by commas and call it .csv"),
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
