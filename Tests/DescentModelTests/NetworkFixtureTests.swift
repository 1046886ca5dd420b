import DescentTestSupport
import Testing

/// Random convolutional and recurrent networks that Keras made and trained for an epoch, from its descriptions of them.
@Suite struct NetworkFixtureTests {
  private static let models = try! TrainedModels("networks")
  private static let sequences = try! TrainedModels("sequences")
  private var models: TrainedModels { NetworkFixtureTests.models }

  @Test func `convolutional networks of Keras compute and train as they do there`() throws {
    for entry in models.cases { try models.check(entry, .float64, tolerance: 1e-9) }
    #expect(models.cases.count == 40)
  }

  /// oneDNN's convolutions among them.
  @Test func `convolutional networks of Keras do so in single precision`() throws {
    for entry in models.cases where try models.isTrained(entry, by: "SGD") { try models.check(entry, .float32, tolerance: 2e-4) }
  }

  @Test func `recurrent, masked and attention models of Keras compute and train as they do there`() throws {
    for entry in NetworkFixtureTests.sequences.cases { try NetworkFixtureTests.sequences.check(entry, .float64, tolerance: 1e-9) }
    #expect(NetworkFixtureTests.sequences.cases.count == 40)
  }
}
