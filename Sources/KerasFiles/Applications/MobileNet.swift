import Foundation

// Depthwise separable convolutions one after the other. Names, sizes and files are Keras's.

extension Application {
  /// 4.3 million parameters, images of 224 × 224. (Howard et al., 2017; Keras: `keras.applications.MobileNet`.)
  public static let mobileNet = mobileNet()

  /// ``mobileNet-swift.type.property`` with other settings: `Application.mobileNet(alpha: 0.5)(weights: nil)`.
  /// - Parameters:
  ///   - alpha: what the numbers of filters are multiplied by; one of 0.25, 0.5, 0.75 and 1 with the weights `"imagenet"`.
  ///   - depthMultiplier: filters for each channel of a depthwise convolution; 1 with the weights `"imagenet"`.
  ///   - dropout: the part of the features that is left out in training, before the classifier.
  public static func mobileNet(alpha: Double = 1, depthMultiplier: Int = 1, dropout: Double = 0.001) -> Application {
    let publishedSizes = [128, 160, 192, 224], publishedWidths = [0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1: "1_0"]
    return Application(
      defaultName: { "mobilenet_\(String(format: "%.2f", alpha))_\($0)" },
      defaultSize: publishedSize(publishedSizes), preprocessing: .tf,
      publishedFile: { includeTop, rows in
        let size = publishedSizes.contains(rows) ? rows : 224
        return cachedFile(
          "mobilenet_\(publishedWidths[alpha] ?? "")_\(size)_tf\(includeTop ? "" : "_no_top").h5", nil,
          "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/")
      },
      check: { request in
        try checkWidth(alpha, "mobilenet")
        if request.weights == .imageNet, publishedWidths[alpha] == nil {
          throw DescentError(
            .invalidArgument, "mobilenet: alpha is \(alpha); expected 0.25, 0.5, 0.75 or 1 with the weights \"imagenet\"")
        }
        if request.weights == .imageNet, depthMultiplier != 1 {
          throw DescentError(
            .invalidArgument, "mobilenet: depthMultiplier is \(depthMultiplier); expected 1 with the weights \"imagenet\"")
        }
      },
      features: { image, _ in
        let first = Conv2D(Int(32 * alpha), 3, strides: 2, padding: .same, useBias: false, name: "conv1")
        var x = try bounded(first(image), "conv1")
        // Filters, and the strides of the depthwise convolution.
        let blocks = [
          (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
        ]
        for (index, (filters, strides)) in blocks.enumerated() {
          let block = index + 1
          if strides == 2 {
            x = try ZeroPadding2D([[0, 1], [0, 1]] as AxisMargins, name: "conv_pad_\(block)")(x)
          }
          let depthwise = DepthwiseConv2D(
            3, strides: strides, padding: strides == 1 ? .same : .valid, depthMultiplier: depthMultiplier, useBias: false,
            name: "conv_dw_\(block)")
          x = try bounded(depthwise(x), "conv_dw_\(block)")
          let pointwise = Conv2D(Int(Double(filters) * alpha), 1, padding: .same, useBias: false, name: "conv_pw_\(block)")
          x = try bounded(pointwise(x), "conv_pw_\(block)")
        }
        return x
      },
      top: { features, request in
        var x = try GlobalAveragePooling2D(keepDims: true)(features)
        x = try Dropout(dropout, name: "dropout")(x)
        x = try Conv2D(request.classes, 1, padding: .same, name: "conv_preds")(x)
        x = try Reshape([request.classes], name: "reshape_2")(x)
        return try Activation(request.classifierActivation, name: "predictions")(x)
      },
      namesPooling: false)
  }

  private static func bounded(_ x: Symbol, _ name: String) throws -> Symbol {
    try ReLU(maxValue: 6, name: name + "_relu")(BatchNormalization(name: name + "_bn")(x))
  }
}
