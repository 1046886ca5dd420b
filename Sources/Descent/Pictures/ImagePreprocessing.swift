import TensorCore

/// What has to be done to pictures in files before a network sees them, and what the network's classes are called.
///
/// It is kept in `.keras` files beside the network (``Model/images``), so that other pictures are read in the same way. The network takes
/// `float32` [rows, height, width, channels], from 0 to 255, as `keras.utils.load_img` with the same settings and `img_to_array` make them.
public struct ImagePreprocessing: Sendable, Equatable {
  /// The names of the classes in the order of their numbers.
  public let classNames: [String]
  /// The size that pictures are given.
  public let height: Int, width: Int
  /// Their channels.
  public let colorMode: ColorMode
  /// What lies between pixels where the size changes.
  public let interpolation: ImageInterpolation
  /// Whether the greatest part in the middle of the same aspect ratio is taken; otherwise all of a picture is, stretched.
  public let keepAspectRatio: Bool

  /// Such a description.
  /// - Parameters:
  ///   - classNames: the names of the classes in the order of their numbers: at least two, all different.
  ///   - imageSize: the size that pictures are given, in pixels: each side from 1 to 16,384.
  ///   - colorMode: the channels that they are given.
  ///   - interpolation: what lies between pixels where the size changes.
  ///   - keepAspectRatio: whether the greatest part in the middle of the same aspect ratio is taken; otherwise all is, stretched.
  /// - Throws: ``DescentError`` of kind `invalidArgument` for fewer than two classes, two of one name, or a size that is none.
  public init(
    classNames: [String], imageSize: (height: Int, width: Int), colorMode: ColorMode = .rgb, interpolation: ImageInterpolation = .bilinear,
    keepAspectRatio: Bool = false
  ) throws {
    guard classNames.count > 1, Set(classNames).count == classNames.count else {
      throw DescentError(.invalidArgument, "pictures are of the classes \(classNames); expected at least two different ones")
    }
    let sizes = 1...ImagePreprocessing.greatestSide
    guard sizes.contains(imageSize.height), sizes.contains(imageSize.width) else {
      throw DescentError(
        .invalidArgument, "the size of pictures is \(imageSize.height) × \(imageSize.width); expected sides of 1 to \(ImagePreprocessing.greatestSide) pixels")
    }
    self.classNames = classNames
    (height, width) = imageSize
    self.colorMode = colorMode
    self.interpolation = interpolation
    self.keepAspectRatio = keepAspectRatio
  }

  private static let greatestSide = 1 << 14

  /// The shape of a picture to the network.
  public var rowShape: [Int] { [height, width, colorMode.channelCount] }

  /// Of the file's member.
  private static let version = 1

  /// As it lies in a `.keras` file.
  public var json: JSONValue {
    [
      "version": JSONValue(ImagePreprocessing.version), "class_names": .array(classNames.map { .string($0) }),
      "image_size": .array([JSONValue(height), JSONValue(width)]), "color_mode": .string(colorMode.rawValue),
      "interpolation": .string(interpolation.rawValue), "keep_aspect_ratio": .bool(keepAspectRatio),
    ]
  }

  /// Reads what ``json`` writes.
  /// - Throws: ``DescentError`` of kind `file`.
  public init(json: JSONValue) throws {
    func wrong(_ key: String) -> DescentError { DescentError(.file, "images: '\(key)' is \(json[key]?.shortText ?? "missing")") }
    guard json["version"]?.int == ImagePreprocessing.version else { throw wrong("version") }
    guard let names = json["class_names"]?.array, case let texts = names.compactMap(\.string), texts.count == names.count else { throw wrong("class_names") }
    guard let size = json["image_size"]?.array, size.count == 2, let height = size[0].int, let width = size[1].int else { throw wrong("image_size") }
    guard let colorMode = json["color_mode"]?.string.flatMap(ColorMode.init) else { throw wrong("color_mode") }
    guard let interpolation = json["interpolation"]?.string.flatMap(ImageInterpolation.init) else { throw wrong("interpolation") }
    guard let keepAspectRatio = json["keep_aspect_ratio"]?.bool else { throw wrong("keep_aspect_ratio") }
    do {
      try self.init(
        classNames: texts, imageSize: (height, width), colorMode: colorMode, interpolation: interpolation, keepAspectRatio: keepAspectRatio)
    } catch let error as DescentError {
      throw DescentError(.file, "images: \(error.message)")
    }
  }
}
