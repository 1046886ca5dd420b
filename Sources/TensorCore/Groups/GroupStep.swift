/// What a step is traced with by a member of a group: which rows of the batch are its own, and sums over the group.
///
/// Everything in such a step is computed from the member's rows, and what must be the batch's is summed over the group: the same numbers in
/// the same order on all members.
package final class GroupStep: @unchecked Sendable {
  package let group: any ProcessGroup
  package let share: RowShare
  /// What the last sum gave: the next one waits for it, so that all members come to them in one order.
  private var last: Tensor?
  /// What went wrong in a run; only touched by who runs the step.
  package private(set) var failure: (any Error)?

  /// The one that is being traced.
  @TaskLocal package static var current: GroupStep?

  package init(_ group: any ProcessGroup, _ share: RowShare) {
    self.group = group
    self.share = share
  }

  /// The member's part of the batch.
  package var weight: Double { Double(share.rows.count) / Double(share.total) }

  /// The sums over the group of some tensors. Each element is added in the order of ranks, so the sums have the same bits on all
  /// members, and from run to run. A member without rows adds zeros. What reaches a sum is summed over the group on its way back to what
  /// was added, as it should be where each member's loss is its part of the whole.
  package func sums(of tensors: [Tensor]) -> [Tensor] {
    var results = tensors
    for dtype in [DType.float32, .float64] {
      let places = tensors.indices.filter { tensors[$0].dtype == dtype && tensors[$0].count > 0 }
      for (place, sum) in zip(places, sums(of: places.map { tensors[$0] }, dtype)) { results[place] = sum }
    }
    return results
  }

  private func sums(of tensors: [Tensor], _ dtype: DType) -> [Tensor] {
    if tensors.isEmpty { return [] }
    let count = tensors.reduce(0) { $0 + $1.count }
    let isIdle = share.isIdle
    let reduction = GroupReduction(group, count: count, dtype: dtype)
    let derivative: HostFunction.Derivative = { [self] inputs, _, adjoint, needed in
      // One sum on the way back as on the way there, and in the same order on all members.
      let whole = sums(of: [adjoint])[0]
      var place = 0
      return inputs.enumerated().map { index, input in
        guard index < tensors.count else { return nil }
        defer { place += input.count }
        return needed[index] ? whole[place..<place + input.count].reshaped(input.shape) : nil
      }
    }
    let function = HostFunction(name: "group sum", derivative: derivative) { [self] inputs, output in
      var place = 0
      for input in inputs.prefix(tensors.count) {
        let part = UnsafeMutableRawBufferPointer(rebasing: output[place..<place + input.count])
        if isIdle { part.initializeMemory(as: UInt8.self, repeating: 0) } else { part.copyMemory(from: input) }
        place += input.count
      }
      if failure != nil { return }
      do { try reduction.run(output) } catch { failure = error }
    }
    let whole = Tensor(.host(function), tensors + [last].compactMap { $0.map { stopGradient($0) } }, shape: [count], dtype: dtype)
    last = whole
    var place = 0
    return tensors.map { tensor in
      defer { place += tensor.count }
      return whole[place..<place + tensor.count].reshaped(tensor.shape)
    }
  }

  package func sum(of tensor: Tensor) -> Tensor { sums(of: [tensor])[0] }

  /// Forgets what is of use while the step is traced.
  package func endTrace() { last = nil }

  /// - Throws: what went wrong in a run.
  package func check() throws { if let failure { throw failure } }
}

/// Which rows of a batch a member of a group has: those of rank r of N begin at the row ⌊r · rows / N⌋.
package struct RowShare: Hashable, Sendable {
  package let total: Int
  package let rows: Range<Int>

  /// All.
  package init(_ total: Int) {
    self.total = total
    rows = 0..<total
  }

  package init(_ total: Int, of group: any ProcessGroup) {
    self.total = total
    rows = total * group.rank / group.size..<total * (group.rank + 1) / group.size
  }

  /// The member has no row, and computes with one that counts for nothing.
  package var isIdle: Bool { rows.isEmpty }
  /// How many rows are computed with.
  package var computedRows: Int { max(rows.count, 1) }
  /// Where they begin in the batch.
  package var offset: Int { isIdle ? 0 : rows.lowerBound }
}

/// Adds what the members of a group have, element by element in the order of ranks: everybody gets from all others what they have of its part,
/// adds it, and gives the sum to all.
private final class GroupReduction: @unchecked Sendable {
  private let group: any ProcessGroup
  private let dtype: DType
  private let pieces: [Range<Int>]
  /// What has come from the members: their parts of the own one, in their order.
  private let received: Buffer

  /// How much is sent at once: MPI counts bytes in 32 bits.
  private static let pieceByteCount = 64 << 20

  init(_ group: any ProcessGroup, count: Int, dtype: DType) {
    self.group = group
    self.dtype = dtype
    let length = GroupReduction.pieceByteCount / dtype.byteCount
    pieces = stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
    received = Buffer(byteCount: (min(count, length) / group.size + 1) * group.size * dtype.byteCount)
  }

  func run(_ bytes: UnsafeMutableRawBufferPointer) throws {
    for piece in pieces {
      try run(piece: UnsafeMutableRawBufferPointer(rebasing: bytes[piece.lowerBound * dtype.byteCount..<piece.upperBound * dtype.byteCount]))
    }
  }

  private func run(piece: UnsafeMutableRawBufferPointer) throws {
    let (rank, size) = (group.rank, group.size)
    let count = piece.count / dtype.byteCount
    let borders = (0...size).map { count * $0 / size * dtype.byteCount }
    let counts = zip(borders, borders.dropFirst()).map { $1 - $0 }
    let own = counts[rank]
    let parts = UnsafeMutableRawBufferPointer(start: received.pointer, count: own * size)
    try group.allToAll(UnsafeRawBufferPointer(piece), counts: counts, into: parts, counts: [Int](repeating: own, count: size))
    let target = UnsafeMutableRawBufferPointer(rebasing: piece[borders[rank]..<borders[rank] + own])
    if dtype == .float64 {
      add(parts.bindMemory(to: Double.self), into: target.bindMemory(to: Double.self))
    } else {
      add(parts.bindMemory(to: Float.self), into: target.bindMemory(to: Float.self))
    }
    try group.allGather(piece, counts: counts)
  }

  private func add<Element: FloatingPoint>(_ parts: UnsafeMutableBufferPointer<Element>, into sum: UnsafeMutableBufferPointer<Element>) {
    let count = sum.count
    for index in 0..<count { sum[index] = parts[index] }
    for part in 1..<max(group.size, 1) {
      let begin = part * count
      for index in 0..<count { sum[index] += parts[begin + index] }
    }
  }
}
