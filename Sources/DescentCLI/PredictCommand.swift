import ArgumentParser
import DescentImages
import Foundation
import KerasFiles

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Write what a saved model says of data.",
    discussion: """
      One row of output for each row of input, to an .npy, .npz (as the array y; of a model of several outputs as y_NAME) or .csv file, or as CSV to standard output. The rows \
      are the test rows if the data hold any, else x; an .npz file needs no y here.

      A model that was trained on a table finds the columns of another one by their names, wherever they stand, and needs no answers. Its CSV has a \
      header, the columns that name or number the rows, the prediction, and of classes the probability of each.

      A model that was trained on a folder of pictures takes a folder with pictures in it and below, a picture, or pictures named one by one. Its CSV has \
      a header, the file, the predicted class and the probability of each. One that was trained on a folder of texts takes texts (.txt) likewise.

      EXAMPLES:
        descent predict --model classifier.keras --data d.npz --out predictions.npy
        descent predict --model classifier.keras --out predictions.csv
        descent predict --model flowers.keras --data new-flowers.csv --out predictions.csv
        descent predict --model pets.keras --data holiday-pictures --out predictions.csv
        descent predict --model pets.keras cat.jpg dog.png
        descent predict --model reviews.keras --data new-reviews --out predictions.csv
      """)

  @Option(help: ArgumentHelp("A .keras file, or an .h5 file with a whole model.", valueName: "file"))
  var model: ModelFile

  @OptionGroup(title: "Data") var dataOptions: DataOptions

  @Argument(help: ArgumentHelp("Pictures or texts to predict, or folders with them, in place of --data.", valueName: "files"))
  var files: [String] = []

  @Option(help: ArgumentHelp("Rows a step: a number, or all.", valueName: "n|all"))
  var batchSize = BatchSize.rows(32)

  @Option(help: ArgumentHelp("Where to write: a file ending in .npy, .npz or .csv. (default: standard output)", valueName: "file"))
  var out: String?

  func validate() throws {
    try model.validate()
    if let out, ![".npy", ".npz", ".csv"].contains(where: { hasEnding(out, $0) }) {
      throw ValidationError("--out is '\(out)'; expected a file ending in .npy, .npz or .csv.")
    }
    if !files.isEmpty && (dataOptions.data != DataOptions.standard || dataOptions.target != nil) {
      throw ValidationError("Files are given in place of --data and --target; leave one or the other out.")
    }
  }

  func run() throws {
    if let out, CommandGroup.isLeader { try checkWritable(out) }
    let model = try self.model.load()
    if files.isEmpty, dataOptions.isTable, model.images != nil, model.table == nil {
      throw DescentError(.data, "\(dataOptions.data): is a table, and \(self.model.path) was trained on pictures; give pictures, or a folder with them")
    }
    if model.table != nil, !files.isEmpty || dataOptions.isPictures {
      throw DescentError(
        .data, "\(files.first ?? dataOptions.data): holds no table, and \(self.model.path) was trained on the columns of one; give --data a table")
    }
    if model.texts != nil, !dataOptions.isArchive || !files.isEmpty { return try predictTexts(model, files.isEmpty ? [dataOptions.data] : files) }
    if files.isEmpty, dataOptions.isTable, let table = model.table { return try predict(model, table) }
    if !files.isEmpty { return try predict(model, files) }
    if dataOptions.isPictures { return try predict(model, [dataOptions.data]) }
    let x = try dataOptions.loadInputs(for: model)
    let count = DataSet.Part(x: x, y: Tensor.zeros([])).count
    let results = try blamingData(dataOptions.data) { try model.predictAll(x, batchSize: batchSize.count(of: count), verbose: 0, group: CommandGroup.shared) }
    guard CommandGroup.isLeader else { return }
    if results.tensors.count > 1 {
      guard let out, hasEnding(out, ".npz") else {
        throw DescentError(
          .invalidArgument, "the model has the outputs \(results.names.joined(separator: ", ")); give --out with a name ending in .npz")
      }
      return try NPZ.write(zip(results.names, results.tensors).map { ("y_" + $0, $1) }, to: out)
    }
    let y = results[0]
    guard let out else { return Output.plain(csv(y)) }
    if hasEnding(out, ".npy") {
      try NPY.write(y, to: out)
    } else if hasEnding(out, ".npz") {
      try NPZ.write([("y", y)], to: out)
    } else {
      try writeFile(out, text: csv(y))
    }
  }

  /// Predicts the rows of a table whose columns the model knows.
  private func predict(_ model: Model, _ table: TablePreprocessing) throws {
    if try CommandGroup.shared != nil {
      throw DescentError(.state, "\(self.model.path): the rows of a table are predicted by one process; start descent predict without mpirun")
    }
    try dataOptions.checkTarget(of: table)
    let predictions = try model.predict(dataOptions.table(), batchSize: batchSize.count(of: .max))
    for remark in predictions.remarks { Output.remark(remark) }
    guard let out, !hasEnding(out, ".csv") else {
      guard let out else { return Output.line(String(predictions.csv.dropLast())) }
      return try writeFile(out, text: predictions.csv)
    }
    let y = predictions.target.classes == nil
      ? Tensor(predictions.numbers) : Tensor(shape: [predictions.probabilities.count, predictions.target.classes?.count ?? 0], scalars: predictions.probabilities.flatMap { $0 })
    if hasEnding(out, ".npy") { try NPY.write(y, to: out) } else { try NPZ.write([("y", y)], to: out) }
  }

  /// Predicts the classes of pictures.
  private func predict(_ model: Model, _ paths: [String]) throws {
    try CommandGroup.refuseForFolders("predict", "pictures")
    if model.images == nil {
      let options = try ImageOptions().fitting(model)
      guard let size = options.imageSize, let shape = model.inputShape else {
        throw DescentError(.state, "\(self.model.path): the model does not say which size of pictures it takes")
      }
      let count = max(try model.predict(Tensor.zeros([1] + shape), verbose: 0).shape.last ?? 0, 2)
      model.images = try ImagePreprocessing(classNames: (0..<count).map(String.init), imageSize: size, colorMode: options.colorMode ?? .rgb)
      Output.remark("The model does not know what its classes are called; they are numbers, in the order of the folders that it was trained on.")
    }
    try write(model.predict(imagesAt: paths, batchSize: batchSize.count(of: .max)))
  }

  /// Predicts the classes of texts.
  private func predictTexts(_ model: Model, _ paths: [String]) throws {
    try CommandGroup.refuseForFolders("predict", "texts")
    if model.texts?.classNames == nil {
      Output.remark("The model does not know what its classes are called; they are numbers, in the order of the folders that it was trained on.")
    }
    try write(model.predict(textsAt: paths, batchSize: batchSize.count(of: .max)))
  }

  private func write(_ predictions: FilePredictions) throws {
    for remark in ClassFolders.remark(predictions.faults) { Output.remark(remark) }
    guard let out, !hasEnding(out, ".csv") else {
      guard let out else { return Output.line(String(predictions.csv.dropLast())) }
      return try writeFile(out, text: predictions.csv)
    }
    let y = Tensor(shape: [predictions.probabilities.count, predictions.names.count], scalars: predictions.probabilities.flatMap { $0 })
    if hasEnding(out, ".npy") { try NPY.write(y, to: out) } else { try NPZ.write([("y", y)], to: out) }
  }

  /// A line for each row, without a header.
  private func csv(_ y: Tensor) -> String {
    let width = y.shape.dropFirst().reduce(1, *)
    let values = y.dtype == .float32 ? y.scalars(as: Float.self).map { "\($0)" } : y.doubles.map { "\($0)" }
    var text = ""
    for row in 0..<(y.shape.first ?? 0) { text += values[(row * width)..<((row + 1) * width)].joined(separator: ",") + "\n" }
    return text
  }
}

extension DataOptions {
  /// Refuses another target than the model's.
  func checkTarget(of table: TablePreprocessing) throws {
    if let target, target != table.target.name {
      throw ValidationError("--target is '\(target)', and the model predicts '\(table.target.name)'; leave it out.")
    }
  }

  /// The rows to predict from: of an `.npz` file `x_test` or `x`, or those of several inputs, whether there are labels or not.
  func loadInputs(for model: Model) throws -> any ModelData {
    if isTable { try checkPlainTable() }
    if isTable && target == nil { return try CSVTable.features(of: data).features }
    guard isArchive else {
      let set = try load(for: model)
      return (set.test ?? set.train).x
    }
    let archive = try NPZ(data)
    for name in ["x_test", "x", "x_train"] {
      if let arrays = try DataSet.arrays(name, in: archive) { return arrays }
    }
    throw DataSet.noArrays("x to predict from", in: archive, data)
  }
}
