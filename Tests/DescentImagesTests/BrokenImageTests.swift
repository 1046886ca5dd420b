import DescentImages
import Foundation
import TestSupport
import Testing

@Suite struct BrokenImageTests {
  @Test func `A file that is cut anywhere is an error and not a picture`() throws {
    for name in try ImageFixture.names() {
      let bytes = try ImageFixture.bytes(name)
      for count in stride(from: 0, to: bytes.count, by: 7) + [bytes.count - 1, bytes.count - 2] {
        #expect(throws: DescentError.self, "\(name) cut at \(count)") { try loadImage(data: Array(bytes[..<count])) }
      }
    }
  }

  @Test func `Changed bytes give an error or a picture of the declared size`() throws {
    var random = SeededGenerator(seed: 7)
    for name in try ImageFixture.names() {
      let bytes = try ImageFixture.bytes(name)
      for _ in 0..<40 {
        var changed = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          changed[Int.random(in: changed.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        do {
          let image = try loadImage(data: changed)
          #expect(image.bytes.count == image.width * image.height * 3)
        } catch {
          #expect(error is DescentError, "\(name)")
        }
      }
    }
  }

  @Test func `Sizes that no file of that length can have are refused before memory is taken`() throws {
    var png = try ImageFixture.bytes("rgb8.png")
    let jpeg = try ImageFixture.bytes("444.jpg")
    let frame = try #require((0..<(jpeg.count - 1)).first { (place: Int) -> Bool in jpeg[place] == 0xFF && jpeg[place + 1] == 0xC0 })
    for (height, width) in [(0, 7), (5, 0), (40000, 40000), (65535, 65535), (3000, 20000)] {
      for (place, size) in [(16, width), (20, height)] {
        for byte in 0..<4 { png[place + byte] = UInt8(truncatingIfNeeded: size >> (24 - 8 * byte)) }
      }
      let sum = crc32(png[12..<29])
      for byte in 0..<4 { png[29 + byte] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * byte)) }
      #expect(throws: DescentError.self, "PNG \(height) × \(width)") { try loadImage(data: png) }
      var changed = jpeg
      for (place, size) in [(frame + 5, height), (frame + 7, width)] {
        (changed[place], changed[place + 1]) = (UInt8(size >> 8), UInt8(truncatingIfNeeded: size))
      }
      let text = message { _ = try loadImage(data: changed) }
      #expect(text.contains("declares \(width) × \(height) pixels"), "\(text)")
    }
    for (byte, size) in [(16, 0x7F), (20, 0x7F)] { png[byte] = UInt8(size) }
    #expect(throws: DescentError.self) { try loadImage(data: png) }
  }

  private func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }
}
