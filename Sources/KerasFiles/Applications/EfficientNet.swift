// Networks scaled in width, depth and resolution at once. Names, sizes and files are Keras's. They take pixels from 0 to 255.

extension Application {
  /// 5.3 million parameters, images of 224 × 224. (Tan & Le, 2019; Keras: `keras.applications.EfficientNetB0`.)
  public static let efficientNetB0 = EfficientNet(
    name: "efficientnetb0", width: 1, depth: 1, size: 224, dropout: 0.2,
    checksums: ("902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d")).application
  /// 7.9 million parameters, images of 240 × 240. (Keras: `keras.applications.EfficientNetB1`.)
  public static let efficientNetB1 = EfficientNet(
    name: "efficientnetb1", width: 1, depth: 1.1, size: 240, dropout: 0.2,
    checksums: ("1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432")).application
  /// 9.2 million parameters, images of 260 × 260. (Keras: `keras.applications.EfficientNetB2`.)
  public static let efficientNetB2 = EfficientNet(
    name: "efficientnetb2", width: 1.1, depth: 1.2, size: 260, dropout: 0.3,
    checksums: ("b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39")).application
  /// 12.3 million parameters, images of 300 × 300. (Keras: `keras.applications.EfficientNetB3`.)
  public static let efficientNetB3 = EfficientNet(
    name: "efficientnetb3", width: 1.2, depth: 1.4, size: 300, dropout: 0.3,
    checksums: ("ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226")).application
  /// 19.5 million parameters, images of 380 × 380. (Keras: `keras.applications.EfficientNetB4`.)
  public static let efficientNetB4 = EfficientNet(
    name: "efficientnetb4", width: 1.4, depth: 1.8, size: 380, dropout: 0.4,
    checksums: ("18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba")).application
  /// 30.6 million parameters, images of 456 × 456. (Keras: `keras.applications.EfficientNetB5`.)
  public static let efficientNetB5 = EfficientNet(
    name: "efficientnetb5", width: 1.6, depth: 2.2, size: 456, dropout: 0.4,
    checksums: ("ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f")).application
  /// 43.3 million parameters, images of 528 × 528. (Keras: `keras.applications.EfficientNetB6`.)
  public static let efficientNetB6 = EfficientNet(
    name: "efficientnetb6", width: 1.8, depth: 2.6, size: 528, dropout: 0.5,
    checksums: ("165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743")).application
  /// 66.7 million parameters, images of 600 × 600. (Keras: `keras.applications.EfficientNetB7`.)
  public static let efficientNetB7 = EfficientNet(
    name: "efficientnetb7", width: 2, depth: 3.1, size: 600, dropout: 0.5,
    checksums: ("8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a")).application
}

/// One size of the family.
private struct EfficientNet: Sendable {
  let name: String
  let width: Double, depth: Double
  let size: Int
  let dropout: Double
  let checksums: (top: String, noTop: String)

  /// Some blocks alike, of which the first may have strides.
  private struct Stage {
    let kernelSize, repeats, filtersIn, filtersOut, expansion, strides: Int
  }

  private static let stages = [
    Stage(kernelSize: 3, repeats: 1, filtersIn: 32, filtersOut: 16, expansion: 1, strides: 1),
    Stage(kernelSize: 3, repeats: 2, filtersIn: 16, filtersOut: 24, expansion: 6, strides: 2),
    Stage(kernelSize: 5, repeats: 2, filtersIn: 24, filtersOut: 40, expansion: 6, strides: 2),
    Stage(kernelSize: 3, repeats: 3, filtersIn: 40, filtersOut: 80, expansion: 6, strides: 2),
    Stage(kernelSize: 5, repeats: 3, filtersIn: 80, filtersOut: 112, expansion: 6, strides: 1),
    Stage(kernelSize: 5, repeats: 4, filtersIn: 112, filtersOut: 192, expansion: 6, strides: 2),
    Stage(kernelSize: 3, repeats: 1, filtersIn: 192, filtersOut: 320, expansion: 6, strides: 1),
  ]

