// Plain stacks of 3 × 3 convolutions. Names, sizes and files are Keras's.

extension Application {
  /// 16 layers, 138.4 million parameters, images of 224 × 224. (Simonyan & Zisserman, 2014; Keras: `keras.applications.VGG16`.)
  public static let vgg16 = vgg(
    "vgg16", [2, 2, 3, 3, 3], ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"))
  /// 19 layers, 143.7 million parameters, images of 224 × 224. (Keras: `keras.applications.VGG19`.)
  public static let vgg19 = vgg(
    "vgg19", [2, 2, 4, 4, 4], ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"))

  private static func vgg(_ name: String, _ blocks: [Int], _ checksums: (top: String, noTop: String)) -> Application {
    Application(
      defaultName: { _ in name }, defaultSize: { _ in 224 }, preprocessing: .caffe,
      publishedFile: published("\(name)_weights_tf_dim_ordering_tf_kernels", checksums, in: name),
      features: { image, _ in
        var x = image
        for (index, count) in blocks.enumerated() {
          let filters = min(64 << index, 512)
          for layer in 1...count {
            x = try Conv2D(filters, 3, padding: .same, activation: .relu, name: "block\(index + 1)_conv\(layer)")(x)
          }
          x = try MaxPooling2D(2, strides: 2, name: "block\(index + 1)_pool")(x)
        }
        return x
      },
      top: { features, request in
        let x = try Dense(4096, activation: .relu, name: "fc1")(Flatten(name: "flatten")(features))
        return try request.classifier(Dense(4096, activation: .relu, name: "fc2")(x))
      },
      namesPooling: false)
  }
}
