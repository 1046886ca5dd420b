// Convolutions of several sizes side by side. Names, sizes and files are Keras's.

extension Application {
  /// 23.9 million parameters, images of 299 × 299. (Szegedy et al., 2016; Keras: `keras.applications.InceptionV3`.)
  public static let inceptionV3 = Application(
    defaultName: { _ in "inception_v3" }, defaultSize: { _ in 299 }, preprocessing: .tf,
    publishedFile: published(
      "inception_v3_weights_tf_dim_ordering_tf_kernels", ("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"),
      in: "inception_v3"),
    features: { image, _ in
      var x = try inceptionStem(image)
      // 35 × 35 positions of an image of the network's own size, then 17 × 17, then 8 × 8.
      for (number, filters) in [32, 64, 64].enumerated() {
        x = try joined([
          convolved(x, 64, 1), convolved(x, 48, 1, then: (64, [5])), convolved(x, 64, 1, then: (96, [3]), (96, [3])),
          convolved(averaged(x), filters, 1),
        ], "mixed\(number)")
      }
      x = try joined([
        convolved(x, 384, 3, strides: 2, padding: .valid),
        convolved(convolved(x, 64, 1, then: (96, [3])), 96, 3, strides: 2, padding: .valid), MaxPooling2D(3, strides: 2)(x),
      ], "mixed3")
      for (number, filters) in [(4, 128), (5, 160), (6, 160), (7, 192)] {
        x = try joined([
          convolved(x, 192, 1), convolved(x, filters, 1, then: (filters, [1, 7]), (192, [7, 1])),
          convolved(x, filters, 1, then: (filters, [7, 1]), (filters, [1, 7]), (filters, [7, 1]), (192, [1, 7])),
          convolved(averaged(x), 192, 1),
        ], "mixed\(number)")
      }
      x = try joined([
        convolved(convolved(x, 192, 1), 320, 3, strides: 2, padding: .valid),
        convolved(convolved(x, 192, 1, then: (192, [1, 7]), (192, [7, 1])), 192, 3, strides: 2, padding: .valid),
        MaxPooling2D(3, strides: 2)(x),
      ], "mixed8")
      for number in 0...1 {
        let single = try convolved(x, 320, 1)
        let one = try convolved(x, 384, 1)
        let wide = try joined([convolved(one, 384, [1, 3]), convolved(one, 384, [3, 1])], "mixed9_\(number)")
        let two = try convolved(x, 448, 1, then: (384, [3]))
        let deep = try joined([convolved(two, 384, [1, 3]), convolved(two, 384, [3, 1])], nil)
        x = try joined([single, wide, deep, convolved(averaged(x), 192, 1)], "mixed\(9 + number)")
      }
      return x
    },
    namesPooling: false, minimumSize: 75)

  /// 55.9 million parameters, images of 299 × 299. (Szegedy et al., 2017; Keras: `keras.applications.InceptionResNetV2`.)
  public static let inceptionResNetV2 = Application(
    defaultName: { _ in "inception_resnet_v2" }, defaultSize: { _ in 299 }, preprocessing: .tf,
    publishedFile: published(
      "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels", ("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4"),
      in: "inception_resnet_v2"),
    features: { image, _ in
      var x = try inceptionStem(image)
      x = try joined([
        convolved(x, 96, 1), convolved(x, 48, 1, then: (64, [5])), convolved(x, 64, 1, then: (96, [3]), (96, [3])),
        convolved(averaged(x), 64, 1),
      ], "mixed_5b")
      for block in 1...10 {
        let branches = try [convolved(x, 32, 1), convolved(x, 32, 1, then: (32, [3])), convolved(x, 32, 1, then: (48, [3]), (64, [3]))]
        x = try residual(x, branches, scale: 0.17, "block35_\(block)")
      }
      x = try joined([
        convolved(x, 384, 3, strides: 2, padding: .valid),
        convolved(convolved(x, 256, 1, then: (256, [3])), 384, 3, strides: 2, padding: .valid), MaxPooling2D(3, strides: 2)(x),
      ], "mixed_6a")
      for block in 1...20 {
        let branches = try [convolved(x, 192, 1), convolved(x, 128, 1, then: (160, [1, 7]), (192, [7, 1]))]
        x = try residual(x, branches, scale: 0.1, "block17_\(block)")
      }
      x = try joined([
        convolved(convolved(x, 256, 1), 384, 3, strides: 2, padding: .valid),
        convolved(convolved(x, 256, 1), 288, 3, strides: 2, padding: .valid),
        convolved(convolved(x, 256, 1, then: (288, [3])), 320, 3, strides: 2, padding: .valid), MaxPooling2D(3, strides: 2)(x),
      ], "mixed_7a")
      for block in 1...10 {
        let branches = try [convolved(x, 192, 1), convolved(x, 192, 1, then: (224, [1, 3]), (256, [3, 1]))]
        x = try residual(x, branches, scale: block < 10 ? 0.2 : 1, "block8_\(block)", isRectified: block < 10)
      }
      x = try BatchNormalization(scale: false, name: "conv_7b_bn")(Conv2D(1536, 1, padding: .same, useBias: false, name: "conv_7b")(x))
      return try Activation(.relu, name: "conv_7b_ac")(x)
    },
    namesPooling: false, minimumSize: 75)

  private static func inceptionStem(_ image: Symbol) throws -> Symbol {
    var x = try convolved(image, 32, 3, strides: 2, padding: .valid)
    x = try convolved(convolved(x, 32, 3, padding: .valid), 64, 3)
    x = try MaxPooling2D(3, strides: 2)(x)
    x = try convolved(convolved(x, 80, 1, padding: .valid), 192, 3, padding: .valid)
    return try MaxPooling2D(3, strides: 2)(x)
  }

  /// What branches add to the shortcut.
  private static func residual(
    _ input: Symbol, _ branches: [Symbol], scale: Double, _ name: String, isRectified: Bool = true
  ) throws -> Symbol {
    let up = try Conv2D(input.shape[2]!, 1, padding: .same, name: name + "_conv")(joined(branches, name + "_mixed"))
    let x = try CustomScaleLayer(scale)([input, up])
    return isRectified ? try Activation(.relu, name: name + "_ac")(x) : x
  }

  /// A convolution, normalized and rectified, and others behind it that keep the size.
  private static func convolved(
    _ x: Symbol, _ filters: Int, _ kernelSize: AxisSizes, strides: Int = 1, padding: Padding = .same, then others: (Int, [Int])...
  ) throws -> Symbol {
    let x = try Conv2D(filters, kernelSize, strides: strides, padding: padding, useBias: false)(x)
    var result = try Activation(.relu)(BatchNormalization(scale: false)(x))
    for (filters, size) in others { result = try convolved(result, filters, size.count == 1 ? AxisSizes(size[0]) : AxisSizes(size)) }
    return result
  }

  private static func averaged(_ x: Symbol) throws -> Symbol { try AveragePooling2D(3, strides: 1, padding: .same)(x) }

  private static func joined(_ branches: [Symbol], _ name: String?) throws -> Symbol { try Concatenate(axis: 3, name: name)(branches) }
}
