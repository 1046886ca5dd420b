/// Texts by number, looked up by their bytes without a copy being made of them.
struct ByteTable {
  private(set) var texts: [[UInt8]] = []
  private var hashes: [UInt64] = []
  /// Numbers of texts plus 1, at a place that the hash tells or the next free one behind it; a power of two.
  private var slots = [Int32](repeating: 0, count: 16)

  init() {}

  /// - Parameter texts: all different.
  init(_ texts: [String]) {
    for text in texts { Array(text.utf8).withUnsafeBytes { add($0) } }
  }

  var count: Int { texts.count }

  func place(of text: UnsafeRawBufferPointer) -> Int? { place(of: text, ByteTable.hash(text)) }

  private func place(of text: UnsafeRawBufferPointer, _ hash: UInt64) -> Int? {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let place = Int(slots[slot]) - 1
      if hashes[place] == hash && texts[place].count == text.count && texts[place].withUnsafeBytes({ $0.elementsEqual(text) }) { return place }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Adds a text that is not there yet.
  mutating func add(_ text: UnsafeRawBufferPointer) {
    if 2 * (texts.count + 1) > slots.count {
      slots = [Int32](repeating: 0, count: 2 * slots.count)
      for (place, hash) in hashes.enumerated() { occupy(hash, place) }
    }
    let hash = ByteTable.hash(text)
    occupy(hash, texts.count)
    texts.append(Array(text))
    hashes.append(hash)
  }

  private mutating func occupy(_ hash: UInt64, _ place: Int) {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(place + 1)
  }

  /// FNV-1a, whose last bits are mixed with its first.
  private static func hash(_ text: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash ^ hash >> 32
  }
}
