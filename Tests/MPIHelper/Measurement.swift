import DescentMPI
import Foundation

/// A group that tells how long its operations took, waiting for the others included. Between its members may be a slow line, which is made up: an
/// operation takes as much longer as its bytes would need.
final class TimedGroup: ProcessGroup, @unchecked Sendable {
  private let inner: any ProcessGroup
  private(set) var seconds = 0.0
  private(set) var exchanges = 0

  private let bytesPerSecond: Double

  init(_ inner: any ProcessGroup, gigabitsPerSecond: Double) { (self.inner, bytesPerSecond) = (inner, gigabitsPerSecond * 1e9 / 8) }

  var rank: Int { inner.rank }
  var size: Int { inner.size }

  private func timed(_ byteCount: Int, _ body: () throws -> Void) rethrows {
    let begin = DispatchTime.now().uptimeNanoseconds
    try body()
    if bytesPerSecond < .infinity { Thread.sleep(forTimeInterval: Double(byteCount) / bytesPerSecond) }
    seconds += Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
    exchanges += 1
  }

  func reset() { (seconds, exchanges) = (0, 0) }

  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws { try timed(bytes.count) { try inner.broadcast(bytes, from: root) } }
  func allGather(_ bytes: UnsafeMutableRawBufferPointer, counts: [Int]) throws {
    try timed(counts.reduce(0, +) - counts[rank]) { try inner.allGather(bytes, counts: counts) }
  }
  func allToAll(_ sent: UnsafeRawBufferPointer, counts: [Int], into received: UnsafeMutableRawBufferPointer, counts receivedCounts: [Int]) throws {
    try timed(counts.reduce(0, +) - counts[rank]) { try inner.allToAll(sent, counts: counts, into: received, counts: receivedCounts) }
  }
  func barrier() throws { try timed(0) { try inner.barrier() } }
  func fail(_ message: String) { inner.fail(message) }
}

/// How fast a network trains, and how much of the time goes into exchanges.
enum Measurement {
  private final class Watch: Callback {
    let group: TimedGroup
    let warmUp: Int
    let seconds: Double
    private(set) var steps = 0
    private var begin = 0.0
    private(set) var elapsed = 0.0
    /// What is held while it trains.
    private(set) var memory = ""

    init(_ group: TimedGroup, warmUp: Int, seconds: Double) { (self.group, self.warmUp, self.seconds) = (group, warmUp, seconds) }
    override var runsOnEveryRank: Bool { true }

    override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) {
      steps += 1
      let now = Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
      if steps == warmUp {
        begin = now
        group.reset()
      } else if steps > warmUp {
        elapsed = now - begin
        if elapsed > seconds && memory.isEmpty {
          let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
          memory = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") }.map(String.init) ?? ""
        }
        if elapsed > seconds && group.rank == 0 { model?.stopTraining = true }
      }
    }
  }

  /// - Parameter name: job, convolution or large.
  static func run(_ name: String, seconds: Double, shards: Int?, spread: Bool, gigabitsPerSecond: Double) throws {
    let world = try MPIGroup.world()
    let group = TimedGroup(world, gigabitsPerSecond: gigabitsPerSecond)
    let rows = 4096, batch = name == "large" ? 128 : 32
    let isPicture = name == "convolution"
    let bytes = Tensor(shape: isPicture ? [rows, 28, 28, 1] : [rows, 784], scalars: (0..<rows * 784).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })
    let y = Tensor((0..<rows).map { Int32($0 % 10) })
    let layers: [Layer] =
      switch name {
      case "convolution":
        [
          Conv2D(32, 3, activation: .relu), MaxPooling2D(), Conv2D(64, 3, activation: .relu), MaxPooling2D(), Flatten(), Dropout(0.5),
          Dense(10, activation: .softmax),
        ]
      case "large": [Dense(2048, activation: .relu), Dense(2048, activation: .relu), Dense(2048, activation: .relu), Dense(10, activation: .softmax)]
      default: [Dense(100, activation: .relu), Dense(10, activation: .softmax)]
      }
    let model = Sequential(layers, seed: 1)
    try model.compile(optimizer: Adam(), loss: .sparseCategoricalCrossentropy)
    let watch = Watch(group, warmUp: name == "job" ? 200 : 10, seconds: seconds)
    try model.fit(
      try Pixels(bytes), y, batchSize: batch, epochs: 100_000, verbose: .silent, callbacks: [watch], group: world.size > 1 ? group : nil, shards: shards,
      shardOptimizerState: spread)
    if world.rank != 0 { return }
    let steps = watch.steps - watch.warmUp
    print(
      "\(name): \(model.variables.reduce(0) { $0 + $1.count }) parameters, batches of \(batch), \(world.size) processes: "
        + String(format: "%.1f steps/s, %.3f ms a step, %.1f %% of it in %.1f exchanges", Double(steps) / watch.elapsed, 1000 * watch.elapsed / Double(steps), 100 * group.seconds / watch.elapsed, Double(group.exchanges) / Double(steps))
        + ", \(watch.memory.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "")")
  }
}
