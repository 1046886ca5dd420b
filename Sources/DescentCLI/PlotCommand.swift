import ArgumentParser
import Descent

struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draw the curves of one or several training runs.",
    discussion: """
      A run is a folder that descent train wrote, or a CSV file with a line for each epoch. Each number has a panel; several runs are \
      drawn over one another, each in its colour, what is measured in training dashed where there is validation.

      EXAMPLES:
        descent plot runs/2026-01-31-120000
        descent plot adam=runs/a lion=runs/b --svg both.svg
        descent plot runs/a --terminal
      """)

  @Argument(help: ArgumentHelp("Folders of runs or CSV files, each with NAME= before it if it is to be called so.", valueName: "run"))
  var runs: [String]

  @Option(help: ArgumentHelp("The file for the picture. (default: plot.svg)", valueName: "file"))
  var svg: String?

  @Option(help: ArgumentHelp("What stands above the picture.", valueName: "text"))
  var title: String?

  @Flag(help: "Draw in the terminal, and no picture.")
  var terminal = false

  func validate() throws {
    if terminal && (svg != nil || title != nil) { throw ValidationError("--terminal draws no picture; leave --svg and --title out.") }
  }

  func run() throws {
    let curves = try runs.map { text -> RunCurves in
      guard let sign = text.firstIndex(of: "=") else { return try RunCurves(text) }
      return try RunCurves(String(text[text.index(after: sign)...]), name: String(text[..<sign]))
    }
    if let empty = curves.first(where: \.epochs.isEmpty) { throw DescentError(.data, "\(empty.name): has no epochs") }
    if terminal {
      for (number, run) in curves.enumerated() {
        Output.line("\(number > 0 ? "\n" : "")\(run.name)\n\(run.terminalPlot(width: TextTable.width))")
      }
      return
    }
    let svg = svg ?? "plot.svg"
    try writeFile(svg, text: HistoryPicture(curves, title: title ?? "").svg)
    Output.line("Wrote \(svg)")
  }
}
