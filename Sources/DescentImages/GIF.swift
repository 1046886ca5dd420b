import CGIF

/// The first picture of GIF files, by giflib. Each call has a decoder of its own: any number of threads may call.
///
/// The decoder goes from record to record and never further than the first picture: what follows in an animated file costs nothing and
/// cannot break it.
enum GIF {
  static let signatures = [Array("GIF87a".utf8), Array("GIF89a".utf8)]

  /// The colors are those of the picture's own table or the file's, light from 0 to 255 where there is none; around a picture that is
  /// smaller than the file's screen lies what is transparent, or the first color.
  ///
  /// Pillow (for `load_img`) keeps the color of what is transparent, TensorFlow makes it black.
  static func decode(_ file: [UInt8], name: String, _ precision: ImageFile.Precision) throws -> Image {
    try withFirstPicture(of: file, name: name) { decoder, header in
      // A code of 12 bits stands for at most 4,095 pixels.
      try ImageFile.checkSize(
        width: header.width, height: header.height, greatest: max(1 << 16, file.count * 2730), name: name)
      let table = header.colors(precision)
      let channels = header.mode.channelCount
      let surroundings = table[header.transparent ?? 0]
      var pixels = [UInt8](repeating: 0, count: header.width * header.height * channels)
      var row = [UInt8](repeating: 0, count: header.pictureWidth)
      try pixels.withUnsafeMutableBufferPointer { pixels in
        if !header.coversScreen { for pixel in 0..<(header.width * header.height) { put(surroundings, channels, pixel, pixels) } }
        for line in header.lines {
          try header.read(decoder, &row)
          let start = (header.top + line) * header.width + header.left
          for (column, index) in row.enumerated() {
            guard Int(index) < header.colorCount || Int(index) == header.transparent else {
              throw broken(name, "a pixel is of color \(index); there are \(header.colorCount)")
            }
            put(table[Int(index)], channels, start + column, pixels)
          }
        }
      }
      return Image(checked: header.width, header.height, header.mode, pixels)
    }
  }

  /// The size, and whether there are no colors, without the pixels.
  static func measure(_ file: [UInt8], name: String) throws -> (height: Int, width: Int, isGray: Bool) {
    try withFirstPicture(of: file, name: name) { _, header in (header.height, header.width, header.isGray) }
  }

  @inline(__always)
  private static func put(_ color: Color, _ channels: Int, _ pixel: Int, _ pixels: UnsafeMutableBufferPointer<UInt8>) {
    pixels[channels * pixel] = color.red
    if channels == 1 { return }
    pixels[channels * pixel + 1] = color.green
    pixels[channels * pixel + 2] = color.blue
    if channels == 4 { pixels[channels * pixel + 3] = color.opacity }
  }

  fileprivate static func broken(_ name: String, _ what: String) -> DescentError {
    DescentError(.file, "\(name): is a broken GIF file: \(what)")
  }

  /// What the decoder reads from.
  private struct Source {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
  }

  /// Opens a file and goes to its first picture.
  private static func withFirstPicture<Result>(
    of file: [UInt8], name: String, _ body: (UnsafeMutablePointer<GifFileType>, Header) throws -> Result
  ) throws -> Result {
    try file.withUnsafeBufferPointer { bytes in
      var source = Source(bytes: bytes)
      return try withUnsafeMutablePointer(to: &source) { source in
        var fault: Int32 = 0
        let opened = DGifOpen(
          source,
          { decoder, target, count in
            guard let source = decoder?.pointee.UserData?.assumingMemoryBound(to: Source.self), let target, count > 0 else { return 0 }
            let (bytes, position) = (source.pointee.bytes, source.pointee.position)
            let taken = min(Int(count), bytes.count - position)
            if taken > 0 { target.update(from: bytes.baseAddress! + position, count: taken) }
            source.pointee.position += taken
            return Int32(taken)
          }, &fault)
        guard let opened else { throw broken(name, reason(fault)) }
        defer { DGifCloseFile(opened, &fault) }
        return try body(opened, try Header(opened, name: name))
      }
    }
  }

  fileprivate static func reason(_ code: Int32) -> String { GifErrorString(code).map { String(cString: $0) } ?? "it ends too early" }
}

