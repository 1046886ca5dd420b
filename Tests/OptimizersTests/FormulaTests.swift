import Foundation
import Optimizers
import Testing

/// The formula that `descent optimizers` prints, read and computed as it stands there, is what the optimizer does.
@Suite struct FormulaTests {
  struct Case: CustomTestStringConvertible {
    var text: String
    /// Labels before a colon whose lines hold, besides those that ask for the step or compare two values.
    var labels: Set<String> = []
    /// What letters of the formula stand for: settings' keys.
    var letters: [String: String] = [:]
    /// Where a name starts that does not start at zero: a number or a name.
    var starts: [String: String] = [:]
    var testDescription: String { text }
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
    Case(text: "adopt:\(correction)"),
    Case(text: "ademamix:\(correction),beta_3=0.95,alpha=3", letters: ["a": "alpha", "b": "beta_3"]),
    Case(text: "adabelief:\(correction),epsilon_root=0.002"),
    Case(text: "adan:\(correction),beta_3=0.95,weight_decay=0.2"),
    Case(text: "nadamw:\(correction),weight_decay=0"),
    Case(text: "radam:\(correction)"),
    Case(text: "yogi:\(correction)", starts: ["m": "initial_accumulator_value", "v": "initial_accumulator_value"]),
    Case(text: "novograd:\(correction),weight_decay=0.2", starts: ["v": "‖g‖²"]),
    Case(text: "lars:learning_rate=0.1,momentum=0.8,weight_decay=0.2,trust_coefficient=0.3,adapts_vectors=true"),
    Case(text: "lars:learning_rate=0.1,momentum=0.8,weight_decay=0.2,trust_coefficient=0.3,adapts_vectors=true,nesterov=true", labels: ["or with Nesterov"]),
  ]

  /// What their formulas say in words.
  private static let leftOut: [String: String] = [
    "Adafactor": "means over rows and columns", "Muon": "products of matrices", "Shampoo": "products of matrices", "SOAP": "products of matrices",
    "LBFGS": "a line search", "Sophia": "the loss's curvature", "Rprop": "a case for each element",
    "Prodigy": "sums over all parameters", "DAdaptAdam": "sums over all parameters", "DAdaptSGD": "sums over all parameters",
    "AdamWScheduleFree": "sums over all steps", "SGDScheduleFree": "sums over all steps", "RAdamScheduleFree": "sums over all steps",
    "Cautious": "the inner optimizer's step", "CautiousAdamW": "AdamW's step", "CautiousLion": "Lion's step",
    "Lookahead": "the inner optimizer's step", "SAM": "the inner optimizer's step", "LossScaleOptimizer": "the inner optimizer's step",
    "MultiOptimizer": "the parts' steps",
  ]

  @Test func `Every optimizer's formula is computed or says why not`() throws {
    let computed = Set(try FormulaTests.cases.map { type(of: try OptimizerRegistry.optimizer(text: $0.text)).className })
    for type in OptimizerRegistry.builtIn {
      #expect(computed.contains(type.className) != (FormulaTests.leftOut[type.className] != nil), "\(type.className)")
    }
  }

  @Test(arguments: cases)
  func `The formula is what the optimizer does`(_ one: Case) throws {
    try compare(one, try OptimizerRegistry.optimizer(text: one.text))
  }

  private func compare(_ one: Case, _ optimizer: some Optimizer) throws {
    let type = type(of: optimizer)
    let start = [0.5, -1.25, 2, 0.375, -0.0625]
    let stepper = try Stepper(optimizer, parameters: ["w": start])
    var values: [String: [Double]] = ["w": start]
    for setting in type.allHyperparameters {
      guard let number = try setting.value(in: optimizer).double else { continue }
      values[setting.key == "learning_rate" ? "rate" : setting.key] = [number]
    }
    for (letter, key) in one.letters { values[letter] = values[key] }
    let base = type.about.formula.replacing(", then Adam's update", with: "\n" + Adam.about.formula)
    var formula = try Formula(base, values)
    for t in 1...7 {
      let gradient = (0..<5).map { Double((7 * t + 5 * $0) % 11 - 5) / 4 + 0.01 }
      try stepper.update(gradients: ["w": gradient])
      formula.values["g'"] = formula.values["g"] ?? gradient
      formula.values["g"] = gradient
      formula.values["t"] = [Double(t)]
      if t == 1 { for (name, text) in one.starts { formula.values[name] = try formula.evaluate(text) } }
      try formula.step(one.labels)
      let (found, expected) = (try #require(stepper.parameters["w"]), try #require(formula.values["w"]))
      let isSame = zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-11 * max(1, abs($1)) }
      #expect(isSame, "step \(t): \(found), by the formula \(expected)")
    }
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
