// Networks that train faster: their first blocks are whole convolutions. Names, sizes and files are Keras's. They take pixels from 0
// to 255.

extension Application {
  /// 7.2 million parameters, images of 224 × 224. (Tan & Le, 2021; Keras: `keras.applications.EfficientNetV2B0`.)
  public static let efficientNetV2B0 = EfficientNetV2(
    name: "efficientnetv2-b0", stages: EfficientNetV2.base, width: 1, depth: 1, size: 224,
    checksums: ("21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff")).application
  /// 8.2 million parameters, images of 240 × 240. (Keras: `keras.applications.EfficientNetV2B1`.)
  public static let efficientNetV2B1 = EfficientNetV2(
    name: "efficientnetv2-b1", stages: EfficientNetV2.base, width: 1, depth: 1.1, size: 240,
    checksums: ("069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37")).application
  /// 10.2 million parameters, images of 260 × 260. (Keras: `keras.applications.EfficientNetV2B2`.)
  public static let efficientNetV2B2 = EfficientNetV2(
    name: "efficientnetv2-b2", stages: EfficientNetV2.base, width: 1.1, depth: 1.2, size: 260,
    checksums: ("424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb")).application
  /// 14.5 million parameters, images of 300 × 300. (Keras: `keras.applications.EfficientNetV2B3`.)
  public static let efficientNetV2B3 = EfficientNetV2(
    name: "efficientnetv2-b3", stages: EfficientNetV2.base, width: 1.2, depth: 1.4, size: 300,
    checksums: ("1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856")).application
  /// 21.6 million parameters, images of 384 × 384. (Keras: `keras.applications.EfficientNetV2S`.)
  public static let efficientNetV2S = EfficientNetV2(
    name: "efficientnetv2-s",
    stages: [
      .init(24, 24, repeats: 2, expansion: 1, isFused: true), .init(24, 48, repeats: 4, expansion: 4, strides: 2, isFused: true),
      .init(48, 64, repeats: 4, expansion: 4, strides: 2, isFused: true), .init(64, 128, repeats: 6, expansion: 4, strides: 2),
      .init(128, 160, repeats: 9, expansion: 6), .init(160, 256, repeats: 15, expansion: 6, strides: 2),
    ], width: 1, depth: 1, size: 384, checksums: ("e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070")).application
  /// 54.4 million parameters, images of 480 × 480. (Keras: `keras.applications.EfficientNetV2M`.)
  public static let efficientNetV2M = EfficientNetV2(
    name: "efficientnetv2-m",
    stages: [
      .init(24, 24, repeats: 3, expansion: 1, isFused: true), .init(24, 48, repeats: 5, expansion: 4, strides: 2, isFused: true),
      .init(48, 80, repeats: 5, expansion: 4, strides: 2, isFused: true), .init(80, 160, repeats: 7, expansion: 4, strides: 2),
      .init(160, 176, repeats: 14, expansion: 6), .init(176, 304, repeats: 18, expansion: 6, strides: 2),
      .init(304, 512, repeats: 5, expansion: 6),
    ], width: 1, depth: 1, size: 480, checksums: ("a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342")).application
  /// 119 million parameters, images of 480 × 480. (Keras: `keras.applications.EfficientNetV2L`.)
  public static let efficientNetV2L = EfficientNetV2(
    name: "efficientnetv2-l",
    stages: [
      .init(32, 32, repeats: 4, expansion: 1, isFused: true), .init(32, 64, repeats: 7, expansion: 4, strides: 2, isFused: true),
      .init(64, 96, repeats: 7, expansion: 4, strides: 2, isFused: true), .init(96, 192, repeats: 10, expansion: 4, strides: 2),
      .init(192, 224, repeats: 19, expansion: 6), .init(224, 384, repeats: 25, expansion: 6, strides: 2),
      .init(384, 640, repeats: 7, expansion: 6),
    ], width: 1, depth: 1, size: 480, checksums: ("27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615")).application
}

/// One size of the family.
private struct EfficientNetV2: Sendable {
  let name: String
  let stages: [Stage]
  let width: Double, depth: Double
  let size: Int
  let checksums: (top: String, noTop: String)

  /// Some blocks alike, of which the first may have strides.
  struct Stage {
    let filtersIn: Int, filtersOut: Int, repeats: Int, expansion: Int, strides: Int
    /// Whole convolutions in place of depthwise ones and weighed channels.
    let isFused: Bool

