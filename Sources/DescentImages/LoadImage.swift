/// Reads a picture from a JPEG, PNG, GIF or BMP file. (Keras: `keras.utils.load_img`.)
///
///     let image = try loadImage("cat.jpg", targetSize: (224, 224))
///     let x = try imageToArray(image)                                 // float32 [224, 224, 3], from 0 to 255
///
/// Pixels are those that Keras gets from Pillow. As there, cameras' notes on how a picture is to be turned (EXIF) are not followed, nor
/// are color profiles. Of an animated GIF file the first picture is read; what is transparent in it keeps its color, in `rgba` with an
/// opacity of 0. The fourth byte of BMP files of 32 bits is an opacity only where their header says so.
/// - Parameters:
///   - path: the file. Which format it has is found out from its first bytes, not from its name.
///   - colorMode: the channels. Colors become light as (299 red + 587 green + 114 blue) / 1000; a picture of 16 bits of light keeps
///     them in `grayscale` and is cut off at 255 in the other two, as in Keras.
///   - targetSize: the size of the result; nil for the file's.
///   - interpolation: what lies between pixels.
///   - keepAspectRatio: takes the greatest part in the middle of the target's aspect ratio before it is resized.
/// - Throws: ``DescentError`` of kind `file` when there is no such file, it is of another format, broken or cut, or declares more than
///   178,956,970 pixels or more than its bytes can hold; of kind `invalidArgument` when a size is not positive.
/// Source: <https://keras.io/api/data_loading/image/#loadimg-function>.
public func loadImage(
  _ path: String, colorMode: ColorMode = .rgb, targetSize: (height: Int, width: Int)? = nil,
  interpolation: ImageInterpolation = .nearest, keepAspectRatio: Bool = false
) throws -> Image {
  if let targetSize { try checkSize(targetSize, "loadImage: targetSize") }
  return resized(
    colored(try ImageFile.read(path, .accurate), colorMode), targetSize, interpolation, keepAspectRatio: keepAspectRatio)
}

/// Reads a picture from the bytes of a JPEG, PNG, GIF or BMP file, as ``loadImage(_:colorMode:targetSize:interpolation:keepAspectRatio:)`` does.
/// - Parameters:
///   - data: what the file holds.
///   - colorMode: the channels.
///   - targetSize: the size of the result; nil for the file's.
///   - interpolation: what lies between pixels.
///   - keepAspectRatio: takes the greatest part in the middle of the target's aspect ratio before it is resized.
/// - Throws: ``DescentError``.
public func loadImage(
  data: [UInt8], colorMode: ColorMode = .rgb, targetSize: (height: Int, width: Int)? = nil,
  interpolation: ImageInterpolation = .nearest, keepAspectRatio: Bool = false
) throws -> Image {
  if let targetSize { try checkSize(targetSize, "loadImage: targetSize") }
  return resized(
    colored(try ImageFile.decode(data, name: "loadImage", .accurate), colorMode), targetSize, interpolation,
    keepAspectRatio: keepAspectRatio)
}

func checkSize(_ size: (height: Int, width: Int), _ what: String) throws {
  guard size.height > 0, size.width > 0, size.height <= 1 << 20, size.width <= 1 << 20,
    size.height * size.width <= ImageFile.greatestPixelCount
  else {
    throw DescentError(
      .invalidArgument,
      "\(what) is \(size.height) × \(size.width); expected at least 1 × 1 and at most \(ImageFile.greatestPixelCount) pixels")
  }
}

func colored(_ image: Image, _ colorMode: ColorMode) -> Image {
  switch colorMode {
  case .grayscale: image.mode == .grayscale16 ? image : converted(image, to: .grayscale)
  case .rgb: converted(image, to: .rgb)
  case .rgba: converted(image, to: .rgba)
  }
}

func resized(
  _ image: Image, _ size: (height: Int, width: Int)?, _ interpolation: ImageInterpolation, keepAspectRatio: Bool
) -> Image {
  guard let size, size != (image.height, image.width) else { return image }
  var box = ImageBox(x: 0, y: 0, width: image.width, height: image.height)
  if keepAspectRatio {
    box.height = max(1, min(image.height, image.width * size.height / size.width))
    box.width = max(1, min(image.width, image.height * size.width / size.height))
    box.y = (image.height - box.height) / 2
    box.x = (image.width - box.width) / 2
  }
  return resampled(image, to: size, interpolation, box)
}
