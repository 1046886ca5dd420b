import ArgumentParser
import Descent
import Foundation

struct ChooseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "choose",
    abstract: "Find out which optimizer to use for some data.",
    discussion: """
      Compares optimizers on a network and data: measures each, tunes each with the same number of trials, and runs the three best and \
      tuned Adam to the end with several seeds. The answer is a sentence with intervals; "no difference found with this budget" is one.

      A folder gets report.html, trials.csv, trials.jsonl and recommended.json, for descent train --optimizer. The same command with the \
      same --out goes on where it was interrupted.

      EXAMPLES:
        descent choose --epochs 5 --out which
        descent choose --data flowers.csv --target species --minutes 2
        descent choose --candidate adam --candidate lion --candidate fast=sgd:momentum=0.9 --budget-epochs 200
        descent train --optimizer which/recommended.json --epochs 5
      """)

  @OptionGroup(title: "Data") var dataOptions: DataOptions
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Training") var taskOptions: TaskOptions

  @Option(help: ArgumentHelp("The length of a full run. (default: what the budget allows, at most 30; 10 without a budget)", valueName: "n"))
  var epochs: Int?

  @Option(help: ArgumentHelp("What all runs together may take.", valueName: "minutes"))
  var minutes: Double?

  @Option(help: ArgumentHelp("The same in passes over the training rows: the answer then does not depend on the machine's pace.", valueName: "epochs"))
  var budgetEpochs: Double?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "An optimizer to try, spelled as for descent train, or NAME=OPTIMIZER. May be given several times. (default: \(OptimizerCandidate.standard.map(\.name).joined(separator: ", ")))",
      valueName: "optimizer"))
  var candidate: [String] = []

  @Option(help: ArgumentHelp("The number to judge by: loss or a metric. (default: the first metric)", valueName: "name"))
  var metric: String?

  @Option(help: ArgumentHelp("A value of the metric to measure the time to.", valueName: "value"))
  var reach: Double?

  @Option(help: ArgumentHelp("A smaller difference of the metric does not matter.", valueName: "difference"))
  var smallestDifference = 0.0

  @Option(help: ArgumentHelp("How many settings of each optimizer are tried.", valueName: "n"))
  var trials = 8

  @Option(help: ArgumentHelp("How many runs of each finalist there are.", valueName: "n"))
  var seeds = 5

  @Option(help: ArgumentHelp("How the final runs' learning rate goes: cosine (with a rise at first) or constant.", valueName: "schedule"))
  var schedule = "cosine"

  @Option(help: ArgumentHelp("The folder for the results. (default: a new folder in runs, named after the time)", valueName: "folder"))
  var out: String?

  @Option(help: ArgumentHelp("Write settings and results for TensorBoard's page of hyperparameters into this folder.", valueName: "folder"))
  var tensorboard: String?

  @Flag(help: "Print the answer alone.")
  var quiet = false

  func validate() throws {
    try dataOptions.requireTarget()
    if minutes != nil && budgetEpochs != nil { throw ValidationError("--minutes and --budget-epochs are two ways to give one budget; leave one out.") }
    try checkingOptions { try options().validate() }
  }

  private func options() throws -> ChoosingOptions {
    var options = ChoosingOptions()
    if !candidate.isEmpty { options.candidates = try candidate.map(ChooseCommand.candidate) }
    if let minutes { options.budget = .seconds(minutes * 60) }
    if let budgetEpochs { options.budget = .epochs(budgetEpochs) }
    options.epochs = epochs
    (options.tuningTrials, options.seeds, options.metric, options.target) = (trials, seeds, metric, reach)
    options.smallestDifference = smallestDifference
    options.seed = taskOptions.seed ?? TaskOptions.defaultSeed
    guard let chosen = ChoosingOptions.FinalSchedule(rawValue: schedule) else {
      throw DescentError(.invalidArgument, "--schedule is '\(schedule)'; expected cosine or constant")
    }
    options.schedule = chosen
    return options
  }

  /// `adam`, `sgd:momentum=0.9`, or a name, `=` and one of these.
  private static func candidate(_ text: String) throws -> OptimizerCandidate {
    let head = text.prefix { $0 != "=" && $0 != ":" && $0 != "{" }
    guard head.endIndex < text.endIndex, text[head.endIndex] == "=" else {
      return OptimizerCandidate(nil, try OptimizerRegistry.optimizer(text: OptimizerSpelling.text(text)))
    }
    let spelling = String(text[text.index(after: head.endIndex)...])
    return OptimizerCandidate(String(head), try OptimizerRegistry.optimizer(text: OptimizerSpelling.text(spelling)))
  }

  func run() throws {
    let given = try modelOptions.load(seed: taskOptions.seed)
    // Of several processes the first writes.
    let folder = CommandGroup.isLeader ? try RunFolder(out) : nil
    defer { folder?.release() }
    let data = try dataOptions.load(for: given)
    let prepared = try PreparedModel(given, modelOptions, data, taskOptions, OptimizerSpelling())
    var options = try options()
    options.batchSize = taskOptions.rows(of: data.train.count, isTable: data.table != nil)
    if !quiet { Output.line(data.description(prepared.task)) }
    let choice = try blamingData(data.name) {
      try prepared.model.chooseOptimizer(
        data.train.x, data.train.y, validationData: data.validation.map { ($0.x, $0.y) }, testData: data.test.map { ($0.x, $0.y) },
        options: options, startsFromWeights: modelOptions.model.map { !$0.isDescription } ?? false, journal: folder?.file("trials.jsonl"),
        progress: tell, group: CommandGroup.shared)
    }
    guard let folder else {
      if choice == nil { throw ExitCode(130) }
      return
    }
    guard let choice else {
      Output.line("Interrupted; what is finished is kept in \(folder.file("trials.jsonl")). The same command with --out \(folder.path) goes on from here.")
      throw ExitCode(130)
    }
    try writeFile(folder.file("trials.csv"), text: choice.csv)
    if let recommended = choice.recommended { try writeFile(folder.file("recommended.json"), text: recommended.text(indent: 2) + "\n") }
    let circumstances = ReportCircumstances(
      data: data.description(prepared.task), model: "\(grouped(prepared.model.variables.reduce(0) { $0 + $1.count })) numbers in \(prepared.model.layers.map { String(describing: type(of: $0)) }.joined(separator: ", "))",
      command: (["descent"] + CommandLine.arguments.dropFirst()).joined(separator: " "), version: "Descent \(DescentCommand.configuration.version)")
    if let tensorboard { try choice.writeTensorBoard(to: tensorboard) }
    try writeFile(folder.file("report.html"), text: choice.html(circumstances))
    Output.line("\(quiet ? "" : "\n")\(choice.verdict)")
    if let code = choice.code, !quiet { Output.line("\n  \(code)\n") }
    for (name, scores) in choice.testScores.sorted(by: { $0.key < $1.key }) {
      Output.line("Test, \(name): \(scores.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: " - "))")
    }
    Output.line("Wrote \(["report.html", "trials.csv", "trials.jsonl"].map(folder.file).joined(separator: ", "))\(choice.recommended == nil ? "" : " and " + folder.file("recommended.json"))")
  }

  private func tell(_ progress: ChoosingProgress) {
    if quiet { return }
    let left = progress.secondsLeft.map { ", \(ChooseCommand.duration($0)) left" } ?? ""
    Output.line("\(Int(progress.part * 100)) %\(left): \(progress.text)")
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole < 90 ? "\(whole) s" : whole < 5400 ? "\((whole + 30) / 60) min" : String(format: "%.1f h", seconds / 3600)
  }
}
