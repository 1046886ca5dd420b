/// How light colors are, as whole numbers of the weights' sum: the rounding of each library is its own.
enum Luminance {
  /// Pillow's `convert("L")`: (19595 r + 38470 g + 7471 b + 2¹⁵) / 2¹⁶.
  case pillow
  /// libpng's for TensorFlow: (9797 r + 19234 g + 3737 b) / 2¹⁵, cut off.
  case libpng

  func callAsFunction(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    let (r, g, b) = (UInt32(red), UInt32(green), UInt32(blue))
    switch self {
    case .pillow: return UInt8((19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16)
    case .libpng: return UInt8((9797 * r + 19234 * g + 3737 * b) >> 15)
    }
  }
}

/// A picture with other channels.
///
/// An opacity that is not asked for is left out, one that is missing is full. Light from 0 to 65,535 is cut off at 255, as Pillow does,
/// or divided by 256, as TensorFlow does.
func converted(_ image: Image, to mode: Image.Mode, _ luminance: Luminance = .pillow) -> Image {
  if image.mode == mode { return image }
  let count = image.width * image.height
  if image.mode == .grayscale16 {
    let bytes = (0..<count).map { place -> UInt8 in
      let (low, high) = (image.bytes[2 * place], image.bytes[2 * place + 1])
      return luminance == .libpng ? high : high > 0 ? 255 : low
    }
    return converted(Image(checked: image.width, image.height, .grayscale, bytes), to: mode, luminance)
  }
  let (from, to) = (image.mode.channelCount, mode.channelCount)
  var result = [UInt8](repeating: 255, count: count * to)
  image.bytes.withUnsafeBufferPointer { source in
    result.withUnsafeMutableBufferPointer { target in
      for pixel in 0..<count {
        let (red, green, blue) = from == 1
          ? (source[pixel], source[pixel], source[pixel]) : (source[from * pixel], source[from * pixel + 1], source[from * pixel + 2])
        if to == 1 {
          target[pixel] = from == 1 ? red : luminance(red, green, blue)
        } else {
          target[to * pixel] = red
          target[to * pixel + 1] = green
          target[to * pixel + 2] = blue
        }
      }
    }
  }
  return Image(checked: image.width, image.height, mode, result)
}
