import ArgumentParser
import KerasFiles

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a network on a table, a folder of pictures or texts, or arrays.",
    discussion: """
      Trains, judges the network on data it has not seen, and leaves history.csv (the numbers of each epoch) and weights.npz \
      (the trained weights, for numpy.load) in a folder.

      Of a table (.csv and the like) it looks at the columns first and prints what it makes of them: numbers are scaled, categories and dates \
      become numbers, missing values are filled in and marked, and what tells nothing is left out. The model in the folder (model.keras), or \
      the one that --save names, remembers that, so that predict and evaluate need nothing but a file with the same columns.

      Of a folder of pictures, with a folder for each class in it, it makes all pictures of one size, changes them a little at random while training, and \
      trains a small convolutional network; the model remembers size and classes. --split, --class-weight and --report are as for tables.

      Of a folder of texts (.txt), with a folder for each class in it, it learns the words and trains a small network on them; the model remembers words \
      and classes.

      EXAMPLES:
        descent train
        descent train --epochs 20 --batch-size 128 --layers 256,64
        descent train --optimizer sgd:momentum=0.9,nesterov=true --learning-rate 0.05
        descent train --optimizer '{"class_name": "Adam", "config": {"beta_1": 0.8}}'
        descent train --data flowers.csv --target species --save flowers.keras
        descent train --data houses.csv --target price --drop owner --types zip=category --split 0.7,0.15
        descent train --data pets --save pets.keras --report pets.html
        descent train --data reviews --save reviews.keras
        descent train --data signs --image-size 64 --augmentation rotation,zoom,brightness --split 0.7,0.15
        descent train --data d.npz --no-shuffle --seed 7 --out runs/mine
        descent train --model init.keras --data d.npz --epochs 3 --save trained.keras
        descent train --epochs 500 --out runs/long             (killed, then)
        descent train --epochs 500 --out runs/long --resume
        mpirun -n 4 descent train --data d.npz                (four processes, also on several machines)
      """)

  @OptionGroup(title: "Data") var dataOptions: DataOptions

  @OptionGroup(title: "Tables") var tableOptions: TableTrainingOptions

  @OptionGroup(title: "Pictures") var imageOptions: ImageTrainingOptions

  @OptionGroup(title: "Model") var modelOptions: ModelOptions

  @Option(
    help: ArgumentHelp(
      "The part of the rows, from the end, of a table or of pictures drawn by the seed, to validate on after each epoch. (default: 0.2, or 0 for an .npz file)",
      valueName: "part"))
  var validationSplit: Double?

  @Flag(inversion: .prefixedNo, help: "Put the rows in a new order before each epoch.")
  var shuffle = true

  @Option(help: ArgumentHelp("Passes over the training rows. (default: 5; for tables, pictures and texts until validation gets no better)", valueName: "n"))
  var epochs: Int?

  @OptionGroup(title: "Training") var taskOptions: TaskOptions

  @OptionGroup(title: "Training") var optimizerOptions: OptimizerChoiceOptions

  @Option(
    help: ArgumentHelp(
      "0 prints nothing, 1 a progress bar, 2 a line an epoch; auto a bar in a terminal, else a line.", valueName: "level"))
  var verbose = VerbosityOption.auto

  @Option(help: ArgumentHelp("Write files for TensorBoard into this folder: numbers of each epoch, histograms of the weights, the layers.", valueName: "folder"))
  var tensorboard: String?

  @Flag(help: "Draw loss and metrics in the terminal at the end.")
  var plot = false

  @OptionGroup(title: "Several processes") var groupOptions: GroupOptions

  @OptionGroup(title: "Results") var resultOptions: ResultOptions

  func validate() throws {
    if modelOptions.model == nil { try dataOptions.requireTarget() }
    if plot && verbose == .silent { throw ValidationError("--plot draws in the terminal, where --verbose 0 prints nothing; leave one of them out.") }
    let isTexts = dataOptions.isTexts
    if (isTexts || dataOptions.isPictures) && tableOptions.isOfTables {
      throw ValidationError("--task, --features, --drop and --types are for tables; --data is '\(dataOptions.data)', a folder of \(isTexts ? "texts" : "pictures").")
    }
    if !dataOptions.isPictures && imageOptions.isUsed {
      throw ValidationError("\(ImageTrainingOptions.names) are for folders of pictures; --data is '\(dataOptions.data)'.")
    }
    if !isTexts && !dataOptions.isPictures && !dataOptions.isTable && tableOptions.isUsed {
      throw ValidationError("--task, --features, --drop, --types, --split, --class-weight and --report are for tables; --data is '\(dataOptions.data)'.")
    }
    _ = try tableOptions.options(seed: 0, validationSplit: validationSplit)
    try NumberRange.count.check(option: "--epochs", epochs)
    try NumberRange.decay.check(option: "--validation-split", validationSplit)
  }

  func run() throws {
    let given = try modelOptions.load(seed: taskOptions.seed)
    // Before the data are read: that there is a place for the results, and nobody else in it.
    let results = try Results(resultOptions)
    defer { results.release() }
    if dataOptions.isTable && (given == nil || given?.table != nil) { return try runTable(given, results) }
    if dataOptions.isTexts { return try runTexts(given, results) }
    if dataOptions.isPictures { return try runImages(given, results) }
    try dataOptions.requireTarget()
    if tableOptions.isUsed {
      throw ValidationError("The model knows nothing of a table's columns, so --task, --features, --drop, --types, --split, --class-weight and --report are of no use.")
    }
    let data = try dataOptions.load(for: given)
    if data.validation != nil, let validationSplit, validationSplit > 0 {
      throw DescentError(.invalidArgument, "\(data.name): holds x_val and y_val, and --validation-split is given; leave one out")
    }
    let prepared = try PreparedModel(given, modelOptions, data, taskOptions, optimizerOptions.spelling)
    let model = prepared.model
    let rows = taskOptions.rows(of: data.train.count)
    let split = validationSplit ?? (dataOptions.isArchive || data.validation != nil ? 0 : Self.defaultValidationSplit)
    let settings = try RunSettings(
      model, data, initialWeights: modelOptions.model, seed: taskOptions.seed, batchSize: rows, validationSplit: split, shuffle: shuffle)
    if try !begins(results, settings) { return }
    if verbose != .silent { Output.line(data.description(prepared.task)) }
    let history = try blamingData(data.name) {
      try model.fit(
        data.train.x, data.train.y, batchSize: rows, epochs: epochs ?? Self.defaultEpochs, verbose: verbose.verbosity,
        callbacks: [RunObserver(results, settings)] + (results.backup.map { [$0] } ?? []) + boards, validationSplit: split,
        validationData: data.validation.map { ($0.x, $0.y) }, shuffle: shuffle, group: CommandGroup.shared, shards: groupOptions.shards,
        shardOptimizerState: groupOptions.shardOptimizerState)
    }
    let written = try results.write(model, history).text
    try finish(results, history, written)
    if plot { Output.line("\n\(RunCurves(history).terminalPlot(width: TextTable.width))\n") }
    try report(model, data, history, written)
    // Of a loss that is not finite fit has said so, unless it was to be silent.
    if verbose == .silent || history["loss"].last?.isFinite == true, let remark = Divergence.remark(history, prepared.outcome, data) {
      Output.remark(remark)
    }
  }

  /// Whether there is something to train; otherwise says that the run that was to be resumed has come to its end.
  func begins(_ results: Results, _ settings: RunSettings) throws -> Bool {
    if try !CommandGroup.allSay(!results.isFinished(settings)) {
      try results.finish()
      Output.line("There is nothing to resume: the run in \(resultOptions.out ?? "") has come to its end.")
      return false
    }
    results.backup?.conditions = settings.ownConditions
    return true
  }

  /// Ends a run whose results are written; one that was interrupted can be gone on with.
  func finish(_ results: Results, _ history: History, _ written: String) throws {
    if history.isInterrupted {
      Output.line("Interrupted; wrote what there is to \(written)")
      if results.backup != nil { Output.line("The same command with --resume goes on from here.") }
      throw ExitCode(130)
    }
    try results.finish()
  }

  /// What writes for TensorBoard, if that was asked for.
  var boards: [Callback] { tensorboard.map { [TensorBoard(logDirectory: $0, histogramFrequency: 1, writesImages: true)] } ?? [] }

  private static let defaultValidationSplit = 0.2
  private static let defaultEpochs = 5

  /// Judges the network on the rows that were kept apart, and says where its files are.
  private func report(_ model: Model, _ data: DataSet, _ history: History, _ written: String) throws {
    if verbose == .silent { return }
    if let test = data.test {
      Output.line("Test: \(try model.evaluate(test.x, test.y, batchSize: Self.evaluationBatchSize, verbose: 0, group: CommandGroup.shared))")
    } else {
      let last = history.names.filter { $0.hasPrefix("val_") }.compactMap { name in history[name].last.map { "\(name): \($0)" } }
      if !last.isEmpty { Output.line("Validation: \(last.joined(separator: " - "))") }
    }
    Output.line("Wrote \(written)")
  }

  private static let evaluationBatchSize = 256
}

/// The last layer, the loss and the metric for what is to be predicted.
struct Outcome {
  let width: Int
  let activation: ActivationFunction
  let loss: Loss
  let metric: Metric
  /// Whether the loss is one for classes.
  let isClassification: Bool

  init(_ task: DataSet.Task, loss chosen: Loss?) {
    let loss: Loss
    switch task {
    case .classes(let count):
      loss = chosen ?? .sparseCategoricalCrossentropy
      // Only class numbers need an output for each class; other losses compare them as the numbers that they are.
      width = loss.className == Loss.sparseCategoricalCrossentropy.className ? count : 1
    case .numbers(let count):
      loss = chosen ?? .meanSquaredError
      width = count
    }
    self.loss = loss
    switch loss.className {
    case _ where loss.isFromLogits: activation = .linear
    case Loss.sparseCategoricalCrossentropy.className, Loss.categoricalCrossentropy.className: activation = .softmax
    case Loss.binaryCrossentropy.className: activation = .sigmoid
    default: activation = .linear
    }
    isClassification = loss.isForClasses
    metric = isClassification ? .accuracy : "mean_absolute_error"
  }
}
