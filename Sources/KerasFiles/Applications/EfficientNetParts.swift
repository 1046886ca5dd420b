/// What both generations of EfficientNet are made of.
enum EfficientNetParts {
  static let convolutionInitializer = Initializer.varianceScaling(scale: 2, mode: .fanOut, distribution: .truncatedNormal)

  static func top(dropout: Double) -> @Sendable (_ features: Symbol, Application.Request) throws -> Symbol {
    { features, request in
      try request.classifier(
        Dropout(dropout, name: "top_dropout")(GlobalAveragePooling2D(name: "avg_pool")(features)),
        initializer: .varianceScaling(scale: 1.0 / 3, mode: .fanOut, distribution: .uniform))
    }
  }

  static func convolution(_ filters: Int, _ kernelSize: Int, strides: Int = 1, padding: Padding = .same, _ name: String) -> Conv2D {
    Conv2D(
      filters, kernelSize, strides: strides, padding: padding, useBias: false, kernelInitializer: convolutionInitializer, name: name)
  }

  /// Channels multiplied by what a small network makes of their means. (Hu et al., 2017: "squeeze and excitation".)
  static func squeezedAndExcited(_ x: Symbol, _ filters: Int, _ filtersIn: Int, _ name: String) throws -> Symbol {
    var weights = try GlobalAveragePooling2D(name: name + "se_squeeze")(x)
    weights = try Reshape([1, 1, filters], name: name + "se_reshape")(weights)
    weights = try Conv2D(
      max(1, filtersIn / 4), 1, padding: .same, activation: .silu, kernelInitializer: convolutionInitializer, name: name + "se_reduce")(weights)
    weights = try Conv2D(
      filters, 1, padding: .same, activation: .sigmoid, kernelInitializer: convolutionInitializer, name: name + "se_expand")(weights)
    return try Multiply(name: name + "se_excite")([x, weights])
  }

  /// The part of a block's rows that is left out in training: more of the deeper ones, 0.2 at most.
  static func dropRate(_ block: Int, of total: Int) -> Double { 0.2 * Double(block) / Double(total) }

  /// What a block adds to its shortcut.
  static func added(_ x: Symbol, to input: Symbol, dropRate: Double, _ name: String) throws -> Symbol {
    let kept = dropRate > 0 ? try Dropout(dropRate, noiseShape: [1, 1, 1], name: name + "drop")(x) : x
    return try Add(name: name + "add")([kept, input])
  }
}
