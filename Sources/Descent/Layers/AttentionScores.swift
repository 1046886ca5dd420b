import TensorCore

/// What attention of several heads has in common: which positions see which, and how much of each they take.
struct AttentionScores {
  /// How many of a sequence's neighbours on either side a position sees, itself included; nil for all.
  let slidingWindow: Int?
  /// How many axes of positions there are.
  let axisCount: Int

  /// Which positions of the query (last but one axis) see which of the value (last axis): `bool`, nil where all see all.
  /// - Parameters:
  ///   - rows: the places of the query's positions in its sequence, `int32`.
  ///   - count: how many positions the value has.
  ///   - masks: which positions of the query, the value and the key count.
  ///   - given: a mask of the caller's.
  func mask(rows: Tensor, count: Int, masks: (query: Tensor?, value: Tensor?, key: Tensor?), given: Tensor?, isCausal: Bool) -> Tensor? {
    var result = given?.cast(to: .bool)
    func add(_ mask: Tensor) { result = result.map { $0 .&& spread(mask, rank: $0.rank) } ?? mask }
    if let mask = masks.query { add(mask.expandingShape(at: -1)) }
    for mask in [masks.value, masks.key] { if let mask { add(mask.expandingShape(at: mask.rank - 1)) } }
    if isCausal || slidingWindow != nil {
      let rows = rows.reshaped([1, rows.count, 1])
      let columns = Tensor.arange(0, Double(count), dtype: .int32).reshaped([1, 1, count])
      if isCausal { add(rows .>= columns) }
      if let slidingWindow { add(abs(rows - columns) .< Tensor(Int32(slidingWindow))) }
    }
    return result
  }

  /// A mask with axes of size 1 before those of positions, where it has none for rows or heads.
  func spread(_ mask: Tensor, rank: Int) -> Tensor {
    var mask = mask
    while mask.rank < rank { mask = mask.expandingShape(at: mask.rank - 2 * axisCount) }
    return mask
  }

  /// The softmax of scores [rows, heads, …positions of the query, …positions of the key] over the latter.
  /// - Parameter isExplicit: whether a position that sees nothing takes nothing, as where Keras gives the scores out; otherwise it takes
  ///   the mean of all.
  func probabilities(_ scores: Tensor, mask: Tensor?, isExplicit: Bool) -> Tensor {
    let mask = mask.map { spread($0, rank: scores.rank) }
    let kept = mask.map { select($0, scores, Tensor(repeating: isExplicit ? -1e9 : -0.7 * scores.dtype.greatestFinite, dtype: scores.dtype)) } ?? scores
    let flat = axisCount == 1 ? kept : kept.reshaped(Array(kept.shape.dropLast(axisCount)) + [kept.shape.suffix(axisCount).reduce(1, *)])
    let result = flat.softmax(axis: -1).reshaped(scores.shape)
    guard isExplicit, let mask else { return result }
    return select(mask, result, Tensor(repeating: 0, dtype: scores.dtype))
  }

  /// The equations of keys and queries to scores, and of scores and values to results, for tensors of `rank` axes with positions along `axes`.
  static func equations(rank: Int, axes: [Int]) -> (scores: String, results: String) {
    let letters = Array("abcdefghijklmnopqrstuvwxyz")
    let batch = (0..<rank).filter { !axes.contains($0) && $0 != rank - 1 }
    var next = rank
    let source = (0..<rank).map { axis -> Character in
      if batch.contains(axis) || axis == rank - 1 { return letters[axis] }
      defer { next += 1 }
      return letters[next]
    }
    let product = String(batch.map { letters[$0] } + axes.map { letters[$0] } + axes.map { source[$0] })
    let (from, to) = (String(source), String(letters[0..<rank]))
    return ("\(from),\(to)->\(product)", "\(product),\(from)->\(to)")
  }

  /// The equation of a dense layer from rows of `free` axes that stay and `bound` that are summed to `made` new ones, and its bias's axes.
  static func projection(free: Int, bound: Int, made: Int) -> (equation: String, biasAxes: String) {
    let letters = Array("abcdefghijklmnopqrstuvwxyz")
    let stays = String(letters[0..<free]), summed = String(letters[free..<free + bound])
    let new = String(letters[free + bound..<free + bound + made])
    return ("\(stays)\(summed),\(summed)\(new)->\(stays)\(new)", new)
  }
}
