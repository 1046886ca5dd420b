import ArgumentParser
import KerasFiles

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Show what a model or an optimizer does in a step, kernel by kernel.",
    discussion: """
      Several operations in one line are one pass over memory. Nothing is run, unless --measure asks for times.

      EXAMPLES:
        descent explain --optimizer adam
        descent explain --optimizer adam --measure 100
        descent explain --model model.keras --batch-size 32
      """)

  @Option(help: ArgumentHelp("A .keras or .h5 file, or a .json file with a description: predicting, and training if it is compiled.", valueName: "file"))
  var model: ModelFile?

  @Option(help: ArgumentHelp("The rows of a batch. (default: 32)", valueName: "n"))
  var batchSize: Int?

  @Option(help: ArgumentHelp("What stands for sizes that are open (Keras's None): the length of a text, the sides of a picture. (default: 100)", valueName: "n"))
  var length: Int?

  @Option(help: ArgumentHelp("An optimizer's update, by name, with settings as in descent train.", valueName: "name"))
  var optimizer: String?

  @Option(help: ArgumentHelp("Run it so many times, on zeros or random numbers, and give the least time of each kernel.", valueName: "n"))
  var measure: Int?

  private var rowCount: Int { batchSize ?? 32 }
  private var openSize: Int { length ?? 100 }

  func validate() throws {
    try model?.validate()
    if (model == nil) == (optimizer == nil) { throw ValidationError("Give --model or --optimizer, one of them.") }
    if optimizer != nil && (batchSize != nil || length != nil) {
      throw ValidationError("--batch-size and --length are for --model; an optimizer's update has no rows.")
    }
    try NumberRange.count.check(option: "--batch-size", batchSize)
    try NumberRange.count.check(option: "--length", length)
    try NumberRange.count.check(option: "--measure", measure)
    if let optimizer { _ = try checkingOptions { try OptimizerRegistry.optimizer(text: optimizer) } }
  }

  func run() throws {
    if let optimizer {
      let rule = try OptimizerRegistry.optimizer(text: optimizer)
      let explanation = try measure.map { try rule.profileUpdate(runs: $0) } ?? rule.explainUpdate()
      Output.line("The update of parameters of shapes [784, 100] and [100]: \(explanation)")
    }
    if let file = model { try explain(file.load(), file.path) }
  }

  private func explain(_ model: Model, _ path: String) throws {
    guard let inputs = model.rowInputShapes?.map({ $0.filled(with: openSize) }), let outputs = model.rowOutputShapes?.map({ $0.filled(with: openSize) })
    else {
      throw DescentError(.invalidArgument, "explain: the shapes of what goes into \(path) are not known; expected a model that was built")
    }
    for shape in inputs + outputs where shape.reduce(rowCount, ElementCount.product) >= ElementCount.limit {
      throw DescentError(.invalidArgument, "explain: \(rowCount) rows of shape \(shape) are more than there is memory for")
    }
    let x = ExplainCommand.parts(inputs.map { Tensor.zeros([rowCount] + $0) })
    let prediction = try measure.map { try model.profilePrediction(x, runs: $0) } ?? model.explainPrediction(x)
    Output.line("Predicting \(rowCount) rows: \(prediction)")
    if model.optimizer == nil { return }
    Output.line("\nA step of training on \(rowCount) rows: \(try training(model, x, outputs))")
  }

  /// Targets are like the outputs, or numbers of classes: the first that the losses take.
  private func training(_ model: Model, _ x: any ModelData, _ outputs: [[Int]]) throws -> PlanExplanation {
    var refusal: (any Error)?
    for classes in 0..<1 << min(outputs.count, 8) {
      let y = outputs.enumerated().map { index, shape in
        classes >> index & 1 == 0 ? Tensor.zeros([rowCount] + shape) : Tensor.zeros([rowCount] + shape.dropLast(), dtype: .int32)
      }
      do {
        return try measure.map { try model.profileTrainingStep(x, ExplainCommand.parts(y), runs: $0) }
          ?? model.explainTrainingStep(x, ExplainCommand.parts(y))
      } catch {
        refusal = refusal ?? error
      }
    }
    throw refusal!
  }

  private static func parts(_ tensors: [Tensor]) -> any ModelData {
    if tensors.count == 1 { return tensors[0] }
    return tensors
  }
}
