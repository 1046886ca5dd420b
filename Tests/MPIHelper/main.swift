// Trains under mpirun, for tests:
//   MPIHelper train BATCH FOLDER [pieces]  writes the numbers that training has left to a file of the rank's name in the folder;
//                               the gradients of each parameter are summed on their own
//   MPIHelper WHAT              the same, but rank 1 does WHAT after the second step: kill, trap, throw, leave, exit
//   MPIHelper differ            rank 1 trains with another batch size
//   MPIHelper measure NAME SECONDS [SHARDS] [spread] [whole] [10gbit]   tells the steps a second of job, convolution or large, and how long exchanges took,
//                               those beside the backward pass included; whole: all gradients are summed at its end;
//                               10gbit: over a line that is made up
import DescentMPI
import Foundation
import TensorCore

let arguments = CommandLine.arguments
let what = arguments.count > 1 ? arguments[1] : "train"

final class Saboteur: Callback {
  private var steps = 0

  override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) throws {
    steps += 1
    guard steps == 2 else { return }
    switch what {
    case "kill": kill(getpid(), SIGKILL)
    case "trap": fatalError("a trap")
    case "throw": throw DescentError(.file, "the disk is full")
    case "leave": exit(0)
    case "exit": exit(3)
    default: break
    }
  }
}

func numbers(_ shape: [Int], _ modulus: Int) -> Tensor {
  Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { (index: Int) -> Double in Double(index * 7 % modulus) / Double(modulus) - 0.4 })
}

do {
  if what == "measure" {
    try GroupStep.$pieceByteCount.withValue(arguments.contains("whole") ? .max : GroupStep.pieceByteCount) {
      try Measurement.run(
        arguments.count > 2 ? arguments[2] : "job", seconds: arguments.count > 3 ? Double(arguments[3]) ?? 3 : 3,
        shards: arguments.dropFirst(4).compactMap { Int($0) }.first, spread: arguments.contains("spread"),
        gigabitsPerSecond: arguments.compactMap { $0.hasSuffix("gbit") ? Double($0.dropLast(4)) : nil }.first ?? .infinity)
    }
    exit(0)
  }
  let group = try MPIGroup.world()
  let model = Sequential(
    [Dense(7, activation: .tanh, kernelRegularizer: .l2(0.001), inputShape: [6]), Dropout(0.3), Dense(2)], dtype: .float64)
  try model.compile(optimizer: Adam(learningRate: 0.01), loss: .meanSquaredError, metrics: [.meanAbsoluteError])
  var batchSize = arguments.count > 2 ? Int(arguments[2]) ?? 8 : 8
  if what == "differ" && group.rank == 1 { batchSize += 1 }
  // Weights and order of rows of rank 0: its seed is that of a process of its own.
  setRandomSeed(1)
  model.seed = 1
  let history = try GroupStep.$pieceByteCount.withValue(arguments.contains("pieces") ? 1 : GroupStep.pieceByteCount) {
    try model.fit(
      numbers([45, 6], 29), numbers([45, 2], 13), batchSize: batchSize, epochs: what == "train" ? 3 : 1000, verbose: .silent,
      callbacks: group.rank == 1 ? [Saboteur()] : [], validationSplit: 0.2, group: group)
  }
  let values = model.variables.flatMap(\.value.doubles) + history.names.flatMap { history[$0] }
  if arguments.count > 3 {
    try values.map { "\($0)" }.joined(separator: " ").write(toFile: "\(arguments[3])/\(group.rank)", atomically: true, encoding: .utf8)
  }
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(1)
}
