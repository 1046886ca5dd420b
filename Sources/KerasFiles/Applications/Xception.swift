// Depthwise separable convolutions between shortcuts. Names, sizes and files are Keras's.

extension Application {
  /// 22.9 million parameters, images of 299 × 299. (Chollet, 2017; Keras: `keras.applications.Xception`.)
  public static let xception = Application(
    defaultName: { _ in "xception" }, defaultSize: { _ in 299 }, preprocessing: .tf,
    publishedFile: published(
      "xception_weights_tf_dim_ordering_tf_kernels", ("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"), in: "xception"),
    features: { image, _ in
      var x = try normalized(Conv2D(32, 3, strides: 2, useBias: false, name: "block1_conv1")(image), "block1_conv1")
      x = try rectified(x, "block1_conv1")
      x = try normalized(Conv2D(64, 3, useBias: false, name: "block1_conv2")(x), "block1_conv2")
      x = try rectified(x, "block1_conv2")
      for (block, filters) in [(2, 128), (3, 256), (4, 728)] {
        x = try halved(x, filters, filters, "block\(block)", isRectifiedFirst: block > 2)
      }
      for block in 5...12 {
        let shortcut = x
        for part in 1...3 { x = try separable(rectified(x, "block\(block)_sepconv\(part)"), 728, "block\(block)_sepconv\(part)") }
        x = try Add()([x, shortcut])
      }
      x = try halved(x, 728, 1024, "block13", isRectifiedFirst: true)
      x = try rectified(separable(x, 1536, "block14_sepconv1"), "block14_sepconv1")
      return try rectified(separable(x, 2048, "block14_sepconv2"), "block14_sepconv2")
    },
    namesPooling: false, minimumSize: 71)

  /// Half as many positions, with a convolution on the shortcut.
  private static func halved(_ input: Symbol, _ first: Int, _ second: Int, _ name: String, isRectifiedFirst: Bool) throws -> Symbol {
    let shortcut = try BatchNormalization()(Conv2D(second, 1, strides: 2, padding: .same, useBias: false)(input))
    var x = isRectifiedFirst ? try rectified(input, name + "_sepconv1") : input
    x = try separable(x, first, name + "_sepconv1")
    x = try separable(rectified(x, name + "_sepconv2"), second, name + "_sepconv2")
    x = try MaxPooling2D(3, strides: 2, padding: .same, name: name + "_pool")(x)
    return try Add()([x, shortcut])
  }

  private static func separable(_ x: Symbol, _ filters: Int, _ name: String) throws -> Symbol {
    try normalized(SeparableConv2D(filters, 3, padding: .same, useBias: false, name: name)(x), name)
  }

  private static func normalized(_ x: Symbol, _ name: String) throws -> Symbol { try BatchNormalization(name: name + "_bn")(x) }

  private static func rectified(_ x: Symbol, _ name: String) throws -> Symbol { try Activation(.relu, name: name + "_act")(x) }
}