  var application: Application {
    Application(
      defaultName: { _ in name }, defaultSize: { _ in size }, preprocessing: .none,
      publishedFile: { includeTop, _ in
        Application.cachedFile(
          name + (includeTop ? ".h5" : "_notop.h5"), includeTop ? checksums.top : checksums.noTop,
          "https://storage.googleapis.com/keras-applications/")
      },
      features: features,
      top: EfficientNetParts.top(dropout: dropout))
  }

  @Sendable private func features(_ image: Symbol, _ request: Application.Request) throws -> Symbol {
    var x = try Normalization(axis: 3)(Rescaling(1.0 / 255)(image))
    if request.weights == .imageNet {
      // The published weights expect a division by the variance, of which the layer before does the root.
      x = try Rescaling([0.229, 0.224, 0.225].map { 1 / $0.squareRoot() })(x)
    }
    x = try ZeroPadding2D(Application.correctPadding(x, 3), name: "stem_conv_pad")(x)
    x = try EfficientNetParts.convolution(rounded(32), 3, strides: 2, padding: .valid, "stem_conv")(x)
    x = try activated(x, "stem_bn", "stem_activation")
    let total = EfficientNet.stages.reduce(0) { $0 + repeats($1) }
    var block = 0
    for (index, stage) in EfficientNet.stages.enumerated() {
      for number in 0..<repeats(stage) {
        let letter = Character(UnicodeScalar(UInt8(97 + number)))
        x = try self.block(
          x, stage, isFirst: number == 0, dropRate: EfficientNetParts.dropRate(block, of: total), "block\(index + 1)\(letter)_")
        block += 1
      }
    }
    x = try EfficientNetParts.convolution(rounded(1280), 1, "top_conv")(x)
    return try activated(x, "top_bn", "top_activation")
  }

  private func block(_ input: Symbol, _ stage: Stage, isFirst: Bool, dropRate: Double, _ name: String) throws -> Symbol {
    let filtersOut = rounded(stage.filtersOut)
    let filtersIn = isFirst ? rounded(stage.filtersIn) : filtersOut
    let strides = isFirst ? stage.strides : 1
    let filters = filtersIn * stage.expansion
    var x = input
    if stage.expansion != 1 {
      x = try activated(EfficientNetParts.convolution(filters, 1, name + "expand_conv")(x), name + "expand_bn", name + "expand_activation")
    }
    if strides == 2 { x = try ZeroPadding2D(Application.correctPadding(x, stage.kernelSize), name: name + "dwconv_pad")(x) }
    x = try DepthwiseConv2D(
      stage.kernelSize, strides: strides, padding: strides == 2 ? .valid : .same, useBias: false,
      depthwiseInitializer: EfficientNetParts.convolutionInitializer, name: name + "dwconv")(x)
    x = try activated(x, name + "bn", name + "activation")
    x = try EfficientNetParts.squeezedAndExcited(x, filters, filtersIn, name)
    x = try EfficientNetParts.convolution(filtersOut, 1, name + "project_conv")(x)
    x = try BatchNormalization(axis: 3, name: name + "project_bn")(x)
    guard strides == 1, filtersIn == filtersOut else { return x }
    return try EfficientNetParts.added(x, to: input, dropRate: dropRate, name)
  }

  private func activated(_ x: Symbol, _ normalization: String, _ activation: String) throws -> Symbol {
    try Activation(.silu, name: activation)(BatchNormalization(axis: 3, name: normalization)(x))
  }

  /// As many filters as this width asks for.
  private func rounded(_ filters: Int) -> Int { Application.divisible(Double(filters) * width) }

  private func repeats(_ stage: Stage) -> Int { Int((depth * Double(stage.repeats)).rounded(.up)) }
}
