import ArgumentParser
import KerasFiles

/// Which model is trained: one from a file, or a new one of dense layers.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A .keras file, or a .json file with a description, instead of a new network.",
      discussion: """
        A .keras file brings its weights and, unless --optimizer is given, its optimizer where that had come to. Layers, loss, metrics \
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
    if let activation { _ = try ActivationFunction(named: activation) }
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
      "A folder for history.csv and weights.npz, and for a checkpoint after each epoch while the run lasts. (default: a new folder in runs, named after the time, without checkpoints; none with --save)",
      valueName: "folder"))
  var out: String?

  @Option(help: ArgumentHelp("Where to write the trained model: .keras, or its weights: .weights.h5, .safetensors, .npz.", valueName: "file"))
  var save: String?

  @Flag(help: "Go on from the last checkpoint in --out: the result is that of a run that was never interrupted.")
  var resume = false

  @Option(help: ArgumentHelp("Write a checkpoint after every so many batches instead of after each epoch.", valueName: "batches"))
  var checkpointEvery: Int?

  func validate() throws {
    if out == nil && (resume || checkpointEvery != nil) {
      throw ValidationError("--resume and --checkpoint-every need --out, the folder of the run.")
    }
    if let checkpointEvery, checkpointEvery < 1 {
      throw ValidationError("--checkpoint-every is \(checkpointEvery); it must be at least 1.")
    }
    if let save, ![".keras", ".weights.h5", ".safetensors", ".npz"].contains(where: save.hasSuffix) {
      throw ValidationError("--save is '\(save)'; expected a file ending in .keras, .weights.h5, .safetensors or .npz.")
    }
  }

  /// Whether the run that is to be resumed has come to its end already; refuses to begin a new one over one that has not.
  func isFinished() throws -> Bool {
    guard let out else { return false }
    let hasCheckpoint = BackupAndRestore.hasCheckpoint(in: Results.checkpointFolder(out))
    if hasCheckpoint && !resume {
      throw ValidationError("\(out) holds the checkpoint of a run that has not come to its end. Go on with it with --resume, or choose another --out.")
    }
    return resume && !hasCheckpoint && Results.isFinished(out)
  }
}
