import ArgumentParser
import Descent

struct LandscapeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "landscape",
    abstract: "Draw the loss on a plane through the weights, and the ways of trainings on it.",
    discussion: """
      Trains a network with each optimizer from the same weights, lays a plane through the points that they come by, along the two \
      directions in which these differ most, and draws level lines of the loss on it.

      EXAMPLES:
        descent landscape --data flowers.csv --target species
        descent landscape --optimizer sgd:lr=0.05 --optimizer adam --epochs 2 --svg ways.svg
      """)

  @OptionGroup(title: "Data") var dataOptions: DataOptions
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Training") var taskOptions: TaskOptions

  @Option(parsing: .singleValue, help: ArgumentHelp("An optimizer, spelled as for descent train. May be given several times. (default: adam)", valueName: "optimizer"))
  var optimizer: [String] = []

  @Option(help: ArgumentHelp("Passes over the training rows.", valueName: "n"))
  var epochs = 3

  @Option(help: ArgumentHelp("How many of the first training rows the loss is measured on.", valueName: "n"))
  var rows = 2000

  @Option(help: ArgumentHelp("Points of the grid along each axis.", valueName: "n"))
  var steps = 25

  @Option(help: ArgumentHelp("The file for the picture.", valueName: "file"))
  var svg = "landscape.svg"

  private static let pointsOfAWay = 40

  func validate() throws {
    try dataOptions.requireTarget()
    try NumberRange.count.check(option: "--epochs", epochs)
    try NumberRange.count.check(option: "--rows", rows)
    try NumberRange.atLeast(3).check(option: "--steps", steps)
    _ = try checkingOptions { try optimizer.map { try OptimizerRegistry.optimizer(text: OptimizerSpelling.text($0)) } }
  }

  func run() throws {
    try checkWritable(svg)
    let data = try dataOptions.load(for: modelOptions.load(seed: taskOptions.seed))
    guard data.train.isPlain, let x = data.train.firstInput, let y = data.train.onlyTarget else {
      throw DescentError(.data, "\(data.name): landscape takes data of one input and one target")
    }
    let batchSize = taskOptions.rows(of: data.train.count, isTable: data.table != nil)
    let batchCount = Double(epochs) * Double(taskOptions.steps(over: data.train.count, isTable: data.table != nil))
    let batches = max(1, Int(clamping: batchCount) / LandscapeCommand.pointsOfAWay)
    var ways: [WeightTrajectory] = [], models: [Model] = []
    for text in optimizer.isEmpty ? ["adam"] : optimizer {
      let model = try PreparedModel(
        modelOptions.load(seed: taskOptions.seed ?? TaskOptions.defaultSeed), modelOptions, data, taskOptions, OptimizerSpelling(optimizer: text)).model
      let trajectory = WeightTrajectory(text, every: batches)
      let history = try blamingData(data.name) {
        try model.fit(data.train.x, data.train.y, batchSize: batchSize, epochs: epochs, verbose: .silent, callbacks: [trajectory])
      }
      if history.isInterrupted { throw ExitCode(130) }
      Output.line("\(text): loss \(history["loss"].last ?? .nan) after \(epochs) \(epochs == 1 ? "epoch" : "epochs")")
      ways.append(trajectory)
      models.append(model)
    }
    let count = min(rows, data.train.count)
    let part: any ModelData = switch x {
      case let pixels as Pixels: try Pixels(pixels.bytes[0..<count].evaluated(), divisor: pixels.divisor)
      default: x.stored[0..<count].evaluated()
    }
    let landscape = try models[0].lossLandscape(part, y[0..<count].evaluated(), trajectories: ways, steps: steps)
    try writeFile(svg, text: landscape.svg)
    Output.line("Wrote \(svg)")
  }
}
