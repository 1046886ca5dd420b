extension Loss {
  /// (1 − p^`q`) / `q` with the probability p of the class that the target names by number: between cross-entropy (`q` → 0) and
  /// mean absolute error (`q` = 1), for labels that may be wrong (Zhang & Sabuncu, 2018).
  public static func categoricalGeneralizedCrossEntropy(q: Double = 0.5) -> Loss {
    Loss(
      "CategoricalGeneralizedCrossEntropy", name: "categorical_generalized_cross_entropy", config: ["q": JSONValue(q)],
      problem: problem("CategoricalGeneralizedCrossEntropy", NumberRange.openFraction.problem("q", q)),
      form: .classIndices(axis: -1), forClasses: true, isFoundByName: false
    ) { input in (1 - pow(pick(input.target, from: input.prediction), q)) / q }
  }
  /// With default settings.
  public static let categoricalGeneralizedCrossEntropy = categoricalGeneralizedCrossEntropy()
}
