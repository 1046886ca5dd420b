import ArgumentParser
import Descent

struct FindRateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find-rate",
    abstract: "Find the range of learning rates that a network learns with.",
    discussion: """
      Trains for some steps with a learning rate that grows from step to step, and watches the loss. With too small a rate nothing \
      happens, with too great a one the loss explodes; valley is a rate to begin with.

      EXAMPLES:
        descent find-rate
        descent find-rate --optimizer lion --svg range.svg
        descent find-rate --data flowers.csv --target species --batch-size 16
      """)

  @OptionGroup(title: "Data") var dataOptions: DataOptions
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Training") var taskOptions: TaskOptions
  @OptionGroup(title: "Training") var optimizerOptions: OptimizerChoiceOptions

  @Option(help: ArgumentHelp("The first step's learning rate.", valueName: "rate"))
  var from = 1e-7

  @Option(help: ArgumentHelp("The learning rate that the steps grow towards.", valueName: "rate"))
  var to = 10.0

  @Option(help: ArgumentHelp("How many steps there are.", valueName: "n"))
  var steps = 100

  @Option(help: ArgumentHelp("Draw the loss against the rate into this file.", valueName: "file"))
  var svg: String?

  @Option(help: ArgumentHelp("Write rates and losses into this file.", valueName: "file"))
  var csv: String?

  func validate() throws {
    try dataOptions.requireTarget()
    if optimizerOptions.learningRate != nil { throw ValidationError("--learning-rate is what is looked for, from --from to --to; leave it out.") }
    if !(from > 0 && to > from && to.isFinite) { throw ValidationError("--from \(from) --to \(to): expected two numbers greater than 0, the second the greater.") }
    try NumberRange.atLeast(6).check(option: "--steps", steps)
  }

  func run() throws {
    for path in [svg, csv] { if let path { try checkWritable(path) } }
    let given = try modelOptions.load(seed: taskOptions.seed)
    let data = try dataOptions.load(for: given)
    let model = try PreparedModel(given, modelOptions, data, taskOptions, optimizerOptions.spelling).model
    let curve = try blamingData(data.name) {
      try model.findLearningRate(
        data.train.x, data.train.y, batchSize: taskOptions.rows(of: data.train.count, isTable: data.table != nil), startLearningRate: from,
        endLearningRate: to, steps: steps)
    }
    let rows = [LearningRateCurve.Suggestion.valley, .minimum, .steep].map { kind in
      [kind == .minimum ? "minimum/10" : kind.rawValue, curve.suggestion(kind).map { String($0) } ?? "the curve is too short to tell"]
    }
    let name = model.optimizer.map { type(of: $0).className } ?? "the optimizer"
    let end = curve.hasDiverged ? ", ended at \(curve.learningRates.last ?? to) as the loss exploded" : ""
    Output.line("\(name): \(curve.losses.count) steps from \(from)\(end)\n\n\(TextTable(rows: rows).text)")
    if let svg {
      try writeFile(svg, text: curve.svg)
      Output.line("Wrote \(svg)")
    }
    if let csv {
      let lines = zip(zip(curve.learningRates, curve.losses), curve.smoothedLosses).map { "\($0.0),\($0.1),\($1)" }
      try writeFile(csv, text: (["learning_rate,loss,smoothed_loss"] + lines).joined(separator: "\n") + "\n")
      Output.line("Wrote \(csv)")
    }
    if curve.isInterrupted { throw ExitCode(130) }
  }
}
