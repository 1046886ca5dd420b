import DescentImages
import TestSupport
import Testing

@Suite struct ImageArrayTests {
  @Test func `Numbers become Keras's pixels`() throws {
    for entry in try ImageFixture.cases("arrays") {
      let what = "\(try entry.text("name")), \(try entry.text("data_format"))"
      let x = try Fixture.tensor(entry["x"], as: .float32)
      let image = try arrayToImage(x, dataFormat: entry.choice("data_format"), scale: entry.flag("scale", default: true))
      expectClose(try imageToArray(image).doubles, try Fixture.numbers(entry["values"]), tolerance: 0, what)
    }
  }

  @Test func `Written pictures are read again: PNG exactly, JPEG nearly`() throws {
    let folder = TemporaryFolder()
    for (name, colorMode) in [("rgb8.png", ColorMode.rgb), ("rgba8.png", .rgba), ("grey8.png", .grayscale), ("grey16.png", .grayscale)] {
      let image = try loadImage(ImageFixture.path(name), colorMode: colorMode)
      let path = folder.file("written.PNG")
      try saveImage(path, image)
      #expect(try loadImage(path, colorMode: colorMode) == image, "\(name)")
      try saveImage(path, imageToArray(image, dataFormat: .channelsFirst), dataFormat: .channelsFirst, scale: false)
      #expect(try loadImage(path, colorMode: colorMode) == image, "\(name)")
    }
    func slope(_ channels: Int) -> Tensor {
      var lights: [Float] = []
      for place in 0..<(16 * 24) {
        let light = Float(place / 24 * 8) + Float(place % 24 * 4)
        lights += [Float](repeating: light, count: channels)
      }
      return Tensor(shape: [16, 24, channels], scalars: lights)
    }
    let (smooth, rgba) = (slope(3), slope(4))
    for (pixels, channels) in [(smooth, 3), (rgba, 4), (smooth[0..<16, 0..<24, 0..<1], 1)] {
      let path = folder.file("written.jpeg")
      try saveImage(path, pixels, scale: false, quality: 100)
      let read = try imageToArray(loadImage(path, colorMode: channels == 1 ? .grayscale : .rgb))
      let expected = channels == 4 ? rgba[0..<16, 0..<24, 0..<3] : pixels
      #expect(zip(read.doubles, expected.doubles).allSatisfy { abs($0 - $1) <= 4 }, "\(channels) channels")
    }
  }

  @Test func `What is no picture is refused`() throws {
    let folder = TemporaryFolder()
    for (x, part) in [
      (Tensor.zeros([2, 2]), "shape is [2, 2]"), (Tensor.zeros([2, 2, 2]), "with 1, 3 or 4 channels on the last axis"),
      (Tensor.zeros([0, 2, 3]), "shape is [0, 2, 3]"), (Tensor(repeating: .nan, shape: [2, 2, 1]), "not finite"),
    ] {
      #expect(message { _ = try arrayToImage(x) }.contains(part))
    }
    #expect(message { _ = try arrayToImage(.ones([3, 2, 2]) * 300, dataFormat: .channelsFirst, scale: false) }.contains("from 300.0 to 300.0"))
    #expect(message { _ = try arrayToImage(.ones([1, 1, 1]) * 70000, scale: false) }.contains("expected 0 to 65535"))
    #expect(message { _ = try arrayToImage(.ones([1, 1, 1]), dtype: .int32) }.contains("dtype is int32"))
    let (image, path) = (Tensor.ones([1, 1, 1]), folder.file("x.gif"))
    let wide = try arrayToImage(image * 300, scale: false)
    #expect(try imageToArray(wide, dtype: .int32).doubles == [300])
    for dtype in [DType.uint8, .bool] {
      #expect(message { _ = try imageToArray(wide, dtype: dtype) }.contains("\(dtype) does not hold the numbers of a picture in mode grayscale16"))
    }
    #expect(message { try saveImage(path, image) }.contains("ends with no format that is written"))
    #expect(message { try saveImage(folder.file("x.jpg"), image, quality: 0) }.contains("quality is 0"))
    #expect(message { try saveImage(folder.file("x.jpg"), image * 300, scale: false) }.contains("JPEG has no pictures of 16 bits"))
    try saveImage(path, image, fileFormat: .png)
    #expect(try loadImage(path).width == 1)
  }
}
