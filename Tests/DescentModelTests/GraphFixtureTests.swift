import DescentTestSupport
import Testing

/// Random functional models that Keras made and trained for an epoch, from its descriptions of them.
@Suite struct GraphFixtureTests {
  private static let models = try! TrainedModels("graphs")
  private var models: TrainedModels { GraphFixtureTests.models }

  @Test func `models of Keras compute and train as they do there`() throws {
    for entry in models.cases { try models.check(entry, .float64, tolerance: 1e-9) }
    #expect(models.cases.count == 50)
  }

  /// Rounding decides more where an optimizer divides by the gradient's size, which makes much of a gradient that is nearly zero.
  @Test func `models of Keras do so in single precision`() throws {
    for entry in models.cases {
      try models.check(entry, .float32, tolerance: 2e-4, trained: models.isTrained(entry, by: "SGD") ? 2e-4 : 2e-2)
    }
  }
}
