extension Metric {
  /// How often fewer than `k` predictions are greater than that of the class with the greatest target.
  public static func topKCategoricalAccuracy(k: Int = 5) -> Metric {
    Metric(
      "TopKCategoricalAccuracy", name: "top_k_categorical_accuracy", config: ["k": JSONValue(k)],
      problem: problem("TopKCategoricalAccuracy", NumberRange.count.problem("k", k)), direction: .up,
      MeanOfValues(check: { try checkAlike("top_k_categorical_accuracy", $0, $1) }) { input in
        isAmongTop(k, scores(input), classes: input.target.argmax())
      })
  }
  /// With default settings.
  public static let topKCategoricalAccuracy = topKCategoricalAccuracy()

  /// How often fewer than `k` predictions are greater than that of the class that the target names by number.
  public static func sparseTopKCategoricalAccuracy(k: Int = 5) -> Metric {
    Metric(
      "SparseTopKCategoricalAccuracy", name: "sparse_top_k_categorical_accuracy", config: ["k": JSONValue(k)],
      problem: problem("SparseTopKCategoricalAccuracy", NumberRange.count.problem("k", k)), direction: .up,
      MeanOfValues(check: { try checkClasses("sparse_top_k_categorical_accuracy", $0, $1) }) { input in
        let scores = scores(input)
        return isAmongTop(k, scores, classes: input.target.reshaped(Array(scores.shape.dropLast())))
      })
  }
  /// With default settings.
  public static let sparseTopKCategoricalAccuracy = sparseTopKCategoricalAccuracy()

  private static func isAmongTop(_ k: Int, _ scores: Tensor, classes: Tensor) -> Tensor {
    let own = Loss.pick(classes, from: scores).expandingShape(at: -1)
    let greater = (scores .> own).cast(to: scores.dtype).sum(axis: -1)
    // A class that does not exist has a score of NaN, which no other exceeds.
    let isClass = own.reshaped(classes.shape) .== own.reshaped(classes.shape)
    return (greater .< Tensor(number: Double(k)) .&& isClass).cast(to: scores.dtype)
  }
}
