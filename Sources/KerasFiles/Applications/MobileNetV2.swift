import Foundation

// Inverted residuals with linear bottlenecks. Names, sizes and files are Keras's.

extension Application {
  /// 3.5 million parameters, images of 224 × 224. (Sandler et al., 2018; Keras: `keras.applications.MobileNetV2`.)
  public static let mobileNetV2 = mobileNetV2(alpha: 1)

  /// ``mobileNetV2-swift.type.property`` with more or fewer filters: `Application.mobileNetV2(alpha: 0.5)(weights: nil)`.
  /// - Parameter alpha: what the numbers of filters are multiplied by; one of 0.35, 0.5, 0.75, 1, 1.3 and 1.4 with the weights `"imagenet"`.
  public static func mobileNetV2(alpha: Double) -> Application {
    let publishedSizes = [96, 128, 160, 192, 224]
    return Application(
      defaultName: { "mobilenetv2_\(String(format: "%.2f", alpha))_\($0)" },
      defaultSize: publishedSize(publishedSizes), preprocessing: .tf,
      publishedFile: { includeTop, rows in
        let size = publishedSizes.contains(rows) ? rows : 224
        return cachedFile(
          "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_\(alpha)_\(size)\(includeTop ? "" : "_no_top").h5", nil,
          "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/")
      },
      check: { request in
        try checkWidth(alpha, "mobilenetv2")
        if request.weights == .imageNet, ![0.35, 0.5, 0.75, 1, 1.3, 1.4].contains(alpha) {
          throw DescentError(
            .invalidArgument, "mobilenetv2: alpha is \(alpha); expected 0.35, 0.5, 0.75, 1, 1.3 or 1.4 with the weights \"imagenet\"")
        }
      },
      features: { image, _ in
        var x = try Conv2D(
          divisible(32 * alpha), 3, strides: 2, padding: .same, useBias: false, name: "Conv1")(image)
        x = try bounded(normalized(x, "bn_Conv1"), "Conv1_relu")
        // Filters, how many blocks, strides of the first one.
        let stages = [(16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)]
        var block = 0
        for (filters, count, strides) in stages {
          for index in 0..<count {
            x = try invertedResidualBlock(x, divisible(Double(Int(Double(filters) * alpha))), strides: index == 0 ? strides : 1, block)
            block += 1
          }
        }
        x = try Conv2D(alpha > 1 ? divisible(1280 * alpha) : 1280, 1, useBias: false, name: "Conv_1")(x)
        return try bounded(normalized(x, "Conv_1_bn"), "out_relu")
      },
      top: { try $1.classifier(GlobalAveragePooling2D()($0)) }, namesPooling: false)
  }

  private static func invertedResidualBlock(_ input: Symbol, _ filters: Int, strides: Int, _ block: Int) throws -> Symbol {
    let channels = input.shape[2]!
    let prefix = block == 0 ? "expanded_conv_" : "block_\(block)_"
    var x = input
    if block > 0 {
      x = try Conv2D(6 * channels, 1, padding: .same, useBias: false, name: prefix + "expand")(x)
      x = try bounded(normalized(x, prefix + "expand_BN"), prefix + "expand_relu")
    }
    if strides == 2 { x = try ZeroPadding2D(correctPadding(x, 3), name: prefix + "pad")(x) }
    x = try DepthwiseConv2D(
      3, strides: strides, padding: strides == 1 ? .same : .valid, useBias: false, name: prefix + "depthwise")(x)
    x = try bounded(normalized(x, prefix + "depthwise_BN"), prefix + "depthwise_relu")
    x = try Conv2D(filters, 1, padding: .same, useBias: false, name: prefix + "project")(x)
    x = try normalized(x, prefix + "project_BN")
    return channels == filters && strides == 1 ? try Add(name: prefix + "add")([input, x]) : x
  }

  private static func normalized(_ x: Symbol, _ name: String) throws -> Symbol {
    try BatchNormalization(momentum: 0.999, epsilon: 1e-3, name: name)(x)
  }

  private static func bounded(_ x: Symbol, _ name: String) throws -> Symbol { try ReLU(maxValue: 6, name: name)(x) }
}
