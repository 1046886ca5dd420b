/// Adds what the members of a group have, element by element in the order of ``TreeSum``: everybody gets from all others what they have of its
/// part, adds it, and gives the sum to all.
final class GroupReduction: @unchecked Sendable {
  private let group: any ProcessGroup
  private let dtype: DType
  private let pieces: [Range<Int>]
  /// What has come from the members: their parts of the own one, in their order.
  private let received: Buffer

  /// How much is sent at once: MPI counts bytes in 32 bits.
  static let pieceByteCount = 64 << 20

  init(_ group: any ProcessGroup, count: Int, dtype: DType) {
    self.group = group
    self.dtype = dtype
    let length = GroupReduction.pieceByteCount / dtype.byteCount
    pieces = stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
    received = Buffer(byteCount: (min(count, length) / group.size + 1) * group.size * dtype.byteCount)
  }

  func run(_ bytes: UnsafeMutableRawBufferPointer) throws {
    if group.size == 1 { return }
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
    TreeSum.add(dtype, received.pointer, vectorCount: size, count: own / dtype.byteCount)
    UnsafeMutableRawBufferPointer(rebasing: piece[borders[rank]..<borders[rank] + own]).copyMemory(
      from: UnsafeRawBufferPointer(start: received.pointer, count: own))
    try group.allGather(piece, counts: counts)
  }
}
