import Foundation
import Optimizers
import Testing

/// The formula that `descent optimizers` prints, read and computed as it stands there, is what the optimizer does.
@Suite struct FormulaTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var text: String
    /// Labels before a colon whose lines hold, besides those that ask for the step or compare two values.
    var labels: Set<String> = []
    /// What letters of the formula stand for: settings' keys.
    var letters: [String: String] = [:]
    /// Where a name starts that does not start at zero: a number or a name.
    var starts: [String: String] = [:]
    /// The optimizer whose step the formula speaks of.
    var inner: String?
    /// What is put around the optimizer of `text`, whose step the formula then speaks of.
    var wrapper: (@Sendable (any Optimizer) -> any Optimizer)?
    /// How long the rows of the parameter are, if it is a matrix.
    var columns: Int?
    var testDescription: String { text }

    func optimizer() throws -> any Optimizer {
      let own = try OptimizerRegistry.optimizer(text: text)
      return wrapper?(own) ?? own
    }
  }

  private static let correction = "learning_rate=0.03,beta_1=0.8,beta_2=0.9,epsilon=0.001"

  static let cases = [
    Case(text: "sgd:learning_rate=0.1", labels: ["momentum = 0"]),
    Case(text: "sgd:learning_rate=0.1,momentum=0.8", labels: ["otherwise"]),
    Case(text: "sgd:learning_rate=0.1,momentum=0.8,nesterov=true", labels: ["otherwise", "or with Nesterov"]),
    Case(text: "rmsprop:rho=0.7,epsilon=0.01", labels: ["not centered", "momentum = 0"]),
    Case(text: "rmsprop:rho=0.7,epsilon=0.01,centered=true", labels: ["centered", "momentum = 0"]),
    Case(text: "rmsprop:rho=0.7,epsilon=0.01,momentum=0.6", labels: ["not centered", "otherwise"]),
    Case(text: "rmsprop:rho=0.7,epsilon=0.01,momentum=0.6,centered=true", labels: ["centered", "otherwise"]),
    Case(text: "adagrad:learning_rate=0.1,epsilon=0.01", starts: ["a": "initial_accumulator_value"]),
    Case(text: "adadelta:learning_rate=0.9,rho=0.7,epsilon=0.01"),
    Case(text: "adam:\(correction)"),
    Case(text: "adam:\(correction),amsgrad=true", labels: ["amsgrad"]),
    Case(text: "adamw:\(correction),weight_decay=0.2"),
    Case(text: "adamax:\(correction)"),
    Case(text: "nadam:\(correction),schedule_decay=0.2", starts: ["U": "1"]),
    Case(
      text: "ftrl:learning_rate=0.1,learning_rate_power=-0.6,l1_regularization_strength=0.05,l2_regularization_strength=0.03,l2_shrinkage_regularization_strength=0.02,beta=0.4",
      letters: [
        "p": "learning_rate_power", "l1": "l1_regularization_strength", "l2": "l2_regularization_strength",
        "l2Shrinkage": "l2_shrinkage_regularization_strength",
      ], starts: ["n": "initial_accumulator_value"]),
    Case(text: "lamb:\(correction)"),
    Case(text: "lion:learning_rate=0.03,beta_1=0.7,beta_2=0.9"),
    Case(text: "schedulefreeadamw:\(correction),warmup_steps=3", starts: ["z": "w"]),
    Case(text: "adopt:learning_rate=0.03,beta_1=0.8,beta_2=0.9,epsilon=0.6"),
    Case(text: "ademamix:\(correction),beta_3=0.95,alpha=3", letters: ["a": "alpha", "b": "beta_3"]),
    Case(text: "adabelief:\(correction),epsilon_root=0.002"),
    Case(text: "adan:\(correction),beta_3=0.95,weight_decay=0.2"),
    Case(text: "nadamw:\(correction),weight_decay=0"),
    Case(text: "radam:\(correction)"),
    Case(text: "yogi:\(correction)", starts: ["m": "initial_accumulator_value", "v": "initial_accumulator_value"]),
    Case(text: "novograd:\(correction),weight_decay=0.2", starts: ["v": "‖g‖²"]),
    Case(text: "lars:learning_rate=0.1,momentum=0.8,weight_decay=0.2,trust_coefficient=0.3,adapts_vectors=true"),
    Case(text: "lars:learning_rate=0.1,momentum=0.8,weight_decay=0.2,trust_coefficient=0.3,adapts_vectors=true,nesterov=true", labels: ["or with Nesterov"]),
    Case(text: "adafactor:learning_rate=0.5,beta_2_decay=-0.6,epsilon_1=0.01,epsilon_2=3,clip_threshold=0.7", labels: ["rank < 2"]),
    Case(text: "adafactor:learning_rate=0.5,beta_2_decay=-0.6,epsilon_1=0.01,epsilon_2=3,clip_threshold=0.7", labels: ["rank ≥ 2"], columns: 3),
    Case(text: "rprop:learning_rate=0.3,decrease=0.4,increase=1.7,minimum_step=0.2,maximum_step=0.4", starts: ["size": "rate"]),
    Case(text: "sophia:learning_rate=0.1,beta_1=0.7,beta_2=0.8,gamma=0.6,epsilon=0.08,clip_threshold=1.5,update_period=3,estimator=given"),
    Case(
      text: "adamwschedulefree:\(correction),weight_decay=0.2,warmup_steps=3,r=0.5,weight_lr_power=1.5", starts: ["z": "w"]),
    Case(text: "sgdschedulefree:learning_rate=0.1,momentum=0.8,weight_decay=0.2,warmup_steps=3,r=0.5,weight_lr_power=1.5", starts: ["z": "w"]),
    Case(text: "radamschedulefree:\(correction),weight_decay=0.2,r=0.5,weight_lr_power=1.5", starts: ["z": "w"]),
    Case(
      text: "prodigy:learning_rate=0.7,beta_1=0.8,beta_2=0.9,beta_3=0.6,epsilon=0.001,d0=0.01,d_coef=1.5,weight_decay=0.2",
      starts: ["d": "d0", "w₀": "w"]),
    Case(text: "dadaptadam:learning_rate=0.7,beta_1=0.8,beta_2=0.9,epsilon=0.001,d0=0.01,growth_rate=1.02", starts: ["d": "d0"]),
    Case(
      text: "dadaptsgd:learning_rate=0.7,momentum=0.8,d0=0.01,growth_rate=1.6,weight_decay=0.2",
      starts: ["d": "d0", "w₀": "w", "G": "‖g‖"]),
    Case(text: "cautiousadamw:\(correction),weight_decay=0", inner: "adam:\(correction)"),
    Case(text: "cautiouslion:learning_rate=0.03,beta_1=0.7,beta_2=0.9", inner: "lion:learning_rate=0.03,beta_1=0.7,beta_2=0.9"),
    Case(text: "adam:learning_rate=0.05,beta_1=0.6", wrapper: { Cautious($0) }),
    Case(text: "adam:learning_rate=0.05", starts: ["slow": "w"], wrapper: { Lookahead($0, syncPeriod: 3, alpha: 0.4) }),
  ]

  /// What their formulas say in words.
  private static let leftOut: [String: String] = [
    "Muon": "products of matrices", "Shampoo": "products of matrices", "SOAP": "products of matrices", "LBFGS": "a line search",
    "SAM": "gradients elsewhere", "LossScaleOptimizer": "what happens without a step", "MultiOptimizer": "the parts' steps",
  ]

  @Test func `Every optimizer's formula is computed or says why not`() throws {
    let computed = Set(try FormulaTests.cases.map { type(of: try $0.optimizer()).className })
    for type in OptimizerRegistry.builtIn {
      #expect(computed.contains(type.className) != (FormulaTests.leftOut[type.className] != nil), "\(type.className)")
    }
  }

  @Test(arguments: cases)
  func `The formula is what the optimizer does`(_ one: Case) throws {
    #expect(try difference(one, try one.optimizer(), changing: nil) == nil)
  }

  @Test(arguments: cases)
  func `Every setting that a case gives is a part of the formula`(_ one: Case) throws {
    for part in (one.text.split(separator: ":").last ?? "").split(separator: ",") {
      let pieces = part.split(separator: "=")
      guard pieces.count == 2, let value = Double(pieces[1]), value != 0 else { continue }
      #expect(try difference(one, try one.optimizer(), changing: String(pieces[0])) != nil, "\(pieces[0])")
    }
  }

  /// The first step at which the optimizer and its formula disagree, and both values.
  /// - Parameter key: the setting that is half as much again in the formula.
  private func difference(_ one: Case, _ optimizer: some Optimizer, changing key: String?) throws -> String? {
    let start = [0.5, -1.25, 2, 0.375, -0.0625, 0.75]
    let weights = Variable(one.columns.map { Tensor(start).reshaped([start.count / $0, $0]) } ?? Tensor(start), name: "w")
    let stepper = try Stepper(optimizer, variables: [weights])
    var formula = try made(one, optimizer, start, changing: key)
    var inner = try (one.wrapper == nil ? one.inner : one.text).map { try made(one, OptimizerRegistry.optimizer(text: $0), start, changing: key) }
    for t in 1...7 {
      // Of both signs at every place, and yet with a direction, which estimates of a distance need.
      let gradient = start.indices.map { Double((7 * t + 5 * $0) % 11 - 5) / 4 + [0.9, -0.7, 0.4][$0 % 3] }
      if let sophia = optimizer as? Sophia, sophia.isEstimateDue(at: t) {
        formula.values["ĥ"] = gradient.map { 0.5 + $0 * $0 / Double(t) }
        try stepper.state.setHessianEstimate(Tensor(formula.values["ĥ"]!), of: weights.path)
      }
      try stepper.update(gradients: [Tensor(gradient).reshaped(weights.shape)])
      formula.begin(t, gradient)
      if t == 1 { for (name, text) in one.starts { formula.values[name] = try formula.evaluate(text) } }
      if inner != nil {
        let before = formula.values["w"]!
        inner!.values["w"] = before
        inner!.begin(t, gradient)
        try inner!.step(one.labels)
        formula.values["step"] = zip(before, inner!.values["w"]!).map { $0 - $1 }
      }
      try formula.step(one.labels)
      let (found, expected) = (weights.value.scalars(as: Double.self), try #require(formula.values["w"]))
      let isSame = zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-11 * max(1, abs($1)) }
      if !isSame { return "step \(t): \(found), by the formula \(expected)" }
    }
    return nil
  }

  /// The formula as the optimizer tells it, with its settings and the weights.
  private func made(_ one: Case, _ optimizer: some Optimizer, _ weights: [Double], changing key: String?) throws -> Formula {
    let type = type(of: optimizer)
    var values: [String: [Double]] = ["w": weights, "elements": [Double(weights.count)]]
    for setting in type.allHyperparameters {
      guard let number = try setting.value(in: optimizer).double else { continue }
      values[setting.key == "learning_rate" ? "rate" : setting.key] = [setting.key == key ? 1.5 * number : number]
    }
    for (letter, key) in one.letters { values[letter] = values[key] }
    let text = type.about.formula.replacing(", then Adam's update", with: "\n" + Adam.about.formula)
      .replacing(#/(the inner optimizer|AdamW|Lion)'s step/#, with: "step")
    var formula = try Formula(text, values)
    formula.columns = one.columns ?? 1
    return formula
  }

  /// A wrong sign, power or setting is seen.
  @Test func `What is computed depends on every sign of the formula`() throws {
    let optimizer = try #require(try OptimizerRegistry.optimizer(text: "adam:learning_rate=0.1") as? Adam)
    func end(_ formula: String) throws -> [Double] {
      var values: [String: [Double]] = ["w": [1, 2], "rate": [0.1], "beta_1": [0.9], "beta_2": [0.999], "epsilon": [1e-7]]
      for (name, value) in [("g", [0.5, -2]), ("t", [1])] { values[name] = value }
      var made = try Formula(formula, values)
      try made.step([])
      return made.values["w"]!
    }
    let formula = type(of: optimizer).about.formula, right = try end(formula)
    for (part, other) in [("g²", "g"), ("− rate", "+ rate"), ("√v", "v"), ("/ (1 − beta_1ᵗ)", "· (1 − beta_1ᵗ)"), ("1 − beta_2ᵗ", "1 − beta_1ᵗ")] {
      #expect(try end(formula.replacing(part, with: other)) != right, "\(part)")
    }
    #expect(throws: Formula.Misread.self) { try end("w ← w − rate · momentum") }
    #expect(throws: Formula.Misread.self) { try end("w ← w − (rate") }
  }
}
