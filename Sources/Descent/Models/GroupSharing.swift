import TensorCore

/// How the members of a group of processes share the work of a run.
struct GroupSharing {
  let group: any ProcessGroup
  /// In how many parts, each computed on its own, a batch is cut; nil for one a member.
  var shards: Int?
  /// Whether what the optimizer remembers of a parameter is kept by one member alone.
  var spreadsOptimizerState = false

  /// Nil where there is nothing to share: a group of one, and no shards.
  /// - Throws: ``DescentError`` if there is no such number of shards.
  init?(_ group: (any ProcessGroup)?, shards: Int? = nil, spreadsOptimizerState: Bool = false, _ caller: String) throws {
    let size = group?.size ?? 1
    if let shards {
      func isPowerOfTwo(_ number: Int) -> Bool { number > 0 && number & (number - 1) == 0 }
      guard isPowerOfTwo(shards), shards <= 1 << 20 else {
        throw DescentError(.invalidArgument, "\(caller): shards is \(shards); it must be a power of two: 1, 2, 4, 8 …")
      }
      guard isPowerOfTwo(size), size <= shards else {
        throw DescentError(
          .invalidArgument, "\(caller): \(shards) shards cannot be shared out evenly among \(size) processes; 1, 2, 4 … up to \(shards) can have them")
      }
    }
    if size == 1 && shards == nil { return nil }
    self.group = group ?? SingleProcess()
    self.shards = shards
    self.spreadsOptimizerState = spreadsOptimizerState && size > 1
  }

  /// Which rows of a batch have to be at hand: one at least.
  var neededRows: (Int) -> Range<Int> {
    let group = group
    return { rows in
      let share = RowShare(rows, of: group)
      return share.offset..<share.offset + share.computedRows
    }
  }

  /// Which of a batch's rows this member computes.
  func share(of rows: Int) -> RowShare { RowShare(rows, of: group) }

  /// The member's shards of a batch; nil if it is not cut in shards.
  func shards(of rows: Int) -> [RowShare]? {
    guard let shards else { return nil }
    let own = shards / group.size
    return (group.rank * own..<(group.rank + 1) * own).map { RowShare(rows, part: $0, of: shards) }
  }
}
