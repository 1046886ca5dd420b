import Foundation
import Optimizers

/// Draws pictures side by side into a file, for a look at data, answers, kernels or feature maps. (Keras:
/// `keras.visualization.plot_image_gallery`.)
///
///     try plotImageGallery(images, yTrue: labels, yPred: answers, labelMap: names, path: "answers.svg")
///     try plotImageGallery(featureMaps.transposed([3, 1, 2, 0]), valueRange: nil, path: "maps.png")
///
/// Each picture is a whole number of times as large as it is, about `scale` · `dpi` pixels on its longer side, so that every pixel of it is a
/// square; white lines lie between them.
/// - Parameters:
///   - images: [count, height, width, channels], or [count, channels, height, width] with channels first; 1, 3 or 4 channels.
///   - yTrue: the classes, written above the pictures as "Label: …"; only in `.svg` files.
///   - yPred: the classes that a network took them for, written as "Pred: …"; only in `.svg` files.
///   - labelMap: the classes' names; needed with `yTrue` or `yPred`. A class that is not in it is "Unknown".
///   - rows: of pictures; nil for the root of their number, or what `cols` leaves.
///   - cols: pictures a row; nil for what shows all of them. (Keras leaves out the last ones where they do not fill a row.) Where both are
///     given, what there is no place for is left out.
///   - valueRange: the numbers of black and of white; what is outside becomes one of them, and fractions
///     of 255 are cut off. Nil for the least and the greatest of all pictures.
///   - scale: how large a picture is, in inches.
///   - path: where to: `.png`, `.jpg`, `.jpeg`, or `.svg`, which alone can hold text. The file is whole or not there at all.
///   - dpi: pixels an inch.
///   - dataFormat: where the channels are.
/// - Throws: ``DescentError`` of kind `data` when there are no pictures or their numbers are not finite, of kind `invalidArgument` when an
///   argument is none of these, of kind `file` when the file cannot be written.
/// Source: <https://keras.io/api/visualization/#plotimagegallery-function>.
public func plotImageGallery(
  _ images: Tensor, yTrue: Tensor? = nil, yPred: Tensor? = nil, labelMap: [Int: String]? = nil, rows: Int? = nil, cols: Int? = nil,
  valueRange: ClosedRange<Double>? = 0...255, scale: Double = 2, path: String, dpi: Double = 60, dataFormat: DataFormat = .channelsLast
) throws {
  let gallery = try ImageGallery(images, rows: rows, cols: cols, valueRange: valueRange, side: scale * dpi, dataFormat: dataFormat)
  let isText = hasEnding(path, ".svg")
  let titles = try ImageGallery.titles(yTrue, yPred, labelMap, count: images.shape[0])
  if !titles.isEmpty && !isText {
    throw DescentError(.invalidArgument, "plotImageGallery: \(path) cannot hold the text of yTrue and yPred; expected a path that ends with .svg")
  }
  if isText {
    try writeFile(path, text: try gallery.svg(titles: titles))
  } else {
    try saveImage(path, gallery.together)
  }
}

/// Pictures as bytes, and where they stand.
private struct ImageGallery {
  /// Of the place of a picture, in pixels of the result.
  let width, height: Int
  let rows, columns: Int
  let gap = 4
  private static let mostPlaces = 10_000
  private static let mostPixels = 2e8
  /// Those that have a place, enlarged.
  private let pictures: [[UInt8]]
  private let mode: Image.Mode

