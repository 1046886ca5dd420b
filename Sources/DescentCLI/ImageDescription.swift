import DescentImages

/// What is told of a folder of pictures before training.
struct ImageDescription {
  let folder: String
  let data: ImageData
  /// How pictures are changed while training.
  let changes: [ImageAugmentation]

  var text: String {
    var lines = ["\(folder): \(data.sizes)"]
    lines += classLines(data.preprocessing.classNames, data.classCounts, "pictures")
    lines.append(contentsOf: wrapped(sizes, to: TextTable.width))
    if !changes.isEmpty {
      let advice = changes.contains(.flip) ? " Where left and right make a difference, as for letters, give --augmentation without flip." : ""
      lines.append(contentsOf: wrapped(ImageDescription.augmentation(changes) + advice, to: TextTable.width))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What becomes of the pictures.
  var sizes: String {
    let own = data.preprocessing
    let (heights, widths) = (data.heights, data.widths)
    let all = heights.least == heights.greatest && widths.least == widths.greatest
      ? "of \(widths.least) × \(heights.least) pixels" : "of \(widths.least) × \(heights.least) to \(widths.greatest) × \(heights.greatest) pixels"
    let isSame = heights.least == heights.greatest && widths.least == widths.greatest && heights.least == own.height && widths.least == own.width
    let kind = own.colorMode == .grayscale ? "without colors" : own.colorMode == .rgb ? "in colors" : "in colors with opacity"
    if isSame { return "The pictures are \(all); they are taken as they are, \(kind)." }
    let way = own.keepAspectRatio ? "what is beyond the shape is cut off" : "another shape is stretched"
    return "The pictures are \(all); each is made \(own.width) × \(own.height), \(kind) (\(way))."
  }

  static func augmentation(_ changes: [ImageAugmentation]) -> String {
    let words: [ImageAugmentation: String] = [
      .flip: "mirrored (left and right)", .rotation: "turned by up to 7 degrees", .zoom: "made up to 10 % smaller or greater", .translation: "moved by up to 10 %",
      .contrast: "given up to 20 % more or less contrast", .brightness: "made up to 10 % lighter or darker",
    ]
    return "While training, pictures are changed at random: \(changes.compactMap { words[$0] }.joined(separator: ", "))."
  }
}

extension ImageData {
  /// How many pictures there are for what.
  var sizes: String {
    partSizes(training.count, validation?.count, test?.count, "pictures")
  }
}
