import DescentTestSupport
import Foundation
import Testing

@testable import Descent

@Suite struct PairedComparisonTests {
  @Test func `Student's distribution is SciPy's`() throws {
    let json = try Fixture("student-t").json
    for item in try #require(json["p"]?.array) {
      let p = StudentT.twoSidedP(item["t"]!.double!, degreesOfFreedom: item["n"]!.int!)
      #expect(abs(p - item["p"]!.double!) <= 1e-11 * max(1e-3, p), "\(item.text()): \(p)")
    }
    for item in try #require(json["critical"]?.array) {
      let t = StudentT.critical(confidence: item["confidence"]!.double!, degreesOfFreedom: item["n"]!.int!)
      expectClose([t], [item["t"]!.double!], tolerance: 1e-9, item.text())
    }
  }

  @Test func `corrected tests are SciPy's tests after Holm`() throws {
    let json = try Fixture("student-t").json
    for item in try #require(json["tests"]?.array) {
      let others = try #require(item["others"]?.array).enumerated().map { (name: "\($0.offset)", scores: try! Fixture.numbers($0.element)) }
      let found = PairedComparison.compare(baseline: try Fixture.numbers(item["baseline"]), others, isGreaterBetter: true)
      expectClose(found.map(\.p), try Fixture.numbers(item["adjusted"]), tolerance: 1e-9)
      for one in found {
        // An interval and the test that it belongs to say the same.
        #expect((one.interval.lowerBound > 0 || one.interval.upperBound < 0) == (one.p <= 0.05))
        #expect(one.isBetter == (one.p <= 0.05 && one.mean > 0) && one.isWorse == (one.p <= 0.05 && one.mean < 0))
      }
    }
  }

  @Test func `one optimizer under several names makes no difference in 95 of 100 comparisons`() {
    var random = SeededGenerator(seed: 11)
    func normal() -> Double { (-2 * Foundation.log(Double.random(in: 1e-12..<1, using: &random))).squareRoot() * Foundation.cos(2 * .pi * Double.random(in: 0..<1, using: &random)) }
    for others in [1, 3] {
      var found = 0
      for _ in 0..<400 {
        // What a seed does to all, and what chance does to each.
        let shared = (0..<5).map { _ in normal() }
        func run() -> [Double] { shared.map { 0.9 + 0.01 * $0 + 0.005 * normal() } }
        let results = PairedComparison.compare(baseline: run(), (0..<others).map { ("other \($0)", run()) }, isGreaterBetter: true)
        if results.contains(where: { $0.isBetter || $0.isWorse }) { found += 1 }
      }
      // 5 % and what 400 trials may be off by.
      #expect(found <= 28, "\(found) of 400 with \(others)")
      #expect(found >= 4, "\(found) of 400 with \(others): the test tests nothing")
    }
  }

  @Test func `a difference is found, and one that does not matter is not`() {
    let base = [0.80, 0.82, 0.79, 0.81, 0.80], other = [0.84, 0.855, 0.83, 0.85, 0.845]
    func compare(_ smallest: Double, greater: Bool = true, _ scores: [Double]) -> PairedComparison {
      PairedComparison.compare(baseline: base, [("other", scores)], isGreaterBetter: greater, smallestDifference: smallest)[0]
    }
    #expect(compare(0, other).isBetter && !compare(0, other).isWorse)
    #expect(!compare(0.05, other).isBetter)
    #expect(compare(0, greater: false, other).isWorse)
    var diverged = other
    diverged[2] = .nan
    #expect(!compare(0, diverged).isBetter && compare(0, diverged).differences.count == 4)
    #expect(compare(0, base).p == 1 && !compare(0, base).isWorse)
    #expect(!compare(0, [0.9, .nan, .nan, .nan, .nan]).isBetter)
  }
}
