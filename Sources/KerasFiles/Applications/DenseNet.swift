// Blocks whose layers see all that came before them. Names, sizes and files are Keras's.

extension Application {
  /// 121 layers, 8.1 million parameters, images of 224 × 224. (Huang et al., 2016; Keras: `keras.applications.DenseNet121`.)
  public static let denseNet121 = denseNet(
    "densenet121", [6, 12, 24, 16], ("9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"))
  /// 169 layers, 14.3 million parameters, images of 224 × 224. (Keras: `keras.applications.DenseNet169`.)
  public static let denseNet169 = denseNet(
    "densenet169", [6, 12, 32, 32], ("d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"))
  /// 201 layers, 20.2 million parameters, images of 224 × 224. (Keras: `keras.applications.DenseNet201`.)
  public static let denseNet201 = denseNet(
    "densenet201", [6, 12, 48, 32], ("1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"))

  private static func denseNet(_ name: String, _ blocks: [Int], _ checksums: (top: String, noTop: String)) -> Application {
    Application(
      defaultName: { _ in name }, defaultSize: { _ in 224 }, preprocessing: .torch,
      publishedFile: published("\(name)_weights_tf_dim_ordering_tf_kernels", checksums, in: "densenet"),
      features: { image, _ in
        var x = try Conv2D(64, 7, strides: 2, useBias: false, name: "conv1_conv")(ZeroPadding2D(3)(image))
        x = try rectified(x, "conv1")
        x = try MaxPooling2D(3, strides: 2, name: "pool1")(ZeroPadding2D(1)(x))
        for (index, count) in blocks.enumerated() {
          for block in 1...count { x = try denseLayer(x, "conv\(index + 2)_block\(block)") }
          if index < blocks.count - 1 { x = try transition(x, "pool\(index + 2)") }
        }
        x = try normalized(x, "bn")
        return try Activation(.relu, name: "relu")(x)
      })
  }

  private static func denseLayer(_ input: Symbol, _ name: String) throws -> Symbol {
    var x = try rectified(input, name + "_0")
    x = try Conv2D(128, 1, useBias: false, name: name + "_1_conv")(x)
    x = try rectified(x, name + "_1")
    x = try Conv2D(32, 3, padding: .same, useBias: false, name: name + "_2_conv")(x)
    return try Concatenate(axis: 3, name: name + "_concat")([input, x])
  }

  /// Half as many channels and positions.
  private static func transition(_ input: Symbol, _ name: String) throws -> Symbol {
    var x = try rectified(input, name)
    x = try Conv2D(x.shape[2]! / 2, 1, useBias: false, name: name + "_conv")(x)
    return try AveragePooling2D(2, strides: 2, name: name + "_pool")(x)
  }

  private static func normalized(_ x: Symbol, _ name: String) throws -> Symbol {
    try BatchNormalization(axis: 3, epsilon: 1.001e-5, name: name)(x)
  }

  private static func rectified(_ x: Symbol, _ name: String) throws -> Symbol {
    try Activation(.relu, name: name + "_relu")(normalized(x, name + "_bn"))
  }
}
