import DescentImages
import TestSupport
import Testing

@Suite struct LoadImageTests {
  @Test func `Every kind of file has Keras's pixels in every color mode and size`() throws {
    for entry in try ImageFixture.cases("load") {
      let image = try loadImage(
        ImageFixture.path(entry.text("file")), colorMode: entry.choice("color_mode"), targetSize: entry.size("target_size"),
        interpolation: entry["interpolation"] == nil ? .nearest : entry.choice("interpolation"),
        keepAspectRatio: entry.flag("keep_aspect_ratio"))
      let array = try imageToArray(image)
      var what = entry.object ?? JSONObject()
      what["values"] = nil
      #expect(array.shape == (try Fixture.integers(entry["shape"])), "\(what)")
      #expect(array.dtype == .float32)
      expectClose(array.doubles, try Fixture.numbers(entry["values"]), tolerance: 0, "\(what)")
    }
  }

  @Test func `Bytes are read as files are, and channels can come first`() throws {
    let image = try loadImage(data: ImageFixture.bytes("rgba8.png"), colorMode: .rgba)
    #expect(image == (try loadImage(ImageFixture.path("rgba8.png"), colorMode: .rgba)))
    let last = try imageToArray(image, dtype: .uint8), first = try imageToArray(image, dataFormat: .channelsFirst, dtype: .float64)
    #expect(first.shape == [4, 5, 7] && first.dtype == .float64 && last.dtype == .uint8)
    #expect(first.doubles == last.transposed([2, 0, 1]).doubles)
  }

  @Test func `What cannot be loaded is refused with the reason`() throws {
    let folder = TemporaryFolder()
    for (start, name) in [
      ("RIFF0000WEBP", "WebP"), ("II*\0", "TIFF"), ("0000ftypheic", "HEIF or AVIF"),
    ] {
      let path = folder.file("picture.jpg")
      try writeFile(path, text: start)
      #expect(message { _ = try loadImage(path) }.hasPrefix("\(path): is a \(name) picture; JPEG, PNG, GIF and BMP are read. Make it one of them: magick"))
    }
    let text = folder.file("text.png")
    try writeFile(text, text: "no picture")
    #expect(message { _ = try loadImage(text) } == "\(text): is no picture that is known; JPEG, PNG, GIF and BMP are read")
    #expect(message { _ = try loadImage(folder.file("none.png")) }.contains("No such file"))
    #expect(message { _ = try loadImage(folder.path) }.contains("is a folder"))
    for size in [(0, 4), (4, -1), (1 << 20, 1 << 20), (Int.max, 2)] {
      #expect(message { _ = try loadImage(ImageFixture.path("rgb8.png"), targetSize: size) }.hasPrefix("loadImage: targetSize is"))
    }
    #expect(message { _ = try Image(width: 2, height: 2, mode: .rgb, bytes: [1, 2, 3]) }.hasPrefix("Image: 3 bytes were given for 2 × 2"))
    #expect(message { _ = try Image(width: .max, height: .max, mode: .rgb, bytes: []) }.hasPrefix("Image: 0 bytes"))
  }

  /// Pillow takes four inks for Adobe's, whether the file says so or not.
  @Test func `inks have the same colors without a marker of Adobe's`() throws {
    let bytes = try ImageFixture.bytes("cmyk.jpg")
    let marker = try #require(bytes.indices.dropLast(16).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xEE })
    let length = Int(bytes[marker + 2]) << 8 + Int(bytes[marker + 3])
    #expect(Array(bytes[(marker + 4)..<(marker + 9)]) == Array("Adobe".utf8))
    let plain = Array(bytes[..<marker] + bytes[(marker + 2 + length)...])
    #expect(try loadImage(data: plain) == loadImage(data: bytes))
  }
}
