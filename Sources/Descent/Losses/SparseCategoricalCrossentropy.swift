extension Loss {
  /// −log p of the class that the target names by number.
  ///
  /// A target outside 0 ..< classes makes the value NaN (`fit` refuses such data beforehand).
  /// - Parameters:
  ///   - fromLogits: the predictions are x with p = softmax(x), and the loss is computed from x without overflow. Otherwise they
  ///     are divided by their sum and cut to 10⁻⁷ … 1 − 10⁻⁷, unless the logits behind them are known.
  ///   - ignoreClass: targets with this number count for nothing, neither in the sum nor in the number of samples.
  ///   - axis: that of the classes, with axis 0 counting the samples; negative from the end.
  public static func sparseCategoricalCrossentropy(fromLogits: Bool = false, ignoreClass: Int? = nil, axis: Int = -1) -> Loss {
    let kept = ignoreClass.map { ignored -> Kept in
      { target, values in (target.cast(to: .int32) .!= Tensor(number: Double(ignored))).reshaped(values.shape) }
    }
    return Loss(
      "SparseCategoricalCrossentropy", name: "sparse_categorical_crossentropy",
      config: ["from_logits": .bool(fromLogits), "ignore_class": .optional(ignoreClass), "axis": JSONValue(axis)],
      form: .classIndices(axis: axis), forClasses: true, fromLogits: fromLogits, keeping: kept
    ) { input in
      let values: Tensor
      var labels = input.target
      var isCounted: Tensor?
      if let ignoreClass {
        isCounted = labels.cast(to: .int32) .!= Tensor(number: Double(ignoreClass))
        labels = select(isCounted!, labels.cast(to: .int32), 0)
      }
      if let logits = softmaxLogits(input, fromLogits: fromLogits, axis: axis) {
        let (shifted, logSum) = shiftedLogits(logits)
        values = logSum - pick(labels, from: shifted)
      } else {
        values = -pick(labels, from: log(cutProbabilities(input.prediction.movingLast(axis))))
      }
      return isCounted.map { select($0, values, 0) } ?? values
    }
  }
  /// With default settings.
  public static let sparseCategoricalCrossentropy = sparseCategoricalCrossentropy()

  /// The element of each row that its label names; NaN if there is none.
  ///
  /// A masked sum rather than a gather: it joins the passes over the rows before and after it.
  static func pick(_ labels: Tensor, from rows: Tensor) -> Tensor {
    let classes = rows.shape.last ?? 1
    let picked = select(labels.oneHot(depth: classes, dtype: .bool), rows, 0).sum(axis: -1)
    let number = labels.cast(to: rows.dtype)
    let isClass = (number .>= 0) .&& (number .< Tensor(number: Double(classes)))
    return select(isClass, picked, Tensor(number: .nan))
  }
}
