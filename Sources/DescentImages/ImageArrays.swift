/// The numbers of a picture. (Keras: `keras.utils.img_to_array`.)
/// - Parameters:
///   - image: the picture.
///   - dataFormat: where the channels are.
///   - dtype: of the result.
/// - Returns: [height, width, channels], or [channels, height, width] with channels first: 1, 3 or 4 channels of numbers from 0 to 255, or
///   one of numbers to 65,535 of a picture of 16 bits.
/// - Throws: ``DescentError`` of kind `data` when `dtype` does not hold the numbers: it is `bool`, or `uint8` for a picture of 16 bits.
/// Source: <https://keras.io/api/data_loading/image/#imgtoarray-function>.
public func imageToArray(_ image: Image, dataFormat: DataFormat = .channelsLast, dtype: DType = .float32) throws -> Tensor {
  let isWide = image.mode == .grayscale16
  guard dtype != .bool, !(isWide && dtype == .uint8) else {
    throw DescentError(.data, "imageToArray: \(dtype) does not hold the numbers of a picture in mode \(image.mode); int32 and float32 do")
  }
  let shape = [image.height, image.width, image.mode.channelCount]
  let numbers: Tensor
  if isWide {
    let values = (0..<(image.width * image.height)).map { Int32(image.bytes[2 * $0]) | Int32(image.bytes[2 * $0 + 1]) << 8 }
    numbers = Tensor(shape: shape, scalars: values)
  } else {
    numbers = Tensor(shape: shape, scalars: image.bytes)
  }
  return ordered(numbers.cast(to: dtype), dataFormat).evaluated()
}

/// A picture of numbers. (Keras: `keras.utils.array_to_img`.)
/// - Parameters:
///   - x: [height, width, channels], or [channels, height, width] with channels first; 1, 3 or 4 channels.
///   - dataFormat: where the channels are.
///   - scale: stretches the numbers so that the least becomes 0 and the greatest 255: 255 (x − min x) / max(x − min x). Fractions are cut
///     off, here and without it.
///   - dtype: what is computed with: `float32` or `float64`.
/// - Returns: a picture of bytes; of 16 bits where there is one channel and, without `scale`, a number above 255.
/// - Throws: ``DescentError`` of kind `data` when the shape is another, a number is not finite, or one does not fit without `scale`.
/// Source: <https://keras.io/api/data_loading/image/#arraytoimg-function>.
public func arrayToImage(_ x: Tensor, dataFormat: DataFormat = .channelsLast, scale: Bool = true, dtype: DType = .float32) throws -> Image {
  guard dtype.isFloatingPoint else {
    throw DescentError(.invalidArgument, "arrayToImage: dtype is \(dtype); expected float32 or float64")
  }
  guard x.rank == 3, let channels = dataFormat == .channelsLast ? x.shape.last : x.shape.first, [1, 3, 4].contains(channels), x.count > 0
  else {
    throw DescentError(
      .data,
      "arrayToImage: shape is \(x.shape); expected one picture with 1, 3 or 4 channels on the \(dataFormat == .channelsLast ? "last" : "first") axis")
  }
  var pixels = x.cast(to: dtype)
  if dataFormat == .channelsFirst { pixels = pixels.transposed([1, 2, 0]) }
  var values = pixels.doubles
  guard values.allSatisfy(\.isFinite) else { throw DescentError(.data, "arrayToImage: a number is not finite") }
  if scale {
    // With the rounding of each step in the dtype, as NumPy has it.
    let isSingle = dtype == .float32
    func rounded(_ value: Double) -> Double { isSingle ? Double(Float(value)) : value }
    let least = values.min()!
    values = values.map { rounded($0 - least) }
    let greatest = values.max()!
    if greatest != 0 { values = values.map { rounded($0 / greatest) } }
    values = values.map { rounded($0 * 255) }
  }
  let isWide = channels == 1 && values.max()! > 255
  let limit = isWide ? 65535.0 : 255
  guard values.allSatisfy({ $0 > -1 && $0 < limit + 1 }) else {
    throw DescentError(
      .data, "arrayToImage: numbers are from \(values.min()!) to \(values.max()!); expected 0 to \(Int(limit)), or take scale: true")
  }
  let mode: Image.Mode = isWide ? .grayscale16 : channels == 1 ? .grayscale : channels == 3 ? .rgb : .rgba
  let bytes = isWide ? values.flatMap { [UInt8(truncatingIfNeeded: Int($0)), UInt8(Int($0) >> 8)] } : values.map { UInt8(Int($0)) }
  return Image(checked: pixels.shape[1], pixels.shape[0], mode, bytes)
}

/// Writes a picture of numbers to a file. (Keras: `keras.utils.save_img`.)
///
///     try saveImage("noise.png", x)
/// - Parameters:
///   - path: where to. The file is whole or not there at all.
///   - x: as ``arrayToImage(_:dataFormat:scale:dtype:)`` takes it.
///   - dataFormat: where the channels are.
///   - fileFormat: nil for the one that the name ends with: `.png`, `.jpg` or `.jpeg`.
///   - scale: stretches the numbers to 0 to 255.
///   - quality: of JPEG, from 1 to 100.
/// - Throws: ``DescentError``.
/// Source: <https://keras.io/api/data_loading/image/#saveimg-function>.
public func saveImage(
  _ path: String, _ x: Tensor, dataFormat: DataFormat = .channelsLast, fileFormat: ImageFormat? = nil, scale: Bool = true,
  quality: Int = 75
) throws {
  let format = try format(of: path, fileFormat)
  try write(try arrayToImage(x, dataFormat: dataFormat, scale: scale), to: path, format, quality: quality)
}

/// Writes a picture to a file.
/// - Parameters:
///   - path: where to. The file is whole or not there at all.
///   - image: the picture. JPEG leaves out what of it is transparent, and has no 16 bits.
///   - fileFormat: nil for the one that the name ends with: `.png`, `.jpg` or `.jpeg`.
///   - quality: of JPEG, from 1 to 100.
/// - Throws: ``DescentError``.
public func saveImage(_ path: String, _ image: Image, fileFormat: ImageFormat? = nil, quality: Int = 75) throws {
  try write(image, to: path, try format(of: path, fileFormat), quality: quality)
}

private func format(of path: String, _ given: ImageFormat?) throws -> ImageFormat {
  if let given { return given }
  if hasEnding(path, ".png") { return .png }
  if hasEnding(path, ".jpg") || hasEnding(path, ".jpeg") { return .jpeg }
  throw DescentError(.invalidArgument, "saveImage: \(path) ends with no format that is written; expected .png, .jpg or .jpeg, or a fileFormat")
}

private func write(_ image: Image, to path: String, _ format: ImageFormat, quality: Int) throws {
  try NumberRange.from(1, to: 100).check("quality", quality, "saveImage")
  if format == .jpeg && image.mode == .grayscale16 {
    throw DescentError(.invalidArgument, "saveImage: \(path): JPEG has no pictures of 16 bits; PNG has")
  }
  let bytes = format == .jpeg ? try JPEG.encode(image, quality: quality) : try PNG.encode(image)
  try writeFile(path) { try $0.write(bytes) }
}

/// [height, width, channels] in an order.
func ordered(_ pixels: Tensor, _ dataFormat: DataFormat) -> Tensor {
  dataFormat == .channelsLast ? pixels : pixels.transposed([2, 0, 1])
}
