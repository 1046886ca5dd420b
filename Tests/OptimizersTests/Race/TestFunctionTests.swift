import Optimizers
import Testing

struct TestFunctionTests {
  private func value(_ name: String, _ x: Double, _ y: Double) throws -> Double {
    try TestFunction.named(name)(Tensor([x, y])).item()
  }

  /// Computed by hand from the formulas.
  private static let byHand: [(String, Double, Double, Double)] = [
    ("ravine", -7, 2, 6.45), ("ravine", 2, -1, 1.2),
    ("sphere", 3, -4, 25),
    ("rosenbrock", 0, 0, 1), ("rosenbrock", -1.5, 2, 12.5),
    ("beale", 0, 0, 14.203125), ("beale", 1, 1.5, 41.25),
    ("himmelblau", 0, 0, 170), ("himmelblau", -0.5, -1, 180.3125),
    ("saddle", -2, 1, 3), ("saddle", 1, 2, -3),
    ("rastrigin", 1, 1, 2), ("rastrigin", 0.5, 0, 20.25),
    ("booth", 0, 0, 74), ("booth", -8, -6, 1458),
    ("camel", -2, 2, 1.8666666666666667), ("camel", 1, 1, 3.1166666666666667),
    // 20 − 20 exp(−0.2 √½), and 20 + e − 20 exp(−0.1) − exp(−1).
    ("ackley", 1, 0, 2.637531092108304), ("ackley", 0.5, 0.5, 4.253654026568412),
  ]

  @Test(arguments: byHand)
  func values(_ name: String, _ x: Double, _ y: Double, _ expected: Double) throws {
    #expect(try abs(value(name, x, y) - expected) <= 1e-12 * max(1, abs(expected)))
  }

  /// The least value of each is 0; the places are known to seven digits at least.
  @Test func minima() throws {
    for function in TestFunction.all {
      for minimum in function.minima {
        let least = try value(function.name, minimum[0], minimum[1])
        #expect(abs(least) < 1e-9, "\(function.name) at \(minimum)")
        #expect(function.xRange.contains(minimum[0]) && function.yRange.contains(minimum[1]))
        for (dx, dy) in [(0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1)] {
          #expect(try value(function.name, minimum[0] + dx, minimum[1] + dy) > least + 1e-4, "\(function.name) at \(minimum)")
        }
      }
    }
    #expect(TestFunction.all.filter { $0.minima.isEmpty }.map(\.name) == ["saddle"])
    #expect(try TestFunction.named("himmelblau").minima.count == 4)
  }

  @Test func `Starts are in the picture`() {
    for function in TestFunction.all {
      #expect(function.start.count == 2)
      #expect(function.xRange.contains(function.start[0]) && function.yRange.contains(function.start[1]), "\(function.name)")
    }
    #expect(Set(TestFunction.all.map(\.name)).count == TestFunction.all.count)
  }

  @Test func `In single precision`() throws {
    for function in TestFunction.all {
      let exact = function(Tensor(function.start)).item()
      let single = function(Tensor(function.start.map { Float($0) }))
      #expect(single.dtype == .float32)
      #expect(abs(single.item() - exact) <= 1e-5 * max(1, abs(exact)), "\(function.name)")
    }
  }

  @Test func `Unknown name`() throws {
    #expect(try TestFunction.named("RosenBrock").name == "rosenbrock")
    let error = #expect(throws: DescentError.self) { try TestFunction.named("rosenbrok") }
    #expect(error?.message.contains("did you mean 'rosenbrock'?") == true)
    #expect(error?.message.contains("ravine") == false, "with a near name the list is left out")
  }
}