private struct Color {
  var (red, green, blue, opacity): (UInt8, UInt8, UInt8, UInt8)
}

/// What a GIF file says before the pixels of its first picture.
private struct Header {
  let name: String
  /// Of the screen, with all of the picture on it.
  let width: Int, height: Int
  let left: Int, top: Int
  let pictureWidth: Int, pictureHeight: Int
  let isInterlaced: Bool
  /// The color that is transparent.
  let transparent: Int?
  /// How many colors there are.
  let colorCount: Int
  private let palette: [Color]

  /// Goes to the first picture.
  init(_ decoder: UnsafeMutablePointer<GifFileType>, name: String) throws {
    self.name = name
    func checked(_ status: Int32) throws {
      if status != GIF_OK { throw GIF.broken(name, GIF.reason(decoder.pointee.Error)) }
    }
    var record = UNDEFINED_RECORD_TYPE
    var transparent: Int?
    while true {
      try checked(DGifGetRecordType(decoder, &record))
      if record == IMAGE_DESC_RECORD_TYPE { break }
      guard record == EXTENSION_RECORD_TYPE else { throw GIF.broken(name, "it has no picture") }
      var (kind, block): (Int32, UnsafeMutablePointer<UInt8>?) = (0, nil)
      try checked(DGifGetExtension(decoder, &kind, &block))
      // The number of bytes, flags, the time in two bytes, the transparent color.
      if kind == GRAPHICS_EXT_FUNC_CODE, let block, block[0] >= 4, block[1] & 1 == 1 { transparent = Int(block[4]) }
      while block != nil { try checked(DGifGetExtensionNext(decoder, &block)) }
    }
    try checked(DGifGetImageDesc(decoder))
    let screen = decoder.pointee, picture = decoder.pointee.Image
    (left, top, pictureWidth, pictureHeight) = (Int(picture.Left), Int(picture.Top), Int(picture.Width), Int(picture.Height))
    guard pictureWidth > 0, pictureHeight > 0 else { throw GIF.broken(name, "its picture is of \(pictureWidth) × \(pictureHeight) pixels") }
    width = max(Int(screen.SWidth), left + pictureWidth)
    height = max(Int(screen.SHeight), top + pictureHeight)
    isInterlaced = picture.Interlace
    self.transparent = transparent
    var palette: [Color] = []
    if let map = picture.ColorMap ?? screen.SColorMap, let colors = map.pointee.Colors {
      palette = (0..<Int(map.pointee.ColorCount)).map { Color(red: colors[$0].Red, green: colors[$0].Green, blue: colors[$0].Blue, opacity: 255) }
    } else {
      palette = (0..<256).map { Color(red: UInt8($0), green: UInt8($0), blue: UInt8($0), opacity: 255) }
    }
    self.palette = palette
    colorCount = palette.count
  }

  var coversScreen: Bool { pictureWidth == width && pictureHeight == height }

  var isGray: Bool { palette.allSatisfy { $0.red == $0.green && $0.green == $0.blue } }

  var mode: Image.Mode { transparent != nil ? .rgba : isGray ? .grayscale : .rgb }

  /// A color for each byte.
  func colors(_ precision: ImageFile.Precision) -> [Color] {
    var colors = palette
    while colors.count < 256 { colors.append(Color(red: 0, green: 0, blue: 0, opacity: 255)) }
    if let transparent {
      if precision == .fast { colors[transparent] = Color(red: 0, green: 0, blue: 0, opacity: 0) }
      colors[transparent].opacity = 0
    }
    return colors
  }

  /// The lines of the picture as they come in the file: every eighth, those in the middle between them, and so on.
  var lines: [Int] {
    guard isInterlaced else { return Array(0..<pictureHeight) }
    return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { Array(stride(from: $0.0, to: pictureHeight, by: $0.1)) }
  }

  func read(_ decoder: UnsafeMutablePointer<GifFileType>, _ row: inout [UInt8]) throws {
    if DGifGetLine(decoder, &row, Int32(row.count)) != GIF_OK { throw GIF.broken(name, GIF.reason(decoder.pointee.Error)) }
  }
}
