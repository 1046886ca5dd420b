extension Loss {
  /// Checks that targets of one shape can be compared with predictions of another (batch axes included).
  ///
  /// A last axis of size 1 may be missing or superfluous in the targets, as in Keras. Anything else that NumPy would silently
  /// stretch is refused.
  /// - Throws: ``DescentError`` of kind `data` with both shapes and what the loss expects.
  public func validate(targetShape: [Int], predictionShape: [Int]) throws {
    try validated()
    switch form {
    case .any: return
    case .byShape:
      try Loss.crossentropy(forTarget: targetShape, prediction: predictionShape)
        .validate(targetShape: targetShape, predictionShape: predictionShape)
    case .likePrediction:
      if let shapes = Shapes(aligning: targetShape, with: predictionShape) { return try checkAxes(of: shapes.prediction) }
      let hint =
        className?.hasPrefix("Categorical") == true && targetShape.count < predictionShape.count
        ? "; for class numbers use sparse_categorical_crossentropy" : ""
      throw DescentError(
        .data, "loss \(name): targets of shape \(targetShape) do not match predictions of shape \(predictionShape)\(hint)")
    case .classIndices(let axis):
      guard let rest = Loss.removing(axis: axis, from: predictionShape) else {
        throw DescentError(.data, "loss \(name): predictions of shape \(predictionShape) have no class axis \(axis)")
      }
      if targetShape == rest || targetShape == rest + [1] { return }
      let hint = targetShape == predictionShape ? "; for one-hot targets use categorical_crossentropy" : ""
      throw DescentError(
        .data,
        "loss \(name): targets of shape \(targetShape) are not class numbers for predictions of shape \(predictionShape): "
          + "expected \(rest)\(hint)")
    case .labelSequences:
      guard targetShape.count == 2, predictionShape.count == 3, targetShape[0] == predictionShape[0] else {
        throw DescentError(
          .data,
          "loss \(name): targets of shape \(targetShape) and predictions of shape \(predictionShape); "
            + "expected numbers of labels [rows, labels] and logits [rows, steps, classes]")
      }
    case .labels:
      guard predictionShape.count == 2, targetShape == [predictionShape[0]] || targetShape == [predictionShape[0], 1] else {
        throw DescentError(
          .data,
          "loss \(name): targets of shape \(targetShape) and predictions of shape \(predictionShape); "
            + "expected whole numbers [rows] or [rows, 1] and embeddings [rows, features]")
      }
    }
  }

  /// The axes that its settings name; nil if they name none, or leave all to it.
  var axes: [Int]? { isOwn ? nil : keras.config["axis"].flatMap { $0.int.map { [$0] } ?? $0.array?.compactMap(\.int) } }

  private func checkAxes(of shape: [Int]) throws {
    guard let axes, !shape.areAxes(axes) else { return }
    throw DescentError(
      .data, "loss \(name): axis \(axes.count == 1 ? "\(axes[0])" : "\(axes)") is none of predictions of shape \(shape), or named twice")
  }

  /// The class numbers that targets may hold, if the loss takes targets of that shape for class numbers.
  /// - Parameters:
  ///   - targetShape: with the batch axis; of use for losses that go by the shapes.
  ///   - predictionShape: with the batch axis.
  public func allowedClasses(targetShape: [Int]? = nil, predictionShape: [Int]) -> Range<Int>? {
    switch form {
    case .byShape:
      return targetShape.flatMap {
        Loss.crossentropy(forTarget: $0, prediction: predictionShape).allowedClasses(predictionShape: predictionShape)
      }
    case .classIndices(let axis):
      let axis = axis < 0 ? axis + predictionShape.count : axis
      return predictionShape.indices.contains(axis) ? 0..<predictionShape[axis] : nil
    case .labelSequences: return predictionShape.last.map { 0..<$0 }
    default: return nil
    }
  }

  static func removing(axis: Int, from shape: [Int]) -> [Int]? {
    let axis = axis < 0 ? axis + shape.count : axis
    guard shape.indices.contains(axis) else { return nil }
    var rest = shape
    rest.remove(at: axis)
    return rest
  }

  /// The shapes of targets and predictions after a missing last axis of size 1 has been put right.
  struct Shapes {
    let target: [Int]
    let prediction: [Int]

    init?(aligning target: [Int], with prediction: [Int]) {
      var (target, prediction) = (target, prediction)
      if target.count == prediction.count + 1, target.last == 1 {
        if prediction.count == 1 { prediction.append(1) } else { target.removeLast() }
      } else if prediction.count == target.count + 1, prediction.last == 1 {
        if target.count == 1 { target.append(1) } else { prediction.removeLast() }
      }
      guard target == prediction else { return nil }
      self.target = target
      self.prediction = prediction
    }
  }

  /// What can be counted with: truths are 0 and 1.
  static func numbers(_ target: Tensor) -> Tensor { target.dtype == .bool ? target.cast(to: .int32) : target }

  /// Target and prediction for a closure of the user's, as the losses and metrics that come with the library have them: of one shape and
  /// dtype if the shapes say the same. Otherwise the target may hold class numbers, and keeps its shape and its whole numbers.
  static func aligned(_ target: Tensor, _ prediction: Tensor) -> (target: Tensor, prediction: Tensor) {
    if let shapes = Shapes(aligning: target.shape, with: prediction.shape) {
      return (target.cast(to: prediction.dtype).reshaped(shapes.target), prediction.reshaped(shapes.prediction))
    }
    return (target.cast(to: target.dtype.isFloatingPoint ? prediction.dtype : .int32), prediction)
  }

  /// Target, prediction and logits in the shapes and dtypes that the loss's body expects.
  func aligned(_ target: Tensor, _ prediction: Tensor, _ logits: Logits?) -> Input {
    switch form {
    case .byShape:
      return Input(target: target, prediction: prediction, logits: logits)
    case .any:
      let aligned = Loss.aligned(target, prediction)
      return Input(
        target: aligned.target, prediction: aligned.prediction,
        logits: logits.map { Logits($0.values.reshaped(aligned.prediction.shape), of: $0.activation) })
    case .likePrediction:
      guard let shapes = Shapes(aligning: target.shape, with: prediction.shape) else {
        programmingError("loss \(name): targets \(target.shape) do not match predictions \(prediction.shape)")
      }
      return Input(
        target: target.cast(to: prediction.dtype).reshaped(shapes.target), prediction: prediction.reshaped(shapes.prediction),
        logits: logits.map { Logits($0.values.reshaped(shapes.prediction), of: $0.activation) })
    case .classIndices(let axis):
      let rest = Loss.removing(axis: axis, from: prediction.shape) ?? []
      return Input(target: Loss.numbers(target).reshaped(rest), prediction: prediction, logits: logits)
    case .labelSequences, .labels:
      return Input(target: target, prediction: prediction, logits: logits)
    }
  }
}

extension [Int] {
  /// Whether these are axes of the shape, each once; negative from the end.
  func areAxes(_ axes: [Int]) -> Bool {
    let places = axes.map { $0 < 0 ? $0 + count : $0 }
    return places.allSatisfy(indices.contains) && Set(places).count == places.count
  }
}
