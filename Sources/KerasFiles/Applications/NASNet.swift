// Cells that a search has found. Names, sizes and files are Keras's.

extension Application {
  /// 5.3 million parameters, images of 224 × 224, or another size that is said. (Zoph et al., 2018; Keras: `keras.applications.NASNetMobile`.)
  public static let nasNetMobile = NASNet(
    name: "nasnet_mobile", size: 224, filters: 44, blocks: 4, stemFilters: 32, skipsReduction: false,
    checksums: ("020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63")).application
  /// 88.9 million parameters, images of 331 × 331. (Keras: `keras.applications.NASNetLarge`.)
  public static let nasNetLarge = NASNet(
    name: "nasnet_large", size: 331, filters: 168, blocks: 6, stemFilters: 96, skipsReduction: true,
    checksums: ("11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5")).application
}

/// One size of the family.
private struct NASNet: Sendable {
  let name: String
  let size: Int
  /// Those of the first normal cells; further ones have two and four times as many.
  let filters: Int
  /// How many normal cells follow each other.
  let blocks: Int
  let stemFilters: Int
  /// A cell behind a reduction sees what was before it, not what the reduction saw.
  let skipsReduction: Bool
  let checksums: (top: String, noTop: String)

  var application: Application {
    Application(
      defaultName: { _ in name }, defaultSize: { _ in size }, preprocessing: .tf,
      publishedFile: Application.published(name, ending: "_no_top", checksums, in: "nasnet"),
      features: features, top: { try $1.classifier(GlobalAveragePooling2D()($0)) }, namesPooling: false, takesOpenSizes: false)
  }

  @Sendable private func features(_ image: Symbol, _ request: Application.Request) throws -> Symbol {
    let first = Conv2D(stemFilters, 3, strides: 2, useBias: false, kernelInitializer: .heNormal, name: "stem_conv1")
    var x = try normalized(first(image), "stem_bn1")
    // What the cell before got.
    var before: Symbol?
    func cell(_ reduces: Bool, _ filters: Int, _ id: String) throws {
      let adjusted = try self.adjusted(before, x, filters, id)
      let result = try reduces ? reduction(x, adjusted, filters, id) : normal(x, adjusted, filters, id)
      (x, before) = (result, x)
    }
    try cell(true, filters / 4, "stem_1")
    try cell(true, filters / 2, "stem_2")
    for group in 0...2 {
      if group > 0 {
        let skipped = before
        try cell(true, filters << group, "reduce_\(group * blocks)")
        if skipsReduction { before = skipped }
      }
      for block in 0..<blocks { try cell(false, filters << group, "\(group * blocks + block + min(group, 1))") }
    }
    return try Activation(.relu)(x)
  }

  /// What the cell before got, of the size of `x` and with as many channels as the cell computes.
  private func adjusted(_ before: Symbol?, _ x: Symbol, _ filters: Int, _ id: String) throws -> Symbol {
    guard var p = before else { return x }
    if p.shape[1] != x.shape[1] {
      p = try Activation(.relu, name: "adjust_relu_1_\(id)")(p)
      let one = try convolution(filters / 2, "adjust_conv_1_\(id)")(AveragePooling2D(1, strides: 2, name: "adjust_avg_pool_1_\(id)")(p))
      var two = try ZeroPadding2D([[0, 1], [0, 1]] as AxisMargins)(p)
      two = try Cropping2D([[1, 0], [1, 0]] as AxisMargins)(two)
      two = try convolution(filters / 2, "adjust_conv_2_\(id)")(AveragePooling2D(1, strides: 2, name: "adjust_avg_pool_2_\(id)")(two))
      return try normalized(Concatenate(axis: -1)([one, two]), "adjust_bn_\(id)")
    }
    if p.shape[2] != filters {
      return try normalized(convolution(filters, "adjust_conv_projection_\(id)")(Activation(.relu)(p)), "adjust_bn_\(id)")
    }
    return p
  }

