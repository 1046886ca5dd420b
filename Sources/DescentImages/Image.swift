/// A picture in memory: rows of pixels from the top down. What `PIL.Image` is to Keras.
///
/// ``loadImage(_:colorMode:targetSize:interpolation:keepAspectRatio:)`` reads one from a file, ``imageToArray(_:dataFormat:dtype:)`` makes
/// a tensor of it, ``arrayToImage(_:dataFormat:scale:dtype:)`` makes one of a tensor, ``saveImage(_:_:fileFormat:quality:)`` writes one.
public struct Image: Sendable, Equatable {
  /// What a pixel consists of.
  public enum Mode: String, Sendable, CaseIterable {
    /// One byte: how light it is. (Pillow: `L`.)
    case grayscale
    /// Two bytes, the lower first: how light it is, from 0 to 65,535. (Pillow: `I;16`.)
    case grayscale16
    /// Three bytes: red, green, blue.
    case rgb
    /// Four bytes: red, green, blue and how opaque it is, not multiplied.
    case rgba

    /// How many numbers a pixel has.
    public var channelCount: Int {
      switch self {
      case .grayscale, .grayscale16: 1
      case .rgb: 3
      case .rgba: 4
      }
    }

    var bytesPerPixel: Int { self == .grayscale16 ? 2 : channelCount }
  }

  /// How many pixels a row has.
  public let width: Int
  /// How many rows there are.
  public let height: Int
  /// What each pixel consists of.
  public let mode: Mode
  /// The pixels, row by row from the top, from the left to the right in each.
  public let bytes: [UInt8]

  /// A picture of pixels.
  /// - Parameters:
  ///   - width: how many pixels a row has.
  ///   - height: how many rows there are.
  ///   - mode: what each pixel consists of: one byte in `grayscale`, two in `grayscale16`, three in `rgb`, four in `rgba`.
  ///   - bytes: the pixels, row by row from the top, from the left to the right in each, and nothing after them.
  /// - Throws: ``DescentError`` of kind `invalidArgument` when a size is not positive or there are not as many bytes as pixels need.
  public init(width: Int, height: Int, mode: Mode, bytes: [UInt8]) throws {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, count <= Int.max / 4, bytes.count == count * mode.bytesPerPixel else {
      throw DescentError(
        .invalidArgument,
        "Image: \(bytes.count) bytes were given for \(width) × \(height) pixels of \(mode.bytesPerPixel) bytes each")
    }
    self.init(checked: width, height, mode, bytes)
  }

  init(checked width: Int, _ height: Int, _ mode: Mode, _ bytes: [UInt8]) {
    self.width = width
    self.height = height
    self.mode = mode
    self.bytes = bytes
  }
}
