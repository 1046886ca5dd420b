import ArgumentParser
import Descent
import DescentImages

/// What a network is trained to do, and on how many rows a step.
struct TaskOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Rows a step: a number, or all for the whole data set at once. (default: 32; for tables of 10,000 rows and more 128, of 100,000 and more 512)",
      valueName: "n|all"))
  var batchSize: BatchSize?

  @Option(
    help: ArgumentHelp(
      "A name, or Keras's JSON. (default: the model's, or sparse_categorical_crossentropy for classes, else mean_squared_error)", valueName: "loss"))
  var loss: String?

  @Option(
    help: ArgumentHelp(
      "Names with commas between them, or none. (default: the model's, or accuracy for classes, else mean_absolute_error)", valueName: "names"))
  var metrics: WordList?

  @Option(help: ArgumentHelp("Decides the initial weights and the order of the rows. (default: 0)", valueName: "n"))
  var seed: UInt64?

  static let defaultSeed: UInt64 = 0

  func validate() throws {
    try checkingOptions {
      _ = try chosenLoss()
      _ = try chosenMetrics()
    }
  }

  /// How many of so many rows make a batch.
  func rows(of count: Int, isTable: Bool = false) -> Int {
    let standard = !isTable || count < 10_000 ? 32 : count < 100_000 ? 128 : 512
    return (batchSize ?? .rows(standard)).count(of: count)
  }

  /// How many batches so many rows make.
  func steps(over count: Int, isTable: Bool = false) -> Int {
    let (whole, rest) = count.quotientAndRemainder(dividingBy: rows(of: count, isTable: isTable))
    return rest == 0 ? whole : whole + 1
  }

  func chosenLoss() throws -> Loss? { try loss.map(DescentCLI.chosenLoss) }

  func chosenMetrics() throws -> [Metric]? { try metrics?.words.map { try Metric(named: $0) } }
}

/// How it is trained.
struct OptimizerChoiceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A name, name:key=value,…, Keras's JSON, or a .json file with it. (default: the model's, or adam)", valueName: "optimizer"))
  var optimizer: String?

  @Option(help: ArgumentHelp("The optimizer's learning rate. (default: its own)", valueName: "rate"))
  var learningRate: Double?

  func validate() throws {
    try NumberRange.nonNegative.check(option: "--learning-rate", learningRate)
    _ = try checkingOptions(spelling.chosen)
  }

  var spelling: OptimizerSpelling { OptimizerSpelling(optimizer: optimizer, learningRate: learningRate) }
}

/// An optimizer in words.
struct OptimizerSpelling {
  /// As the command line or a file spells it; nil for the model's own, or Adam.
  var optimizer: String?
  var learningRate: Double?

  /// The one that was asked for, if one was.
  func given() throws -> (any Optimizer)? { optimizer == nil ? nil : try chosen() }

  /// Sets the rate that was asked for, of a model whose optimizer stays.
  func setRate(of model: Model) throws {
    if optimizer == nil, let learningRate { try model.setLearningRate(learningRate) }
  }

  func chosen() throws -> any Optimizer {
    let text = try optimizer.map(OptimizerSpelling.text) ?? "adam"
    var chosen = try OptimizerRegistry.optimizer(text: text)
    if let learningRate {
      if optimizer != nil, text.contains("learning_rate") || text.contains("lr=") || text.contains("\"lr\"") {
        throw DescentError(.invalidArgument, "--learning-rate is given, but --optimizer has a learning rate too. Leave one out.")
      }
      chosen.options.learningRate = .constant(learningRate)
      try chosen.validate()
    }
    return chosen
  }

  /// An optimizer as it is spelled, or as a file spells it.
  static func text(_ spelling: String) throws -> String {
    guard hasEnding(spelling, ".json"), !spelling.hasPrefix("{") else { return spelling }
    return String(decoding: try ByteSource(path: spelling).allBytes(), as: UTF8.self)
  }
}

/// A compiled model for some data: from a file, or a new one that fits the task.
struct PreparedModel {
  let model: Model
  /// What is to be predicted; nil where a model of several inputs or outputs says what the arrays mean.
  let task: DataSet.Task?
  let outcome: Outcome?

