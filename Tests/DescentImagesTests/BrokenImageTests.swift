import DescentImages
import Foundation
import TestSupport
import Testing

@Suite struct BrokenImageTests {
  @Test func `A file that is cut anywhere is an error and not a picture`() throws {
    for name in try ImageFixture.names() where !isOptionalAtEnd(name) {
      let bytes = try ImageFixture.bytes(name)
      for count in stride(from: 0, to: bytes.count, by: 7) + [bytes.count - 1, bytes.count - 2] {
        #expect(throws: DescentError.self, "\(name) cut at \(count)") { try loadImage(data: Array(bytes[..<count])) }
      }
    }
  }

  /// Whether there is something behind the last pixel that changes nothing: other pictures, a mark of the end, what fills up a line.
  private func isOptionalAtEnd(_ name: String) -> Bool { name.hasSuffix(".gif") || name.hasSuffix(".bmp") }

  @Test func `A GIF or BMP file that is cut anywhere is an error, or all of the picture is there`() throws {
    for name in try ImageFixture.names() where isOptionalAtEnd(name) {
      let bytes = try ImageFixture.bytes(name)
      let whole = try loadImage(data: bytes, colorMode: .rgba)
      var isWhole = true
      for count in (0..<bytes.count).reversed() {
        let image = try? loadImage(data: Array(bytes[..<count]), colorMode: .rgba)
        // Once something is missing it stays missing.
        #expect(image == nil || isWhole && image == whole, "\(name) cut at \(count)")
        isWhole = image != nil
        if !isWhole && count < bytes.count - 8 && name != "animated.gif" { #expect(image == nil, "\(name) cut at \(count)") }
      }
      #expect(!isWhole)
    }
  }

  @Test func `Any byte of a GIF or BMP file may be any other`() throws {
    for name in ["two.gif", "small-transparent.gif", "no-palette.gif", "palette1.bmp", "fields8888.bmp", "os2-palette4.bmp", "runs4.bmp", "runs8.bmp"] {
      let bytes = try ImageFixture.bytes(name)
      // The palette's bytes are only colors.
      for place in bytes.indices where name != "runs8.bmp" || place < 60 || place > 1070 {
        for value: UInt8 in [0, 1, 2, 3, 0x7F, 0x80, 0xFE, 0xFF, bytes[place] ^ 0x40, bytes[place] &+ 1] {
          var changed = bytes
          changed[place] = value
          do {
            let image = try loadImage(data: changed)
            #expect(image.bytes.count == image.width * image.height * 3)
            #expect(image.width * image.height <= bytes.count << 12)
          } catch {
            #expect(error is DescentError, "\(name): byte \(place) is \(value)")
          }
        }
      }
    }
  }

  @Test func `GIF and BMP files that lie are refused with the reason`() throws {
    func expect(_ name: String, _ changes: [Int: UInt8], _ reason: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      var bytes = try ImageFixture.bytes(name)
      for (place, value) in changes { bytes[place] = value }
      let text = message { _ = try loadImage(data: bytes) }
      #expect(text.contains(reason), "\(text)", sourceLocation: sourceLocation)
    }
    // The picture's width and height, of a file with two colors.
    try expect("two.gif", [24: 0, 25: 0], "its picture is of 0 × 5 pixels")
    try expect("two.gif", [24: 255, 25: 255, 26: 255, 27: 255], "declares 65535 × 65535 pixels; pictures of up to")
    try expect("two.gif", [24: 255, 25: 255, 26: 9, 27: 0], "declares 65535 × 9 pixels, which a file of its size cannot hold")
    try expect("two.gif", [6: 255, 7: 7, 8: 255, 9: 7], "declares 2047 × 2047 pixels, which a file of its size cannot hold")
    try expect("two.gif", [26: 6], "is a broken GIF file")
    try expect("local.gif", [10: 0], "is a broken GIF file")
    // A palette of four colors where there were sixteen.
    var few = try ImageFixture.bytes("small.gif")
    few[10] = 0x81
    few.removeSubrange(25..<61)
    #expect(message { _ = try loadImage(data: few) }.contains("; there are 4"))
    #expect(message { _ = try loadImage(data: Array("GIF89a".utf8)) }.contains("loadImage: is a broken GIF file"))
    #expect(message { _ = try loadImage(data: Array("GIF89a\u{1}\0\u{1}\0\0\0\0;".utf8)) }.contains("it has no picture"))

    try expect("few8.bmp", [54 + 20: 5], "a pixel is of color 5; there are 5")
    try expect("palette1.bmp", [18: 0], "declares 0 × 5 pixels")
    try expect("palette1.bmp", [22: 0], "declares 7 × 0 pixels")
    try expect("palette1.bmp", [21: 0x80], "declares -2147483641 × 5 pixels")
    try expect("palette1.bmp", [25: 0x80], "declares 7 × 2147483643 pixels; pictures of up to")
    try expect("palette1.bmp", [19: 8], "declares 2055 × 5 pixels, which a file of its size cannot hold")
    try expect("runs8.bmp", [20: 2, 24: 1], "pixels; pictures of up to")
    try expect("runs8.bmp", [19: 255, 23: 1], "cannot hold")
    try expect("palette1.bmp", [22: 6], "it is cut before its end: 20 bytes of pixels are there; expected 21")
    try expect("palette1.bmp", [28: 2], "its pixels are of 2 bits")
    try expect("palette1.bmp", [14: 41], "its header is of 41 bytes")
    try expect("palette1.bmp", [30: 1], "compression 1 of pixels of 1 bits is not read")
    try expect("rgb24.bmp", [30: 4], "compression 4 of pixels of 24 bits is not read")
    try expect("palette8.bmp", [47: 9], "its palette of 2304 colors goes beyond its end")
    try expect("palette8.bmp", [10: 3, 11: 0], "its pixels begin at byte 3 of")
    try expect("palette8.bmp", [12: 9], "its pixels begin at byte")
    try expect("fields565.bmp", [58: 0xE1], "which do not belong together")
    try expect("fields8888.bmp", [54: 255, 55: 255, 56: 255, 57: 255], "a color's bits are ffffffff of 32 bits, which do not belong together")
    try expect("fields565.bmp", [54: 0, 55: 0], "a color has no bits")
    try expect("runs8.bmp", [1078 + 2: 0, 1078 + 3: 9], "a run goes beyond its line")
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
