extension Loss {
  /// Brings embeddings of one label together and takes those of different ones apart, more strongly the further they are from where they should
  /// be. Each row of a batch is compared with all the others (Sun et al., 2020):
  ///
  ///     d = max(0, 1 − p · p′)             (p and p′ of length 1, as ``UnitNormalization`` makes them)
  ///     s₊ = −gamma · (margin + d) · (margin − d)                         with rows of the same label
  ///     s₋ = gamma · max(0, 1 + margin − d) · (1 − margin − d)            with rows of others
  ///     loss = log(1 + Σ exp(s₊) · Σ exp(s₋))
  ///
  /// A row with nothing to compare it with has the value 0. As in Keras, rows of the value 0 do not count in the mean.
  ///
  /// Targets are whole numbers `[rows]` or `[rows, 1]`, predictions `[rows, features]`. A row's loss depends on the others of its batch, so that
  /// processes cannot share a batch.
  /// - Parameters:
  ///   - gamma: stretches the differences of distances.
  ///   - margin: how far rows of one label may lie apart.
  ///   - removeDiagonal: whether a row is not compared with itself.
  ///
  /// Source: Sun et al., 2020, "Circle Loss: A Unified Perspective of Pair Similarity Optimization" (arXiv 2002.10857); Keras, `Circle`.
  public static func circle(gamma: Double = 80, margin: Double = 0.4, removeDiagonal: Bool = true) -> Loss {
    Loss(
      "Circle", name: "circle",
      config: ["gamma": JSONValue(gamma), "margin": JSONValue(margin), "remove_diagonal": .bool(removeDiagonal)],
      problem: problem("Circle", NumberRange.any.problem("gamma", gamma), NumberRange.any.problem("margin", margin)), form: .labels, comparesRows: true,
      keeping: { _, values in values .> 0 }
    ) { circleValues($0, gamma: gamma, margin: margin, removeDiagonal: removeDiagonal) }
  }
  /// With default settings.
  public static let circle = circle()

  private static func circleValues(_ input: Input, gamma: Double, margin: Double, removeDiagonal: Bool) -> Tensor {
    let p = input.prediction, rows = p.shape[0]
    let label = input.target.cast(to: .int32).reshaped([rows, 1]), row = Tensor.range(rows, dtype: .int32)
    var isSame: Tensor = label .== label.reshaped([1, rows])
    let isOther = !isSame
    if removeDiagonal { isSame = isSame .&& (row.reshaped([rows, 1]) .!= row) }
    let d: Tensor = maximum(1 - matmul(p, p, transposeB: true), 0)
    let same: Tensor = maximum(d + margin, 0) * (margin - d) * -gamma
    let other: Tensor = maximum((1 + margin) - d, 0) * ((1 - margin) - d) * gamma
    // As good as minus infinity, whose difference from itself would be no number.
    let nothing = Tensor(number: -1e30)
    let attraction = select(isSame, same, nothing).logSumExp(axis: 1)
    let repulsion = select(isOther, other, nothing).logSumExp(axis: 1)
    return softplus(attraction + repulsion)
  }
}
