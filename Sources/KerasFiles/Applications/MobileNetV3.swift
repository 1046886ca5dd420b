// Inverted residuals whose channels are weighed. Names, sizes and files are Keras's. They take pixels from 0 to 255.

extension Application {
  /// 2.6 million parameters, images of any size. (Howard et al., 2019; Keras: `keras.applications.MobileNetV3Small`.)
  public static let mobileNetV3Small = mobileNetV3Small()
  /// 5.5 million parameters, images of any size. (Keras: `keras.applications.MobileNetV3Large`.)
  public static let mobileNetV3Large = mobileNetV3Large()

  /// ``mobileNetV3Small-swift.type.property`` with other settings: `Application.mobileNetV3Small(alpha: 0.75)(weights: nil)`.
  /// - Parameters:
  ///   - alpha: what the numbers of filters are multiplied by; 0.75 or 1 with the weights `"imagenet"`.
  ///   - minimalistic: without weighed channels, 5 × 5 kernels and hard swish; with the weights `"imagenet"` for an `alpha` of 1.
  ///   - dropoutRate: the part of the features that is left out in training, before the classifier.
  public static func mobileNetV3Small(alpha: Double = 1, minimalistic: Bool = false, dropoutRate: Double = 0.2) -> Application {
    MobileNetV3(
      name: "MobileNetV3Small", kind: "small", features: 1024, alpha: alpha, isMinimalistic: minimalistic, dropoutRate: dropoutRate,
      blocks: [
        .init(1, 16, 3, strides: 2, isWeighed: true, isHard: false), .init(72.0 / 16, 24, 3, strides: 2, isHard: false),
        .init(88.0 / 24, 24, 3, isHard: false), .init(4, 40, 5, strides: 2, isWeighed: true), .init(6, 40, 5, isWeighed: true),
        .init(6, 40, 5, isWeighed: true), .init(3, 48, 5, isWeighed: true), .init(3, 48, 5, isWeighed: true),
        .init(6, 96, 5, strides: 2, isWeighed: true), .init(6, 96, 5, isWeighed: true), .init(6, 96, 5, isWeighed: true),
      ],
      checksums: [
        "small_224_0.75_float": ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
        "small_224_1.0_float": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
        "small_minimalistic_224_1.0_float": ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
      ]).application
  }

  /// ``mobileNetV3Large-swift.type.property`` with other settings: `Application.mobileNetV3Large(alpha: 0.75)(weights: nil)`.
  /// - Parameters: as those of ``mobileNetV3Small(alpha:minimalistic:dropoutRate:)``.
  public static func mobileNetV3Large(alpha: Double = 1, minimalistic: Bool = false, dropoutRate: Double = 0.2) -> Application {
    MobileNetV3(
      name: "MobileNetV3Large", kind: "large", features: 1280, alpha: alpha, isMinimalistic: minimalistic, dropoutRate: dropoutRate,
      blocks: [
        .init(1, 16, 3, isHard: false), .init(4, 24, 3, strides: 2, isHard: false), .init(3, 24, 3, isHard: false),
        .init(3, 40, 5, strides: 2, isWeighed: true, isHard: false), .init(3, 40, 5, isWeighed: true, isHard: false),
        .init(3, 40, 5, isWeighed: true, isHard: false), .init(6, 80, 3, strides: 2), .init(2.5, 80, 3), .init(2.3, 80, 3),
        .init(2.3, 80, 3), .init(6, 112, 3, isWeighed: true), .init(6, 112, 3, isWeighed: true),
        .init(6, 160, 5, strides: 2, isWeighed: true), .init(6, 160, 5, isWeighed: true), .init(6, 160, 5, isWeighed: true),
      ],
      checksums: [
        "large_224_0.75_float": ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
        "large_224_1.0_float": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
        "large_minimalistic_224_1.0_float": ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
      ]).application
  }
}

/// One of the family.
private struct MobileNetV3: Sendable {
  let name: String, kind: String
  /// How many features the classifier gets.
  let features: Int
  let alpha: Double
  let isMinimalistic: Bool
  let dropoutRate: Double
  let blocks: [Block]
  let checksums: [String: (top: String, noTop: String)]

  struct Block {
    let expansion: Double
    let filters: Int, kernelSize: Int, strides: Int
    /// Channels are multiplied by what a small network makes of their means.
    let isWeighed: Bool
    /// The activation is hard swish, not the rectifier.
    let isHard: Bool

    init(_ expansion: Double, _ filters: Int, _ kernelSize: Int, strides: Int = 1, isWeighed: Bool = false, isHard: Bool = true) {
      self.expansion = expansion
      self.filters = filters
      self.kernelSize = kernelSize
      self.strides = strides
      self.isWeighed = isWeighed
      self.isHard = isHard
    }
  }

