import CDeflate
import DescentTestSupport
import Testing

@testable import Descent

/// Data that are expanded into the memory in which they lie.
@Suite struct WholeInflateTests {
  private static let count = 300_000

  /// Bytes that no compressor makes shorter.
  private static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 32) }
  }

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  private static let contents: [(name: String, bytes: [UInt8])] = [
    ("one byte", [7]), ("zeros", zeros(count)), ("noise", noise(count)), ("noise in front", noise(count / 2) + zeros(count / 2)),
    ("noise behind", zeros(count / 2) + noise(count / 2)), ("in turn", (0..<30).flatMap { zeros(5000) + noise(5000, seed: UInt64($0)) }),
  ]

  /// A gzip member by libdeflate; level 0 stores.
  private static func member(_ bytes: [UInt8], level: Int32) -> [UInt8] {
    let compressor = libdeflate_alloc_compressor(level)!
    defer { libdeflate_free_compressor(compressor) }
    let most = libdeflate_gzip_compress_bound(compressor, bytes.count)
    return [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
      count = libdeflate_gzip_compress(compressor, bytes, bytes.count, buffer.baseAddress!, most)
    }
  }

  /// A member of so many stored blocks of nothing.
  private static func nothing(_ blocks: Int) -> [UInt8] {
    let start: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    return start + (0..<blocks).flatMap { [$0 == blocks - 1 ? 1 : 0, 0, 0, 0xFF, 0xFF] as [UInt8] } + zeros(8)
  }

  private static func header(_ count: Int) -> [UInt8] { [0, 0, 8, 1] + withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) } }

  @Test(arguments: contents.indices, [0, 1, 6, 12] as [Int32])
  func `what was compressed comes back, in one member and in several`(_ index: Int, _ level: Int32) throws {
    let (name, bytes) = Self.contents[index], file = Self.header(bytes.count) + bytes
    let parts = stride(from: 0, to: file.count, by: 70_000).map { Array(file[$0..<min($0 + 70_000, file.count)]) }
    for members in [[file], parts] {
      let packed = members.flatMap { Self.member($0, level: level) }
      let tensor = try WholeInflate.bytes(ByteSource(packed, name: name), after: 8, shape: [bytes.count])
      let isSame = tensor?.scalars(as: UInt8.self) == bytes
      #expect(isSame, "\(name), level \(level), \(members.count) members")
    }
  }

  @Test(arguments: [1, 1000, 100_000]) func `members that stand for nothing change nothing`(_ blocks: Int) throws {
    let bytes = Self.zeros(Self.count) + [5], packed = Self.member(Self.header(bytes.count) + bytes, level: 6) + Self.nothing(blocks)
    let whole = try WholeInflate.bytes(ByteSource(packed, name: "x"), after: 8, shape: [bytes.count])
    // The elements of so many overtake them, which is left to a stream.
    #expect((whole == nil) == (blocks == 100_000))
    let isSame = try IDX.read(packed, name: "x").scalars(as: UInt8.self) == bytes
    #expect(isSame)
  }

  @Test(arguments: contents.indices) func `data that are longer or shorter than they should be are refused`(_ index: Int) throws {
    let (name, bytes) = Self.contents[index], packed = Self.member(Self.header(bytes.count) + bytes, level: 6)
    for count in [bytes.count - 1, bytes.count + 1] {
      #expect(try WholeInflate.bytes(ByteSource(packed, name: name), after: 8, shape: [count]) == nil, "\(name), \(count)")
    }
    #expect(try WholeInflate.bytes(ByteSource(Array(packed.dropLast()), name: name), after: 8, shape: [bytes.count]) == nil)
  }
}
