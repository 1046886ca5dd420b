import ArgumentParser
import Descent

struct OptimizersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "optimizers",
    abstract: "List the optimizers, or tell about one.",
    discussion: """
      EXAMPLES:
        descent optimizers
        descent optimizers adam
      """)

  @Argument(help: ArgumentHelp("The optimizer to tell about, by name.", valueName: "name"))
  var name: String?

  func validate() throws {
    if let name { _ = try checkingOptions { try OptimizerRegistry.type(named: name) } }
  }

  func run() throws {
    if let name {
      Output.line(OptimizerPage(try OptimizerRegistry.type(named: name)).text)
    } else {
      Output.line(OptimizerPage.list)
    }
  }
}
