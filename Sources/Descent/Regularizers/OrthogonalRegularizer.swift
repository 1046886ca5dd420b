extension Regularizer {
  /// Which vectors of a matrix are pushed towards being orthogonal.
  public enum OrthogonalMode: String, Sendable, CaseIterable { case rows, columns }

  /// `factor` · Σ |cos| over the pairs of different rows (or columns), divided by the number of pairs. Of matrices only: a
  /// layer that would use it on weights or results of another rank is refused when it is built.
  /// - Parameters:
  ///   - factor: the strength.
  ///   - mode: which vectors of the matrix make the pairs.
  public static func orthogonal(factor: Double = 0.01, mode: OrthogonalMode = .rows) -> Regularizer {
    Regularizer(
      "OrthogonalRegularizer", name: "orthogonal_regularizer",
      config: ["factor": JSONValue(factor), "mode": .string(mode.rawValue)],
      problem: factorProblem("OrthogonalRegularizer", ["factor": factor])
    ) { x in
      guard x.rank == 2 else {
        programmingError("regularizer orthogonal_regularizer: the weights have shape \(x.shape), not that of a matrix")
      }
      let axis = mode == .rows ? 1 : 0
      let unit = normalize(x, axis: axis)
      let size = x.shape[1 - axis]
      let cosines = mode == .rows ? matmul(unit, unit, transposeB: true) : matmul(unit, unit, transposeA: true)
      let isOffDiagonal = 1 - Tensor.identity(size, dtype: x.dtype)
      let pairs = Double(size * (size - 1)) / 2
      return abs(cosines * isOffDiagonal).sum() * (factor * 0.5 / Swift.max(pairs, 1))
    }
  }
  /// With default settings.
  public static let orthogonal = orthogonal()
}
