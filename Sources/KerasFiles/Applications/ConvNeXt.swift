// Convolutional networks with the blocks of a transformer. Names, sizes and files are Keras's. They take pixels from 0 to 255.

extension Application {
  /// 28.6 million parameters, images of 224 × 224. (Liu et al., 2022; Keras: `keras.applications.ConvNeXtTiny`.)
  public static let convNeXtTiny = convNeXt(
    "convnext_tiny", [3, 3, 9, 3], 96,
    ("8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff", "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1"))
  /// 50.2 million parameters, images of 224 × 224. (Keras: `keras.applications.ConvNeXtSmall`.)
  public static let convNeXtSmall = convNeXt(
    "convnext_small", [3, 3, 27, 3], 96,
    ("ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c", "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab"))
  /// 88.6 million parameters, images of 224 × 224. (Keras: `keras.applications.ConvNeXtBase`.)
  public static let convNeXtBase = convNeXt(
    "convnext_base", [3, 3, 27, 3], 128,
    ("52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6", "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45"))
  /// 197.8 million parameters, images of 224 × 224. (Keras: `keras.applications.ConvNeXtLarge`.)
  public static let convNeXtLarge = convNeXt(
    "convnext_large", [3, 3, 27, 3], 192,
    ("070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6", "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd"))
  /// 350.2 million parameters, images of 224 × 224. (Keras: `keras.applications.ConvNeXtXLarge`.)
  public static let convNeXtXLarge = convNeXt(
    "convnext_xlarge", [3, 3, 27, 3], 256,
    ("c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee", "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05"))

  /// - Parameters:
  ///   - depths: how many blocks each stage has.
  ///   - filters: those of the first stage, of which each further one has twice as many.
  private static func convNeXt(
    _ defaultName: String, _ depths: [Int], _ filters: Int, _ checksums: (top: String, noTop: String)
  ) -> Application {
    Application(
      defaultName: { _ in defaultName }, defaultSize: { _ in 224 }, preprocessing: .none,
      publishedFile: published(defaultName, checksums, in: "convnext"),
      features: { image, request in
        let name = request.name
        var x = image
        if request.includePreprocessing, image.shape[2] == 3 {
          let means = [0.485, 0.456, 0.406], deviations = [0.229, 0.224, 0.225].map { $0 * 255 }
          x = try Normalization(
            axis: [-1], mean: Tensor(means.map { $0 * 255 }), variance: Tensor(deviations.map { $0 * $0 }),
            name: name + "_prestem_normalization")(x)
        }
        for (stage, depth) in depths.enumerated() {
          let width = filters << stage
          let smaller = stage == 0
            ? Sequential([
              Conv2D(width, 4, strides: 4, name: name + "_stem_conv"), LayerNormalization(epsilon: 1e-6, name: name + "_stem_layernorm"),
            ], name: name + "_stem")
            : Sequential([
              LayerNormalization(epsilon: 1e-6, name: name + "_downsampling_layernorm_\(stage - 1)"),
              Conv2D(width, 2, strides: 2, name: name + "_downsampling_conv_\(stage - 1)"),
            ], name: name + "_downsampling_block_\(stage - 1)")
          x = try smaller(x)
          for block in 0..<depth { x = try convNeXtBlock(x, width, name + "_stage_\(stage)_block_\(block)") }
        }
        return x
      },
      top: { features, request in
        let x = try GlobalAveragePooling2D(name: request.name + "_head_gap")(features)
        return try request.classifier(
          LayerNormalization(epsilon: 1e-6, name: request.name + "_head_layernorm")(x), name: request.name + "_head_dense")
      },
      namesPooling: false, ending: { try LayerNormalization(epsilon: 1e-6)($0) }, hasPreprocessing: true)
  }

  private static func convNeXtBlock(_ input: Symbol, _ width: Int, _ name: String) throws -> Symbol {
    var x = try Conv2D(width, 7, padding: .same, groups: width, name: name + "_depthwise_conv")(input)
    x = try LayerNormalization(epsilon: 1e-6, name: name + "_layernorm")(x)
    x = try Activation(.gelu, name: name + "_gelu")(Dense(4 * width, name: name + "_pointwise_conv_1")(x))
    x = try Dense(width, name: name + "_pointwise_conv_2")(x)
    x = try LayerScale(1e-6, width, name: name + "_layer_scale")(x)
    return try input + Activation(.linear, name: name + "_identity")(x)
  }
}
