import DescentTestSupport
import Testing

@testable import DescentTuner

@Suite struct GaussianProcessTests {
  @Test func `trials become KerasTuner's points, and points its values`() throws {
    for entry in try TunerFixture().cases("processes") {
      let folder = TemporaryFolder()
      let (tuner, _) = try scoredTuner(entry, in: folder.path)
      try tuner.search(.none)
      let (points, values) = BayesianStrategy.vectors(tuner.oracle)
      let expected = try needed(entry["x"]?.array).map { try Fixture.numbers($0) }
      #expect(points.count == expected.count)
      for (point, other) in zip(points, expected) { expectClose(point, other, tolerance: 1e-9, "\(entry["space"]!)") }
      expectClose(values, try Fixture.numbers(entry["y"]), "\(entry["space"]!)")
      for case let at in try needed(entry["values_at"]?.array) {
        let found = BayesianStrategy.values(at: try Fixture.numbers(at["point"]), in: tuner.oracle.hyperparameters)
        let values = try needed(at["values"]?.object)
        #expect(found.count == values.count)
        for (name, json) in values.members {
          let value = try TunerFixture.value(json)
          #expect(found[name].map { isClose($0, value, tolerance: 1e-9) } ?? false, "\(entry["space"]!): \(name)")
        }
      }
    }
  }

  @Test func `mean and deviation are scikit-learn's`() throws {
    for entry in try TunerFixture().cases("processes") {
      let x = try needed(entry["x"]?.array).map { try Fixture.numbers($0) }, y = try Fixture.numbers(entry["y"])
      let process = GaussianProcess(x, y, alpha: try needed(entry["alpha"]?.double), length: try needed(entry["length"]?.double))
      expectClose([process.logLikelihood], try Fixture.numbers(entry["likelihood"]), tolerance: 1e-9)
      let points = try needed(entry["points"]?.array).map { try Fixture.numbers($0) }
      let found = points.map { process.prediction(at: $0) }
      expectClose(found.map(\.mean), try Fixture.numbers(entry["mean"]), tolerance: 1e-8)
      expectClose(found.map(\.deviation), try Fixture.numbers(entry["deviation"]), tolerance: 1e-7)
    }
  }

  @Test func `no length is more likely than the one that is found`() throws {
    for entry in try TunerFixture().cases("processes") {
      let x = try needed(entry["x"]?.array).map { try Fixture.numbers($0) }, y = try Fixture.numbers(entry["y"])
      let process = GaussianProcess(x, y, alpha: try needed(entry["alpha"]?.double))
      #expect(process.logLikelihood >= (try needed(entry["likelihood"]?.double)) - 1e-9, "\(process.length)")
    }
  }

  @Test func `what promises most is found as well as scikit-learn's and SciPy's minimizer find it`() throws {
    for entry in try TunerFixture().cases("processes") {
      let x = try needed(entry["x"]?.array).map { try Fixture.numbers($0) }, y = try Fixture.numbers(entry["y"])
      let (alpha, beta) = (try needed(entry["alpha"]?.double), try needed(entry["beta"]?.double))
      let process = GaussianProcess(x, y, alpha: alpha, length: try needed(entry["length"]?.double))
      var generator = SeededGenerator(seed: 1)
      let strategy = try BayesianStrategy(numInitialPoints: nil, alpha: alpha, beta: beta)
      let point = strategy.lowest(process, x[0].count) { Double.random(in: 0..<1, using: &generator) }
      let (mean, deviation) = process.prediction(at: point)
      #expect(point.allSatisfy { (0...1).contains($0) })
      #expect(mean - beta * deviation <= (try needed(entry["lowest"]?.double)) + 1e-4)
    }
  }

  @Test func `after its random trials the search finds the top of a hill`() throws {
    let folder = TemporaryFolder()
    let tuner = try Hill(
      nil, objective: Objective("height", direction: .max), maxTrials: 16, numInitialPoints: 5, seed: 2, directory: folder.path)
    try tuner.search(.none)
    let best = try #require(tuner.bestTrials().first)
    #expect(abs((best.hyperparameters.values["x"]?.double ?? .nan) - 0.3) < 0.03)
    #expect(tuner.trials.count == 16 && (best.score ?? 0) > 0.99)
  }
}

/// A search in which nothing is built.
private final class Hill: BayesianOptimization {
  override func runTrial(_ trial: Trial, _ arguments: FitArguments) throws -> [TrialResult] {
    let x = try trial.hyperparameters.float("x", minValue: -1, maxValue: 1)
    return [.metrics(["height": 1 - 4 * (x - 0.3) * (x - 0.3)])]
  }
}
