import Optimizers
import TensorCore

extension OperationInput {
  /// Sizes along each spatial axis: one for all, or one for each.
  /// - Parameter standard: for all of them where none are said.
  func sizes(_ key: String, axes: Int, default standard: Int? = nil) throws -> [Int] {
    try spread(value(key, .reckonedList(), default: standard.map { [$0] }), key, axes)
  }

  /// The same, or nil where there are none.
  func optionalSizes(_ key: String, axes: Int, atLeast low: Int = 1) throws -> [Int]? {
    try optional(key, .reckonedList()).map { try spread($0, key, axes, atLeast: low) }
  }

  private func spread(_ sizes: [Int], _ key: String, _ axes: Int, atLeast low: Int = 1) throws -> [Int] {
    guard sizes.count == axes || sizes.count == 1, sizes.allSatisfy({ $0 >= low }) else {
      throw refusal("'\(key)' is \(sizes.count == 1 ? "\(sizes[0])" : "\(sizes)") for \(axes) spatial axes")
    }
    return sizes.count == 1 ? [Int](repeating: sizes[0], count: axes) : sizes
  }

  func padding() throws -> Padding {
    switch try value("padding", .text, default: "valid") {
    case "valid": return .valid
    case "same": return .same
    case let other: throw refusal("'padding' is \"\(other)\"; expected valid or same")
    }
  }

  /// Images, with their channels last, and the number of their spatial axes.
  /// - Parameter argument: what Keras calls them.
  func windowed(argument: String = "inputs") throws -> (x: Tensor, axes: Int) {
    let format = try optional("data_format", .text) ?? "channels_last"
    guard format == "channels_last" else {
      throw refusal("'data_format' is \"\(format)\", which Descent does not have in operations; move the channels to the last axis")
    }
    let x = try floating(0, argument)
    guard (3...5).contains(x.rank) else {
      throw refusal("rows of shape \(rowShape(x)); expected one to three spatial axes and the channels")
    }
    return (x, x.rank - 2)
  }

  /// A kernel in the dtype of what it is laid over.
  fileprivate func kernel(_ place: Int, _ name: String, _ x: Tensor) throws -> Tensor { try tensor(place, name).cast(to: x.dtype) }
}

extension OperationTable {
  /// Operations of windows that move over images, and other sizes of these.
  static let windows: [OperationDefinition] = [
    OperationDefinition("Conv", "nn") { input in
      let (x, axes) = try input.windowed()
      return [try convolution(input, x, input.kernel(1, "kernel", x), axes)]
    },
    OperationDefinition("DepthwiseConv", "nn") { input in
      let (x, axes) = try input.windowed()
      return [try convolution(input, x, depthwise(input, x, input.kernel(1, "kernel", x)), axes)]
    },
    OperationDefinition("SeparableConv", "nn") { input in
      let (x, axes) = try input.windowed()
      let middle = try convolution(input, x, depthwise(input, x, input.kernel(1, "depthwise_kernel", x)), axes)
      let pointwise = try input.kernel(2, "pointwise_kernel", x)
      let ones = [Int](repeating: 1, count: axes)
      let product = try input.naming {
        try Convolution(inputShape: middle.shape, kernelShape: pointwise.shape, strides: ones, padding: .valid, dilation: ones)
      }
      return [product.product(.output, middle, pointwise)]
    },
    OperationDefinition("ConvTranspose", "nn") { input in
      let (x, axes) = try input.windowed()
      let kernel = try input.kernel(1, "kernel", x), strides = try input.sizes("strides", axes: axes, default: 1)
      let added = try input.optionalSizes("output_padding", axes: axes, atLeast: 0), padding = try input.padding()
      let dilation = try input.sizes("dilation_rate", axes: axes, default: 1)
      let convolution = try input.naming {
        try Convolution(
          transposedOf: x.shape, kernelShape: kernel.shape, strides: strides, padding: padding, outputPadding: added, dilation: dilation)
      }
      return [convolution.product(.input, x, kernel)]
    },
    OperationDefinition("MaxPool", "nn") { input in
      let (x, pooling) = try pooled(input)
      return [pooling.result(.chosen, [x, x])]
    },
    OperationDefinition("AveragePool", "nn") { input in
      let (x, pooling) = try pooled(input)
      return [pooling.result(.mean, [x])]
    },
    OperationDefinition("AdaptiveAveragePool", "nn") { input in
      let (x, sizes) = try adaptive(input)
      return [adaptiveAveragePool(x, sizes)]
    },
    OperationDefinition("AdaptiveMaxPool", "nn") { input in
      let (x, sizes) = try adaptive(input)
      return [adaptiveMaxPool(x, sizes)]
    },
    OperationDefinition("Resize", "image") { input in
      let x = try input.images(), size = try input.sizes("size", axes: 2)
      let interpolation = try input.value("interpolation", .choice(Interpolation.self), default: .bilinear)
      for key in ["crop_to_aspect_ratio", "pad_to_aspect_ratio"] { try input.refuse(key, unless: false) }
      // Of what is not padded nothing is filled.
      _ = (try input.optional("fill_mode", .text), try input.optional("fill_value", .anyNumber))
      try input.checkElements(of: x, along: [1, 2])
      // How much each pixel counts for each of the others is written down.
      for (from, to) in zip(x.shape[1...2], size) {
        let (count, overflow) = from.multipliedReportingOverflow(by: to)
        guard !overflow, from == to || count <= OperationInput.greatestTable else {
          throw input.refusal("'size' is \(size) for rows of shape \(input.rowShape(x)), which are too many pixels")
        }
      }
      try input.elementCount([x.shape[0], max(x.shape[1], size[0]), max(x.shape[2], size[1]), x.shape[3]])
      return [resize(x, size, interpolation: interpolation, antialias: try input.flag("antialias"))]
    },
  ]

