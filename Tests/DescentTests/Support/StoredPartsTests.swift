import Descent
import Testing

/// State is found wherever a struct of values may hold it, so that none is left out of a reset or a file.
@Suite struct StoredPartsTests {
  private struct Counts {
    let hits = Variable(Tensor(0.0), name: "hits")
    var rest: (misses: Variable, label: String) = (Variable(Tensor(0.0), name: "misses"), "rest")
    let numbers = [Double](repeating: 1, count: 100_000)
  }

  private enum Kind { case counting(Variable), nothing }

  private final class Scattered: StatefulMetric {
    let alone = Variable(Tensor(0.0), name: "alone")
    let counts = Counts()
    let byName = ["b": Variable(Tensor(0.0), name: "b"), "a": Variable(Tensor(0.0), name: "a")]
    let byNumber = [2: [Variable(Tensor(0.0), name: "two")], 1: []]
    let kinds: [Kind] = [.nothing, .counting(Variable(Tensor(0.0), name: "counting"))]
    let perhaps: Variable? = Variable(Tensor(0.0), name: "perhaps")
    let never: Counts? = nil
    /// Its state is a part of the metric's.
    let other = MeanMetric(name: "other")

    override func updateState(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) {
      for variable in variables { variable.assignAdd(1) }
    }
    override var result: Tensor { counts.hits.value + counts.rest.misses.value }
  }

  private final class Unfinished: StatefulMetric {}

  @Test func `A metric that counts nothing is an error`() {
    let error = #expect(throws: DescentError.self) { try Unfinished().updateState(Tensor([1.0]), Tensor([1.0])) }
    #expect(error?.message.contains("metric unfinished: Unfinished does not override updateState") == true)
    let noResult = #expect(throws: DescentError.self) { try Unfinished().result }
    #expect(noResult?.message == "metric unfinished: Unfinished does not override result")
    let compiled = #expect(throws: DescentError.self) {
      try Metric.stateful(Unfinished()).makeState(targetShape: [1, 1], predictionShape: [1, 1])
    }
    #expect(compiled?.message == noResult?.message)
  }

  @Test func `Variables in structs, tuples, enums, optionals and dictionaries are a metric's state`() throws {
    let metric = Scattered()
    #expect(metric.variables.map(\.name) == ["alone", "hits", "misses", "a", "b", "two", "counting", "perhaps", "total", "count"])
    try metric(Tensor([1.0]), Tensor([1.0]))
    #expect(metric.result.item() == 2)
    metric.resetState()
    #expect(metric.result.item() == 0)
  }
}
