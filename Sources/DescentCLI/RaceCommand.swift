import ArgumentParser
import Descent
import Foundation

struct RaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "race",
    abstract: "Race optimizers on a function of two variables.",
    discussion: """
      Each optimizer starts at the same point and makes the same number of steps. Without --optimizer four of them show their \
      character on a ravine: SGD zigzags, momentum overshoots, RMSprop goes almost straight, Adam has something of each.

      EXAMPLES:
        descent race --svg race.svg
        descent race --function rosenbrock --steps 500 --optimizer adam:lr=0.05
        descent race --optimizer sgd:lr=0.5 --optimizer sgd:lr=0.1,momentum=0.9
        descent race --optimizer adagrad:lr=1.5,convention=textbook --json r.json
        descent race --function himmelblau --start=0,0 --start=-4,1 --svg moving.svg --animate
        descent race --start=1,1.5 --optimizer '{"class_name": "Nadam", "config": {}}'
      """)

  @Option(help: ArgumentHelp("The function: \(TestFunction.all.map(\.name).joined(separator: ", ")).", valueName: "name"))
  var function = "ravine"

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Where to start, as --start=X,Y. May be given several times. (default: the function's own start)", valueName: "X,Y"))
  var start: [String] = []

  @Option(help: ArgumentHelp("How many steps each makes.", valueName: "n"))
  var steps = 30

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A name, name:key=value,…, or Keras's JSON. May be given several times.", valueName: "optimizer"))
  var optimizer: [String] = []

  @Option(help: ArgumentHelp("The dtype of the point: float32 or float64.", valueName: "dtype"))
  var dtype = "float64"

  @Option(help: ArgumentHelp("Draw the paths over level lines into this file.", valueName: "file"))
  var svg: String?

  @Flag(help: "Let a ball move along each path of the --svg picture.")
  var animate = false

  @Option(help: ArgumentHelp("Write all points and values into this file.", valueName: "file"))
  var json: String?

  func validate() throws {
    try checkingOptions {
      _ = try TestFunction.named(function)
      _ = try chosenOptimizers()
      _ = try startPoints()
      _ = try chosenType()
    }
    if animate && svg == nil { throw ValidationError("--animate needs --svg, the picture that is to move.") }
    try NumberRange.nonNegative.check(option: "--steps", steps)
  }

  func run() throws {
    for path in [svg, json] { if let path { try checkWritable(path) } }
    // The rest that may be wrong with the start is known to the race: that there are finite numbers around it.
    let race = try checkingOptions {
      let function = try TestFunction.named(function)
      return try Race(function, chosenOptimizers(), starts: startPoints() ?? [function.start], steps: steps, dtype: chosenType())
    }
    Output.line(RaceTable(race).text)
    if let svg {
      try writeFile(svg, text: RacePicture(race, isAnimated: animate).svg)
      Output.line("Wrote \(svg)")
    }
    if let json {
      try writeFile(json, text: race.json().text() + "\n")
      Output.line("Wrote \(json)")
    }
  }

  private func chosenOptimizers() throws -> [any Optimizer] {
    optimizer.isEmpty ? Race.standardOptimizers() : try optimizer.map { try OptimizerRegistry.optimizer(text: $0) }
  }

  private func chosenType() throws -> DType {
    guard let type = DType(rawValue: dtype), type.isFloatingPoint else {
      throw DescentError(.invalidArgument, "--dtype is \(dtype); expected float32 or float64")
    }
    return type
  }

  private func startPoints() throws -> [[Double]]? { start.isEmpty ? nil : try start.map(startPoint) }

  private func startPoint(_ start: String) throws -> [Double] {
    let numbers = start.split(separator: ",", omittingEmptySubsequences: false).map { Double($0.trimmingCharacters(in: .whitespaces)) }
    guard numbers.count == 2, let x = numbers[0], let y = numbers[1] else {
      throw DescentError(.invalidArgument, "--start is \(start); expected two numbers as in --start=-7,2")
    }
    return [x, y]
  }
}
