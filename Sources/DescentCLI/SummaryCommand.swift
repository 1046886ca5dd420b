import ArgumentParser
import KerasFiles

struct SummaryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Print the layers of a saved model.")

  @Option(help: ArgumentHelp("A .keras or .h5 file, or a .json file with a description.", valueName: "file"))
  var model: ModelFile

  @Flag(help: "Print the model's description as Keras's to_json does.")
  var json = false

  @Option(help: ArgumentHelp("Draw the graph of layers into a file ending in .svg or .dot.", valueName: "file"))
  var plot: String?

  func validate() throws { try model.validate() }

  func run() throws {
    let model = try self.model.load()
    if let plot {
      try plotModel(
        model, toFile: plot, showShapes: true, showDType: true, showLayerNames: true, expandNested: true, showLayerActivations: true)
      if !json { return }
    }
    if json {
      Output.line(try model.toJSON(indent: 1))
    } else {
      Output.plain(model.summaryText(expandNested: true).printableLines)
    }
  }
}
