import Foundation
import Optimizers
import Testing

/// The formula that `descent optimizers` prints, read and computed as it stands there, is what the optimizer does.
@Suite struct FormulaTests {
  private static let cases = OptimizerCase.all.flatMap(\.formula.elements)

  @Test(arguments: FormulaTests.cases)
  func `The formula is what the optimizer does`(_ one: FormulaCase) throws {
    #expect(try difference(one, try one.optimizer(), changing: nil) == nil)
  }

  @Test(arguments: FormulaTests.cases)
  func `Every setting that a case gives is a part of the formula`(_ one: FormulaCase) throws {
    for part in (one.text.split(separator: ":").last ?? "").split(separator: ",") {
      let pieces = part.split(separator: "=")
      guard pieces.count == 2, let value = Double(pieces[1]), value != 0 else { continue }
      #expect(try difference(one, try one.optimizer(), changing: String(pieces[0])) != nil, "\(pieces[0])")
    }
  }

  /// The first step at which the optimizer and its formula disagree, and both values.
  /// - Parameter key: the setting that is half as much again in the formula.
  private func difference(_ one: FormulaCase, _ optimizer: some Optimizer, changing key: String?) throws -> String? {
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
    if let expected = try formula.value(labelled: "evaluation") {
      stepper.state.useEvaluationValues()
      let found = weights.value.scalars(as: Double.self)
      if !zip(found, expected).allSatisfy({ abs($0 - $1) <= 1e-11 * max(1, abs($1)) }) { return "evaluation: \(found), by the formula \(expected)" }
    }
    return nil
  }

  /// What holds in some cases only is computed in one of them.
  @Test func `Every line of a formula is in a case`() throws {
    var given: [String: Set<String>] = [:], known: [String: Set<String>] = [:]
    for one in FormulaTests.cases {
      let optimizer = try one.optimizer(), name = type(of: optimizer).className
      given[name, default: []].formUnion(one.labels)
      known[name] = try made(one, optimizer, [0], changing: nil).givenLabels
    }
    for (name, labels) in known { #expect(labels.subtracting(given[name] ?? []) == [], "\(name)") }
  }

  /// The formula as the optimizer tells it, with its settings and the weights.
  private func made(_ one: FormulaCase, _ optimizer: some Optimizer, _ weights: [Double], changing key: String?) throws -> Formula {
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
