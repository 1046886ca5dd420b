import ArgumentParser
import Foundation
import KerasFiles

extension TrainCommand {
  /// Trains on a table: looks at its columns first, says what it makes of them, and leaves a model that knows them.
  func runTable(_ given: Model?, _ results: Results) throws {
    if let report = tableOptions.report { try checkWritable(report) }
    let file = try dataOptions.table()
    guard let target = dataOptions.target ?? given?.table?.target.name else { return try dataOptions.requireTarget() }
    let seed = taskOptions.seed ?? TaskOptions.defaultSeed
    let loss = try taskOptions.chosenLoss()
    var options = try tableOptions.options(seed: seed, validationSplit: validationSplit)
    if options.task == nil, let loss { options.task = loss.isForClasses ? .classification : nil }
    let data: TableData
    if let table = given?.table {
      guard target == table.target.name else {
        throw DescentError(.invalidArgument, "--target is '\(target)', and the model predicts '\(table.target.name)'")
      }
      data = try TableData(file, preparedBy: table, options: options)
    } else {
      // A loss for numbers asks for a number where the target is one.
      if options.task == nil, let loss, !loss.isForClasses { options.task = .regression }
      data = try TableData(file, target: target, options: options)
    }
    let table = data.preprocessing
    let model = try given ?? modelOptions.tableNetwork(table, loss: loss, rows: data.training.count, seed: seed)
    let way = optimizerOptions.spelling, metrics = try taskOptions.chosenMetrics()
    if model.optimizer == nil {
      try table.compile(model, optimizer: way.chosen(), loss: loss, metrics: metrics)
    } else {
      try table.recompile(model, anyOptimizer: way.given(), loss: loss, metrics: metrics)
      try way.setRate(of: model)
    }
    var weights: [Int: Double]?
    if tableOptions.classWeight == .balanced {
      guard let balanced = data.balancedClassWeights else {
        throw DescentError(.invalidArgument, "--class-weight is for classes; the target '\(target)' is a number")
      }
      weights = balanced
    }
    let set = DataSet(data, name: file.name)
    let rows = taskOptions.rows(of: data.training.count, isTable: true)
    let plan = TablePlan(epochs: epochs, rows: data.training.count, batchSize: rows, hasValidation: data.validation != nil)
    try model.check(set.train.x, set.train.y, "fit")
    try set.check(model)
    let settings = try RunSettings(
      model, set, initialWeights: modelOptions.model, seed: taskOptions.seed, batchSize: rows, validationSplit: 1 - options.trainingPart, shuffle: shuffle)
    if try !begins(results, settings) { return }
    if verbose != .silent {
      Output.line(TableDescription(file: file, data: data).text)
      Output.line(try describe(model, plan))
    }
    let showsFew = epochs == nil && verbose == .auto
    var callbacks: [Callback] = [RunObserver(results, settings)]
    if let patience = plan.patience { callbacks.append(EarlyStopping(patience: patience, restoreBestWeights: true)) }
    if showsFew { callbacks.append(FewLines()) }
    let history = try blamingData(file.name) {
      try model.fit(
        set.train.x, set.train.y, batchSize: rows, epochs: plan.epochs, verbose: showsFew ? .silent : verbose.verbosity,
        callbacks: callbacks + (results.backup.map { [$0] } ?? []) + boards, validationData: set.validation.map { ($0.x, $0.y) }, shuffle: shuffle,
        classWeight: weights, group: CommandGroup.shared, shards: groupOptions.shards, shardOptimizerState: groupOptions.shardOptimizerState)
    }
    // What is left is to judge and to write.
    guard CommandGroup.isLeader else { return try results.finish() }
    let written = try results.write(model, history, withModel: true)
    try finish(results, history, written.text)
    let (part, judged) = data.judged
    let scores = try model.scores(judged)
    if let report = tableOptions.report {
      let numbers = try model.predictions(judged).numbers
      let page = try TableReport(
        file: file, data: data, history: history, part: "\(part), \(grouped(judged.count)) rows", scores: scores,
        points: zip(judged.y?.doubles ?? [], numbers).map { ($0, Double($1)) }, importances: model.importances(judged, seed: seed))
      try writeFile(report, text: page.html)
    }
    tell(history, scores, part, written) { "New rows are predicted by: descent predict --model \($0) --data FILE" }
  }

  /// One line on the network and how long it is trained.
  private func describe(_ model: Model, _ plan: TablePlan) throws -> String {
    let sizes = model.layers.compactMap { ($0 as? Dense).map { String($0.units) } }
    let count = model.trainableVariables.reduce(0) { $0 + $1.shape.reduce(1, *) }
    let rule = plan.patience.map { "up to \(plan.epochs) epochs, until the validation loss has not fallen for \($0); the best is kept" } ?? "\(plan.epochs) epochs"
    let unit = model.table?.target.classes == nil && model.hasWeightedLoss ? " (1 is what always predicting the mean has)" : ""
    return "A network of \(grouped(count)) weights, layers of \(sizes.joined(separator: ", ")); the loss is \(model.loss?.name ?? "none")\(unit); \(rule)\n"
  }
}

/// How long a network is trained on a table where that is not said: until validation gets no better.
struct TablePlan {
  let epochs: Int
  /// Epochs without a better validation after which training ends; nil if all are to be gone through.
  let patience: Int?

  init(epochs given: Int?, rows: Int, batchSize: Int, hasValidation: Bool) {
    if let given {
      (epochs, patience) = (given, nil)
      return
    }
    // About 20,000 steps, but no fewer than 20 passes and no more than 300.
    let steps = max(1, rows / batchSize)
    let most = max(20, min(300, 20_000 / steps))
    epochs = hasValidation ? most : min(most, 100)
    patience = hasValidation ? max(5, most / 10) : nil
  }
}

/// A line for the first epochs and for every tenth.
private final class FewLines: Callback {
  override var runsOnEveryRank: Bool { false }

  private var last = ""
  private var isShown = true

  override func onEpochEnd(_ epoch: Int, _ logs: Logs) {
    let number = epoch + 1
    last = "Epoch \(number) - " + logs.names.compactMap { name in logs[name].map { "\(name): \(TableScoresDescription.short($0))" } }.joined(separator: " - ")
    isShown = number <= 3 || number == 5 || number % 10 == 0
    if isShown { Output.line(last) }
  }

  override func onTrainEnd(_ logs: Logs) {
    if !isShown { Output.line(last) }
  }
}

extension ModelOptions {
  /// A network for a table: of two hidden layers where sizes are not given, smaller ones for few rows.
  func tableNetwork(_ table: TablePreprocessing, loss: Loss?, rows: Int, seed: UInt64) throws -> Model {
    let activation = try activation.map { try ActivationFunction(named: $0) } ?? .relu
    let standard = rows < 1_000 ? [32, 16] : rows < 20_000 ? [64, 32] : [128, 64]
    return try table.network(hidden: layers?.sizes ?? standard, activation: activation, loss: loss, seed: seed)
  }
}
