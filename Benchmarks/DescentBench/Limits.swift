import CLimits
import Foundation

/// Memory for the hand-written loops.
final class LimitArrays {
  let count: Int
  let arrays: [UnsafeMutablePointer<Float>]

  init(count: Int) {
    self.count = count
    let padded = (count + 31) / 16 * 16
    arrays = (0..<5).map { number in
      let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * padded, alignment: 64).bindMemory(to: Float.self, capacity: padded)
      memory.initialize(repeating: number == 1 ? 0.01 : 0.5, count: padded)
      return memory
    }
  }

  deinit { arrays.forEach { $0.deallocate() } }

  func run(_ kind: limit_kind) { limit_run(kind, count, arrays[0], arrays[1], arrays[2], arrays[3], arrays[4]) }
}

let limitNames: [(limit_kind, String)] = [
  (LIMIT_TRIAD, "triad"), (LIMIT_SGD, "2 arrays (SGD)"), (LIMIT_MOMENTUM, "3 arrays (momentum)"),
  (LIMIT_LION, "3 arrays and a sign (Lion)"),
  (LIMIT_RMSPROP, "3 arrays, root and division (RMSprop)"), (LIMIT_ADAM, "4 arrays, root and division (Adam)"),
  (LIMIT_NADAM, "4 arrays (Nadam)"), (LIMIT_ADABELIEF, "4 arrays (AdaBelief)"), (LIMIT_YOGI, "4 arrays (Yogi)"),
  (LIMIT_ADOPT, "4 arrays (ADOPT)"), (LIMIT_SCHEDULE_FREE, "4 arrays (schedule-free AdamW)"),
  (LIMIT_ADADELTA, "4 arrays, two roots and a division (Adadelta)"), (LIMIT_AMSGRAD, "5 arrays, root and division (AMSGrad)"),
]

/// What the machine can do, alone and on all threads.
func benchLimits(sizes: [Int], threads: Int, rounds: Int) {
  print("## Limits of this machine\n")
  print("Loops written by hand in C, best instruction set, median over \(rounds) rounds; \(threads) threads.\n")
  for size in sizes {
    let arrays = LimitArrays(count: size)
    let rows = limitNames.map { kind, name in
      limits_start(1)
      let alone = Comparison(rounds: rounds, { arrays.run(kind) }, {}).first
      limits_stop()
      limits_start(Int32(threads))
      let together = Comparison(rounds: rounds, { arrays.run(kind) }, {}).first
      limits_stop()
      let bandwidth = Double(limit_bytes(kind)) * Double(size) / together / 1e9
      return [name, text(alone), text(together), String(format: "%.0f GB/s", bandwidth)]
    }
    print("\(size) elements:\n")
    printTable(["loop", "one thread", "\(threads) threads", "bandwidth"], rows)
  }

  let products = jobProducts(rounds: rounds, threads: threads)
  print("oneDNN's products at the job's shapes, split over the threads:\n")
  printTable(["product", "time"], (products + [("sum", products.reduce(0) { $0 + $1.seconds })]).map { [$0.name, text($0.seconds)] })
}

/// What a step of the job is made of, done as well as this machine can: the products, Adam over 79,510 parameters, and a batch's bytes as
/// floats.
func jobParts(rounds: Int, threads: Int) -> [(name: String, seconds: Double)] {
  let parameters = LimitArrays(count: 79_510), batch = LimitArrays(count: 32 * 784)
  let images = 48_000, bytes = [UInt8](repeating: 100, count: images * 784)
  let order = (0..<Int32(images)).shuffled()
  var position = 0
  limits_start(Int32(threads))
  let adam = Comparison(rounds: rounds, { parameters.run(LIMIT_ADAM) }, {}).first
  let rows = Comparison(
    rounds: rounds,
    {
      order.withUnsafeBufferPointer { limit_rows(32, 784, $0.baseAddress! + position, bytes, batch.arrays[0]) }
      position = (position + 32) % images
    }, {}).first
  limits_stop()
  return jobProducts(rounds: rounds, threads: threads) + [("Adam, 79,510 parameters", adam), ("32 rows of 784 bytes, in any order, as floats", rows)]
}

private func jobProducts(rounds: Int, threads: Int) -> [(name: String, seconds: Double)] {
  limits_start(Int32(threads))
  defer { limits_stop() }
  let products: [(Int32, Int32, Int, Int, Int)] = [(0, 0, 32, 100, 784), (1, 0, 784, 100, 32), (0, 0, 32, 10, 100), (1, 0, 100, 10, 32), (0, 1, 32, 100, 10)]
  return products.map { transposeA, transposeB, m, n, k in
    let a = LimitArrays(count: m * k), b = LimitArrays(count: k * n), c = LimitArrays(count: m * n)
    let time = Comparison(rounds: rounds, { limit_any_product(transposeA, transposeB, m, n, k, a.arrays[0], b.arrays[0], c.arrays[0]) }, {}).first
    let turned = transposeA == 1 ? " (left transposed)" : transposeB == 1 ? " (right transposed)" : ""
    return ("\(m)×\(k) · \(k)×\(n)" + turned, time)
  }
}
