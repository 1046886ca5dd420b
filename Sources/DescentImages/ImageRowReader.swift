/// Reads pictures of files as rows of one shape, as Keras does on TensorFlow.
struct ImageRowReader: Sendable {
  /// What happens where aspect ratios differ.
  enum AspectRatio {
    case stretched, cropped, padded
  }

  let colorMode: ColorMode
  let height: Int, width: Int
  let interpolation: ImageDatasetInterpolation
  let aspectRatio: AspectRatio
  let dataFormat: DataFormat

  var shape: [Int] {
    let channels = colorMode.channelCount
    return dataFormat == .channelsLast ? [height, width, channels] : [channels, height, width]
  }

  /// `float32` numbers from 0 to 255 (a little beyond where an interpolation overshoots).
  func read(_ path: String) throws -> Tensor { try Tensor(shape: shape, dtype: .float32) { try read(path, into: $0) } }

  /// The same into memory for them that holds zeros.
  func read(_ path: String, into memory: UnsafeMutableRawBufferPointer) throws {
    let channels = colorMode.channelCount
    let mode: Image.Mode = channels == 1 ? .grayscale : channels == 3 ? .rgb : .rgba
    let image = converted(try ImageFile.read(path, channels: channels, .fast), to: mode, .libpng)
    guard dataFormat == .channelsFirst else { return resize(image, into: memory) }
    let pixels = Tensor(shape: [height, width, channels], dtype: .float32) { resize(image, into: $0) }
    ordered(pixels, dataFormat).evaluated().withBytes { memory.copyMemory(from: $0) }
  }

  private func resize(_ image: Image, into memory: UnsafeMutableRawBufferPointer) {
    let channels = image.mode.channelCount
    var box = ImageBox(x: 0, y: 0, width: image.width, height: image.height)
    var target = ImageBox(x: 0, y: 0, width: width, height: height)
    switch aspectRatio {
    case .stretched: break
    case .cropped:
      box.height = max(min(image.height, Int(Float(image.width * height) / Float(width))), 1)
      box.width = max(min(image.width, Int(Float(image.height * width) / Float(height))), 1)
      box.y = (image.height - box.height) / 2
      box.x = (image.width - box.width) / 2
    case .padded:
      let ratio = max(Float(image.width) / Float(width), Float(image.height) / Float(height))
      let (exactHeight, exactWidth) = (Float(image.height) / ratio, Float(image.width) / ratio)
      target.height = min(height, max(1, Int(exactHeight)))
      target.width = min(width, max(1, Int(exactWidth)))
      target.y = min(height - target.height, max(0, Int(((Float(height) - exactHeight) / 2).rounded(.down))))
      target.x = min(width - target.width, max(0, Int(((Float(width) - exactWidth) / 2).rounded(.down))))
    }
    let resizer = ImageResizer(interpolation: interpolation, height: target.height, width: target.width)
    let numbers = memory.bindMemory(to: Float.self).baseAddress! + (target.y * width + target.x) * channels
    image.bytes.withUnsafeBufferPointer {
      resizer.resize($0, sourceWidth: image.width, box, channels: channels, into: numbers, rowStride: width * channels)
    }
  }
}
