import CLimits
import Descent
import Foundation

/// An ordinary network whose training is timed beside the products it is made of and beside other libraries.
struct Network {
  /// As `Benchmarks/networks.py` knows it.
  let name: String
  let description: String
  let make: () throws -> Sequential
  /// Rows of input and targets.
  let data: () throws -> (Tensor, Tensor)
  /// The convolutions and products of a step, forward and backward.
  let work: [Work]

  /// One call of oneDNN.
  enum Work {
    /// Images size × size with padding 1 and a window of 3: which of its three products.
    case convolution(limit_part, size: Int, channels: Int, filters: Int)
    case product(transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int)
  }

  static let rows = 32

  static var all: [Network] {
    [
      Network(
        name: "cnn", description: "28×28×1 → 32 3×3 → pool → 64 3×3 → pool → 100 → 10 on Fashion-MNIST, dropout, Adam",
        make: {
          let model = Sequential {
            Conv2D(32, 3, padding: .same, activation: .relu, inputShape: [28, 28, 1])
            MaxPooling2D()
            Conv2D(64, 3, padding: .same, activation: .relu)
            MaxPooling2D()
            Flatten()
            Dense(100, activation: .relu)
            Dropout(0.4)
            Dense(10, activation: .softmax)
          }
          try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
          return model
        },
        data: {
          let train = try FashionMNIST.load().train, count = 400 * rows
          let x = train.images.bytes.sliced(starts: [0, 0, 0], sizes: [count, 28, 28])
          return (x.cast(to: .float32).reshaped([count, 28, 28, 1]) / 255, train.labels.sliced(starts: [0], sizes: [count]))
        },
        work: [
          .convolution(LIMIT_OUTPUT, size: 28, channels: 1, filters: 32), .convolution(LIMIT_KERNEL, size: 28, channels: 1, filters: 32),
          .convolution(LIMIT_OUTPUT, size: 14, channels: 32, filters: 64), .convolution(LIMIT_INPUT, size: 14, channels: 32, filters: 64),
          .convolution(LIMIT_KERNEL, size: 14, channels: 32, filters: 64),
          .product(transposeA: false, transposeB: false, m: rows, n: 100, k: 3136), .product(transposeA: true, transposeB: false, m: 3136, n: 100, k: rows),
          .product(transposeA: false, transposeB: true, m: rows, n: 3136, k: 100), .product(transposeA: false, transposeB: false, m: rows, n: 10, k: 100),
          .product(transposeA: true, transposeB: false, m: 100, n: 10, k: rows), .product(transposeA: false, transposeB: true, m: rows, n: 100, k: 10),
        ])
    ]
  }
}

/// A call of oneDNN, ready to be made again and again, split over the threads of the limits.
private final class Limit {
  let name: String
  let run: () -> Void
  private let release: () -> Void

  /// - Parameter isPlain: whether activations are channels-last arrays, or in the layout that oneDNN likes best. Nil where it has
  ///   nothing for such a call.
  init?(_ work: Network.Work, isPlain: Bool) {
    switch work {
    case .convolution(let part, let size, let channels, let filters):
      guard let call = limit_convolution_make(part, isPlain ? 1 : 0, Network.rows, size, channels, filters, 3) else { return nil }
      let what = part == LIMIT_OUTPUT ? "" : part == LIMIT_INPUT ? ", what reaches the input" : ", what reaches the kernel"
      name = "\(size)×\(size)×\(channels) → \(filters) 3×3\(what)"
      run = { limit_convolution_run(call) }
      release = { limit_convolution_free(call) }
    case .product(let transposeA, let transposeB, let m, let n, let k):
      let a = LimitArrays(count: m * k), b = LimitArrays(count: k * n), c = LimitArrays(count: m * n)
      name = "\(m)×\(k) · \(k)×\(n)"
      run = { limit_any_product(transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, a.arrays[0], b.arrays[0], c.arrays[0]) }
      release = {}
    }
  }

  deinit { release() }
}

/// Steps of training, timed as epochs of `fit`.
private final class Epochs: Callback {
  private var start = 0.0
  private(set) var seconds: [Double] = []
  override func onEpochBegin(_ epoch: Int) { start = now() }
  override func onEpochEnd(_ epoch: Int, _ logs: Logs) { seconds.append(now() - start) }
}

