/// A prefix code of the deflate format as a table that is looked up with the next bits of the input.
///
/// The next ``rootBitCount`` bits select an entry. Codes that are longer have an entry that leads to a subtable, selected from by the
/// bits that follow. An entry is, from its lowest bit: in 6 bits how many bits of input it stands for, extra bits included; from bit 8
/// in 4 bits how many of these are the code; then three flags; from bit 16 in 15 bits a value; and a flag for literals.
final class HuffmanTable {
  /// The value is a byte of output.
  static let literal: UInt32 = 1 << 31
  /// Neither a literal nor a length or distance: one of the next two flags says what, or the code is not valid.
  static let exception: UInt32 = 1 << 15
  /// The value is the place of a subtable; its code bits are the width of that.
  static let subtable: UInt32 = 1 << 14
  static let endOfBlock: UInt32 = 1 << 13

  let rootBitCount: Int
  let entries: UnsafeMutablePointer<UInt32>
  /// The entry of each symbol, without its code.
  private let symbols: [UInt32]

  static let longestCode = 15

  init(symbols: [UInt32], rootBitCount: Int) {
    self.symbols = symbols
    self.rootBitCount = rootBitCount
    // Room for the longest codes of all symbols, each alone in a subtable.
    entries = .allocate(capacity: 1 << rootBitCount + symbols.count << (HuffmanTable.longestCode - rootBitCount))
  }

  deinit { entries.deallocate() }

  /// Makes the table from the length of each symbol's code, 0 where it has none.
  /// - Returns: whether these are the lengths of a code that uses every combination of bits; or of one code of one bit, or of none,
  ///   which the format allows too.
  func build(_ lengths: ArraySlice<UInt8>) -> Bool {
    var counts = [Int](repeating: 0, count: HuffmanTable.longestCode + 1)
    for length in lengths { counts[Int(length)] += 1 }
    var next = [Int](repeating: 0, count: HuffmanTable.longestCode + 2)
    for length in 1...HuffmanTable.longestCode {
      next[length + 1] = (next[length] + counts[length]) << 1
      if next[length] + counts[length] > 1 << length { return false }
    }
    let used = lengths.count - counts[0]
    let isComplete = next[HuffmanTable.longestCode + 1] == 2 << HuffmanTable.longestCode
    guard isComplete || used == 0 || (used == 1 && counts[1] == 1) else { return false }
    if !isComplete { entries.initialize(repeating: HuffmanTable.exception, count: 1 << rootBitCount) }

    var long: [(code: Int, length: Int, symbol: Int)] = []
    for (symbol, length) in lengths.enumerated() where length > 0 {
      let length = Int(length)
      let code = reversed(next[length], bitCount: length)
      next[length] += 1
      if length > rootBitCount {
        long.append((code, length, symbol))
      } else {
        let entry = symbols[symbol] + UInt32(length << 8 | length)
        for place in stride(from: code, to: 1 << rootBitCount, by: 1 << length) { entries[place] = entry }
      }
    }
    addSubtables(long)
    return true
  }

  private func addSubtables(_ codes: [(code: Int, length: Int, symbol: Int)]) {
    if codes.isEmpty { return }
    let rootMask = 1 << rootBitCount - 1
    // How wide each subtable must be.
    for (code, _, _) in codes { entries[code & rootMask] = 0 }
    for (code, length, _) in codes {
      entries[code & rootMask] = max(entries[code & rootMask], UInt32(length - rootBitCount))
    }
    var end = 1 << rootBitCount
    for (code, length, symbol) in codes {
      let root = code & rootMask
      if entries[root] & HuffmanTable.exception == 0 {
        let width = entries[root]
        entries[root] =
          HuffmanTable.exception | HuffmanTable.subtable | UInt32(end) << 16 | width << 8 | UInt32(rootBitCount)
        end += 1 << width
      }
      let start = Int(entries[root] >> 16)
      let width = Int(entries[root] >> 8 & 15)
      let rest = length - rootBitCount
      let entry = symbols[symbol] + UInt32(rest << 8 | rest)
      for place in stride(from: code >> rootBitCount, to: 1 << width, by: 1 << rest) { entries[start + place] = entry }
    }
  }

  /// Codes are packed from their highest bit on, all else from the lowest.
  private func reversed(_ code: Int, bitCount: Int) -> Int {
    var (code, result) = (code, 0)
    for _ in 0..<bitCount {
      result = result << 1 | code & 1
      code >>= 1
    }
    return result
  }
}

extension HuffmanTable {
  /// For literals, lengths and the end of a block (RFC 1951, 3.2.5).
  static func literalsAndLengths() -> HuffmanTable {
    var symbols = (0..<256).map { literal | UInt32($0) << 16 }
    symbols.append(exception | endOfBlock)
    var base = 3
    for symbol in 257..<285 {
      let extra = max(0, (symbol - 261) / 4)
      symbols.append(UInt32(base) << 16 | UInt32(extra))
      base += 1 << extra
    }
    symbols.append(258 << 16)
    symbols += [exception, exception]
    return HuffmanTable(symbols: symbols, rootBitCount: 11)
  }

  /// For distances.
  static func distances() -> HuffmanTable {
    var symbols: [UInt32] = []
    var base = 1
    for symbol in 0..<30 {
      let extra = max(0, symbol / 2 - 1)
      symbols.append(UInt32(base) << 16 | UInt32(extra))
      base += 1 << extra
    }
    return HuffmanTable(symbols: symbols + [exception, exception], rootBitCount: 8)
  }

  /// For the lengths of the codes of the other two.
  static func codeLengths() -> HuffmanTable {
    HuffmanTable(symbols: (0..<19).map { UInt32($0) << 16 }, rootBitCount: 7)
  }
}
