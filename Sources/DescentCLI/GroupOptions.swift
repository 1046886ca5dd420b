import ArgumentParser
import Descent

/// How the processes of `mpirun` share training.
struct GroupOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Cut each batch in so many parts, a power of two, that are computed one by one: 1, 2, 4 … processes up to that give the same bits then.", valueName: "n"))
  var shards: Int?

  @Flag(help: "Under mpirun, keep what the optimizer remembers of each weight in one of the processes.")
  var shardOptimizerState = false

  var isUsed: Bool { shards != nil || shardOptimizerState }
}
