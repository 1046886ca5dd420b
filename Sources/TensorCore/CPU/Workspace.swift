/// Memory planning (best fit): offsets in the plan's workspace; memory that is free again is given out anew.
struct Workspace {
  private(set) var size = 0
  /// The free pieces, smallest first, and for each its other end by where it begins and where it ends.
  private var pieces: [Piece] = []
  private var ends: [Int: Int] = [:]
  private var starts: [Int: Int] = [:]

  private struct Piece: Comparable {
    let size: Int, offset: Int
    static func < (a: Piece, b: Piece) -> Bool { (a.size, a.offset) < (b.size, b.offset) }
  }

  private static func rounded(_ bytes: Int) -> Int { (bytes + Buffer.alignment - 1) / Buffer.alignment * Buffer.alignment }

  /// The first of the pieces that is not smaller than a piece.
  private func position(_ piece: Piece) -> Int {
    var low = 0, high = pieces.count
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle] < piece { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func insert(_ offset: Int, _ size: Int) {
    let piece = Piece(size: size, offset: offset)
    pieces.insert(piece, at: position(piece))
    ends[offset] = offset + size
    starts[offset + size] = offset
  }

  private mutating func remove(_ offset: Int, _ size: Int) {
    pieces.remove(at: position(Piece(size: size, offset: offset)))
    ends[offset] = nil
    starts[offset + size] = nil
  }

  /// The smallest free piece that is large enough, or new memory at the end.
  mutating func allocate(_ bytes: Int) -> Int {
    let bytes = Workspace.rounded(bytes)
    let index = position(Piece(size: bytes, offset: 0))
    guard index < pieces.count else {
      size += bytes
      return size - bytes
    }
    let piece = pieces[index]
    remove(piece.offset, piece.size)
    if piece.size > bytes { insert(piece.offset + bytes, piece.size - bytes) }
    return piece.offset
  }

  /// Gives back what was allocated; it becomes one piece with what is free around it.
  mutating func free(_ offset: Int, _ bytes: Int) {
    var start = offset, end = offset + Workspace.rounded(bytes)
    if let next = ends[end] {
      remove(end, next - end)
      end = next
    }
    if let previous = starts[start] {
      remove(previous, start - previous)
      start = previous
    }
    insert(start, end - start)
  }
}
