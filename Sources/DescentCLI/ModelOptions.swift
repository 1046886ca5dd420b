import ArgumentParser
import KerasFiles

/// Which model is trained: one from a file, or a new one of dense layers.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A .keras or .h5 file, or a .json file with a description, instead of a new network.",
      discussion: """
        A .keras or .h5 file brings its weights and, unless --optimizer is given, its optimizer where that had come to. Layers, loss, metrics \
        and optimizer are the file's where they are not given.
        """,
      valueName: "file"))
  var model: ModelFile?

  @Option(
    help: ArgumentHelp(
      "Sizes of a new network's hidden layers, with commas between them; none for no hidden layer. (default: 100)",
      valueName: "sizes"))
  var layers: LayerSizes?

  @Option(help: ArgumentHelp("The hidden layers' activation, by Keras's name. (default: relu)", valueName: "name"))
  var activation: String?

  func validate() throws {
    if model != nil && (layers != nil || activation != nil) {
      throw ValidationError("--model brings its layers; leave --layers and --activation out.")
    }
    try model?.validate()
    if let activation { _ = try checkingOptions { try ActivationFunction(named: activation) } }
  }

  func load(seed: UInt64?) throws -> Model? { try model?.load(seed: seed) }

  func network(rows rowShape: [Int], _ outcome: Outcome, seed: UInt64) throws -> Sequential {
    let activation = try activation.map { try ActivationFunction(named: $0) } ?? .relu
    let model = Sequential([Input(shape: rowShape)], seed: seed)
    if rowShape.count != 1 { model.add(Flatten()) }
    for size in layers?.sizes ?? Self.defaultSizes { model.add(Dense(size, activation: activation)) }
    model.add(Dense(outcome.width, activation: outcome.activation))
    return model
  }

  private static let defaultSizes = [100]
}

/// Where a run leaves what it made, and whether it goes on with another.
struct ResultOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A folder for history.csv, weights.npz and run.json (what decided the numbers), and for a checkpoint after each epoch while the run lasts. (default: a new folder in runs, named after the time, without checkpoints; none with --save)",
      discussion: "One run at a time writes to it. The results of an earlier run in it are kept under the names previous-history.csv and previous-weights.npz.",
      valueName: "folder"))
  var out: String?

  @Option(help: ArgumentHelp("Where to write the trained model: .keras or .h5, or its weights: .weights.h5, .safetensors, .npz.", valueName: "file"))
  var save: String?

  @Flag(
    help: ArgumentHelp(
      "Go on from the last checkpoint in --out: the result is that of a run that was never interrupted.",
      discussion: "Model, data, seed and settings must be those of that run; --epochs, --save and --verbose may be others."))
  var resume = false

  @Option(help: ArgumentHelp("Write a checkpoint after every so many batches instead of after each epoch.", valueName: "batches"))
  var checkpointEvery: Int?

  func validate() throws {
    if out == nil && (resume || checkpointEvery != nil) {
      throw ValidationError("--resume and --checkpoint-every need --out, the folder of the run.")
    }
    try NumberRange.count.check(option: "--checkpoint-every", checkpointEvery)
    if let save, ModelFormat(path: save)?.isWritable != true {
      throw ValidationError("--save is '\(save)'; expected a file ending in \(ModelFormat.known { $0.isWritable }).")
    }
  }
}
