/// The bytes of a compressed stream, expanded as they are asked for: memory use does not depend on what the stream says.
///
/// Written for speed: half of the time that training takes to begin is spent here, and zlib takes twice as long.
package final class InflateStream: ByteStream {
  package enum Format {
    /// gzip (RFC 1952), one member or several; checksums and sizes are verified.
    case gzip
    /// Bare deflate data (RFC 1951), as in a zip file.
    case deflate
  }

  enum State {
    case memberStart, blockStart, stored, compressed, memberEnd, end
  }

  let input: BitInput
  let format: Format
  var state: State
  let literals = HuffmanTable.literalsAndLengths()
  let distances = HuffmanTable.distances()
  let codeLengths = HuffmanTable.codeLengths()
  var isLastBlock = false
  /// Bytes of a stored block that are still to come.
  var storedCount = 0
  /// A match that did not fit in the space given.
  var pendingLength = 0
  var pendingDistance = 0
  /// The last of what was put out before the present space, as far back as matches reach.
  var history: [UInt8] = []

  private var checksum: UInt32 = 0
  private var memberCount: UInt32 = 0

  static let farthestDistance = 1 << 15
  /// Checksums are taken of parts that are still in the cache.
  private static let partByteCount = 1 << 17

  package var name: String { input.name }

  package init(_ stream: any ByteStream, format: Format) {
    input = BitInput(stream)
    self.format = format
    state = format == .gzip ? .memberStart : .blockStart
  }

  package func read(into destination: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let start = destination.baseAddress else { return 0 }
    let end = start + destination.count
    var base = start
    var out = start
    while out < end && state != .end {
      switch state {
      case .memberStart:
        try startMember()
        base = out
      case .memberEnd:
        try endMember()
      default:
        let partStart = out
        try expand(&out, from: base, upTo: min(end, out + InflateStream.partByteCount))
        let part = UnsafeRawBufferPointer(start: partStart, count: out - partStart)
        if format == .gzip {
          checksum = crc32(part, after: checksum)
          memberCount &+= UInt32(truncatingIfNeeded: part.count)
        }
      }
    }
    remember(UnsafeRawBufferPointer(start: base, count: out - base))
    return out - start
  }

  /// Puts out bytes until the space is full or the member ends.
  private func expand(
    _ out: inout UnsafeMutableRawPointer, from base: UnsafeMutableRawPointer, upTo end: UnsafeMutableRawPointer
  ) throws {
    while out < end {
      switch state {
      case .blockStart: try startBlock()
      case .stored: try copyStored(&out, upTo: end)
      case .compressed: try decode(&out, from: base, upTo: end)
      case .memberStart, .memberEnd, .end: return
      }
    }
  }

  /// A member of a gzip file begins: nothing in it refers to what came before.
  private func startMember() throws {
    history = []
    checksum = 0
    memberCount = 0
    let magic = try input.bits(16)
    let method = try input.bits(8)
    let flags = try input.bits(8)
    guard magic == 0x8B1F, method == 8, flags & 0xE0 == 0 else { throw corrupt("a gzip header is not one") }
    for _ in 0..<6 { _ = try input.bits(8) }
    if flags & 4 != 0 {
      for _ in 0..<(try input.bits(16)) { _ = try input.bits(8) }
    }
    // A file name, then a comment, each ending with a zero.
    for flag in [8, 16] as [UInt64] where flags & flag != 0 {
      while try input.bits(8) != 0 {}
    }
    if flags & 2 != 0 { _ = try input.bits(16) }
    state = .blockStart
  }

  private func endMember() throws {
    input.skipToByte()
    if format == .gzip {
      let expected = UInt32(try input.bits(32))
      let count = UInt32(try input.bits(32))
      guard expected == checksum, count == memberCount else { throw corrupt("its checksum is wrong") }
    }
    if try input.isAtEnd() {
      state = .end
    } else if format == .gzip, try input.nextByteIs(0x1F) {
      state = .memberStart
    } else {
      throw DescentError(.file, "\(name): data follow after the end of its compressed data")
    }
  }

  private func startBlock() throws {
    if isLastBlock {
      isLastBlock = false
      state = .memberEnd
      return
    }
    isLastBlock = try input.bits(1) == 1
    switch try input.bits(2) {
    case 0:
      input.skipToByte()
      let count = try input.bits(16)
      guard try input.bits(16) == count ^ 0xFFFF else { throw corrupt("the length of a block is wrong") }
      storedCount = Int(count)
      state = .stored
    case 1:
      let lengths = [UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112)
        + [UInt8](repeating: 7, count: 24) + [UInt8](repeating: 8, count: 8)
      guard literals.build(lengths[...]), distances.build([UInt8](repeating: 5, count: 32)[...]) else {
        throw corrupt("a code is not valid")
      }
      state = .compressed
    case 2:
      try readCodes()
      state = .compressed
    default: throw corrupt("the type of a block is not valid")
    }
  }

  private static let codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  /// Reads the codes of a block, which are themselves coded.
  private func readCodes() throws {
    let literalCount = Int(try input.bits(5)) + 257
    let distanceCount = Int(try input.bits(5)) + 1
    let codeLengthCount = Int(try input.bits(4)) + 4
    guard literalCount <= 286, distanceCount <= 30 else { throw corrupt("a block has too many symbols") }
    var lengths = [UInt8](repeating: 0, count: 19)
    for place in InflateStream.codeLengthOrder.prefix(codeLengthCount) { lengths[place] = UInt8(try input.bits(3)) }
    guard codeLengths.build(lengths[...]) else { throw corrupt("a code is not valid") }
    lengths = []
    while lengths.count < literalCount + distanceCount {
      let symbol = try input.symbol(codeLengths)
      guard symbol.entry & HuffmanTable.exception == 0 else { throw corrupt("a code is not valid") }
      switch symbol.value {
      case 16:
        guard let last = lengths.last else { throw corrupt("a code is not valid") }
        lengths.append(contentsOf: repeatElement(last, count: 3 + Int(try input.bits(2))))
      case 17: lengths.append(contentsOf: repeatElement(0, count: 3 + Int(try input.bits(3))))
      case 18: lengths.append(contentsOf: repeatElement(0, count: 11 + Int(try input.bits(7))))
      default: lengths.append(UInt8(symbol.value))
      }
    }
    guard lengths.count == literalCount + distanceCount, lengths[256] > 0, literals.build(lengths[..<literalCount]),
      distances.build(lengths[literalCount...])
    else { throw corrupt("a code is not valid") }
  }

  private func copyStored(_ out: inout UnsafeMutableRawPointer, upTo end: UnsafeMutableRawPointer) throws {
    let space = UnsafeMutableRawBufferPointer(start: out, count: min(end - out, storedCount))
    try input.copyBytes(to: space)
    out += space.count
    storedCount -= space.count
    if storedCount == 0 { state = .blockStart }
  }

  /// Keeps the last bytes of what was put out, for matches of what is put out next.
  private func remember(_ bytes: UnsafeRawBufferPointer) {
    let reach = InflateStream.farthestDistance
    if bytes.count >= reach {
      history = Array(bytes.suffix(reach))
    } else {
      if history.count + bytes.count > 2 * reach { history.removeFirst(history.count - reach) }
      history.append(contentsOf: bytes)
    }
  }

  func corrupt(_ reason: String) -> DescentError {
    DescentError(.file, "\(name): its compressed data are corrupt: \(reason)")
  }
}

/// Whether expanding `compressed` bytes to `expanded` is so much that the claim is to be verified before memory is taken for it.
/// Deflate expands at most 1,032-fold; what is far from that is limited well enough by the size of the file.
package func isSuspicious(expanded: Int, compressed: Int) -> Bool {
  expanded > 1 << 20 && expanded / 16 > compressed
}
