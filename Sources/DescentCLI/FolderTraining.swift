import ArgumentParser
import DescentImages
import KerasFiles

extension TrainCommand {
  /// The files of a folder are worked on by one process.
  func refuseSeveralProcesses(_ things: String) throws {
    try CommandGroup.refuseForFolders("train", things)
    if groupOptions.isUsed {
      throw ValidationError("--shards and --shard-optimizer-state are of no use for \(things), which one process works on.")
    }
  }

  /// Trains a compiled model on the files of a folder.
  func fit(
    _ model: Model, _ set: DataSet, _ plan: FolderPlan, rows: Int, classWeights: [Int: Double]?, _ results: Results, _ settings: RunSettings
  ) throws -> History {
    var callbacks: [Callback] = [RunObserver(results, settings)]
    if let patience = plan.patience {
      callbacks.append(ReduceLROnPlateau(factor: 0.3, patience: max(2, patience / 2)))
      callbacks.append(EarlyStopping(patience: patience, restoreBestWeights: true))
    }
    return try blamingData(set.name) {
      try model.fit(
        set.train.x, set.train.y, batchSize: rows, epochs: plan.epochs, verbose: verbose.verbosity,
        callbacks: callbacks + (results.backup.map { [$0] } ?? []) + boards, validationData: set.validation.map { ($0.x, $0.y) }, shuffle: shuffle,
        classWeight: classWeights)
    }
  }
}

/// How long a network is trained on a folder's files where that is not said: until validation gets no better.
struct FolderPlan {
  let epochs: Int
  /// Epochs without a better validation after which training ends; nil if all are to be gone through.
  let patience: Int?

  init(epochs given: Int?, steps: Int, hasValidation: Bool) {
    if let given {
      (epochs, patience) = (given, nil)
      return
    }
    // About 10,000 steps, but no fewer than 15 passes and no more than 100.
    let most = max(15, min(100, 10_000 / max(1, steps)))
    epochs = hasValidation ? most : min(most, 40)
    patience = hasValidation ? max(5, most / 8) : nil
  }

  /// One line on the network and how long it is trained.
  func description(of model: Model) -> String {
    let count = model.trainableVariables.reduce(0) { $0 + $1.shape.reduce(1, *) }
    let rule = patience.map { "up to \(epochs) epochs, until the validation loss has not fallen for \($0); the best is kept" } ?? "\(epochs) epochs"
    let convolutions = model.layers.count { $0 is Conv2D }
    let kind = convolutions > 0 ? "\(convolutions) convolutions and " : ""
    return "A network of \(kind)\(grouped(count)) weights; the loss is \(model.loss?.name ?? "none"); \(rule)\n"
  }
}

extension ModelOptions {
  /// Pictures and texts have networks of their own.
  func refuseDenseLayers(_ things: String) throws {
    if layers != nil || activation != nil {
      throw ValidationError(
        "--layers and --activation are for networks of dense layers; \(things) have a network of their own. Give another one with --model.")
    }
  }
}

extension Model {
  /// Compiles a network that tells the files of classes apart: with what was asked for, and otherwise with what it was compiled with before, or a
  /// loss that goes by how many numbers it computes.
  func compile(forClasses count: Int, of things: String, _ aim: TaskOptions, _ way: OptimizerSpelling) throws {
    let asked = try aim.chosenLoss()
    if asked?.isForClasses == false { throw ValidationError("--loss \(aim.loss ?? "") is for numbers; \(things) are of classes.") }
    if optimizer != nil { return try recompile(way, loss: asked, metrics: aim.chosenMetrics()) }
    let isOne = (layers.last as? Dense)?.units == 1 && count == 2
    try compile(
      anyOptimizer: way.chosen(), loss: asked ?? (isOne ? .binaryCrossentropy : .sparseCategoricalCrossentropy),
      metrics: aim.chosenMetrics() ?? [.accuracy])
  }

  /// Whether its loss takes classes as a place of one for each.
  var takesPlaces: Bool { [Loss.categoricalCrossentropy, .categoricalFocalCrossentropy].map(\.className).contains(loss?.className) }
}

/// How many files there are for what.
func partSizes(_ training: Int, _ validation: Int?, _ test: Int?, _ things: String) -> String {
  var parts = ["\(grouped(training)) \(things) to train on"]
  if let validation { parts.append("\(grouped(validation)) to validate on") }
  if let test { parts.append("\(grouped(test)) to test on") }
  return parts.joined(separator: ", ")
}

/// What is told of a folder's classes.
func classLines(_ names: [String], _ counts: [Int], _ things: String) -> [String] {
  let shown = zip(names, counts).prefix(20).map { "\($0) \(grouped($1))" }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
  var lines = wrapped("\(names.count) classes, \(things) to train on of each: \(shown)", to: TextTable.width)
  if let most = counts.max(), let least = counts.min(), most > 3 * least, names.count < 100 {
    lines.append("The classes are uneven; with --class-weight balanced the rare ones count as much as the frequent ones.")
  }
  return lines
}
