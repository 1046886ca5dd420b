import DescentTestSupport
import Testing

@testable import Descent

/// Of the program's own, with a setting.
class BinaryTruePositives: StatefulMetric {
  let threshold: Double
  let count = Variable(Tensor(0.0), name: "count")

  init(threshold: Double = 0.5, name: String? = nil) {
    self.threshold = threshold
    super.init(name: name, direction: .up)
  }

  override func updateState(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) {
    var hits = ((yTrue .== Tensor(1.0)) .&& (yPred .> Tensor(threshold))).cast(to: .float64)
    if let sampleWeight { hits *= sampleWeight.cast(to: .float64).reshaped([yPred.shape[0], 1]) }
    count.assignAdd(hits.sum())
  }

  override var result: Tensor { count.value }
  override func options() -> JSONObject { JSONObject([("threshold", JSONValue(threshold))]) }
}

private final class UnknownMetric: StatefulMetric {}
private final class CountedPositives: BinaryTruePositives {}
private final class ForgottenOption: BinaryTruePositives {}

/// Metrics with state of a program's own, by name and in files.
@Suite struct StatefulMetricTests {
  @Test func `a metric with state is written and read with the model`() throws {
    let model = Sequential(dtype: .float64) { Dense(1, activation: .sigmoid, inputShape: [3]) }
    try model.compile(optimizer: .sgd, loss: .binaryCrossentropy, metrics: [.stateful(UnknownMetric())])
    #expect(failure(.state) { _ = try model.toJSON() }.contains("the metric class UnknownMetric is not registered"))
    try Metric.register(BinaryTruePositives.self, settings: ["threshold": 0.5]) { BinaryTruePositives(threshold: try $0.double("threshold")) }
    try model.compile(
      optimizer: .sgd, loss: .binaryCrossentropy, metrics: ["accuracy", .stateful(BinaryTruePositives(threshold: 0.25, name: "hits"))],
      stepsPerExecution: 7)
    let text = try model.toJSON()
    #expect(text.contains("\"registered_name\": \"Custom>BinaryTruePositives\""))
    let again = try Sequential.fromJSON(text)
    let metric = try #require(again.metrics[1].statefulMetric as? BinaryTruePositives)
    #expect(metric.threshold == 0.25 && metric.name == "hits")
    #expect(try again.toJSON() == text && text.contains("\"steps_per_execution\": 7"))
    #expect(failure(.file) { _ = try Sequential.fromJSON(text.replacing("\"threshold\": 0.25", with: "\"limit\": 0.25")) }.contains("threshold"))
    #expect(
      failure(.file) { _ = try Sequential.fromJSON(text.replacing("\"steps_per_execution\": 7", with: "\"steps_per_execution\": 0")) }
        .contains("steps_per_execution: 0 is no number of steps"))
  }

  /// By its name each time another one, or models would share what it counts.
  @Test func `a registered metric with state is known by its names`() throws {
    try Metric.register(CountedPositives.self, settings: ["threshold": 0.5]) { CountedPositives(threshold: try $0.double("threshold")) }
    #expect(Metric.knownNames.contains("counted_positives"))
    let (first, second) = (try Metric(named: "counted_positives"), "CountedPositives" as Metric)
    let states = [first, second].compactMap { $0.statefulMetric as? CountedPositives }
    #expect(states.count == 2 && states[0] !== states[1] && states.allSatisfy { $0.threshold == 0.5 })
    let third = try Metric(named: "counted_positives", settings: ["threshold": 0.75, "name": "hits"])
    #expect((third.statefulMetric as? CountedPositives)?.threshold == 0.75 && third.name == "hits" && third.statefulMetric?.name == "hits")
    #expect(try Metric(json: third.json()).json() == third.json())
    #expect(failure(.invalidArgument) { _ = try Metric(named: "counted_positives", settings: ["limit": 1]) }.contains("threshold"))
    #expect(failure(.invalidArgument) { try Metric.register(CountedPositives.self, settings: ["name": "x"]) { _ in CountedPositives() } }.contains("name"))
    try Metric.register(ForgottenOption.self) { _ in ForgottenOption() }
    #expect(failure(.state) { _ = try Metric.stateful(ForgottenOption()).json() }.contains("'threshold'"))
  }
}
