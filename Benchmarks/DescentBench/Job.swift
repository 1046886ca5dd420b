import Descent
import Foundation

/// The job the README shows: 784-100-10 on Fashion-MNIST, Adam, batches of 32, 48,000 training rows.
func jobModel() throws -> Sequential {
  let model = Sequential {
    Flatten(inputShape: [28, 28])
    Dense(100, activation: .relu)
    Dense(10, activation: .softmax)
  }
  try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
  return model
}

/// Times the training part of epochs, and does something else before each of them and after the last.
private final class Stopwatch: Callback {
  private let between: () -> Void
  private var start = 0.0
  private(set) var epochs: [Double] = []

  init(between: @escaping () -> Void) { self.between = between }

  override func onEpochBegin(_ epoch: Int) {
    between()
    start = now()
  }
  override func onTestBegin() { epochs.append(now() - start) }
  override func onTrainEnd(_ logs: Logs) { between() }
}

/// Leaves the process after the first batch.
final class FirstBatch: Callback {
  override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) { exit(0) }
}

/// What a child process does; see ``benchJob(runs:)``.
func trainFirstBatch() throws {
  let data = try FashionMNIST.load()
  try jobModel().fit(
    data.train.images, data.train.labels, epochs: 1, verbose: .silent, callbacks: [FirstBatch()],
    validationSplit: 0.2)
}

func trainWholeJob(epochs: Int, between: @escaping () -> Void = {}) throws -> [Double] {
  let data = try FashionMNIST.load()
  let model = try jobModel()
  let stopwatch = Stopwatch(between: between)
  try model.fit(
    data.train.images, data.train.labels, epochs: epochs, verbose: .silent, callbacks: [stopwatch], validationSplit: 0.2)
  return stopwatch.epochs
}

func benchJob(runs: Int, quick: Bool, threads: Int) throws {
  print("## The job: 784-100-10 on Fashion-MNIST, Adam, batches of 32, 1,500 steps an epoch\n")
  var later: [Double] = []
  var first: [Double] = []
  var ratios: [Double] = [], sums: [Double] = []
  var parts: [[(name: String, seconds: Double)]] = []
  for _ in 0..<runs {
    let before = sums.count
    let epochs = try trainWholeJob(epochs: quick ? 3 : 8) {
      parts.append(jobParts(rounds: 3, threads: threads))
      sums.append(parts.last!.reduce(0) { $0 + $1.seconds })
    }
    first.append(epochs[0])
    later += epochs.dropFirst()
    // A machine's speed changes from second to second: each epoch stands beside the parts just before and just after it.
    ratios += epochs.indices.dropFirst().map { epochs[$0] / (750 * (sums[before + $0] + sums[before + $0 + 1])) }
  }
  let startup = try (0..<(quick ? 3 : 10)).map { _ in try child("first-batch").seconds }
  let whole = try child("whole-job")
  printTable(
    ["what", "median", "least", "greatest"],
    [
      ["first epoch"] + row(first), ["later epochs"] + row(later),
      ["process start to first trained batch, data on disk"] + row(startup),
      ["peak memory of the whole process", "\(whole.peakMegabytes) MB", "", ""],
    ])
  let names = parts[0].map(\.name), times = names.indices.map { part in parts.map { $0[part].seconds } }
  printTable(
    ["the parts of a step, each alone", "median", "least", "greatest"],
    zip(names, times).map { [$0] + row($1) } + [["sum"] + row(sums), ["1,500 such sums"] + row(sums.map { 1500 * $0 })])
  let range = [median(ratios), ratios.min()!, ratios.max()!].map { String(format: "%.2f", $0) }
  print("A later epoch takes \(range[0]) times (\(range[1])–\(range[2])) as long as 1,500 such sums beside it (\(instructionSet)).\n")
}

/// The kernels of a step of the job, and what each takes.
func profileJob() throws {
  let rows = 32, random = RandomGenerator(seed: 1)
  let x = (random.uniform([rows, 28, 28]) * 255).cast(to: .uint8), y = (random.uniform([rows]) * 10).cast(to: .uint8)
  print("## job\n\n\(try jobModel().profileTrainingStep(x, y, runs: 2000))\n")
}

private func row(_ values: [Double]) -> [String] { [text(median(values)), text(values.min()!), text(values.max()!)] }

/// Runs this program again and waits for it. (Foundation's `Process` notices an end up to a tenth of a second late.)
func child(_ arguments: String...) throws -> (seconds: Double, peakMegabytes: Int) {
  var words: [UnsafeMutablePointer<CChar>?] = (["descent-bench"] + arguments).map { strdup($0) } + [nil]
  defer { words.forEach { free($0) } }
  var ends: [Int32] = [0, 0]
  guard pipe(&ends) == 0 else { throw DescentError(.state, "no pipe is to be had") }
  let output = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
  var identifier = pid_t()
  var status: Int32 = 0
  let start = now()
  let isStarted = posix_spawn(&identifier, "/proc/self/exe", &actions, nil, &words, environ) == 0
  close(ends[1])
  let isDone = isStarted && waitpid(identifier, &status, 0) == identifier && status == 0
  let seconds = now() - start
  guard isDone, let megabytes = Int(String(decoding: output.readDataToEndOfFile(), as: UTF8.self)) else {
    throw DescentError(.state, "the child process '\(arguments.joined(separator: " "))' failed")
  }
  return (seconds, megabytes)
}

/// Lets this process say at its end how much memory it had at most, in megabytes, as ``child(_:)`` expects. (What the system tells the
/// parent begins with what the parent had.)
func tellPeakAtExit() {
  atexit {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    FileHandle.standardOutput.write(Data("\(kilobytes / 1024)".utf8))
  }
}
