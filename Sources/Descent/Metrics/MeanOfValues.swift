/// A metric that is the (weighted) mean of one value per sample.
struct MeanOfValues: MetricDefinition {
  /// The values, and which of them count if not all do.
  typealias Values = @Sendable (MetricInput) throws -> (values: Tensor, mask: Tensor?)
  typealias Check = @Sendable (_ targetShape: [Int], _ predictionShape: [Int]) throws -> Void

  /// The name of a metric that is a closure of the user's, whose result is looked at.
  var ownName: String?
  /// The values and mask as Keras has them, where they are others.
  var kerasForm: Values?
  /// Whether masks of predictions are of no account.
  var ignoresMasks = false
  private let values: Values
  private let logitsForm: Values?
  private let check: Check
  private let finish: @Sendable (Double) -> Double

  init(
    takingLogits logitsForm: Values? = nil, check: @escaping Check = { _, _ in },
    finish: @escaping @Sendable (Double) -> Double = { $0 }, masked values: @escaping Values
  ) {
    self.values = values
    self.logitsForm = logitsForm
    self.check = check
    self.finish = finish
  }

  init(
    check: @escaping Check = { _, _ in }, finish: @escaping @Sendable (Double) -> Double = { $0 },
    _ values: @escaping @Sendable (MetricInput) throws -> Tensor
  ) {
    self.init(check: check, finish: finish, masked: { (try values($0), nil) })
  }

  var takingLogits: (any MetricDefinition)? { logitsForm.map { MeanOfValues(check: check, finish: finish, masked: $0) } }

  var asInKeras: (any MetricDefinition)? { kerasForm.map { MeanOfValues(check: check, finish: finish, masked: $0) } }

  /// What messages call it.
  private var title: String { ownName.map { "metric \($0)" } ?? "metric" }

  func validate(targetShape: [Int], predictionShape: [Int]) throws { try check(targetShape, predictionShape) }

  func makeVariables(predictionShape: [Int]) -> [Variable] { makeTotals(["total", "count"]) }

  func update(_ variables: [Variable], with input: MetricInput) throws {
    var (values, mask) = try values(input)
    if let ownName {
      let rows = input.prediction.shape.first ?? 1
      guard values.shape.isEmpty || values.shape[0] == rows else {
        throw DescentError(
          .invalidArgument,
          "metric \(ownName): the closure gives values of shape \(values.shape) for \(rows) rows; expected one value a row, [\(rows)]")
      }
      values = values.cast(to: input.prediction.dtype)
    }
    try Loss.requireValuesOfRows(values.shape.first, input.prediction.shape.first ?? 1, title)
    let (total, count) = (variables[0], variables[1])
    var weights = mask?.cast(to: values.dtype)
    if let outer = input.mask, !ignoresMasks {
      let fitted = try Loss.fitted(mask: outer, to: values, title).cast(to: values.dtype)
      weights = weights.map { $0 * fitted } ?? fitted
    }
    if let sampleWeight = input.sampleWeight {
      let fitted = try Loss.fitted(sampleWeight.cast(to: values.dtype), to: values.shape, title)
      weights = weights.map { $0 * fitted } ?? fitted
    }
    // The values of one sample are averaged, so that a sample counts once whatever its number of values.
    let samples = values.shape.first ?? 1
    guard let weights else {
      let perSample = Double(values.count / Swift.max(samples, 1))
      total.assignAdd(values.sum().dividedUnlessOne(by: perSample))
      count.assignAdd(Tensor(repeating: Double(samples), dtype: .float64))
      return
    }
    let perSample = Double(weights.count / Swift.max(samples, 1))
    let perWeight = Double(values.count / Swift.max(weights.count, 1))
    total.assignAdd((values * weights).sum().dividedUnlessOne(by: perSample * perWeight))
    count.assignAdd(weights.sum().dividedUnlessOne(by: perSample))
  }

  func results(_ totals: [[Double]]) -> [(suffix: String, value: Double)] {
    let (total, count) = (totals[0][0], totals[1][0])
    return [("", finish(count == 0 ? 0 : total / count))]
  }
}

/// A metric that is the (weighted) sum of all values.
struct SumOfValues: MetricDefinition {
  func makeVariables(predictionShape: [Int]) -> [Variable] { makeTotals(["total"]) }

  func update(_ variables: [Variable], with input: MetricInput) throws {
    var values = input.prediction
    if let weights = input.sampleWeight {
      values *= try Loss.fitted(weights.cast(to: values.dtype), to: values.shape, "metric")
    }
    variables[0].assignAdd(values.sum())
  }

  func results(_ totals: [[Double]]) -> [(suffix: String, value: Double)] { [("", totals[0][0])] }
}

extension MetricDefinition {
  /// Variables of the given shape, all zero. Totals are `float64`: in `float32` a sum over many batches would lose digits, and
  /// a count past 2²⁴ stand still.
  func makeTotals(_ names: [String], shape: [Int] = []) -> [Variable] {
    names.map { Variable(.zeros(shape, dtype: .float64), name: $0, isTrainable: false) }
  }
}

extension Variable {
  /// Adds to what the variable holds, in its dtype. (Keras: `Variable.assign_add`.)
  public func assignAdd(_ amount: Tensor) { assign(value + amount.cast(to: dtype)) }

  /// Takes from what the variable holds, in its dtype. (Keras: `Variable.assign_sub`.)
  public func assignSub(_ amount: Tensor) { assign(value - amount.cast(to: dtype)) }
}

extension Tensor {
  fileprivate func dividedUnlessOne(by divisor: Double) -> Tensor { divisor == 1 ? self : self / divisor }
}
