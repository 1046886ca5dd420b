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

/// Times the training part of epochs.
private final class Stopwatch: Callback {
  private var start = 0.0
  private(set) var epochs: [Double] = []

  override func onEpochBegin(_ epoch: Int) { start = now() }
  override func onTestBegin() { epochs.append(now() - start) }
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

func trainWholeJob(epochs: Int) throws -> [Double] {
  let data = try FashionMNIST.load()
  let model = try jobModel()
  let stopwatch = Stopwatch()
  try model.fit(
    data.train.images, data.train.labels, epochs: epochs, verbose: .silent, callbacks: [stopwatch], validationSplit: 0.2)
  return stopwatch.epochs
}

func benchJob(runs: Int, quick: Bool) throws {
  print("## The job: 784-100-10 on Fashion-MNIST, Adam, batches of 32, 1,500 steps an epoch\n")
  var later: [Double] = []
  var first: [Double] = []
  for _ in 0..<runs {
    let epochs = try trainWholeJob(epochs: quick ? 3 : 8)
    first.append(epochs[0])
    later += epochs.dropFirst()
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
}

private func row(_ values: [Double]) -> [String] { [text(median(values)), text(values.min()!), text(values.max()!)] }

/// Runs this program again and waits for it. (Foundation's `Process` notices an end up to a tenth of a second late.)
func child(_ arguments: String...) throws -> (seconds: Double, peakMegabytes: Int) {
  var words: [UnsafeMutablePointer<CChar>?] = (["descent-bench"] + arguments).map { strdup($0) } + [nil]
  defer { words.forEach { free($0) } }
  var identifier = pid_t()
  var status: Int32 = 0
  var usage = rusage()
  let start = now()
  guard posix_spawn(&identifier, "/proc/self/exe", nil, nil, &words, environ) == 0,
    wait4(identifier, &status, 0, &usage) == identifier, status == 0
  else { throw DescentError(.state, "the child process '\(arguments.joined(separator: " "))' failed") }
  return (now() - start, usage.ru_maxrss / 1024)
}