  init(_ images: Tensor, rows: Int?, cols: Int?, valueRange: ClosedRange<Double>?, side: Double, dataFormat: DataFormat) throws {
    let isLast = dataFormat == .channelsLast
    guard images.rank == 4, images.count > 0, let mode = [1: Image.Mode.grayscale, 3: .rgb, 4: .rgba][images.shape[isLast ? 3 : 1]] else {
      throw DescentError(
        .data, "plotImageGallery: images have shape \(images.shape); expected [count, height, width, channels] with 1, 3 or 4 channels\(isLast ? "" : " on the second axis")")
    }
    let most = ImageGallery.mostPlaces
    guard (1...most).contains(rows ?? 1), (1...most).contains(cols ?? 1), side > 0, side <= Double(most) else {
      throw DescentError(
        .invalidArgument,
        "plotImageGallery: rows is \(rows.map { "\($0)" } ?? "nil"), cols \(cols.map { "\($0)" } ?? "nil") and scale · dpi \(side); "
          + "expected from 1 to \(most), and as many pixels")
    }
    if let valueRange, !(valueRange.upperBound - valueRange.lowerBound).isFinite {
      throw DescentError(.invalidArgument, "plotImageGallery: valueRange is \(valueRange); expected finite numbers, not too far apart")
    }
    let pixels = isLast ? images : images.transposed([0, 2, 3, 1])
    let values = pixels.doubles
    guard values.allSatisfy(\.isFinite) else { throw DescentError(.data, "plotImageGallery: a number is not finite") }
    let black = valueRange?.lowerBound ?? values.min()!, white = valueRange?.upperBound ?? values.max()!
    guard (white - black).isFinite else { throw DescentError(.data, "plotImageGallery: numbers from \(black) to \(white) are too far apart") }
    let count = pixels.shape[0], (h, w, channels) = (pixels.shape[1], pixels.shape[2], pixels.shape[3])
    self.mode = mode
    self.rows = rows ?? cols.map { (count + $0 - 1) / $0 } ?? Int(Double(count).squareRoot().rounded(.up))
    columns = cols ?? (count + self.rows - 1) / self.rows
    let factor = max(1, Int((side / Double(max(h, w))).rounded()))
    (width, height) = (w * factor, h * factor)
    let pixelCount = Double(self.rows) * Double(height) * Double(columns) * Double(width)
    guard pixelCount <= ImageGallery.mostPixels else {
      throw DescentError(
        .invalidArgument,
        "plotImageGallery: \(self.rows) × \(columns) pictures of \(height) × \(width) pixels make \(pixelCount) pixels; expected at most "
          + "\(ImageGallery.mostPixels): take fewer pictures or a smaller scale")
    }
    let shown = min(count, self.rows * columns), size = height * width * channels
    let lights = values.prefix(shown * h * w * channels).map { value in
      white > black ? UInt8(min(255, max(0, (value - black) / (white - black) * 255))) : 0
    }
    let large = repeatElements(repeatElements(Tensor(shape: [shown, h, w, channels], scalars: lights), factor, axis: 1), factor, axis: 2)
    let bytes = large.scalars(as: UInt8.self)
    pictures = (0..<shown).map { Array(bytes[($0 * size)..<(($0 + 1) * size)]) }
  }

  /// "Label: … Pred: …" for each picture that has a class.
  static func titles(_ yTrue: Tensor?, _ yPred: Tensor?, _ labelMap: [Int: String]?, count: Int) throws -> [String] {
    if yTrue == nil && yPred == nil { return [] }
    guard let labelMap else { throw DescentError(.invalidArgument, "plotImageGallery: yTrue or yPred is given without a labelMap") }
    func names(_ y: Tensor?, _ argument: String, _ word: String) throws -> [String] {
      guard let y else { return [] }
      guard y.rank == 1, y.count <= count else {
        throw DescentError(.data, "plotImageGallery: \(argument) has shape \(y.shape); expected one class for each of \(count) pictures")
      }
      return y.doubles.map { "\(word): \(Int(exactly: $0).flatMap { labelMap[$0] } ?? "Unknown")" }
    }
    let labels = try names(yTrue, "yTrue", "Label"), answers = try names(yPred, "yPred", "Pred")
    return (0..<count).map { place in
      [labels, answers].compactMap { $0.indices.contains(place) ? $0[place] : nil }.joined(separator: "  ")
    }
  }

  /// All of them in one.
  var together: Image {
    let channels = mode.channelCount
    let (allWidth, allHeight) = (columns * (width + gap) - gap, rows * (height + gap) - gap)
    var bytes = [UInt8](repeating: 255, count: allWidth * allHeight * channels)
    for (place, picture) in pictures.enumerated() {
      let left = place % columns * (width + gap), top = place / columns * (height + gap)
      for row in 0..<height {
        let from = row * width * channels, to = ((top + row) * allWidth + left) * channels
        bytes.replaceSubrange(to..<(to + width * channels), with: picture[from..<(from + width * channels)])
      }
    }
    return Image(checked: allWidth, allHeight, mode, bytes)
  }

  /// The same with a line of text above each picture.
  func svg(titles: [String]) throws -> String {
    let size = 12.0, line = titles.isEmpty ? 0 : 16
    let (allWidth, allHeight) = (columns * (width + gap) - gap, rows * (height + line + gap) - gap)
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(allWidth) \(allHeight)\" width=\"\(allWidth)\" height=\"\(allHeight)\" "
        + "font-family=\"sans-serif\" font-size=\"\(size)\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
    ]
    for (place, picture) in pictures.enumerated() {
      let left = place % columns * (width + gap), top = place / columns * (height + line + gap)
      if titles.indices.contains(place) && !titles[place].isEmpty {
        let title = SVGText.escaped(SVGText.shortened(titles[place], to: Double(width), size: size))
        parts.append("<text x=\"\(left + width / 2)\" y=\"\(top + 12)\" text-anchor=\"middle\">\(title)</text>")
      }
      let file = Data(try PNG.encode(Image(checked: width, height, mode, picture))).base64EncodedString()
      parts.append("<image x=\"\(left)\" y=\"\(top + line)\" width=\"\(width)\" height=\"\(height)\" href=\"data:image/png;base64,\(file)\"/>")
    }
    return parts.joined(separator: "\n") + "\n</svg>\n"
  }
}
