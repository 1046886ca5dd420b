import Optimizers
import Testing

struct RaceTests {
  private func ravine(_ optimizers: [any Optimizer], steps: Int = 30, dtype: DType = .float64) throws -> Race {
    try Race(TestFunction.named("ravine"), optimizers, steps: steps, dtype: dtype)
  }

  /// The four optimizers as textbooks write them, on plain numbers.
  private func textbook(steps: Int) -> [[[Double]]] {
    func path(_ step: (inout [Double], [Double], Int) -> Void) -> [[Double]] {
      var w = [-7.0, 2.0]
      var points = [w]
      for number in 1...steps {
        step(&w, [w[0] / 10, 2 * w[1]], number)
        points.append(w)
      }
      return points
    }
    var velocity = [0.0, 0.0], squares = [0.0, 0.0], m = [0.0, 0.0], v = [0.0, 0.0]
    return [
      path { w, g, _ in for i in 0..<2 { w[i] -= 0.95 * g[i] } },
      path { w, g, _ in
        for i in 0..<2 {
          velocity[i] = 0.9 * velocity[i] - 0.1 * g[i]
          w[i] += velocity[i]
        }
      },
      path { w, g, _ in
        for i in 0..<2 {
          squares[i] = 0.99 * squares[i] + 0.01 * g[i] * g[i]
          w[i] -= 0.3 * g[i] / (squares[i].squareRoot() + 1e-7)
        }
      },
      path { w, g, number in
        var (power1, power2) = (1.0, 1.0)
        for _ in 0..<number { (power1, power2) = (0.9 * power1, 0.999 * power2) }
        let rate = 0.3 * (1 - power2).squareRoot() / (1 - power1)
        for i in 0..<2 {
          m[i] += 0.1 * (g[i] - m[i])
          v[i] += 0.001 * (g[i] * g[i] - v[i])
          w[i] -= rate * m[i] / (v[i].squareRoot() + 1e-7)
        }
      },
    ]
  }

