import Optimizers
import Testing

/// The optimizers beyond Keras against their authors' packages, PyTorch, optax, pytorch_optimizer and timm, over 50 steps.
@Suite struct ReferenceTests {
  /// One line of what is compared: the greatest difference for each reference.
  struct Result {
    var checked = 0
    var greatest = 0.0
    var faults: [String] = []
  }

  /// 1e-12, or more with the reason.
  static func tolerance(_ json: JSONValue) -> Double {
    // The reference adds 1e-8 to the norm that it clips by.
    if json["config"]!["max_grad_norm"] != nil { return 1e-8 }
    // The estimate of d sums products that nearly cancel; both sides are this far from exact.
    return 1e-12
  }

  static func curvature(_ tensor: Tensor) -> Tensor {
    Tensor(shape: tensor.shape, scalars: (0..<tensor.count).map { 0.5 + 0.25 * Double($0 % 4) }).cast(to: tensor.dtype)
  }

  /// The made-up Hessian diagonal of the fixtures.
  static func hessian(_ variable: Variable, _ step: Int) -> Tensor {
    Tensor(shape: variable.shape, scalars: (0..<variable.count).map { Double($0 % 5) * 0.25 * Double(1 + step % 3) }).cast(to: variable.dtype)
  }

  static func check(_ json: JSONValue, _ optimizer: any Optimizer, dtype: DType, _ result: inout Result) throws {
    let name = KerasFixtureTests.name(json) + (json["objective"] == nil ? "" : " objective")
    let tolerance = dtype == .float32 ? 1e-5 : tolerance(json)
    let run = try FixtureRun(optimizer, dtype: dtype, only: json["parameters"]?.array?.compactMap(\.string))
    func compare(_ what: String, _ expected: JSONValue) throws {
      let difference = try run.difference(from: expected)
      result.greatest = max(result.greatest, difference)
      if !(difference <= tolerance) { result.faults.append("\(name), \(what): \(difference)") }
    }
    for step in 1...50 {
      var gradients = run.gradients(at: step)
      if json["objective"]?.bool == true {
        gradients = zip(gradients, run.variables).map { ($0 + curvature($0) * $1.value).evaluated() }
      }
      if let sophia = optimizer as? Sophia, sophia.isEstimateDue(at: step) {
        for variable in run.variables { try run.state.setHessianEstimate(hessian(variable, step), of: variable.path) }
      }
      try run.advance(gradients)
      if let expected = json["steps"]?["\(step)"] { try compare("step \(step)", expected) }
    }
    if let expected = json["evaluation"] {
      run.state.useEvaluationValues()
      try compare("evaluation", expected)
    }
    result.checked += 1
  }

  /// Checks all cases of a fixture that the table speaks of.
  static func check(_ fixture: String, _ table: [ReferenceOptimizer], dtype: DType) throws {
    var results: [String: Result] = [:]
    for json in try Fixture.cases(fixture) {
      let function = json["function"]!.string!
      guard let reference = table.first(where: { $0.function == function }) else { continue }
      if reference.reason(json["config"]!) != nil { continue }
      do {
        try check(json, reference.make(json["config"]!), dtype: dtype, &results[function, default: Result()])
      } catch {
        results[function, default: Result()].faults.append("\(KerasFixtureTests.name(json)): \(error)")
      }
    }
    for reference in table {
      let result = results[reference.function] ?? Result()
      #expect(result.checked > 0, "no case of \(reference.function) is checked")
      #expect(result.faults.isEmpty, "\(result.faults.joined(separator: "\n"))")
      if ReferenceTests.prints { print(fixture, reference.function, dtype, result.checked, result.greatest) }
    }
  }

  static let prints = true

  @Test(arguments: [DType.float64, .float32]) func published(_ dtype: DType) throws {
    try Self.check("published", ReferenceOptimizer.published, dtype: dtype)
  }

  @Test(arguments: [DType.float64, .float32]) func torch(_ dtype: DType) throws {
    try Self.check("torch", ReferenceOptimizer.torch, dtype: dtype)
  }

  @Test(arguments: [DType.float64, .float32]) func optax(_ dtype: DType) throws {
    try Self.check("optax", ReferenceOptimizer.optax, dtype: dtype)
  }
}
