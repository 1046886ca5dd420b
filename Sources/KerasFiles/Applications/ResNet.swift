// Deep residual networks. Names, sizes and files are Keras's.

extension Application {
  /// 50 layers, 25.6 million parameters, images of 224 × 224. (He et al., 2015; Keras: `keras.applications.ResNet50`.)
  public static let resNet50 = resNet(
    "resnet50", [3, 4, 6, 3], ("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"))
  /// 101 layers, 44.7 million parameters, images of 224 × 224. (Keras: `keras.applications.ResNet101`.)
  public static let resNet101 = resNet(
    "resnet101", [3, 4, 23, 3], ("f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"))
  /// 152 layers, 60.4 million parameters, images of 224 × 224. (Keras: `keras.applications.ResNet152`.)
  public static let resNet152 = resNet(
    "resnet152", [3, 8, 36, 3], ("100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"))
  /// 50 layers that normalize first, 25.6 million parameters, images of 224 × 224. (He et al., 2016; Keras:
  /// `keras.applications.ResNet50V2`.)
  public static let resNet50V2 = resNetV2(
    "resnet50v2", [3, 4, 6, 3], ("3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"))
  /// 101 layers that normalize first, 44.7 million parameters, images of 224 × 224. (Keras: `keras.applications.ResNet101V2`.)
  public static let resNet101V2 = resNetV2(
    "resnet101v2", [3, 4, 23, 3], ("6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"))
  /// 152 layers that normalize first, 60.4 million parameters, images of 224 × 224. (Keras: `keras.applications.ResNet152V2`.)
  public static let resNet152V2 = resNetV2(
    "resnet152v2", [3, 8, 36, 3], ("a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"))

  private static func resNet(_ name: String, _ blocks: [Int], _ checksums: (top: String, noTop: String)) -> Application {
    residual(name, .caffe, checksums) { image in
      var x = try stem(image)
      x = try normalized(x, "conv1_bn")
      x = try Activation(.relu, name: "conv1_relu")(x)
      x = try stemPooling(x)
      for (stack, count) in blocks.enumerated() {
        for block in 1...count {
          x = try residualBlock(
            x, 64 << stack, strides: stack > 0 && block == 1 ? 2 : 1, hasConvolution: block == 1, "conv\(stack + 2)_block\(block)")
        }
      }
      return x
    }
  }

  private static func resNetV2(_ name: String, _ blocks: [Int], _ checksums: (top: String, noTop: String)) -> Application {
    residual(name, .tf, checksums) { image in
      var x = try stemPooling(stem(image))
      for (stack, count) in blocks.enumerated() {
        for block in 1...count {
          x = try residualBlockV2(
            x, 64 << stack, strides: stack < 3 && block == count ? 2 : 1, hasConvolution: block == 1, "conv\(stack + 2)_block\(block)")
        }
      }
      return try Activation(.relu, name: "post_relu")(normalized(x, "post_bn"))
    }
  }

  private static func residual(
    _ name: String, _ preprocessing: Preprocessing, _ checksums: (top: String, noTop: String),
    _ features: @escaping @Sendable (Symbol) throws -> Symbol
  ) -> Application {
    Application(
      defaultName: { _ in name }, defaultSize: { _ in 224 }, preprocessing: preprocessing,
      publishedFile: published("\(name)_weights_tf_dim_ordering_tf_kernels", checksums, in: "resnet"),
      features: { image, _ in try features(image) })
  }

  private static func stem(_ image: Symbol) throws -> Symbol {
    try Conv2D(64, 7, strides: 2, name: "conv1_conv")(ZeroPadding2D(3, name: "conv1_pad")(image))
  }

  private static func stemPooling(_ x: Symbol) throws -> Symbol {
    try MaxPooling2D(3, strides: 2, name: "pool1_pool")(ZeroPadding2D(1, name: "pool1_pad")(x))
  }

  private static func normalized(_ x: Symbol, _ name: String) throws -> Symbol {
    try BatchNormalization(axis: 3, epsilon: 1.001e-5, name: name)(x)
  }

  /// Normalized and rectified, in a block.
  private static func rectified(_ x: Symbol, _ name: String) throws -> Symbol {
    try Activation(.relu, name: name + "_relu")(normalized(x, name + "_bn"))
  }

  private static func residualBlock(
    _ input: Symbol, _ filters: Int, strides: Int, hasConvolution: Bool, _ name: String
  ) throws -> Symbol {
    var shortcut = input
    if hasConvolution {
      shortcut = try Conv2D(4 * filters, 1, strides: strides, name: name + "_0_conv")(input)
      shortcut = try normalized(shortcut, name + "_0_bn")
    }
    var x = try Conv2D(filters, 1, strides: strides, name: name + "_1_conv")(input)
    x = try rectified(x, name + "_1")
    x = try Conv2D(filters, 3, padding: .same, name: name + "_2_conv")(x)
    x = try rectified(x, name + "_2")
    x = try Conv2D(4 * filters, 1, name: name + "_3_conv")(x)
    x = try normalized(x, name + "_3_bn")
    return try Activation(.relu, name: name + "_out")(Add(name: name + "_add")([shortcut, x]))
  }

  private static func residualBlockV2(
    _ input: Symbol, _ filters: Int, strides: Int, hasConvolution: Bool, _ name: String
  ) throws -> Symbol {
    let start = try rectified(input, name + "_preact")
    let shortcut: Symbol
    if hasConvolution {
      shortcut = try Conv2D(4 * filters, 1, strides: strides, name: name + "_0_conv")(start)
    } else {
      shortcut = strides > 1 ? try MaxPooling2D(1, strides: strides)(input) : input
    }
    var x = try Conv2D(filters, 1, useBias: false, name: name + "_1_conv")(start)
    x = try rectified(x, name + "_1")
    x = try ZeroPadding2D(1, name: name + "_2_pad")(x)
    x = try Conv2D(filters, 3, strides: strides, useBias: false, name: name + "_2_conv")(x)
    x = try rectified(x, name + "_2")
    x = try Conv2D(4 * filters, 1, name: name + "_3_conv")(x)
    return try Add(name: name + "_out")([shortcut, x])
  }
}
