/// A metric that is the (weighted) mean of one value per sample.
struct MeanOfValues: MetricDefinition {
  /// The values, and which of them count if not all do.
  typealias Values = @Sendable (MetricInput) -> Tensor

  private let values: Values
  private let logitsForm: Values?
  private let check: @Sendable (_ targetShape: [Int], _ predictionShape: [Int]) throws -> Void

  init(
    takingLogits logitsForm: Values? = nil,
    check: @escaping @Sendable (_ targetShape: [Int], _ predictionShape: [Int]) throws -> Void = { _, _ in },
    _ values: @escaping Values
  ) {
    self.values = values
    self.logitsForm = logitsForm
    self.check = check
  }

  var takingLogits: (any MetricDefinition)? { logitsForm.map { MeanOfValues(check: check, $0) } }

  func validate(name: String, targetShape: [Int], predictionShape: [Int]) throws { try check(targetShape, predictionShape) }

  func makeVariables(predictionShape: [Int]) -> [Variable] {
    ["total", "count"].map { Variable(.zeros([], dtype: .float64), name: $0, isTrainable: false) }
  }

  func update(_ variables: [Variable], with input: MetricInput) {
    MeanOfValues.add(values(input), weights: input.sampleWeight, to: variables)
  }

  /// Adds values of which the first axis is the samples'; those of one sample are averaged.
  static func add(_ values: Tensor, weights: Tensor?, to variables: [Variable]) {
    var values = values
    let (total, count) = (variables[0], variables[1])
    guard let weights else {
      let samples = values.shape.first ?? 1
      let perSample = values.count / Swift.max(samples, 1)
      let sum = values.sum().cast(to: .float64)
      total.assign(total.value + (perSample > 1 ? sum / Double(perSample) : sum))
      count.assign(count.value + Double(samples))
      return
    }
    let factor = Loss.fitted(weights.cast(to: values.dtype), to: values.shape, "metric")
    values = values * factor
    let perSample = Double(values.count) / Double(Swift.max(factor.count, 1))
    total.assign(total.value + values.sum().cast(to: .float64) / perSample)
    count.assign(count.value + factor.sum().cast(to: .float64))
  }

  func results(_ totals: [[Double]]) -> [(suffix: String, value: Double)] {
    let (total, count) = (totals[0][0], totals[1][0])
    return [("", count == 0 ? 0 : total / count)]
  }
}
