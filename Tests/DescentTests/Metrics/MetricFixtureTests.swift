import Descent
import DescentTestSupport
import Testing

/// Results against Keras's own: of all data at once, in two batches, and weighted.
struct MetricFixtureTests {
  /// Keras's state is `float32`.
  static let tolerance = 1e-6

  @Test func `Results are Keras`() throws {
    let fixture = try Fixture("metrics")
    #expect(fixture.cases.count > 60)
    for entry in fixture.cases {
      let inputs = try fixture.inputs(of: entry)
      let target = try Fixture.tensor(inputs["y_true"])
      let prediction = try Fixture.tensor(inputs["y_pred"], as: .float64)
      let metric = try Metric(json: ["class_name": #require(entry["metric"]), "config": #require(entry["config"])])
      let name = "\(entry["metric"]!) \(entry["config"]!) \(entry["inputs"]!)"
      let state = try metric.makeState(targetShape: target.shape, predictionShape: prediction.shape)
      // Keras adjusts R² by the number of targets in place of that of samples, and rounds IoU's weights to integers.
      let isAdjusted = entry["config"]?["num_regressors"] != nil
      let roundsWeights = entry["metric"]!.string!.hasSuffix("IoU")
      func check(_ key: String) throws {
        guard let expected = entry[key], !isAdjusted else { return }
        expectClose(
          state.results.map(\.value), try Fixture.numbers(expected), tolerance: Self.tolerance, "\(name): \(key)")
      }

      state.update(target: target, prediction: prediction)
      try check("value")
      state.reset()
      let rows = target.shape[0]
      let first = rows / 2 + 1
      state.update(target: target[0..<first], prediction: prediction[0..<first])
      try check("value_after_first_batch")
      state.update(target: target[first..<rows], prediction: prediction[first..<rows])
      try check("value_after_both")
      if let weight = try entry["sample_weight"].map({ Tensor(try Fixture.numbers($0)) }) {
        state.reset()
        state.update(
          target: target, prediction: prediction,
          sampleWeight: roundsWeights ? weight.cast(to: .int32).cast(to: .float64) : weight)
        try check("value_weighted")
      }
    }
  }

  @Test func `JSON is read and written`() throws {
    for entry in try Fixture("metrics").cases {
      guard let serialized = entry["serialized"] else { continue }
      let written = try Metric(json: serialized).json()
      #expect(try Metric(json: written).json() == written)
      #expect(written["class_name"] == serialized["class_name"])
      for (key, value) in try #require(serialized["config"]?.object).members where key != "dtype" {
        let own = written["config"]?[key]
        #expect(own == value || own?.double == value.double, "\(serialized): \(key)")
      }
    }
  }
}
