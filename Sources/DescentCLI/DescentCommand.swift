import ArgumentParser
import Descent

struct DescentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "descent",
    abstract: "Train networks by gradient descent.",
    version: descentVersion,
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, PredictCommand.self, SummaryCommand.self, ExplainCommand.self, OptimizersCommand.self,
      RaceCommand.self, FindRateCommand.self, ChooseCommand.self, PlotCommand.self, LandscapeCommand.self,
    ])
}
