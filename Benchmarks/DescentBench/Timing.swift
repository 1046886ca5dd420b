import Foundation

/// Seconds since some fixed moment.
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// Two things timed in turn, so that both see the same machine.
struct Comparison {
  /// Medians over rounds, seconds a call.
  let first: Double
  let second: Double
  /// The median of the rounds' ratios, first over second, with the least and greatest quarter cut off.
  let ratio: Double
  let ratioRange: ClosedRange<Double>

  /// - Parameters:
  ///   - seconds: about how long one round of each takes.
  ///   - beforeSecond: done, untimed, before each round of the second, and `afterSecond` after it.
  init(
    rounds: Int, seconds: Double = 0.02, beforeSecond: () -> Void = {}, afterSecond: () -> Void = {}, _ first: () -> Void,
    _ second: () -> Void
  ) {
    let firstCount = Comparison.calls(filling: seconds, first)
    beforeSecond()
    let secondCount = Comparison.calls(filling: seconds, second)
    afterSecond()
    var firsts: [Double] = []
    var seconds: [Double] = []
    for _ in 0..<rounds {
      firsts.append(Comparison.time(firstCount, first))
      beforeSecond()
      seconds.append(Comparison.time(secondCount, second))
      afterSecond()
    }
    self.first = median(firsts)
    self.second = median(seconds)
    let ratios = zip(firsts, seconds).map(/).sorted()
    ratio = median(ratios)
    ratioRange = ratios[ratios.count / 4]...ratios[ratios.count * 3 / 4]
  }

  private static func calls(filling seconds: Double, _ body: () -> Void) -> Int {
    body()
    let once = min(time(1, body), time(3, body))
    return max(1, Int(seconds / max(once, 1e-9)))
  }

  /// After a moment in which threads that slept wake up, and caches get what the body needs.
  private static func time(_ count: Int, _ body: () -> Void) -> Double {
    let beginning = now()
    repeat { body() } while now() - beginning < 2e-3
    let start = now()
    for _ in 0..<count { body() }
    return (now() - start) / Double(count)
  }
}

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// `12.3 µs`.
func text(_ seconds: Double) -> String {
  switch seconds {
  case ..<1e-6: String(format: "%.0f ns", seconds * 1e9)
  case ..<1e-4: String(format: "%.2f µs", seconds * 1e6)
  case ..<1e-3: String(format: "%.0f µs", seconds * 1e6)
  case ..<1: String(format: "%.2f ms", seconds * 1e3)
  default: String(format: "%.2f s", seconds)
  }
}

/// A Markdown table.
func printTable(_ header: [String], _ rows: [[String]]) {
  print("| " + header.joined(separator: " | ") + " |")
  print("|" + header.map { _ in " --- |" }.joined())
  for row in rows { print("| " + row.joined(separator: " | ") + " |") }
  print("")
  // Tables come as they are ready, into a file as well.
  fflush(nil)
}