    init(_ filtersIn: Int, _ filtersOut: Int, repeats: Int, expansion: Int, strides: Int = 1, isFused: Bool = false) {
      self.filtersIn = filtersIn
      self.filtersOut = filtersOut
      self.repeats = repeats
      self.expansion = expansion
      self.strides = strides
      self.isFused = isFused
    }
  }

  static let base = [
    Stage(32, 16, repeats: 1, expansion: 1, isFused: true), Stage(16, 32, repeats: 2, expansion: 4, strides: 2, isFused: true),
    Stage(32, 48, repeats: 2, expansion: 4, strides: 2, isFused: true), Stage(48, 96, repeats: 3, expansion: 4, strides: 2),
    Stage(96, 112, repeats: 5, expansion: 6), Stage(112, 192, repeats: 8, expansion: 6, strides: 2),
  ]

  var application: Application {
    Application(
      defaultName: { _ in name }, defaultSize: { _ in size }, preprocessing: .none,
      publishedFile: Application.published(name, checksums, in: "efficientnet_v2"),
      features: features,
      top: EfficientNetParts.top(dropout: 0.2), hasPreprocessing: true)
  }

  @Sendable private func features(_ image: Symbol, _ request: Application.Request) throws -> Symbol {
    var x = image
    if request.includePreprocessing {
      if name.contains("-b"), image.shape[2] == 3 {
        let deviations = [0.229, 0.224, 0.225]
        x = try Normalization(axis: [3], mean: Tensor([0.485, 0.456, 0.406]), variance: Tensor(deviations.map { $0 * $0 }))(Rescaling(1.0 / 255)(x))
      } else {
        x = try Rescaling(1.0 / 128, offset: -1)(x)
      }
    }
    x = try activated(EfficientNetParts.convolution(rounded(stages[0].filtersIn), 3, strides: 2, "stem_conv")(x), "stem_")
    let total = stages.reduce(0) { $0 + $1.repeats }
    var block = 0
    for (index, stage) in stages.enumerated() {
      for number in 0..<Int((depth * Double(stage.repeats)).rounded(.up)) {
        let letter = Character(UnicodeScalar(UInt8(97 + number)))
        x = try self.block(
          x, stage, isFirst: number == 0, dropRate: EfficientNetParts.dropRate(block, of: total), "block\(index + 1)\(letter)_")
        block += 1
      }
    }
    return try activated(EfficientNetParts.convolution(rounded(1280), 1, "top_conv")(x), "top_")
  }

  private func block(_ input: Symbol, _ stage: Stage, isFirst: Bool, dropRate: Double, _ name: String) throws -> Symbol {
    let filtersOut = rounded(stage.filtersOut)
    let filtersIn = isFirst ? rounded(stage.filtersIn) : filtersOut
    let strides = isFirst ? stage.strides : 1
    let filters = filtersIn * stage.expansion
    var x = input
    if stage.expansion != 1 {
      let expand = EfficientNetParts.convolution(filters, stage.isFused ? 3 : 1, strides: stage.isFused ? strides : 1, name + "expand_conv")
      x = try activated(expand(x), name + "expand_")
    }
    if !stage.isFused {
      let depthwise = DepthwiseConv2D(
        3, strides: strides, padding: .same, useBias: false, depthwiseInitializer: EfficientNetParts.convolutionInitializer, name: name + "dwconv2")
      x = try EfficientNetParts.squeezedAndExcited(activated(depthwise(x), name), filters, filtersIn, name)
    }
    let isSingle = stage.isFused && stage.expansion == 1
    x = try EfficientNetParts.convolution(filtersOut, isSingle ? 3 : 1, strides: isSingle ? strides : 1, name + "project_conv")(x)
    x = try isSingle ? activated(x, name + "project_") : BatchNormalization(axis: 3, momentum: 0.9, name: name + "project_bn")(x)
    guard strides == 1, filtersIn == filtersOut else { return x }
    return try EfficientNetParts.added(x, to: input, dropRate: dropRate, name)
  }

  private func activated(_ x: Symbol, _ name: String) throws -> Symbol {
    try Activation(.silu, name: name + "activation")(BatchNormalization(axis: 3, momentum: 0.9, name: name + "bn")(x))
  }

  /// As many filters as this width asks for, a multiple of 8.
  private func rounded(_ filters: Int) -> Int { max(8, Int(Double(filters) * width + 4) / 8 * 8) }
}
