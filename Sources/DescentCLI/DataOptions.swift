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

  @Option(help: ArgumentHelp("The column of a .csv file to predict.", valueName: "column"))
  var target: String?

  func load() throws -> DataSet {
    if target != nil && !isCSV {
      throw ValidationError("--target names a column of a .csv file, but --data is '\(data)'.")
    }
    if data == "fashion-mnist" {
      let fashion = try FashionMNIST.load()
      return DataSet(name: "Fashion-MNIST", (fashion.train, fashion.test))
    }
    if isCSV {
      guard let target else { throw ValidationError("--data \(data) needs --target, the name of the column to predict.") }
      return DataSet(try CSVTable(data, target: target), name: data)
    }
    if isArchive { return try DataSet(archive: data) }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: data, isDirectory: &isFolder) && isFolder.boolValue {
      return DataSet(name: data, try ImageFolder.load(data))
    }
    throw ValidationError(
      "--data is '\(data)'; expected fashion-mnist, an existing folder of IDX files, a file ending in .csv or one ending in .npz.")
  }

  var isArchive: Bool { hasExtension("npz") }

  private var isCSV: Bool { hasExtension("csv") }

  private func hasExtension(_ name: String) -> Bool { data.lowercased().hasSuffix("." + name) }
}
