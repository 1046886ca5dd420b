extension Loss {
  /// The values weighted and made one number.
  ///
  /// A mask leaves values out: of the mean also from the count. Weights do not change the count, except with
  /// ``Reduction/meanWithSampleWeight``. A mean over nothing is 0.
  ///
  /// In a step that is shared by a group of processes it is the loss of the member's rows in such a form that the mean over the members,
  /// weighted by their rows, is that of the batch.
  func reduce(_ values: Tensor, weights: Tensor?, mask: Tensor?) throws -> Tensor {
    let group = GroupStep.current
    // The batch's rows for each of the member's.
    let stretch = group.map { Double($0.share.total) / Double($0.share.computedRows) } ?? 1
    func ofBatch(_ sum: Tensor) throws -> Tensor { try group.map { try $0.sum(of: stopGradient(sum)) } ?? sum }
    var factors: [Tensor] = []
    if let mask {
      let kept = mask.cast(to: values.dtype)
      factors.append(try reduction == .sumOverBatchSize ? kept * quotient(Double(mask.count) * stretch, ofBatch(kept.sum())) : kept)
    }
    if let weights { factors.append(try Loss.fitted(weights.cast(to: values.dtype), to: values.shape, "loss \(name)")) }
    let factor = factors.dropFirst().reduce(factors.first, { $0! * $1 })
    let weighted = factor.map { values * $0 } ?? values
    switch reduction {
    case .none: return weighted
    case .sum: return stretch == 1 ? weighted.sum() : weighted.sum() * stretch
    case .sumOverBatchSize: return weighted.sum() / Double(Swift.max(weighted.count, 1))
    case .meanWithSampleWeight:
      guard let factor else { return weighted.sum() / Double(Swift.max(weighted.count, 1)) }
      return try group == nil ? quotient(weighted.sum(), factor.sum()) : quotient(weighted.sum() * stretch, ofBatch(factor.sum()))
    }
  }

  /// Whether each value is made of all rows, as the settings say.
  private func mixesRows(rank: Int) -> Bool {
    if comparesRows { return true }
    guard !isOwn, keras.config["axis"] != nil else { return false }
    guard let axes else { return true }
    return axes.contains { $0 == 0 || $0 == -rank }
  }

  /// - Throws: ``DescentError`` in a step that computes a part of a batch, for values that are not those of single rows.
  func requireValuesOfRows(_ values: Tensor, _ prediction: Tensor) throws {
    try Loss.requireValuesOfRows(mixesRows(rank: prediction.rank) ? nil : values.shape.first, prediction.shape.first ?? 1, "loss \(name)")
  }

  /// What is one number for a batch cannot be put together from those of its parts.
  /// - Parameters:
  ///   - count: how many rows have values; nil if there are none of single rows.
  ///   - rows: how many there are.
  static func requireValuesOfRows(_ count: Int?, _ rows: Int, _ owner: String) throws {
    guard let share = GroupStep.current?.share, share.total > share.computedRows, count != rows else { return }
    throw DescentError(
      .state,
      "\(owner): it is no number of each row but of several together, and \(rows) of the batch's \(share.total) rows are here; "
        + "a group of processes, or shards, can share what has one value a row")
  }

  /// 0 where the divisor is.
  private func quotient(_ a: Tensor, _ b: Tensor) -> Tensor {
    let isZero = b .== 0
    return select(isZero, 0, a / select(isZero, 1, b))
  }

  private func quotient(_ a: Double, _ b: Tensor) -> Tensor {
    quotient(Tensor(repeating: a, dtype: b.dtype), b)
  }

  /// Weights in a shape that stretches to that of the values: one per sample is followed by axes of size 1.
  /// - Throws: ``DescentError`` if they do not fit.
  static func fitted(_ weights: Tensor, to shape: [Int], _ name: String) throws -> Tensor {
    var weightShape = weights.shape
    while weightShape.count > shape.count, weightShape.last == 1 { weightShape.removeLast() }
    let isPrefix = weightShape.count < shape.count && zip(weightShape, shape).allSatisfy { $0 == $1 || $0 == 1 }
    if isPrefix { weightShape += [Int](repeating: 1, count: shape.count - weightShape.count) }
    // A loss over the whole batch has one value, which the weights of the samples multiply one by one.
    guard shape.isEmpty || broadcastShape(weightShape, shape) == shape else {
      throw DescentError(
        .data, "\(name): sample weights of shape \(weights.shape) do not fit values of shape \(shape); expected one value a row")
    }
    return weights.reshaped(weightShape)
  }

  /// A mask in a shape that stretches to that of the values.
  /// - Throws: ``DescentError`` if it does not fit them.
  static func fitted(mask: Tensor, to values: Tensor, _ name: String) throws -> Tensor {
    let fitted = mask.spread(like: values)
    guard mask.rank <= values.rank, broadcastShape(fitted.shape, values.shape) == values.shape else {
      throw DescentError(
        .invalidArgument, "\(name): the output's mask has shape \(mask.shape), which does not fit values of shape \(values.shape)")
    }
    return fitted
  }
}
