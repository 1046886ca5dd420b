import Optimizers
import TensorCore

// What is done to batches of images [batch, height, width, channels], of tensors and of symbols alike. Whole numbers become `float32`; one
// image alone has no axis of the batch and is refused.

/// What an image operation makes of a tensor.
private func computed(_ className: String, _ x: Tensor, _ settings: [(key: String, value: JSONValue)]) throws -> Tensor {
  guard let definition = OperationTable.definition(className) else { programmingError("operation \(className): Descent does not have it") }
  return try OperationLayer(definition, settings: JSONObject(settings)).apply(CallArguments(positional: [.tensor(x)]))[0]
}

private let channelsLast: (key: String, value: JSONValue) = ("data_format", "channels_last")

/// Pieces of images, each as the channels of one place: [batch, rows of patches, columns of patches, height · width · channels]. (Keras:
/// `keras.ops.image.extract_patches`.)
/// - Parameters:
///   - images: a batch, the channels last.
///   - size: of a patch: one number, or height and width.
///   - strides: from one patch to the next; nil for their size.
///   - dilationRate: from one place in a patch to the next.
///   - padding: `.same` to begin outside of the image, where zeros are; `.valid` for patches within.
/// - Throws: ``DescentError`` if the images have no such patches.
public func extractPatches(
  _ images: Tensor, size: any AxisSizesConvertible, strides: (any AxisSizesConvertible)? = nil, dilationRate: any AxisSizesConvertible = 1,
  padding: Padding = .valid
) throws -> Tensor {
  try computed("ExtractPatches", images, patchSettings(size, strides, dilationRate, padding))
}

/// The same in a graph.
public func extractPatches(
  _ images: some Symbolic, size: any AxisSizesConvertible, strides: (any AxisSizesConvertible)? = nil,
  dilationRate: any AxisSizesConvertible = 1, padding: Padding = .valid
) throws -> Symbol {
  try Symbol.only("ExtractPatches", [images.value], patchSettings(size, strides, dilationRate, padding))
}

private func patchSettings(
  _ size: any AxisSizesConvertible, _ strides: (any AxisSizesConvertible)?, _ dilationRate: any AxisSizesConvertible, _ padding: Padding
) throws -> [(key: String, value: JSONValue)] {
  guard let word = padding.kerasName else {
    throw DescentError(.invalidArgument, "extractPatches: padding is \(padding); expected .valid or .same")
  }
  return [
    ("size", .intOrList(size.axisSizes.values)), ("strides", strides.map { .intOrList($0.axisSizes.values) } ?? .null),
    ("dilation_rate", .intOrList(dilationRate.axisSizes.values)), ("padding", .string(word)), channelsLast,
  ]
}

/// Colored images in gray: 0.2989 red + 0.587 green + 0.114 blue, [batch, height, width, 1], also of whole numbers as fractions. (Keras: `keras.ops.image.rgb_to_grayscale`.)
/// - Throws: ``DescentError`` if the images do not have 3 channels, or 1.
public func rgbToGrayscale(_ images: Tensor) throws -> Tensor { try computed("RGBToGrayscale", images, [channelsLast]) }

/// The same in a graph.
public func rgbToGrayscale(_ images: some Symbolic) throws -> Symbol { try Symbol.only("RGBToGrayscale", [images.value], [channelsLast]) }

/// Red, green and blue from 0 to 1 as hue, saturation and value. (Keras: `keras.ops.image.rgb_to_hsv`.)
/// - Throws: ``DescentError`` if the images do not have 3 channels.
public func rgbToHSV(_ images: Tensor) throws -> Tensor { try computed("RGBToHSV", images, [channelsLast]) }

/// The same in a graph.
public func rgbToHSV(_ images: some Symbolic) throws -> Symbol { try Symbol.only("RGBToHSV", [images.value], [channelsLast]) }

/// Hue, saturation and value from 0 to 1 as red, green and blue. (Keras: `keras.ops.image.hsv_to_rgb`.)
/// - Throws: ``DescentError`` if the images do not have 3 channels.
public func hsvToRGB(_ images: Tensor) throws -> Tensor { try computed("HSVToRGB", images, [channelsLast]) }

/// The same in a graph.
public func hsvToRGB(_ images: some Symbolic) throws -> Symbol { try Symbol.only("HSVToRGB", [images.value], [channelsLast]) }

/// Channels spread over blocks of positions: [batch, height · size, width · size, channels / size²]. (Keras: `keras.ops.nn.depth_to_space`.)
/// - Parameters:
///   - x: a batch, the channels last.
///   - blockSize: how many positions along either axis become of one.
/// - Throws: ``DescentError`` if the channels do not divide so.
public func depthToSpace(_ x: Tensor, blockSize: Int) throws -> Tensor { try computed("DepthToSpace", x, [("block_size", JSONValue(blockSize)), channelsLast]) }

/// The same in a graph.
public func depthToSpace(_ x: some Symbolic, blockSize: Int) throws -> Symbol {
  try Symbol.only("DepthToSpace", [x.value], [("block_size", JSONValue(blockSize)), channelsLast])
}

/// Blocks of positions as channels: [batch, height / size, width / size, channels · size²]. (Keras: `keras.ops.nn.space_to_depth`.)
/// - Parameters:
///   - x: a batch, the channels last.
///   - blockSize: how many positions along either axis become one.
/// - Throws: ``DescentError`` if the positions do not divide so.
public func spaceToDepth(_ x: Tensor, blockSize: Int) throws -> Tensor { try computed("SpaceToDepth", x, [("block_size", JSONValue(blockSize)), channelsLast]) }

/// The same in a graph.
public func spaceToDepth(_ x: some Symbolic, blockSize: Int) throws -> Symbol {
  try Symbol.only("SpaceToDepth", [x.value], [("block_size", JSONValue(blockSize)), channelsLast])
}