  static func convolution(_ input: OperationInput, _ x: Tensor, _ kernel: Tensor, _ axes: Int) throws -> Tensor {
    let strides = try input.sizes("strides", axes: axes, default: 1), padding = try input.padding()
    let dilation = try input.sizes("dilation_rate", axes: axes, default: 1)
    let convolution = try input.naming {
      try Convolution(inputShape: x.shape, kernelShape: kernel.shape, strides: strides, padding: padding, dilation: dilation)
    }
    return convolution.product(.output, x, kernel)
  }

  /// A kernel of each channel as one of groups.
  private static func depthwise(_ input: OperationInput, _ x: Tensor, _ kernel: Tensor) throws -> Tensor {
    guard kernel.rank == x.rank, kernel.shape[kernel.rank - 2] == x.shape[x.rank - 1] else {
      throw input.refusal("a kernel of shape \(kernel.shape) for rows of shape \(input.rowShape(x)); expected [window…, channels, multiplier]")
    }
    return kernel.reshaped(kernel.shape.dropLast(2) + [1, kernel.shape[kernel.rank - 2] * kernel.shape[kernel.rank - 1]])
  }

  private static func adaptive(_ input: OperationInput) throws -> (Tensor, [Int]) {
    let (x, axes) = try input.windowed()
    let sizes = try input.sizes("output_size", axes: axes)
    // Where each window begins is written down.
    guard zip(sizes, x.shape.dropFirst()).allSatisfy({ $0 <= $1 && $1 <= 1 << 20 }) else {
      throw input.refusal("'output_size' is \(sizes) for rows of shape \(input.rowShape(x))")
    }
    return (x, sizes)
  }

  private static func pooled(_ input: OperationInput) throws -> (Tensor, Pooling) {
    let (x, axes) = try input.windowed()
    let window = try input.sizes("pool_size", axes: axes), strides = try input.optionalSizes("strides", axes: axes) ?? window
    let padding = try input.padding()
    return (x, try input.naming { try Pooling(inputShape: x.shape, window: window, strides: strides, padding: padding) })
  }
}

// MARK: - For symbols

private func word(_ padding: Padding) throws -> JSONValue {
  switch padding {
  case .valid: "valid"
  case .same: "same"
  default: throw DescentError(.invalidArgument, "padding \(padding): symbols know valid and same; ZeroPadding layers know others")
  }
}

private func sizes(_ values: [Int]?, default standard: JSONValue) -> JSONValue { values.map { .ints($0) } ?? standard }

