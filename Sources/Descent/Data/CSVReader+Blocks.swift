#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import TensorCore

/// Numbers of a whole file at once, by several threads.
extension CSVReader {
  /// What ``numbers(names:target:skipping:blockSize:release:)`` found.
  struct Numbers {
    /// `float32` [rows, columns].
    let features: Tensor
    /// `float64` [rows].
    let targets: Tensor
    /// Whether each target is a whole number that fits into 32 bits.
    let areTargetsWhole: Bool
  }

  /// The numbers of all rows, where all fields are numbers and none is quoted; nil for other files, and for those that have a fault somewhere: they are
  /// for ``rows(names:target:skipping:)``, which tells it.
  ///
  /// The rest of the file is cut where lines end, each part's rows are counted and then read to their place in the result, so that nothing is held twice.
  /// - Parameters:
  ///   - target: nil where all columns are features.
  ///   - skipped: a column that is not looked at.
  ///   - blockSize: the bytes of a part.
  ///   - release: called for each part that was gone through.
  func numbers(
    names: [String], target: Int?, skipping skipped: Int?, blockSize: Int = 1 << 22, release: @Sendable (Range<Int>) -> Void
  ) -> Numbers? {
    let blocks = blocks(of: blockSize)
    guard !blocks.isEmpty else { return nil }
    let counts = try? concurrently(blocks.count) { number in
      defer { release(blocks[number]) }
      return try rowCount(in: blocks[number])
    }
    guard let counts else { return nil }
    let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    guard let rows = starts.last, rows > 0 else { return nil }
    let width = names.count - (target == nil ? 0 : 1) - (skipped == nil ? 0 : 1)
    var areWhole = true
    let tensors = try? filledTensors([([rows, width], .float32), ([target == nil ? 0 : rows], .float64)]) { memory in
      nonisolated(unsafe) let features = memory[0].bindMemory(to: Float.self), targets = memory[1].bindMemory(to: Double.self)
      areWhole = try concurrently(blocks.count) { number in
        var reader = reader(of: blocks[number])
        let isWhole = try reader.take(
          counts[number], columns: names.count, target: target, skipping: skipped, into: features.dropFirst(starts[number] * width),
          targets.dropFirst(starts[number]))
        release(blocks[number])
        return isWhole
      }.allSatisfy { $0 }
    }
    return tensors.map { Numbers(features: $0[0], targets: $0[1], areTargetsWhole: areWhole) }
  }

