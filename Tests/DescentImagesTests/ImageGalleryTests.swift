import DescentImages
import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct ImageGalleryTests {
  /// Pictures of 2 × 3 whose pixels all have the picture's own light.
  private func lights(_ values: [Double], channels: Int = 1) -> Tensor {
    concatenate(values.map { Tensor(repeating: $0, shape: [1, 2, 3, channels]) }, axis: 0)
  }

  /// The light at the middle of each place, row by row, and the picture's size.
  private func middles(_ image: Image, rows: Int, columns: Int) -> [[Int]] {
    let (width, height) = ((image.width + 4) / columns - 4, (image.height + 4) / rows - 4)
    return (0..<rows).map { row in
      (0..<columns).map { column in
        let pixel = (row * (height + 4) + height / 2) * image.width + column * (width + 4) + width / 2
        return Int(image.bytes[pixel * image.mode.channelCount])
      }
    }
  }

  @Test(arguments: [
    (count: 5, rows: Int?.none, cols: Int?.none, expected: [[10, 20], [30, 40], [50, 255]]),
    (5, 1, nil, [[10, 20, 30, 40, 50]]), (5, nil, 3, [[10, 20, 30], [40, 50, 255]]), (5, 2, 2, [[10, 20], [30, 40]]),
    (1, nil, nil, [[10]]),
  ])
  func `All pictures have their place, row by row`(count: Int, rows: Int?, cols: Int?, expected: [[Int]]) throws {
    let folder = TemporaryFolder()
    let path = folder.file("gallery.png")
    try plotImageGallery(lights((1...count).map { Double($0 * 10) }), rows: rows, cols: cols, path: path)
    let image = try loadImage(path, colorMode: .grayscale)
    // 2 inches of 60 pixels, or as near as a whole number of times 3 comes.
    #expect(image.width == expected[0].count * 124 - 4 && image.height == expected.count * 84 - 4)
    #expect(middles(image, rows: expected.count, columns: expected[0].count) == expected)
  }

  @Test func `Numbers become lights between the ends of their range`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("gallery.png")
    for (range, expected) in [(0.0...1, [[0, 0, 127, 255, 255]]), (-1...2, [[0, 85, 127, 170, 255]])] as [(ClosedRange<Double>, [[Int]])] {
      try plotImageGallery(lights([-1, 0, 0.5, 1, 2]), rows: 1, valueRange: range, path: path)
      #expect(middles(try loadImage(path, colorMode: .grayscale), rows: 1, columns: 5) == expected)
    }
    try plotImageGallery(lights([-1, 0, 0.5, 1, 2]), rows: 1, valueRange: nil, path: path)
    #expect(middles(try loadImage(path, colorMode: .grayscale), rows: 1, columns: 5) == [[0, 85, 127, 170, 255]])
    // One light alone is no range.
    try plotImageGallery(lights([7, 7]), rows: 1, valueRange: nil, path: path)
    #expect(middles(try loadImage(path, colorMode: .grayscale), rows: 1, columns: 2) == [[0, 0]])
  }

  @Test func `Channels first is the same picture, and each pixel a square`() throws {
    let folder = TemporaryFolder()
    let (last, first) = (folder.file("last.png"), folder.file("first.png"))
    let colors = Tensor(shape: [2, 2, 3, 3], scalars: (0..<36).map { Float($0 * 7) })
    try plotImageGallery(colors, scale: 0.1, path: last)
    try plotImageGallery(colors.transposed([0, 3, 1, 2]), scale: 0.1, path: first, dataFormat: .channelsFirst)
    let image = try loadImage(last, colorMode: .rgb)
    #expect(try loadImage(first, colorMode: .rgb) == image)
    // Each is 2 × 3 pixels, twice as large.
    #expect(image.width == 6 && image.height == 4 + 4 + 4)
    for picture in 0..<2 {
      for row in 0..<4 {
        for column in 0..<6 {
          let at = ((picture * 8 + row) * 6 + column) * 3, from = picture * 18 + (row / 2 * 3 + column / 2) * 3
          #expect(image.bytes[at..<(at + 3)].map(Int.init) == [from * 7, from * 7 + 7, from * 7 + 14])
        }
      }
    }
  }

  @Test func `A picture with text has the classes' names, escaped, and those that have none`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("gallery.svg")
    try plotImageGallery(
      lights([0, 10, 20]), yTrue: Tensor([Int32(0), 1, 7]), yPred: Tensor([Int32(1), 1]), labelMap: [0: "a<b", 1: "바지"], scale: 4, path: path)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let titles = text.split(separator: "\n").filter { $0.hasPrefix("<text") }.map { $0.split(separator: ">")[1].split(separator: "<")[0] }
    #expect(titles == ["Label: a&lt;b  Pred: 바지", "Label: 바지  Pred: 바지", "Label: Unknown"])
    #expect(text.components(separatedBy: "data:image/png;base64,").count == 4)
    #expect(XMLParser(data: Data(text.utf8)).parse())
  }

  @Test func `What is no gallery is an error that says what was expected, and leaves no file`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("gallery.png"), names = [0: "a"], labels = Tensor([Int32(0)])
    let calls: [(String, () throws -> Void)] = [
      ("shape [2, 3, 1]", { try plotImageGallery(Tensor.zeros([2, 3, 1]), path: path) }),
      ("shape [1, 2, 3, 2]", { try plotImageGallery(Tensor.zeros([1, 2, 3, 2]), path: path) }),
      ("shape [0, 2, 3, 1]", { try plotImageGallery(Tensor.zeros([0, 2, 3, 1]), path: path) }),
      ("on the second axis", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), path: path, dataFormat: .channelsFirst) }),
      ("not finite", { try plotImageGallery(Tensor(repeating: .nan, shape: [1, 2, 3, 1]), path: path) }),
      ("rows is 0", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), rows: 0, path: path) }),
      ("cols -1", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), cols: -1, path: path) }),
      ("scale · dpi -120", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), scale: -2, path: path) }),
      ("cols \(Int.max)", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), cols: .max, path: path) }),
      ("pixels; expected at most", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), rows: 10_000, cols: 10_000, path: path) }),
      ("valueRange is", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), valueRange: -.infinity...1, path: path) }),
      ("too far apart", { try plotImageGallery(Tensor(shape: [1, 1, 2, 1], scalars: [-1e308, 1e308]), valueRange: nil, path: path) }),
      ("scale · dpi nan", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), scale: .nan, path: path) }),
      ("scale · dpi inf", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), scale: .infinity, path: path) }),
      ("without a labelMap", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), yTrue: labels, path: path) }),
      ("ends with .svg", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), yTrue: labels, labelMap: names, path: path) }),
      ("yPred has shape [2]", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), yPred: Tensor([Int32(0), 0]), labelMap: names, path: path) }),
      ("gallery.gif", { try plotImageGallery(Tensor.zeros([1, 2, 3, 1]), path: folder.file("gallery.gif")) }),
    ]
    for (part, call) in calls {
      #expect { try call() } throws: { "\($0)".contains(part) }
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