  var application: Application {
    let published = "\(kind)\(isMinimalistic ? "_minimalistic" : "")_224_\(alpha)_float"
    return Application(
      defaultName: { _ in name }, defaultSize: { _ in 224 }, preprocessing: .none,
      publishedFile: { includeTop, _ in
        Application.cachedFile(
          "weights_mobilenet_v3_\(published)\(includeTop ? "" : "_no_top_v2").h5",
          includeTop ? checksums[published]?.top : checksums[published]?.noTop,
          "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v3/")
      },
      check: { request in
        try Application.checkWidth(alpha, name)
        if request.weights == .imageNet, checksums[published] == nil {
          let expected = isMinimalistic ? "1 where it is minimalistic" : "0.75 or 1"
          throw DescentError(.invalidArgument, "\(name): alpha is \(alpha); expected \(expected) with the weights \"imagenet\"")
        }
      },
      features: features,
      top: { features, request in
        var x = try GlobalAveragePooling2D(keepDims: true)(features)
        x = try Conv2D(alpha > 1 ? Application.divisible(Double(self.features) * alpha) : self.features, 1, padding: .same, name: "conv_2")(x)
        x = try activated(x, isHard: true)
        if dropoutRate > 0 { x = try Dropout(dropoutRate)(x) }
        x = try Flatten()(Conv2D(request.classes, 1, padding: .same, name: "logits")(x))
        return try Activation(request.classifierActivation, name: "predictions")(x)
      },
      takesAnySize: true, hasPreprocessing: true)
  }

  @Sendable private func features(_ image: Symbol, _ request: Application.Request) throws -> Symbol {
    var x = image
    if request.includePreprocessing { x = try Rescaling(1 / 127.5, offset: -1)(x) }
    x = try normalized(Conv2D(16, 3, strides: 2, padding: .same, useBias: false, name: "conv")(x), "conv")
    x = try activated(x, isHard: true)
    for (number, block) in blocks.enumerated() { x = try self.block(x, block, number) }
    x = try normalized(Conv2D(Application.divisible(Double(6 * x.shape[2]!)), 1, padding: .same, useBias: false, name: "conv_1")(x), "conv_1")
    return try activated(x, isHard: true)
  }

  private func block(_ input: Symbol, _ block: Block, _ number: Int) throws -> Symbol {
    let prefix = number == 0 ? "expanded_conv_" : "expanded_conv_\(number)_"
    let channels = input.shape[2]!
    let expanded = Application.divisible(Double(channels) * block.expansion)
    let filters = Application.divisible(Double(block.filters) * alpha)
    let kernelSize = isMinimalistic ? 3 : block.kernelSize
    var x = input
    if number > 0 {
      x = try normalized(Conv2D(expanded, 1, padding: .same, useBias: false, name: prefix + "expand")(x), prefix + "expand")
      x = try activated(x, isHard: block.isHard)
    }
    if block.strides == 2 { x = try ZeroPadding2D(Application.correctPadding(x, kernelSize), name: prefix + "depthwise_pad")(x) }
    let depthwise = DepthwiseConv2D(
      kernelSize, strides: block.strides, padding: block.strides == 1 ? .same : .valid, useBias: false, name: prefix + "depthwise")
    x = try activated(normalized(depthwise(x), prefix + "depthwise"), isHard: block.isHard)
    if block.isWeighed, !isMinimalistic { x = try weighed(x, expanded, prefix + "squeeze_excite_") }
    x = try normalized(Conv2D(filters, 1, padding: .same, useBias: false, name: prefix + "project")(x), prefix + "project")
    return block.strides == 1 && channels == filters ? try Add(name: prefix + "add")([input, x]) : x
  }

  private func weighed(_ input: Symbol, _ filters: Int, _ prefix: String) throws -> Symbol {
    var x = try GlobalAveragePooling2D(keepDims: true, name: prefix + "avg_pool")(input)
    x = try Conv2D(Application.divisible(Double(filters) * 0.25), 1, padding: .same, name: prefix + "conv")(x)
    x = try Conv2D(filters, 1, padding: .same, name: prefix + "conv_1")(ReLU(name: prefix + "relu")(x))
    let weights = try ReLU(maxValue: 6)(x + 3) * (1.0 / 6)
    return try Multiply(name: prefix + "mul")([input, weights])
  }

  private func normalized(_ x: Symbol, _ name: String) throws -> Symbol {
    try BatchNormalization(momentum: 0.999, epsilon: 1e-3, name: name + "_bn")(x)
  }

  private func activated(_ x: Symbol, isHard: Bool) throws -> Symbol { try isHard && !isMinimalistic ? Activation(.hardSilu)(x) : ReLU()(x) }
}
