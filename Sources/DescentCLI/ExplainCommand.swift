import ArgumentParser
import KerasFiles

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Show what a model or an optimizer does in a step, kernel by kernel.",
    discussion: """
      Several operations in one line are one pass over memory. Nothing is run.

      EXAMPLES:
        descent explain --optimizer adam
        descent explain --model model.keras --batch-size 32
      """)

  @Option(help: ArgumentHelp("A .keras or .h5 file, or a .json file with a description: predicting, and training if it is compiled.", valueName: "file"))
  var model: ModelFile?

  @Option(help: ArgumentHelp("The rows of a batch.", valueName: "n"))
  var batchSize = 32

  @Option(help: ArgumentHelp("What stands for sizes that are open (Keras's None): the length of a text, the sides of a picture.", valueName: "n"))
  var length = 100

  @Option(help: ArgumentHelp("An optimizer's update, by name, with settings as in descent train.", valueName: "name"))
  var optimizer: String?

  func validate() throws {
    try model?.validate()
    if (model == nil) == (optimizer == nil) { throw ValidationError("Give --model or --optimizer, one of them.") }
    for (option, value) in [("--batch-size", batchSize), ("--length", length)] where value < 1 {
      throw ValidationError("\(option) is \(value); expected at least 1.")
    }
    if let optimizer { _ = try checkingOptions { try OptimizerRegistry.optimizer(text: optimizer) } }
  }

  func run() throws {
    if let optimizer {
      let explanation = try OptimizerRegistry.optimizer(text: optimizer).explainUpdate()
      Output.line("The update of parameters of shapes [784, 100] and [100]: \(explanation)")
    }
    if let file = model {
      let model = try file.load()
      guard let shape = model.rowInputShapes?.first?.filled(with: length), model.rowInputShapes?.count == 1,
        let outputShape = model.rowOutputShapes?.first?.filled(with: length), model.rowOutputShapes?.count == 1
      else {
        throw DescentError(.invalidArgument, "explain: \(file.path) is not a model of one input and one output whose shapes are known")
      }
      let x = Tensor.zeros([batchSize] + shape)
      Output.line("Predicting \(batchSize) rows: \(try model.explainPrediction(x))")
      if model.optimizer != nil {
        // Targets are like the output, or numbers of classes.
        let explanation =
          try (try? model.explainTrainingStep(x, Tensor.zeros([batchSize] + outputShape)))
          ?? model.explainTrainingStep(x, Tensor.zeros([batchSize], dtype: .int32))
        Output.line("\nA step of training on \(batchSize) rows: \(explanation)")
      }
    }
  }
}