  @Test func `Standard race is the textbooks`() throws {
    let race = try ravine(Race.standardOptimizers())
    #expect(race.runs.map { Race.label($0.optimizer).name } == ["SGD", "Momentum", "RMSprop", "Adam"])
    for (run, expected) in zip(race.runs, textbook(steps: 30)) {
      #expect(run.points.count == 31)
      #expect(run.points[0] == [-7, 2])
      for (point, other) in zip(run.points, expected) {
        for (a, b) in zip(point, other) { #expect(abs(a - b) <= 1e-12, "\(Race.label(run.optimizer))") }
      }
      for (point, value) in zip(run.points, run.values) {
        #expect(abs(value - (point[0] * point[0] / 20 + point[1] * point[1])) <= 1e-14)
      }
    }
  }

  /// What the standard race is to show.
  @Test func characters() throws {
    let runs = try ravine(Race.standardOptimizers()).runs
    func turns(_ run: Race.Run) -> Int { zip(run.points, run.points.dropFirst()).filter { $0[1] * $1[1] < 0 }.count }
    #expect(turns(runs[0]) == 30, "SGD zigzags at every step")
    #expect(runs[1].points.contains { $0[0] > 0.8 }, "momentum overshoots")
    func lengths(_ run: Race.Run) -> [Double] {
      zip(run.points, run.points.dropFirst()).map { abs($1[0] - $0[0]) + abs($1[1] - $0[1]) }
    }
    // Divided by a tenth of the gradient at first: ten times the rate along each axis.
    #expect(abs(lengths(runs[2])[0] - 6) < 0.01, "RMSprop's first step is as long wherever it starts")
  }

  @Test func `Single precision`() throws {
    let double = try ravine(Race.standardOptimizers())
    let single = try ravine(Race.standardOptimizers(), dtype: .float32)
    for (a, b) in zip(single.runs, double.runs) {
      #expect(a.points.joined().allSatisfy { Double(Float($0)) == $0 })
      #expect(!b.points.joined().allSatisfy { Double(Float($0)) == $0 })
      for (p, q) in zip(a.points.joined(), b.points.joined()) { #expect(abs(p - q) < 1e-4) }
    }
  }

  @Test func `Own start`() throws {
    let race = try Race(TestFunction.named("sphere"), [SGD(learningRate: 0.25)], start: [4, -2], steps: 2)
    #expect(race.runs[0].points == [[4, -2], [2, -1], [1, -0.5]])
    #expect(race.runs[0].values == [20, 5, 1.25])
    #expect(try Race(TestFunction.named("sphere"), [SGD()], steps: 0).runs[0].points == [[-4, 3]])
  }

  @Test func jSON() throws {
    let race = try ravine([SGD(learningRate: 0.5, momentum: 0.5), .adam], steps: 3)
    let json = try JSONValue(parsing: race.json().text())
    #expect(json.object?.keys == ["function", "runs"])
    #expect(json["function"] == "ravine")
    let runs = try #require(json["runs"]?.array)
    #expect(runs.count == 2)
    for (run, original) in zip(runs, race.runs) {
      #expect(run.object?.keys == ["optimizer", "points", "values"])
      #expect(run["optimizer"]?.object?.keys == ["class_name", "config"])
      #expect(run["points"]?.array?.map { $0.array?.map(\.double) } == original.points.map { $0.map { $0 } })
      #expect(run["values"]?.array?.map(\.double) == original.values.map { $0 })
    }
    #expect(runs[0]["points"]?.array?.count == 4)
    #expect(runs[0]["points"]?[0] == [-7.0, 2.0])
    #expect(runs[0]["values"]?[0]?.double == 6.45)
    #expect(runs[0]["optimizer"]?["class_name"] == "SGD")
    #expect(runs[0]["optimizer"]?["config"]?["momentum"]?.double == 0.5)
    #expect(runs[1]["optimizer"]?["config"]?["beta_1"]?.double == 0.9)
    let again = try OptimizerRegistry.optimizer(from: #require(runs[0]["optimizer"]))
    #expect(try ravine([again], steps: 3).runs[0].points == race.runs[0].points)
  }

  @Test func `JSON of a race that is lost`() throws {
    let race = try Race(TestFunction.named("rosenbrock"), [SGD(learningRate: 100)], steps: 20)
    let json = try JSONValue(parsing: race.json().text())
    let last = try #require(json["runs"]?[0]?["values"]?.array?.last?.double)
    #expect(last.isNaN)
    #expect(json["runs"]?[0]?["points"]?.array?.count == 21)
  }

  @Test func refusals() throws {
    let function = try TestFunction.named("ravine")
    func message(_ body: () throws -> Race) -> String {
      do { _ = try body() } catch { return (error as? DescentError)?.message ?? "\(error)" }
      return "nothing was thrown"
    }
    #expect(message { try Race(function, [SGD()], start: [1]) }.contains("expected two finite numbers"))
    #expect(message { try Race(function, [SGD()], start: [1, .nan]) }.contains("expected two finite numbers"))
    #expect(message { try Race(function, [SGD()], start: [1, -.infinity]) }.contains("expected two finite numbers"))
    #expect(message { try Race(function, [SGD()], steps: -1) }.contains("steps is -1"))
    #expect(message { try Race(function, [SGD()], steps: 2_000_000) }.contains("steps is 2000000; it must be from 0 to 1000000"))
    #expect(message { try Race(function, [SGD()], dtype: .int32) }.contains("int32 cannot be used; expected float32 or float64"))
    #expect(message { try Race(function, []) }.contains("no optimizer is given"))
    #expect(message { try Race(function, [SGD(learningRate: -1)]) }.contains("'learning_rate' is -1"))
  }

  @Test func labels() {
    #expect(Race.label(SGD(learningRate: 0.5)) == ("SGD", "learning_rate 0.5"))
    #expect(Race.label(Adam()) == ("Adam", "learning_rate 0.001"))
    let scheduled = Adam(learningRate: ExponentialDecay(initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5), beta1: 0.5)
    #expect(Race.label(Adagrad(learningRate: 1.5, convention: .textbook)) == ("Adagrad", "learning_rate 1.5, convention textbook"))
    #expect(Race.label(scheduled) == ("Adam", "learning_rate ExponentialDecay, beta_1 0.5"))
  }
}
