import TensorCore

extension OperationInput {
  /// Sizes along each spatial axis: one for all, or one for each; nil where there are none.
  func sizes(_ key: String, axes: Int) throws -> [Int]? {
    guard let json = settings[key], json != .null else { return nil }
    let sizes = try ints(json)
    guard sizes.count == axes || sizes.count == 1, sizes.allSatisfy({ $0 >= 1 }) else {
      throw refusal("'\(key)' is \(json.shortText) for \(axes) spatial axes")
    }
    return sizes.count == 1 ? [Int](repeating: sizes[0], count: axes) : sizes
  }

  func padding() throws -> Padding {
    switch settings["padding"]?.string ?? "valid" {
    case "valid": return .valid
    case "same": return .same
    default: throw refusal("'padding' is \(settings["padding"]!.shortText); expected valid or same")
    }
  }

  /// Images, with their channels last, and the number of their spatial axes.
  func windowed(_ place: Int = 0) throws -> (x: Tensor, axes: Int) {
    let format = settings["data_format"] ?? .null
    guard format == .null || format == .string("channels_last") else {
      throw refusal("'data_format' is \(format.shortText), which Descent does not have in operations; move the channels to the last axis")
    }
    let x = try floating(place, "inputs")
    guard (3...5).contains(x.rank) else {
      throw refusal("rows of shape \(rowShape(x)); expected one to three spatial axes and the channels")
    }
    return (x, x.rank - 2)
  }

  /// A kernel in the dtype of what it is laid over.
  fileprivate func kernel(_ place: Int, _ name: String, _ x: Tensor) throws -> Tensor { try tensor(place, name).cast(to: x.dtype) }

  func naming<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as DescentError { throw refusal(error.message) }
  }
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
      let kernel = try input.kernel(1, "kernel", x), ones = [Int](repeating: 1, count: axes)
      let convolution = try input.naming {
        try Convolution(
          transposedOf: x.shape, kernelShape: kernel.shape, strides: input.sizes("strides", axes: axes) ?? ones, padding: input.padding(),
          outputPadding: input.sizes("output_padding", axes: axes), dilation: input.sizes("dilation_rate", axes: axes) ?? ones)
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
      let (x, axes) = try input.windowed()
      let word = input.settings["interpolation"]?.string ?? "bilinear"
      guard axes == 2, let size = try input.sizes("size", axes: 2) else { throw input.refusal("rows of shape \(input.rowShape(x)) are no images") }
      guard let interpolation = Interpolation(rawValue: word) else {
        throw input.refusal("'interpolation' is '\(word)'; expected \(Interpolation.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      for key in ["crop_to_aspect_ratio", "pad_to_aspect_ratio"] where input.settings[key]?.bool == true {
        throw input.refusal("'\(key)' is not known in operations")
      }
      return [resize(x, size, interpolation: interpolation, antialias: input.settings["antialias"]?.bool ?? false)]
    },
  ]

  static func convolution(_ input: OperationInput, _ x: Tensor, _ kernel: Tensor, _ axes: Int) throws -> Tensor {
    let ones = [Int](repeating: 1, count: axes)
    let convolution = try input.naming {
      try Convolution(
        inputShape: x.shape, kernelShape: kernel.shape, strides: input.sizes("strides", axes: axes) ?? ones, padding: input.padding(),
        dilation: input.sizes("dilation_rate", axes: axes) ?? ones)
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
    guard let sizes = try input.sizes("output_size", axes: axes), zip(sizes, x.shape.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw input.refusal("'output_size' is \(input.settings["output_size"]?.shortText ?? "missing") for rows of shape \(input.rowShape(x))")
    }
    return (x, sizes)
  }

  private static func pooled(_ input: OperationInput) throws -> (Tensor, Pooling) {
    let (x, axes) = try input.windowed()
    guard let window = try input.sizes("pool_size", axes: axes) else { throw input.refusal("'pool_size' is missing") }
    return (
      x,
      try input.naming {
        try Pooling(
          inputShape: x.shape, window: window, strides: input.sizes("strides", axes: axes) ?? window, padding: input.padding())
      }
    )
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