  /// The rest of the file in parts of about a size that end where lines end.
  private func blocks(of size: Int) -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    var start = place.offset
    while start < bytes.count {
      let end = start + size < bytes.count ? find(Self.lineFeed, from: start + size).map { $0 + 1 } ?? bytes.count : bytes.count
      blocks.append(start..<end)
      start = end
    }
    return blocks
  }

  private func find(_ byte: UInt8, from start: Int) -> Int? {
    TextFileCheck.memchrPlace(Int32(byte), UnsafeRawBufferPointer(rebasing: bytes[start...])).map { $0 + start }
  }

  /// How many lines with something in them a part has.
  /// - Throws: an error if there is a quote in it, within which lines may end.
  private func rowCount(in block: Range<Int>) throws -> Int {
    var (start, count, isInLine) = (block.lowerBound, 0, false)
    // As many bytes at once as stay near the processor while they are looked through three times.
    while start < block.upperBound {
      let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 1 << 17, block.upperBound)])
      start += part.count
      if TextFileCheck.memchrPlace(Int32(UInt8(ascii: "\"")), part) != nil { throw fault() }
      let hasOtherEnds = TextFileCheck.memchrPlace(Int32(Self.carriageReturn), part) != nil
      var place = 0
      // Lines that end otherwise than with a line feed are looked at byte by byte.
      while hasOtherEnds, place < part.count {
        let isEnd = isLineEnd(part[place])
        if isInLine && isEnd { count += 1 }
        isInLine = !isEnd
        place += 1
      }
      while place < part.count {
        let found = TextFileCheck.memchrPlace(Int32(Self.lineFeed), UnsafeRawBufferPointer(rebasing: part[place...]))
        let length = found ?? part.count - place
        isInLine = isInLine || length > 0
        if found != nil {
          if isInLine { count += 1 }
          isInLine = false
        }
        place += length + 1
      }
    }
    return count + (isInLine ? 1 : 0)
  }

  /// Reads the rows of a part.
  /// - Returns: whether the targets are whole numbers.
  /// - Throws: an error, which need not tell the line, where there are not just so many rows of numbers.
  private mutating func take(
    _ rows: Int, columns: Int, target: Int?, skipping skipped: Int?, into features: Slice<UnsafeMutableBufferPointer<Float>>,
    _ targets: Slice<UnsafeMutableBufferPointer<Double>>
  ) throws -> Bool {
    let features = UnsafeMutableBufferPointer(rebasing: features), targets = UnsafeMutableBufferPointer(rebasing: targets)
    var next = 0, areWhole = true
    for row in 0..<rows {
      skipEmptyLines()
      for column in 0..<columns {
        if column == skipped {
          _ = try field()
        } else {
          let value = if let short = shortNumber() { short } else { try takePlainNumber() }
          if column == target {
            targets[row] = value
            areWhole = areWhole && Int32(exactly: value) != nil
          } else {
            features[next] = Float(value)
            next += 1
          }
        }
        if column + 1 == columns { continue }
        if position < bytes.count, bytes[position] == separator, separator != 0x20 { position += 1 } else if !takeSeparator() { throw fault() }
      }
      guard position == bytes.count || isLineEnd(bytes[position]) else { throw fault() }
    }
    skipEmptyLines()
    if position < bytes.count { throw fault() }
    return areWhole
  }

  /// A number that ends with its field and has at most seven digits before and seven behind a point, eight bytes at a time; nil for all others, which are read by
  /// ``takePlainNumber()``.
  @inline(__always)
  private mutating func shortNumber() -> Double? {
    guard position + 24 <= bytes.count else { return nil }
    // No branch on it: whether a number is negative cannot be foreseen.
    let sign = bytes[position] == UInt8(ascii: "-") ? 1 : 0
    var place = position &+ sign
    let (whole, wholeCount) = digits(at: place)
    place &+= wholeCount
    var magnitude: Double
    if bytes[place] == UInt8(ascii: ".") {
      let (part, count) = digits(at: place &+ 1)
      guard count < 8, wholeCount &+ count > 0 else { return nil }
      place &+= 1 &+ count
      // Up to eight digits are one number; the part's last digit is at its place already.
      let all = if wholeCount &+ count <= 8 {
        Self.number(whole &>> UInt64(8 &* count) | part)
      } else {
        Self.number(whole) &* Self.wholePowers[count] &+ Self.number(part)
      }
      // Both are exact, so that their quotient is the nearest number to the decimal one.
      magnitude = Double(Int64(bitPattern: all)) / Self.powers[count]
    } else {
      guard wholeCount > 0 else { return nil }
      magnitude = Double(Int64(bitPattern: Self.number(whole)))
    }
    guard wholeCount < 8, bytes[place] == separator || isLineEnd(bytes[place]) else { return nil }
    position = place
    return Double(bitPattern: magnitude.bitPattern | UInt64(sign) << 63)
  }

  /// The values of up to eight digits from a place on, with zeros before them: the last is the highest byte. And how many they are.
  @inline(__always)
  private func digits(at place: Int) -> (UInt64, Int) {
    // Digits become their values, all else becomes more than 9; the first byte is the lowest.
    let values = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)) ^ 0x3030_3030_3030_3030
    let others = ((values &+ 0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080
    let count = others.trailingZeroBitCount / 8
    return (count == 0 ? 0 : values &<< UInt64(64 &- 8 &* count), count)
  }

  /// The number that eight digits are.
  @inline(__always)
  private static func number(_ digits: UInt64) -> UInt64 {
    // Pairs, fours, all eight.
    let sums = digits &* 10 &+ digits >> 8
    let pairs: UInt64 = 0x0000_00FF_0000_00FF
    return ((sums & pairs) &* (100 + 1_000_000 << 32) &+ (sums >> 16 & pairs) &* (1 + 10_000 << 32)) >> 32
  }

  private static let wholePowers: [UInt64] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000]

  private mutating func takePlainNumber() throws -> Double {
    let start = position
    if let value = decimal(&position), isFieldEnd, Float(value).isFinite { return value }
    position = start
    guard let value = number(try field()) else { throw fault() }
    return value
  }

  private func fault() -> DescentError { DescentError(.file, "\(name): a row is none of numbers") }
}
