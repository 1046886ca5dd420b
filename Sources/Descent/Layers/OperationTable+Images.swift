import TensorCore

extension OperationTable {
  /// What is done to images, their channels last. Source: https://keras.io/api/ops/image/
  static let images: [OperationDefinition] = [
    OperationDefinition("RGBToGrayscale", "image") { input in
      let x = try input.images(channels: [1, 3])
      if x.shape[3] == 1 { return [x] }
      return [(x * Tensor([0.2989, 0.5870, 0.1140]).cast(to: x.dtype)).sum(axis: 3, keepDims: true)]
    },
    OperationDefinition("RGBToHSV", "image") { input in
      let x = try input.images(channels: [3])
      let colors = HueSaturationValue(x)
      return [stack([colors.hue, colors.saturation, colors.value], axis: -1)]
    },
    OperationDefinition("HSVToRGB", "image") { input in
      let x = try input.images(channels: [3])
      let channels = unstack(x, axis: 3)
      return [HueSaturationValue(hue: channels[0], saturation: channels[1], value: channels[2]).images]
    },
    OperationDefinition("CropImages", "image") { input in
      let (x, margins) = try input.margins("cropping", isAdded: false)
      let starts = [0, margins[0].0, margins[1].0, 0]
      return [x.sliced(starts: starts, sizes: [x.shape[0]] + (0..<2).map { x.shape[$0 + 1] - margins[$0].0 - margins[$0].1 } + [x.shape[3]])]
    },
    OperationDefinition("PadImages", "image") { input in
      let (x, margins) = try input.margins("padding", isAdded: true)
      try input.elementCount([x.shape[0]] + (0..<2).map { x.shape[$0 + 1] + margins[$0].0 + margins[$0].1 } + [x.shape[3]])
      return [pad(x, [(0, 0)] + margins + [(0, 0)])]
    },
    OperationDefinition("ExtractPatches", "image") { input in
      let (x, axes) = try input.windowed(argument: "images")
      let size = try input.sizes("size", axes: axes), channels = x.shape[x.rank - 1], count = try input.elementCount(size + [channels])
      let strides = try input.optionalSizes("strides", axes: axes) ?? size
      let dilation = try input.sizes("dilation_rate", axes: axes, default: 1), padding = try input.padding()
      try input.elementCount([count, count])
      let identity = diag(Tensor.ones([count], dtype: x.dtype)).reshaped(size + [channels, count])
      let convolution = try input.naming {
        try Convolution(inputShape: x.shape, kernelShape: identity.shape, strides: strides, padding: padding, dilation: dilation)
      }
      return [convolution.product(.output, x, identity)]
    },
    OperationDefinition("DepthToSpace", "nn") { input in
      let (x, size) = try input.blocks()
      let depth = x.shape[3] / (size * size)
      guard depth * size * size == x.shape[3] else { throw input.refusal("\(x.shape[3]) channels do not divide into blocks of \(size) by \(size)") }
      let spread = x.reshaped([x.shape[0], x.shape[1], x.shape[2], size, size, depth]).transposed([0, 1, 3, 2, 4, 5])
      return [spread.reshaped([x.shape[0], x.shape[1] * size, x.shape[2] * size, depth])]
    },
    OperationDefinition("SpaceToDepth", "nn") { input in
      let (x, size) = try input.blocks()
      guard x.shape[1] % size == 0, x.shape[2] % size == 0 else {
        throw input.refusal("rows of shape \(input.rowShape(x)) do not divide into blocks of \(size) by \(size)")
      }
      let (height, width) = (x.shape[1] / size, x.shape[2] / size)
      let spread = x.reshaped([x.shape[0], height, size, width, size, x.shape[3]]).transposed([0, 1, 3, 2, 4, 5])
      return [spread.reshaped([x.shape[0], height, width, size * size * x.shape[3]])]
    },
  ]
}

extension OperationInput {
  /// Images of so many channels, as floating-point numbers.
  fileprivate func images(channels: [Int]) throws -> Tensor {
    let x = try images()
    guard channels.contains(x.shape[3]) else {
      throw refusal("rows of shape \(rowShape(x)) are no images of \(channels.map(String.init).joined(separator: " or ")) channels")
    }
    return x
  }

  /// Images, as floating-point numbers.
  func images() throws -> Tensor {
    let (x, axes) = try windowed(argument: "images")
    guard axes == 2 else { throw refusal("rows of shape \(rowShape(x)) are no images") }
    return x
  }

  /// Images, and what is cut off or added before and behind their height and their width.
  /// - Parameters:
  ///   - word: what settings call it.
  ///   - isAdded: whether it is added.
  fileprivate func margins(_ word: String, isAdded: Bool) throws -> (Tensor, [(Int, Int)]) {
    let x = try images()
    let names = [("top", "bottom", "target_height"), ("left", "right", "target_width")]
    let margins = try zip(names, x.shape.dropFirst()).map { names, size -> (Int, Int) in
      let before = try self.size("\(names.0)_\(word)"), after = try self.size("\(names.1)_\(word)")
      let both = try self.size(names.2).map { isAdded ? $0 - size : size - $0 }
      let (first, last) = (before ?? both.flatMap { both in after.map { both - $0 } }, after ?? both.flatMap { both in before.map { both - $0 } })
      guard let first, let last, first >= 0, last >= 0, isAdded || first + last <= size else {
        throw refusal("what '\(names.0)_\(word)', '\(names.1)_\(word)' and '\(names.2)' say does not fit rows of shape \(rowShape(x))")
      }
      return (first, last)
    }
    return (x, margins)
  }

  private func size(_ key: String) throws -> Int? { try optional(key, .reckoned(from: 0)) }

  /// Images and the size of blocks of their places.
  fileprivate func blocks() throws -> (Tensor, Int) {
    let (x, axes) = try windowed(argument: "x")
    guard axes == 2 else { throw refusal("rows of shape \(rowShape(x)) are no images") }
    // So that its square is a number, too.
    return (x, try value("block_size", .reckoned(from: 1, through: 1 << 20)))
  }
}
