/// Sums over the group (all-reduce) that begin while the backward pass still runs, in buckets of gradients.
extension GroupStep {
  /// How many bytes of gradients are worth a sum of their own.
  @TaskLocal package static var pieceByteCount = 1 << 20

  /// The sums over the group of gradients, given in the order of the layers, with the bits of ``sums(of:)``. They are cut into pieces, the last layers' first,
  /// whose gradients are there first; each piece is summed by another thread from when the last of its gradients is computed.
  package func sums(ofGradients gradients: [Tensor]) -> [Tensor] {
    let tensors = gradients.map { stopGradient($0) }
    let pieces = GroupStep.pieces(of: tensors.map { ($0.shape, $0.dtype) })
    // One has nothing to go on beside.
    if pieces.count < 2 { return sums(of: .tensors(tensors)) }
    let begun = pieces.map { places in begin(places.map { tensors[$0] }) }
    var results = tensors.map { Tensor.zeros($0.shape, dtype: $0.dtype) }
    for (number, places) in pieces.enumerated() {
      // With the last one all are done: the memory of each is its own until then.
      let others = number == pieces.count - 1 ? begun.dropLast() : []
      let sum = exchange("group sum, end", phase: .end, [begun[number]] + others, shape: begun[number].shape, begun[number].dtype) { [background] _, _ in
        background.sync {}
      }
      for (place, part) in zip(places, GroupStep.cut(sum, places.map { tensors[$0].shape })) { results[place] = part }
    }
    return results
  }

  private func begin(_ tensors: [Tensor]) -> Tensor {
    let count = tensors.reduce(0) { $0 + $1.count }, dtype = tensors[0].dtype
    let reduction = GroupReduction(group, count: count, dtype: dtype)
    return exchange("group sum, begin", phase: .begin, tensors, shape: [count], dtype) { [self] inputs, output in
      copy(inputs, to: output)
      nonisolated(unsafe) let output = output
      background.async { [self] in attempt { try reduction.run(output) } }
    }
  }

  /// The places of what is summed at once, from the last to the first. It depends on nothing but shapes, which are the same on all members.
  static func pieces(of items: [ShardSums.Item]) -> [[Int]] {
    [DType.float32, .float64].flatMap { dtype in
      var pieces: [[Int]] = [], byteCount = pieceByteCount
      for place in places(in: items, of: dtype).reversed() {
        if byteCount >= pieceByteCount {
          pieces.append([])
          byteCount = 0
        }
        pieces[pieces.count - 1].append(place)
        byteCount += Tensor.elementCount(items[place].shape) * dtype.byteCount
      }
      return pieces
    }
  }
}
