import TensorCore

/// The loss and the metrics of the batches seen so far, kept in variables that each step adds to.
final class RunningTotals {
  /// The sum of the batches' losses, each times its number of rows (`float64`).
  private let lossTotal = Variable(Tensor.zeros([], dtype: .float64), name: "loss_total", isTrainable: false)
  /// Counted here rather than in a variable: the step knows its rows without computing.
  private(set) var rows = 0
  /// The sums of the outputs' own losses, where there are several.
  private let outputLosses: [(name: String, total: Variable)?]
  private let states: [[(name: String, state: MetricState)]]
  private let weightedStates: [[(name: String, state: MetricState)]]

  private var allStates: [(name: String, state: MetricState)] { (states + weightedStates).flatMap { $0 } }

  /// What the steps count here.
  struct Counted: OptionSet {
    let rawValue: Int
    static let loss = Counted(rawValue: 1), outputLosses = Counted(rawValue: 2), metrics = Counted(rawValue: 4)
  }

  /// What the last step counted; a model of the program's own may leave something out.
  private var counted: Counted = [.loss, .outputLosses, .metrics]
  /// What the last step logged besides.
  private var logs: [(name: String, value: Tensor)] = []
  /// Metrics that the model and its layers hold and update themselves.
  private var held: [MetricState] = []

  /// What a step has computed for an output.
  struct Output {
    let loss: Tensor?
    let target: Tensor?
    let prediction: Tensor
    let sampleWeight: Tensor?
    let logits: Logits?
    /// Which steps of the prediction count.
    let mask: Tensor?
  }

  /// - Parameters: the shapes of one row of each target and prediction.
  init(_ outputs: [OutputTraining], targetShapes: [[Int]?], predictionShapes: [[Int]]) throws {
    func make(_ metrics: [(name: String, metric: Metric)], _ output: Int) throws -> [(name: String, state: MetricState)] {
      try metrics.map { name, metric in
        // The size of the batch takes no part in what a metric makes of the shapes.
        let state = try metric.resolved(for: outputs[output].loss).makeState(
          targetShape: [2] + (targetShapes[output] ?? []), predictionShape: [2] + predictionShapes[output])
        return (name, state)
      }
    }
    states = try outputs.indices.map { try targetShapes.indices.contains($0) && targetShapes[$0] != nil ? make(outputs[$0].metrics, $0) : [] }
    weightedStates = try outputs.indices.map {
      try targetShapes.indices.contains($0) && targetShapes[$0] != nil ? make(outputs[$0].weightedMetrics, $0) : []
    }
    let isSeveral = outputs.filter { $0.loss != nil }.count > 1
    outputLosses = outputs.map { output in
      guard isSeveral, output.loss != nil, let name = output.name else { return nil }
      return ("\(name)_loss", Variable(Tensor.zeros([], dtype: .float64), name: "\(name)_loss_total", isTrainable: false))
    }
  }

  /// Adds a batch; a part of a traced step.
  /// - Parameter loss: nil if the step does not count it.
  func add(loss: Tensor?, rows: Int, _ outputs: [Output]) throws {
    func add(_ loss: Tensor, to total: Variable) { total.assignAdd(stopGradient(loss).cast(to: .float64) * Double(rows)) }
    if let loss { add(loss, to: lossTotal) }
    for (place, output) in outputs.enumerated() {
      if let total = outputLosses[place]?.total, let loss = output.loss { add(loss, to: total) }
      guard let target = output.target else { continue }
      var input = MetricInput(target: target, prediction: output.prediction, logits: output.logits, mask: output.mask)
      for (_, state) in states[place] { try state.add(input) }
      input.sampleWeight = output.sampleWeight
      for (_, state) in weightedStates[place] { try state.add(input) }
    }
  }

  /// Counts metrics that the model and its layers update themselves among what is reset and told.
  /// - Throws: ``DescentError`` of one that has no result.
  func hold(_ metrics: [StatefulMetric]) throws {
    held = try metrics.map { metric in
      _ = try metric.result
      return MetricState(.stateful(metric), metric.variables)
    }
  }

  /// Says what a step that has run counts, and what it logged.
  func note(_ counted: Counted, _ logs: [(name: String, value: Tensor)]) {
    self.counted = counted
    self.logs = logs
  }

  /// Says that a step has run on so many rows.
  func count(rows count: Int) { rows += count }

  /// All that is totalled, for checkpoints.
  var variables: [Variable] {
    var seen: Set<ObjectIdentifier> = []
    return (lossVariables + allStates.flatMap(\.state.variables) + held.flatMap(\.variables))
      .filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  private var lossVariables: [Variable] { [lossTotal] + outputLosses.compactMap { $0?.total } }

  /// What the last step counted and logged, for checkpoints.
  var noted: JSONValue {
    ["kinds": JSONValue(counted.rawValue), "logs": .object(JSONObject(logs.map { ($0.name, JSONValue($0.value.item())) }))]
  }

  /// Says that so many rows were counted, and what else the last step did as ``noted`` says it; older checkpoints do not.
  func restore(rows count: Int, _ noted: JSONValue) {
    rows = count
    guard let kinds = noted["kinds"]?.int, let logs = noted["logs"]?.object else { return }
    counted = Counted(rawValue: kinds)
    self.logs = logs.members.compactMap { name, value in value.double.map { (name, Tensor($0)) } }
  }

  func reset() {
    rows = 0
    logs = []
    for total in lossVariables { total.assign(Tensor.zeros([], dtype: .float64)) }
    allStates.forEach { $0.state.reset() }
    held.forEach { $0.reset() }
  }

  /// Runs `body`, which counts for itself, and goes on where it was.
  func setAside<Result>(_ body: () throws -> Result) rethrows -> Result {
    let variables = self.variables
    let (kept, keptRows, keptCounted, keptLogs) = (variables.map { $0.value.evaluated() }, rows, counted, logs)
    defer {
      for (variable, value) in zip(variables, kept) { variable.assign(value) }
      (rows, counted, logs) = (keptRows, keptCounted, keptLogs)
    }
    return try body()
  }

  /// The means so far; zeros before the first batch, as in Keras.
  var results: [String: Double] {
    var results: [String: Double] = [:]
    func mean(_ total: Variable) -> Double { rows == 0 ? 0 : total.value.item() / Double(rows) }
    if counted.contains(.loss) { results["loss"] = mean(lossTotal) }
    if counted.contains(.outputLosses) {
      for case let (name, total)? in outputLosses { results[name] = mean(total) }
    }
    for (name, state) in counted.contains(.metrics) ? allStates : [] {
      for (suffix, value) in state.figures { results[name + suffix] = value }
    }
    for state in counted.contains(.metrics) ? held : [] {
      for (name, value) in state.results { results[name] = value }
    }
    for (name, value) in logs { results[name] = value.item() }
    return results
  }

  /// The means of an epoch or a batch that is over: where no row was counted there are none.
  var finalResults: [String: Double] { rows == 0 ? results.mapValues { _ in .nan } : results }
}
