import TensorCore

/// While training, a part of the images at a random place, the same for all images of a batch; otherwise their middle. Of images that are not
/// greater in both directions, a part in the middle, resized. (Keras: `keras.layers.RandomCrop`.)
///
/// Keras 3 gives images back whole outside of training, though it says that the result has the part's size; here it has.
public final class RandomCrop: RandomImageLayer {
  /// The size of the part, in pixels.
  public let height: Int, width: Int

  /// - Parameters:
  ///   - height: of the result.
  ///   - width: of the result.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ height: Int, _ width: Int, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.height = height
    self.width = width
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws { try checkCrop(height, width, of: shape) }

  private func isRandom(_ images: Tensor) -> Bool { images.shape[1] > height && images.shape[2] > width }

  /// Where the part begins: a row and a column.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    if !isRandom(images) { return [] }
    func start(_ size: Int) -> Tensor {
      // The greatest number below the end, times as many places, may round up to their number.
      let place = floor(random.uniform([], low: 0, high: Double(size), dtype: images.dtype)).reshaped([1])
      return minimum(place, Tensor(number: Double(size - 1))).cast(to: .int32)
    }
    let top = start(images.shape[1] - height + 1)
    return [top, start(images.shape[2] - width + 1)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    if drawn.isEmpty {
      let part = aspectRatioPart(images.shape[1], images.shape[2], [height, width])
      let whole = cropped(
        images, part.top, part.left, min(height, images.shape[1] - part.top), min(width, images.shape[2] - part.left))
      return resize(whole, [height, width])
    }
    let rows = take(images, Tensor.range(height) + drawn[0], axis: 1)
    return take(rows, Tensor.range(width) + drawn[1], axis: 2)
  }

  override func unchanged(_ images: Tensor) -> Tensor { centerCropped(images, height, width) }
}

extension RandomCrop: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomCrop(1, 1), except: "height", "width")
    try options.refuseBoundingBoxes()
    self.init(
      try options.int("height"), try options.int("width"), seed: try options.seed(),
      dataFormat: try options.dataFormat(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("height", JSONValue(height)), ("width", JSONValue(width)), ("seed", .seed(seed)),
    ])
  }
}
