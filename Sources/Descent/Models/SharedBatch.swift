import TensorCore

extension TrainingBatch {
  /// Whether all members of a group have come to the same batch: as many rows, and the same numbers in them where each has them all, as far as a
  /// thousand looks can tell.
  /// - Throws: ``DescentError`` naming a rank whose batch is another.
  func requireSame(_ data: CheckedData, in group: any ProcessGroup, _ caller: String) throws {
    let print = whole == nil ? TrainingBatch.fingerprint(data) : 0
    try TrainingBatch.requireSame(rows: whole?.rows ?? data.count, print, in: group, caller)
  }

  /// Whether the stream has ended for all members of a group.
  /// - Throws: ``DescentError`` naming a rank that has come to another batch.
  static func requireEnd(in group: any ProcessGroup, _ caller: String) throws { try requireSame(rows: 0, 0, in: group, caller) }

  private static func requireSame(rows: Int, _ fingerprint: UInt64, in group: any ProcessGroup, _ caller: String) throws {
    var all = [UInt64](repeating: 0, count: 2 * group.size)
    all[2 * group.rank] = UInt64(rows)
    all[2 * group.rank + 1] = fingerprint
    try all.withUnsafeMutableBytes { try group.allGather($0, counts: [Int](repeating: 16, count: group.size)) }
    for rank in 1..<max(group.size, 1) {
      if all[2 * rank] != all[0] {
        throw DescentError(.data, "\(caller): it has \(all[0]) rows on rank 0 and \(all[2 * rank]) on rank \(rank); the stream must be the same on all")
      }
      if all[2 * rank + 1] != all[1] {
        throw DescentError(
          .data, "\(caller): its numbers on rank \(rank) are not those on rank 0; the stream must be the same on all: give what is random in it a seed")
      }
    }
  }

  private static func fingerprint(_ data: CheckedData) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func take(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for rows in data.inputs + (data.targets + data.weights).compactMap({ $0 }) {
      rows.tensor.withBytes { bytes in
        for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 1000) | 1) { take(bytes[place]) }
      }
    }
    return hash
  }
}
