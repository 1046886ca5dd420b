import Descent
import DescentTestSupport
import Testing

/// Stateful layers in `predict`.
@Suite struct StatefulPredictTests {
  @Test func `batches that are not all of one size are refused, and nothing is kept of them`() throws {
    let model = Sequential([LSTM(4, stateful: true, inputShape: [5, 3])], seed: 1)
    let x = Fixture.pattern([100, 5, 3], salt: 1)
    let error = #expect(throws: DescentError.self) { try model.predict(x, verbose: 0) }
    #expect(error?.message.contains("100 rows in batches of 32 the last has 4") == true, "\(error?.message ?? "")")
    #expect(try model.predict(x[0..<96], verbose: 0).shape == [96, 4])
    #expect(try model.predict(x, batchSize: 32, verbose: 0, steps: 3).shape == [96, 4])
  }
}
