import Foundation

/// Tensors of one dtype, each of which a member of a group owns: their sums over the group go to their owners (reduce-scatter), and what the owners
/// make of them goes to all (all-gather). Together the two move as many bytes as a sum that all get.
///
/// The tensors of a rank lie one behind the other in the rank's section. Sections are sent in pieces, piece p of all of them at once, so that what
/// comes needs little memory before it is added.
final class OwnerExchange: @unchecked Sendable {
  private let group: any ProcessGroup
  private let dtype: DType
  /// How many elements each rank owns.
  private let sections: [Int]
  private let pieceLength: Int
  /// Where each piece of each rank begins in what is sent: `places[piece][rank]`.
  private let places: [[Int]]
  private let sent: Buffer
  private let received: Buffer

  /// - Parameter counts: of the tensors' elements, with their owners.
  init(_ group: any ProcessGroup, _ counts: [(count: Int, owner: Int)], dtype: DType, pieceByteCount: Int = 8 << 20) {
    self.group = group
    self.dtype = dtype
    var sections = [Int](repeating: 0, count: group.size)
    for (count, owner) in counts { sections[owner] += count }
    self.sections = sections
    let length = max(1, pieceByteCount / dtype.byteCount / group.size)
    pieceLength = length
    var place = 0
    places = (0..<((sections.max() ?? 0) + length - 1) / length).map { piece in
      sections.map { count in
        defer { place += min(length, max(0, count - piece * length)) }
        return place
      }
    }
    sent = Buffer(byteCount: place * dtype.byteCount)
    received = Buffer(byteCount: min(sections[group.rank], length) * group.size * dtype.byteCount)
  }

  /// How many elements this rank owns.
  var ownCount: Int { sections[group.rank] }

  private func length(_ piece: Int, of rank: Int) -> Int { min(pieceLength, max(0, sections[rank] - piece * pieceLength)) }

  /// Copies an element range of a rank's section to or from what is sent.
  private func eachRun(of rank: Int, _ range: Range<Int>, _ body: (_ place: UnsafeMutableRawPointer, _ done: Int, _ byteCount: Int) -> Void) {
    var position = range.lowerBound
    while position < range.upperBound {
      let piece = position / pieceLength, within = position % pieceLength
      let count = min(pieceLength - within, range.upperBound - position)
      body(
        sent.pointer + (places[piece][rank] + within) * dtype.byteCount, (position - range.lowerBound) * dtype.byteCount, count * dtype.byteCount)
      position += count
    }
  }

  /// Where each tensor begins in its owner's section, in the order of the tensors.
  private func positions(_ owners: [Int], _ counts: [Int]) -> [Int] {
    var ends = [Int](repeating: 0, count: group.size)
    return zip(owners, counts).map { owner, count in
      defer { ends[owner] += count }
      return ends[owner]
    }
  }

  /// Sums over the group; `result` becomes the own section.
  /// - Parameter parts: what this member has of each tensor; nil for zeros.
  func sum(_ parts: [UnsafeRawPointer?], counts: [Int], owners: [Int], into result: UnsafeMutableRawPointer) throws {
    for ((part, owner), (position, count)) in zip(zip(parts, owners), zip(positions(owners, counts), counts)) {
      eachRun(of: owner, position..<position + count) { place, done, byteCount in
        if let part { place.copyMemory(from: part + done, byteCount: byteCount) } else { memset(place, 0, byteCount) }
      }
    }
    let size = dtype.byteCount
    for (piece, begin) in places.enumerated() {
      let lengths = (0..<group.size).map { length(piece, of: $0) }
      let own = lengths[group.rank]
      try group.allToAll(
        UnsafeRawBufferPointer(start: sent.pointer + begin[0] * size, count: lengths.reduce(0, +) * size), counts: lengths.map { $0 * size },
        into: UnsafeMutableRawBufferPointer(start: received.pointer, count: own * group.size * size),
        counts: [Int](repeating: own * size, count: group.size))
      TreeSum.add(dtype, received.pointer, vectorCount: group.size, count: own)
      (result + piece * pieceLength * size).copyMemory(from: received.pointer, byteCount: own * size)
    }
  }

  /// Gives all members all tensors; `result` becomes one after the other, in their order.
  /// - Parameter own: those that this member owns, in order.
  func gather(_ own: [UnsafeRawPointer], counts: [Int], owners: [Int], into result: UnsafeMutableRawPointer) throws {
    let positions = positions(owners, counts)
    var rest = own[...]
    for (owner, (position, count)) in zip(owners, zip(positions, counts)) where owner == group.rank {
      let tensor = rest.removeFirst()
      eachRun(of: owner, position..<position + count) { place, done, byteCount in place.copyMemory(from: tensor + done, byteCount: byteCount) }
    }
    let size = dtype.byteCount
    for (piece, begin) in places.enumerated() {
      let lengths = (0..<group.size).map { length(piece, of: $0) * size }
      try group.allGather(
        UnsafeMutableRawBufferPointer(start: sent.pointer + begin[0] * size, count: lengths.reduce(0, +)), counts: lengths)
    }
    var target = result
    for (owner, (position, count)) in zip(owners, zip(positions, counts)) {
      eachRun(of: owner, position..<position + count) { place, done, byteCount in (target + done).copyMemory(from: place, byteCount: byteCount) }
      target += count * size
    }
  }
}