  /// - Parameter given: a model from a file.
  /// - Throws: ``DescentError`` if the data does not fit the model.
  init(_ given: Model?, _ options: ModelOptions, _ data: DataSet, _ aim: TaskOptions, _ way: OptimizerSpelling) throws {
    let loss = try aim.chosenLoss()
    if let given, data.table == nil, !data.train.isPlain || given.outputNames.count > 1 || given.inputNames.count > 1 {
      (task, outcome, model) = (nil, nil, given)
      try PreparedModel.compileSeveral(model, loss, try aim.chosenMetrics(), way)
    } else if given == nil, let table = data.table {
      model = try options.tableNetwork(table, loss: loss, rows: data.train.count, seed: aim.seed ?? TaskOptions.defaultSeed)
      try table.compile(model, optimizer: way.chosen(), loss: loss, metrics: aim.chosenMetrics())
      (task, outcome) = (table.target.classes.map { .classes($0.count) } ?? .numbers(1), nil)
    } else if given == nil, let images = data.images {
      try options.refuseDenseLayers("pictures")
      model = try images.network(augmentation: ImageAugmentation.standard, seed: aim.seed ?? TaskOptions.defaultSeed)
      model.images = images
      try model.compile(forClasses: images.classNames.count, of: "pictures", aim, way)
      (task, outcome) = (.classes(images.classNames.count), nil)
    } else if given == nil, let texts = data.texts, let names = texts.classNames {
      try options.refuseDenseLayers("texts")
      model = try texts.network(seed: aim.seed ?? TaskOptions.defaultSeed)
      try model.compile(forClasses: names.count, of: "texts", aim, way)
      (task, outcome) = (.classes(names.count), nil)
    } else {
      let plain = try data.task(loss: loss ?? given?.loss)
      let outcome = Outcome(plain, loss: loss ?? given?.loss)
      if given == nil && plain == .classes(1) && outcome.isClassification {
        throw DescentError(.data, "\(data.name): all targets are of one class; there is nothing to tell apart")
      }
      model = try given ?? options.network(rows: data.rowShape, outcome, seed: aim.seed ?? TaskOptions.defaultSeed)
      try PreparedModel.compile(model, loss, try aim.chosenMetrics(), outcome, way)
      (self.task, self.outcome) = (plain, outcome)
    }
    try blamingData(data.name) { [model] in try model.check(data.train.x, data.train.y, "fit") }
    try data.check(model)
  }

  /// Compiles a new model, or one from a file with what was asked for in place of what it was compiled with.
  private static func compile(
    _ model: Model, _ loss: Loss?, _ metrics: [Metric]?, _ outcome: Outcome, _ way: OptimizerSpelling
  ) throws {
    if model.optimizer == nil {
      return try model.compile(anyOptimizer: way.chosen(), loss: outcome.loss, metrics: metrics ?? [outcome.metric])
    }
    try model.recompile(way, loss: loss, metrics: metrics ?? (loss == nil ? nil : [outcome.metric]))
  }

  /// The same for a model of several inputs or outputs, which comes with its losses.
  private static func compileSeveral(_ model: Model, _ loss: Loss?, _ metrics: [Metric]?, _ way: OptimizerSpelling) throws {
    if metrics != nil {
      throw ValidationError("--metrics is for models of one input and one output; compile the model with its metrics before it is saved.")
    }
    if model.optimizer != nil { return try model.recompile(way, loss: loss, metrics: nil) }
    guard let loss else { throw ValidationError("The model is not compiled; give --loss, or save it compiled.") }
    try model.compile(anyOptimizer: way.chosen(), loss: loss)
  }
}

extension Model {
  /// Puts what was asked for in place of what a model was compiled with; all else stays, and with the optimizer what that remembers.
  func recompile(_ way: OptimizerSpelling, loss: Loss?, metrics: [Metric]?) throws {
    if way.optimizer != nil || loss != nil || metrics != nil { try recompile(anyOptimizer: way.given(), loss: loss, metrics: metrics) }
    try way.setRate(of: self)
  }
}
