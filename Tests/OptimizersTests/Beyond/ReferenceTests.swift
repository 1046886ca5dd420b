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

  /// How far a case may be off; nil if nothing can be said. 1e-12 in float64 and 1e-5 in float32, or more with the reason.
  static func tolerance(_ json: JSONValue, _ dtype: DType) -> Double? {
    let config = json["config"]!
    let name = json["function"]!.string!
    // The reference adds 1e-8 to the norm that it clips by.
    if config["max_grad_norm"] != nil { return dtype == .float64 ? 1e-8 : 1e-5 }
    if name.hasSuffix(".Shampoo") {
      // The sums have fewer directions than rows at first, so that the least eigenvalues are 1e-6 beside 100: of their sixteen digits
      // eight are left in either library, and in float32 none.
      return dtype == .float64 ? 1e-7 : nil
    }
    // In float32 the eigenvectors of eigenvalues that hardly differ are others.
    if name.contains("SOAP") && dtype == .float32 { return nil }
    if dtype == .float64 { return 1e-12 }
    if name.lowercased().hasSuffix("prodigy") {
      // The estimate is of w₀ − w, which with steps of 1e-6 has hardly a digit in float32, and each step builds on it.
      let start = config["d0"]?.double ?? config["estim_lr0"]?.double ?? 1e-6
      return start < 1e-3 ? nil : 1e-3
    }
    // The estimate of the rate is a quotient of sums, and all that follows is proportional to it; an average at which evaluation takes
    // place is extrapolated; a mean of a mask multiplies: rounding counts more than once.
    return 5e-5
  }

  /// Where optimizers are compared that the tables do not have.
  private static let elsewhere: [String: String] = [
    "SGD": "KerasFixtureTests and ConventionTests",
    "RMSprop": "KerasFixtureTests and ConventionTests",
    "Adagrad": "KerasFixtureTests and ConventionTests",
    "Adadelta": "KerasFixtureTests and ConventionTests",
    "Adam": "KerasFixtureTests and ConventionTests",
    "AdamW": "KerasFixtureTests and ConventionTests",
    "Adamax": "KerasFixtureTests and ConventionTests",
    "Nadam": "KerasFixtureTests and ConventionTests",
    "Adafactor": "KerasFixtureTests and ConventionTests",
    "Ftrl": "KerasFixtureTests and ConventionTests",
    "Lion": "KerasFixtureTests and ConventionTests",
    "Lamb": "KerasFixtureTests and ConventionTests",
    "Muon": "KerasFixtureTests and ConventionTests",
    "ScheduleFreeAdamW": "KerasFixtureTests and ConventionTests",
    "LossScaleOptimizer": "KerasFixtureTests and ConventionTests",
    "MultiOptimizer": "KerasFixtureTests and ConventionTests",
    "LBFGS": "LBFGSTests",
    "Lookahead": "WrapperTests",
    "SAM": "WrapperTests",
    "Cautious": "CautiousAdamW and CautiousLion",
  ]

  @Test func `every optimizer is compared with a reference here or elsewhere`() {
    let tables = ReferenceOptimizer.published + ReferenceOptimizer.torch + ReferenceOptimizer.optax
    let here = Set(tables.map(\.className))
    for name in OptimizerRegistry.builtIn.map({ $0.className }) {
      #expect(here.contains(name) || ReferenceTests.elsewhere[name] != nil, "\(name)")
    }
  }

  static func curvature(_ tensor: Tensor) -> Tensor {
    Tensor(shape: tensor.shape, scalars: (0..<tensor.count).map { 0.5 + 0.25 * Double($0 % 4) }).cast(to: tensor.dtype)
  }

  /// The made-up Hessian diagonal of the fixtures.
  static func hessian(_ variable: Variable, _ step: Int) -> Tensor {
    Tensor(shape: variable.shape, scalars: (0..<variable.count).map { Double($0 % 5) * 0.25 * Double(1 + step % 3) }).cast(
      to: variable.dtype)
  }

  static func check(_ json: JSONValue, _ optimizer: any Optimizer, dtype: DType, _ result: inout Result) throws {
    let name = KerasFixtureTests.name(json) + (json["objective"] == nil ? "" : " objective")
    guard let tolerance = tolerance(json, dtype) else { return }
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
      let function = String(json["function"]!.string!.prefix { $0 != " " })
      let config = json["config"]!
      guard let reference = table.first(where: { $0.function == function && $0.reason(config) == nil }) else { continue }
      do {
        try check(json, reference.make(json["config"]!), dtype: dtype, &results[function, default: Result()])
      } catch {
        results[function, default: Result()].faults.append("\(KerasFixtureTests.name(json)): \(error)")
      }
    }
    for reference in table {
      let result = results[reference.function] ?? Result()
      let isSilent = dtype == .float32 && (reference.className == "Shampoo" || reference.className == "SOAP")
      #expect(result.checked > 0 || isSilent, "no case of \(reference.function) is checked")
      #expect(result.faults.isEmpty, "\(result.faults.joined(separator: "\n"))")
    }
  }

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