/// `conv(_:_:strides:padding:dilation:)` in a graph. (Keras: `keras.ops.conv`.)
public func conv(
  _ x: some Symbolic, _ kernel: Tensor, strides: [Int]? = nil, padding: Padding = .valid, dilation: [Int]? = nil
) throws -> Symbol {
  try Symbol.only(
    "Conv", [x.value, .tensor(kernel)],
    [
      ("strides", sizes(strides, default: 1)), ("padding", word(padding)), ("data_format", "channels_last"),
      ("dilation_rate", sizes(dilation, default: 1)),
    ])
}

/// `depthwiseConv(_:_:strides:padding:dilation:)` in a graph. (Keras: `keras.ops.depthwise_conv`.)
public func depthwiseConv(
  _ x: some Symbolic, _ kernel: Tensor, strides: [Int]? = nil, padding: Padding = .valid, dilation: [Int]? = nil
) throws -> Symbol {
  try Symbol.only(
    "DepthwiseConv", [x.value, .tensor(kernel)],
    [
      ("strides", sizes(strides, default: 1)), ("padding", word(padding)), ("data_format", "channels_last"),
      ("dilation_rate", sizes(dilation, default: 1)),
    ])
}

/// `separableConv(_:depthwise:pointwise:strides:padding:dilation:)` in a graph. (Keras: `keras.ops.separable_conv`.)
public func separableConv(
  _ x: some Symbolic, depthwise: Tensor, pointwise: Tensor, strides: [Int]? = nil, padding: Padding = .valid, dilation: [Int]? = nil
) throws -> Symbol {
  try Symbol.only(
    "SeparableConv", [x.value, .tensor(depthwise), .tensor(pointwise)],
    [
      ("strides", sizes(strides, default: 1)), ("padding", word(padding)), ("data_format", "channels_last"),
      ("dilation_rate", sizes(dilation, default: 1)),
    ])
}

/// `convTranspose(_:_:strides:padding:outputPadding:dilation:)` in a graph. (Keras: `keras.ops.conv_transpose`.)
public func convTranspose(
  _ x: some Symbolic, _ kernel: Tensor, strides: [Int]? = nil, padding: Padding = .valid, outputPadding: [Int]? = nil,
  dilation: [Int]? = nil
) throws -> Symbol {
  try Symbol.only(
    "ConvTranspose", [x.value, .tensor(kernel)],
    [
      ("strides", sizes(strides, default: 1)), ("padding", word(padding)), ("output_padding", sizes(outputPadding, default: .null)),
      ("data_format", "channels_last"), ("dilation_rate", sizes(dilation, default: 1)),
    ])
}

/// `maxPool(_:_:strides:padding:)` in a graph. (Keras: `keras.ops.max_pool`.)
public func maxPool(_ x: some Symbolic, _ poolSize: [Int], strides: [Int]? = nil, padding: Padding = .valid) throws -> Symbol {
  try Symbol.only(
    "MaxPool", [x.value],
    [
      ("pool_size", .ints(poolSize)), ("strides", sizes(strides, default: .null)), ("padding", word(padding)),
      ("data_format", "channels_last"),
    ])
}

/// `averagePool(_:_:strides:padding:)` in a graph. (Keras: `keras.ops.average_pool`.)
public func averagePool(_ x: some Symbolic, _ poolSize: [Int], strides: [Int]? = nil, padding: Padding = .valid) throws -> Symbol {
  try Symbol.only(
    "AveragePool", [x.value],
    [
      ("pool_size", .ints(poolSize)), ("strides", sizes(strides, default: .null)), ("padding", word(padding)),
      ("data_format", "channels_last"),
    ])
}

/// `resize(_:_:interpolation:antialias:)` in a graph. (Keras: `keras.ops.image.resize`.)
public func resize(
  _ images: some Symbolic, _ size: [Int], interpolation: Interpolation = .bilinear, antialias: Bool = false
) throws -> Symbol {
  try Symbol.only(
    "Resize", [images.value],
    [
      ("size", .ints(size)), ("interpolation", .string(interpolation.rawValue)), ("antialias", .bool(antialias)),
      ("data_format", "channels_last"),
    ])
}
