extension ClassFolders {
  /// The pictures of a folder.
  /// - Parameter known: the classes' names, where a network has them already.
  init(pictures folder: String, known: [String]? = nil) throws {
    try self.init(folder, of: "picture", endings: ImageDirectory.allEndings, example: ".jpg", known: known)
  }

  /// How large pictures are, and whether all of them are without colors, as some of them spread over all say.
  func sample() -> (heights: [Int], widths: [Int], areGray: Bool) {
    let step = max(1, paths.count / 200)
    var heights: [Int] = [], widths: [Int] = [], areGray = true
    for place in stride(from: 0, to: paths.count, by: step) {
      guard let measure = try? ImageFile.measure(paths[place]) else { continue }
      heights.append(measure.height)
      widths.append(measure.width)
      areGray = areGray && measure.isGray
    }
    return (heights, widths, areGray && !heights.isEmpty)
  }
}

extension ImageFile {
  /// A picture's size, and whether it is without colors, without its pixels.
  static func measure(_ path: String) throws -> (height: Int, width: Int, isGray: Bool) {
    let source = try ByteSource(path: path)
    let start = try source.bytes(at: 0, count: min(26, source.count))
    if start.starts(with: PNG.signature), start.count == 26 {
      func number(_ place: Int) -> Int { start[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) } }
      return (number(20), number(16), start[25] == 0 || start[25] == 4)
    }
    if GIF.signatures.contains(where: { start.starts(with: $0) }) { return try GIF.measure(source.allBytes(), name: path) }
    if start.starts(with: BMP.signature) {
      let picture = try BMP(source.allBytes(), name: path)
      return (picture.height, picture.width, picture.isGray)
    }
    guard start.starts(with: [0xFF, 0xD8]) else { throw DescentError(.file, "\(path): is no picture that is known") }
    let header = try JPEGHeader(source.allBytes(), name: path)
    return (header.height, header.width, header.components == 1)
  }
}
