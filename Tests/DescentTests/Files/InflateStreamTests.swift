import Descent
import Testing

struct InflateStreamTests {
  enum Contents: CaseIterable {
    case nothing, oneByte, zeros, noise, text, mixture, periods
  }

  /// Half a megabyte, so that matches reach over every buffer there is.
  private func bytes(_ contents: Contents) -> [UInt8] {
    var random = SeededGenerator(seed: 3)
    switch contents {
    case .nothing: return []
    case .oneByte: return [7]
    case .zeros: return Array(repeating: 0, count: 500_000)
    case .noise: return (0..<500_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    case .text: return (0..<500_000).map { _ in "eetaoin shrdlu\n".utf8.randomElement(using: &random)! }
    case .mixture:
      var result: [UInt8] = []
      while result.count < 500_000 {
        let length = Int.random(in: 3...400, using: &random)
        let reach = min(result.count, [40, 40_000].randomElement(using: &random)!)
        if reach > 0 && Bool.random(using: &random) {
          let start = result.count - Int.random(in: 1...reach, using: &random)
          result += result[start..<min(start + length, result.count)]
        } else {
          result += (0..<length / 4).map { _ in UInt8.random(in: 0...255, using: &random) / UInt8.random(in: 1...255, using: &random) }
        }
      }
      return result
    case .periods:
      return (1...40).flatMap { period in
        (0..<3000).map { UInt8(truncatingIfNeeded: $0 % period * 7) }
      }
    }
  }

  private func inflated(_ packed: [UInt8], _ format: InflateStream.Format, pieces: [Int]) throws -> [UInt8] {
    let stream = InflateStream(SourceStream(ByteSource(packed, name: "mutant")), format: format)
    var result: [UInt8] = []
    var turn = 0
    while true {
      let piece = try [UInt8](unsafeUninitializedCapacity: pieces[turn % pieces.count]) { buffer, count in
        count = try stream.read(into: UnsafeMutableRawBufferPointer(buffer))
      }
      if piece.isEmpty { break }
      result += piece
      turn += 1
    }
    return result
  }

  /// A gzip member with the given compressed data.
  private func gzip(_ packed: [UInt8], of bytes: [UInt8], flags: UInt8 = 0, extra: [UInt8] = []) -> [UInt8] {
    let checksum = bytes.withUnsafeBytes { crc32($0) }
    return [0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 255] + extra + packed
      + [checksum, UInt32(bytes.count)].flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
  }

  @Test(arguments: Contents.allCases, DeflateStrategy.allCases)
  func whatZlibPacks(_ contents: Contents, _ strategy: DeflateStrategy) throws {
    let original = bytes(contents)
    let packed = original.withUnsafeBytes { deflated($0, strategy: strategy) }
    for pieces in [[1 << 20], [100_000, 1, 300, 32_768, 65_537], [1000]] {
      #expect(try inflated(packed, .deflate, pieces: pieces) == original)
    }
    #expect(try inflated(gzip(packed, of: original), .gzip, pieces: [200_000]) == original)
  }

  @Test func everyByteAtATime() throws {
    let original = Array(bytes(.mixture).prefix(3000))
    let packed = original.withUnsafeBytes { deflated($0) }
    #expect(try inflated(packed, .deflate, pieces: [1]) == original)
  }

  @Test func membersAndHeaders() throws {
    let first = Array("some text, some text".utf8)
    let packed = first.withUnsafeBytes { deflated($0) }
    let plain = gzip(packed, of: first)
    // A field of two bytes, a name, a comment and a checksum of the header.
    let long = gzip(packed, of: first, flags: 4 + 8 + 16 + 2, extra: [2, 0, 9, 9] + Array("name\0comment\0".utf8) + [1, 2])
    #expect(try inflated(plain + long + plain, .gzip, pieces: [7]) == first + first + first)
    #expect(failure { try inflated(plain + [0], .gzip, pieces: [100]) } == "mutant: data follow after the end of its compressed data")
    #expect(failure { try inflated(packed + [0], .deflate, pieces: [100]) }.contains("data follow"))
    #expect(failure { try inflated(gzip(packed, of: [1]), .gzip, pieces: [100]) }.contains("its checksum is wrong"))
    #expect(failure { try inflated([0x1F, 0x8B, 8, 0xE0] + plain.dropFirst(4), .gzip, pieces: [100]) }.contains("gzip header"))
    for count in 0..<plain.count {
      #expect(failure { try inflated(Array(plain.prefix(count)), .gzip, pieces: [100]) }.contains("is truncated"))
    }
  }

  /// A match may not reach into the member before.
  @Test func membersAreApart() throws {
    let first = Array("abcdefgh".utf8)
    let packed = first.withUnsafeBytes { deflated($0) }
    // A block with fixed codes: a match of length 3 at distance 1, first thing; its bits from the lowest on.
    let reachingBack: [UInt8] = [0b0000_0011, 0b0000_0010, 0]
    #expect(failure { try inflated(reachingBack, .deflate, pieces: [100]) }.contains("reaches behind the start"))
    let both = gzip(packed, of: first) + gzip(reachingBack, of: [])
    #expect(failure { try inflated(both, .gzip, pieces: [100]) }.contains("reaches behind the start"))
  }

  @Test(arguments: [Contents.text, .mixture, .zeros])
  func robust(_ contents: Contents) throws {
    let original = Array(bytes(contents).prefix(20_000))
    let packed = original.withUnsafeBytes { deflated($0) }
    expectRobust(packed, count: 1500) { [Tensor(try inflated($0, .deflate, pieces: [50_000]))] }
    expectRobust(gzip(packed, of: original), count: 300) { [Tensor(try inflated($0, .gzip, pieces: [777]))] }
  }
}