  private func normal(_ x: Symbol, _ p: Symbol, _ filters: Int, _ id: String) throws -> Symbol {
    let h = try normalized(convolution(filters, "normal_conv_1_\(id)")(Activation(.relu)(x)), "normal_bn_1_\(id)")
    func added(_ a: Symbol, _ b: Symbol, _ number: Int) throws -> Symbol { try Add(name: "normal_add_\(number)_\(id)")([a, b]) }
    func averaged(_ x: Symbol, _ name: String) throws -> Symbol {
      try AveragePooling2D(3, strides: 1, padding: .same, name: "normal_\(name)_\(id)")(x)
    }
    let x1 = try added(separable(h, filters, 5, "normal_left1_\(id)"), separable(p, filters, 3, "normal_right1_\(id)"), 1)
    let x2 = try added(separable(p, filters, 5, "normal_left2_\(id)"), separable(p, filters, 3, "normal_right2_\(id)"), 2)
    let x3 = try added(averaged(h, "left3"), p, 3)
    let x4 = try added(averaged(p, "left4"), averaged(p, "right4"), 4)
    let x5 = try added(separable(h, filters, 3, "normal_left5_\(id)"), h, 5)
    return try Concatenate(axis: -1, name: "normal_concat_\(id)")([p, x1, x2, x3, x4, x5])
  }

  private func reduction(_ x: Symbol, _ p: Symbol, _ filters: Int, _ id: String) throws -> Symbol {
    let h = try normalized(convolution(filters, "reduction_conv_1_\(id)")(Activation(.relu)(x)), "reduction_bn_1_\(id)")
    let padded = try ZeroPadding2D(Application.correctPadding(h, 3), name: "reduction_pad_1_\(id)")(h)
    func halved(_ x: Symbol, _ kernelSize: Int, _ name: String) throws -> Symbol {
      try separable(x, filters, kernelSize, strides: 2, "reduction_\(name)_\(id)")
    }
    let x1 = try Add(name: "reduction_add_1_\(id)")([halved(h, 5, "left1"), halved(p, 7, "right1")])
    let greatest = try MaxPooling2D(3, strides: 2, name: "reduction_left2_\(id)")(padded)
    let x2 = try Add(name: "reduction_add_2_\(id)")([greatest, halved(p, 7, "right2")])
    let mean = try AveragePooling2D(3, strides: 2, name: "reduction_left3_\(id)")(padded)
    let x3 = try Add(name: "reduction_add3_\(id)")([mean, halved(p, 5, "right3")])
    let x4 = try Add()([x2, AveragePooling2D(3, strides: 1, padding: .same, name: "reduction_left4_\(id)")(x1)])
    let last = try separable(x1, filters, 3, "reduction_left4_\(id)")
    let x5 = try Add(name: "reduction_add4_\(id)")([last, MaxPooling2D(3, strides: 2, name: "reduction_right5_\(id)")(padded)])
    return try Concatenate(axis: -1, name: "reduction_concat_\(id)")([x2, x3, x4, x5])
  }

  /// Two separable convolutions, the first of which may have strides.
  private func separable(_ input: Symbol, _ filters: Int, _ kernelSize: Int, strides: Int = 1, _ id: String) throws -> Symbol {
    var x = try Activation(.relu)(input)
    if strides == 2 { x = try ZeroPadding2D(Application.correctPadding(x, kernelSize), name: "separable_conv_1_pad_\(id)")(x) }
    x = try SeparableConv2D(
      filters, kernelSize, strides: strides, padding: strides == 2 ? .valid : .same, useBias: false, name: "separable_conv_1_\(id)")(x)
    x = try Activation(.relu)(normalized(x, "separable_conv_1_bn_\(id)"))
    x = try SeparableConv2D(filters, kernelSize, padding: .same, useBias: false, name: "separable_conv_2_\(id)")(x)
    return try normalized(x, "separable_conv_2_bn_\(id)")
  }

  private func convolution(_ filters: Int, _ name: String) -> Conv2D {
    Conv2D(filters, 1, padding: .same, useBias: false, kernelInitializer: .heNormal, name: name)
  }

  private func normalized(_ x: Symbol, _ name: String) throws -> Symbol {
    try BatchNormalization(axis: -1, momentum: 0.9997, epsilon: 1e-3, name: name)(x)
  }
}