func benchNetworks(names: [String]?, rounds: Int, threads: Int) throws {
  print("## Networks\n")
  for network in Network.all where names?.contains(network.name) ?? true {
    print("\(network.name): \(network.description); batches of \(Network.rows). Median (least) of \(rounds) rounds, in turn.\n")
    try bench(network, rounds: rounds, threads: threads)
  }
}

private func bench(_ network: Network, rounds: Int, threads: Int) throws {
  let (x, y) = try network.data()
  let model = try network.make()
  let steps = x.shape[0] / Network.rows
  try model.fit(x, y, batchSize: Network.rows, epochs: 1, verbose: .silent)
  limits_start(Int32(threads))
  let plain = network.work.map { Limit($0, isPlain: true) }, own = network.work.map { Limit($0, isPlain: false) }
  limits_stop()
  var ours: [Double] = []
  var times = network.work.map { _ in ([Double](), [Double]()) }
  for _ in 0..<rounds {
    let epochs = Epochs()
    try model.fit(x, y, batchSize: Network.rows, epochs: 1, verbose: .silent, callbacks: [epochs])
    ours += epochs.seconds.map { $0 / Double(steps) }
    limits_start(Int32(threads))
    for index in network.work.indices {
      if let call = plain[index] { times[index].0.append(seconds(call.run)) }
      if let call = own[index] { times[index].1.append(seconds(call.run)) }
    }
    limits_stop()
  }
  var rows: [[String]] = []
  // A round's sum takes the faster layout of each call.
  var sums = [Double](repeating: 0, count: rounds)
  for (index, (first, second)) in times.enumerated() {
    rows.append([(plain[index] ?? own[index])?.name ?? "", describe(first), describe(second)])
    let best = second.isEmpty || median(first) < median(second) ? first : second
    for round in best.indices { sums[round] += best[round] }
  }
  printTable(["oneDNN's call", "channels last", "its own layout"], rows)
  rows = [["Descent", describe(ours), ""], ["oneDNN's calls alone", describe(sums), ratio(ours, sums)]]
  for (peer, times) in peerSteps(network.name, seconds: Double(rounds) * 2) { rows.append([peer, describe(times), ratio(ours, times)]) }
  printTable(["a step", "time", "Descent is … times as long"], rows)
}

private func describe(_ values: [Double]) -> String {
  values.isEmpty ? "" : "\(text(median(values))) (\(text(values.min()!)))"
}

private func ratio(_ ours: [Double], _ others: [Double]) -> String { String(format: "%.2f", median(ours) / median(others)) }

/// The mean time of a call.
private func seconds(_ body: () -> Void) -> Double {
  body()
  let start = now()
  var count = 0
  repeat {
    body()
    count += 1
  } while count < 20 || now() - start < 0.02
  return (now() - start) / Double(count)
}

/// The kernels of a step of training, and what each takes.
func profileNetworks(names: [String]?) throws {
  for network in Network.all where names?.contains(network.name) ?? true {
    let (x, y) = try network.data()
    let model = try network.make()
    let shape = x.shape
    let batch = x.sliced(starts: shape.map { _ in 0 }, sizes: [Network.rows] + shape.dropFirst())
    let targets = y.sliced(starts: y.shape.map { _ in 0 }, sizes: [Network.rows] + y.shape.dropFirst())
    print("## \(network.name)\n\n\(try model.profileTrainingStep(batch, targets, runs: 100))\n")
  }
}

/// Seconds a step of other libraries, if the environment variable PYTHON names an interpreter that has them.
private func peerSteps(_ job: String, seconds: Double) -> [(String, [Double])] {
  guard let python = ProcessInfo.processInfo.environment["PYTHON"] else { return [] }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [python, "Benchmarks/networks.py", job, String(seconds)]
  let pipe = Pipe()
  process.standardOutput = pipe
  guard (try? process.run()) != nil else {
    print("(PYTHON=\(python) cannot be run; other libraries are left out)\n")
    return []
  }
  let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return output.split(separator: "\n").compactMap { line in
    guard let entry = try? JSONValue(parsing: String(line), name: "networks.py"), let peer = entry["peer"]?.string,
      let steps = entry["seconds"]?.array?.compactMap(\.double), !steps.isEmpty
    else { return nil }
    return (peer, steps)
  }
}
