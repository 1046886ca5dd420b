/// The formats in which pictures are written.
public enum ImageFormat: String, Sendable, CaseIterable {
  /// Small, with losses, no transparency.
  case jpeg
  /// Exact.
  case png
}

/// A picture as it lies in a file, before it has the channels that were asked for.
enum ImageFile {
  /// What is read, for messages.
  static let formats = "JPEG, PNG, GIF and BMP"

  /// As many pixels as Pillow takes at most from a file before it speaks of a decompression bomb.
  static let greatestPixelCount = 178_956_970

  /// How a decoder computes where decoders differ.
  enum Precision {
    /// As Pillow does for `load_img`.
    case accurate
    /// As TensorFlow does for `image_dataset_from_directory`: cosines in whole numbers of less precision, which is faster.
    case fast
  }

  static func read(_ path: String, channels: Int? = nil, _ precision: Precision) throws -> Image {
    let source = try ByteSource(path: path)
    try checkFits(byteCount: source.count, name: path)
    return try decode(try source.allBytes(), name: path, channels: channels, precision)
  }

  /// - Parameter channels: 1 where a picture's light alone is wanted, which some decoders give at once.
  static func decode(_ bytes: [UInt8], name: String, channels: Int? = nil, _ precision: Precision) throws -> Image {
    // Pillow makes light of the colors afterwards.
    let asGrayscale = channels == 1 && precision == .fast
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return try JPEG.decode(bytes, name: name, asGrayscale: asGrayscale, precision) }
    if bytes.starts(with: PNG.signature) { return try PNG.decode(bytes, name: name, asGrayscale: asGrayscale) }
    if GIF.signatures.contains(where: { bytes.starts(with: $0) }) { return try GIF.decode(bytes, name: name, precision) }
    if bytes.starts(with: BMP.signature) { return try BMP.decode(bytes, name: name) }
    if let format = otherFormat(bytes) {
      throw DescentError(.file, refusal(of: name, format))
    }
    throw DescentError(.file, "\(name): is no picture that is known; \(formats) are read")
  }

  /// What is said of a picture of a format that is recognized and not read: its name, and the way out.
  static func refusal(of name: String, _ format: String) -> String {
    let place = format == "TIFF" ? "[0]" : ""
    return "\(name): is a \(format) picture; \(formats) are read. Make it one of them: magick 'FILE\(place)' FILE.png"
  }

  /// What is recognized and not read.
  static func otherFormat(_ start: [UInt8]) -> String? {
    func begins(_ text: String, at place: Int = 0) -> Bool { start.dropFirst(place).starts(with: text.utf8) }
    if begins("RIFF") && begins("WEBP", at: 8) { return "WebP" }
    if start.count > 2, start[0] == UInt8(ascii: "P"), (UInt8(ascii: "1")...UInt8(ascii: "7")).contains(start[1]) { return "PPM" }
    if begins("II*\0") || begins("MM\0*") { return "TIFF" }
    if begins("ftyp", at: 4) { return "HEIF or AVIF" }
    return nil
  }

  /// Refuses sizes before memory is taken for them.
  /// - Parameter greatest: the most pixels that the format can put into the file's bytes.
  static func checkSize(width: Int, height: Int, greatest: Int, name: String) throws {
    guard width > 0, height > 0 else { throw DescentError(.file, "\(name): declares \(width) × \(height) pixels; expected at least one") }
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    if overflow || count > greatestPixelCount {
      throw DescentError(.file, "\(name): declares \(width) × \(height) pixels; pictures of up to \(greatestPixelCount) are read")
    }
    if count > greatest {
      throw DescentError(.file, "\(name): declares \(width) × \(height) pixels, which a file of its size cannot hold")
    }
  }
}
