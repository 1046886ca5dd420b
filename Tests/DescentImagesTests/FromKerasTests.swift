import DescentImages
import Foundation
import Testing

/// What the page's lines on pictures have on their right.
private func pictures(_ model: Sequential, _ image: Image, _ x: Tensor, _ y: Tensor) throws {
  _ = try imageDatasetFromDirectory("flowers", seed: 1, validationSplit: 0.2, subset: .training)
  _ = try imageDatasetsFromDirectory("flowers", seed: 1, validationSplit: 0.2)
  _ = try imageDatasetFromDirectory("faces", labelMode: nil)
  _ = try imageDatasetFromDirectory("cats", labelMode: .binary, colorMode: .grayscale)
  let flowers = try imageDatasetFromDirectory("flowers", imageSize: (180, 180))
  _ = flowers.classNames
  _ = flowers.dataset.map { x, y in (x / 255, y) }
  _ = try model.fit(flowers, epochs: 10)
  _ = try loadImage("cat.jpg", targetSize: (224, 224))
  _ = try imageToArray(image)
  _ = try arrayToImage(x)
  try saveImage("noise.png", x)
  try plotImageGallery(x, rows: 2, valueRange: 0...1, path: "x.png")
  let generator = try ImageDataGenerator(rotationRange: 20, horizontalFlip: true, rescale: 1 / 255)
  _ = try model.fit(generator.flow(x, y, batchSize: 32))
}

@Suite struct FromKerasTests {
  @Test func `each line on pictures on the page From Keras to Descent is compiled`() throws {
    let here = URL(fileURLWithPath: #filePath)
    let source = try String(contentsOf: here, encoding: .utf8)
    let page = try String(
      contentsOf: here.deletingLastPathComponent().appendingPathComponent("../../Documentation/FromKeras.md"), encoding: .utf8)
    let section = try #require(page.components(separatedBy: "\n## ").first { $0.hasPrefix("Pictures\n") })
    let lines = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
    #expect(lines.count >= 12)
    for line in lines {
      let cells = line.components(separatedBy: "` | `")
      #expect(cells.count == 2, "\(line)")
      let code = cells[1].replacingOccurrences(of: "` |", with: "")
      #expect(source.contains(code), "\(code) is on the page but is not compiled here")
    }
  }
}
