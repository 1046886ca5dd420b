import CLimits
import Descent
import Foundation

/// A call of oneDNN, ready to be made again and again, split over the threads of the limits.
private final class Limit {
  let name: String
  let run: () -> Void
  private let release: () -> Void

  /// - Parameter isPlain: whether activations are channels-last arrays, or in the layout that oneDNN likes best. Nil where it has
  ///   nothing for such a call.
  init?(_ work: Network.Work, rows: Int, isPlain: Bool) {
    switch work {
    case .convolution(let part, let size, let channels, let filters, let window, let stride):
      guard let call = limit_convolution_make(part, isPlain ? 1 : 0, rows, size, channels, filters, window, stride) else { return nil }
      let what = part == LIMIT_OUTPUT ? "" : part == LIMIT_INPUT ? ", what reaches the input" : ", what reaches the kernel"
      let step = stride > 1 ? "/\(stride)" : ""
      name = "\(size)×\(size)×\(channels) → \(filters) \(window)×\(window)\(step)\(what)"
      run = { limit_convolution_run(call) }
      release = { limit_convolution_free(call) }
    case .product(let transposeA, let transposeB, let m, let n, let k, let times):
      guard isPlain else { return nil }
      let a = LimitArrays(count: m * k), b = LimitArrays(count: k * n), c = LimitArrays(count: m * n)
      name = (times > 1 ? "\(times) times " : "") + "\(m)×\(k) · \(k)×\(n)"
      run = {
        for _ in 0..<times { limit_any_product(transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, a.arrays[0], b.arrays[0], c.arrays[0]) }
      }
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
    print("\(network.name): \(network.description); batches of \(network.rows). Median (least) of \(rounds) rounds, in turn.\n")
    try bench(network, rounds: rounds, threads: threads)
  }
}

private func bench(_ network: Network, rounds: Int, threads: Int) throws {
  let (x, y) = try network.data(network.steps * network.rows)
  let model = try network.make()
  try model.fit(x, y, batchSize: network.rows, epochs: 1, verbose: .silent)
  limits_start(Int32(threads))
  let plain = network.work.map { Limit($0, rows: network.rows, isPlain: true) }, own = network.work.map { Limit($0, rows: network.rows, isPlain: false) }
  limits_stop()
  let peers = PeerNetworks(network.name)
  var ours: [Double] = []
  var times = network.work.map { _ in ([Double](), [Double]()) }
  for _ in 0..<rounds {
    let epochs = Epochs()
    try model.fit(x, y, batchSize: network.rows, epochs: 1, verbose: .silent, callbacks: [epochs])
    ours += epochs.seconds.map { $0 / Double(network.steps) }
    limits_start(Int32(threads))
    for index in network.work.indices {
      if let call = plain[index] { times[index].0.append(seconds(call.run)) }
      if let call = own[index] { times[index].1.append(seconds(call.run)) }
    }
    limits_stop()
    peers.round(seconds: 2)
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
  peers.printTable("a step", ours: ours, [("oneDNN's calls alone", sums)])
  let first = try (0..<rounds).map { _ in try child("first-step", network.name).seconds }
  peers.printProcesses("process start to first trained batch", first: first, megabytes: try child("epoch", network.name).peakMegabytes)
}

/// What a child process does: one epoch of a network's training, or its first step.
func trainNetwork(_ name: String, isFirstStep: Bool) throws {
  guard let network = Network.all.first(where: { $0.name == name }) else { throw DescentError(.invalidArgument, "no network is called \(name)") }
  let (x, y) = try network.data((isFirstStep ? 1 : network.steps) * network.rows)
  try network.make().fit(x, y, batchSize: network.rows, epochs: 1, verbose: .silent, callbacks: isFirstStep ? [FirstBatch()] : [])
}

func describe(_ values: [Double]) -> String {
  values.isEmpty ? "" : "\(text(median(values))) (\(text(values.min()!)))"
}

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
    let (x, y) = try network.data(network.rows)
    print("## \(network.name)\n\n\(try network.make().profileTrainingStep(x, y, runs: 100))\n")
  }
}
