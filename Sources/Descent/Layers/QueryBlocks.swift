import TensorCore

/// Long sequences' queries some at a time, so that what each position takes of each other (positions × positions) is never held whole,
/// neither forwards nor for the derivative, which computes it again (Rabe and Staats, 2021, "Self-attention does not need O(n²) memory").
struct QueryBlocks {
  /// How many positions there are, how many are taken at a time, and how many times.
  let queries: Int, size: Int, count: Int

  /// Numbers of scores of a head that are held at a time.
  private static let scoresAtATime = 1 << 18

  /// Nil where the scores of a head are few enough to be held whole.
  init?(queries: Int, keys: Int) {
    guard queries * keys > 4 * QueryBlocks.scoresAtATime else { return nil }
    self.queries = queries
    size = min(queries, max(16, QueryBlocks.scoresAtATime / keys))
    count = (queries + size - 1) / size
  }

  /// The results for all queries.
  /// - Parameters:
  ///   - q: queries [rows, positions, heads, size].
  ///   - mask: which positions count, [rows, positions].
  ///   - given: which positions see which, positions of the query along the last axis but one.
  ///   - attended: from some positions' queries, their places, and their parts of the masks to [rows, some positions, heads, size].
  func each(
    _ q: Tensor, _ mask: Tensor?, _ given: Tensor?,
    attended: (_ q: Tensor, _ rows: Tensor, _ mask: Tensor?, _ given: Tensor?) throws -> Tensor
  ) throws -> Tensor {
    var inputs = [blocks(q, axis: 1), Tensor.arange(0, Double(count * size), dtype: .int32).reshaped([count, size])]
    if let mask { inputs.append(blocks(mask, axis: 1)) }
    // A mask for all positions alike has one there.
    let isGivenCut = given.map { $0.shape[$0.rank - 2] == queries } ?? false
    if let given, isGivenCut { inputs.append(blocks(given, axis: given.rank - 2)) }
    let (_, results) = try scan([], over: inputs, recompute: true) { _, step in
      let part = isGivenCut ? step.last : given
      return ([], [try attended(step[0], step[1], mask == nil ? nil : step[2], part)])
    }
    // [blocks, rows, some positions, heads, size], the last block with positions beyond the end.
    let all = results[0]
    let shape = all.shape
    let joined = all.transposed([1, 0, 2, 3, 4]).reshaped([shape[1], count * size, shape[3], shape[4]])
    return joined[0..<shape[1], 0..<queries]
  }

  /// Cut along an axis into blocks that lie along a new axis 0; zeros behind the end.
  private func blocks(_ x: Tensor, axis: Int) -> Tensor {
    let missing = count * size - queries
    let whole = missing == 0 ? x : x.padded(low: [Int](repeating: 0, count: x.rank), high: (0..<x.rank).map { $0 == axis ? missing : 0 })
    let cut = whole.reshaped(Array(x.shape[..<axis]) + [count, size] + x.shape[(axis + 1)...])
    return cut.transposed([axis] + (0..<cut.rank).filter { $0 != axis })
  }
}
