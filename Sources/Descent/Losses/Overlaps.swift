extension Loss {
  /// 1 − 2 Σ t p / (Σ t + Σ p + 10⁻⁷): what the overlap of two sets lacks (Dice, 1945).
  /// - Parameter axes: what the sums go over; all of them if nil, and the loss is then one number for the batch, which no group of
  ///     processes can share.
  public static func dice(axes: [Int]? = nil) -> Loss {
    Loss("Dice", name: "dice", config: ["axis": axesSetting(axes)]) { input in
      let (t, p) = (input.target, input.prediction)
      return 1 - (t * p).sum(axes: axes) * 2 / (t.sum(axes: axes) + p.sum(axes: axes) + fuzz)
    }
  }
  /// With default settings.
  public static let dice = dice()

  /// 1 − I / (I + `alpha` · F + `beta` · M + 10⁻⁷) with the overlap I = Σ t p, false positives F = Σ (1 − t) p and false negatives
  /// M = Σ t (1 − p) (Salehi et al., 2017).
  ///
  /// Keras 3.15 has `alpha` and `beta` the other way round, against its own documentation. Files and the command line mean them as Keras
  /// does: what is written there as `alpha` is `beta` here, so that a file gives the same numbers in both.
  /// - Parameters:
  ///   - alpha: how much false positives count, not negative.
  ///   - beta: how much false negatives count, not negative.
  ///   - axes: what the sums go over; all of them if nil, and the loss is then one number for the batch, which no group of
  ///     processes can share.
  public static func tversky(alpha: Double = 0.5, beta: Double = 0.5, axes: [Int]? = nil) -> Loss {
    Loss(
      "Tversky", name: "tversky",
      config: ["alpha": JSONValue(beta), "beta": JSONValue(alpha), "axis": axesSetting(axes)],
      problem: problem(
        "Tversky", NumberRange.nonNegative.problem("alpha", alpha),
        NumberRange.nonNegative.problem("beta", beta))
    ) { input in
      let (t, p) = (input.target, input.prediction)
      let overlap = (t * p).sum(axes: axes)
      let falsePositives = ((1 - t) * p).sum(axes: axes)
      let falseNegatives = (t * (1 - p)).sum(axes: axes)
      return 1 - overlap / (overlap + falsePositives * alpha + falseNegatives * beta + fuzz)
    }
  }
  /// With default settings.
  public static let tversky = tversky()

  private static func axesSetting(_ axes: [Int]?) -> JSONValue {
    axes.map { .array($0.map { JSONValue($0) }) } ?? .null
  }
}
