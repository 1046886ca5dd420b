extension Application {
  /// How the pixels that a network was trained on were scaled. (Keras: the modes of `imagenet_utils.preprocess_input`.)
  public enum Preprocessing: String, Sendable, CaseIterable {
    /// As they are, from 0 to 255.
    case none
    /// From −1 to 1.
    case tf
    /// Blue, green, red instead of red, green, blue, less ImageNet's means, not scaled.
    case caffe
    /// From 0 to 1, less ImageNet's means, divided by its standard deviations.
    case torch

    private static let caffeMeans = [103.939, 116.779, 123.68]
    private static let torchMeans = [0.485, 0.456, 0.406], torchDeviations = [0.229, 0.224, 0.225]

    /// Pixels from 0 to 255 as the network takes them. (Keras: `keras.applications.imagenet_utils.preprocess_input`.)
    /// - Parameters:
    ///   - x: images `[…, height, width, 3]`, or `[…, 3, height, width]` with channels first; one or a batch. Whole numbers become `float32`.
    ///   - dataFormat: where the channels are.
    /// - Throws: ``DescentError`` if that is not the shape of images.
    public func callAsFunction(_ x: Tensor, dataFormat: DataFormat = .channelsLast) throws -> Tensor {
      guard x.rank == 3 || x.rank == 4 else {
        throw DescentError(.data, "preprocessInput: expected images of 3 axes, or batches of 4; found the shape \(x.shape)")
      }
      let axis = dataFormat == .channelsLast ? x.rank - 1 : x.rank - 3
      if self == .caffe || self == .torch, x.shape[axis] != 3 {
        throw DescentError(.data, "preprocessInput: expected 3 channels on axis \(axis); found the shape \(x.shape)")
      }
      let x = x.dtype.isFloatingPoint ? x : x.cast(to: .float32)
      func byChannel(_ values: [Double]) -> Tensor {
        Tensor(values).cast(to: x.dtype).reshaped((0..<x.rank).map { $0 == axis ? 3 : 1 })
      }
      switch self {
      case .none: return x
      case .tf: return x / 127.5 - 1
      case .caffe: return take(x, Tensor([2 as Int32, 1, 0]), axis: axis) - byChannel(Self.caffeMeans)
      case .torch: return (x / 255 - byChannel(Self.torchMeans)) / byChannel(Self.torchDeviations)
      }
    }

    /// The same in a graph of layers: images `[height, width, 3]`.
    /// - Throws: ``DescentError`` if that is not the shape of images.
    public func callAsFunction(_ x: some Symbolic) throws -> Symbol {
      let x = x.symbol
      guard x.shape.count == 3, self == .none || self == .tf || x.shape[2] == 3 else {
        throw DescentError(.invalidArgument, "preprocessInput: expected rows [height, width, 3]; found \(x.shape.text)")
      }
      func constants(_ values: [Double]) -> Tensor { Tensor(values).cast(to: x.dtype).reshaped([1, 1, 1, 3]) }
      switch self {
      case .none: return x
      case .tf: return try x / 127.5 - 1
      case .caffe:
        let channels = try [2, 1, 0].map { try x[.all, .all, .all, .at($0)] }
        return try stack(channels, axis: -1) + constants(Self.caffeMeans.map { -$0 })
      case .torch: return try (x / 255 + constants(Self.torchMeans.map { -$0 })) / constants(Self.torchDeviations)
      }
    }
  }

  /// Pixels from 0 to 255 as this network takes them; EfficientNet takes them as they are. (Keras: `preprocess_input` of the network's module.)
  /// - Parameters:
  ///   - x: images `[…, height, width, 3]`, or `[…, 3, height, width]` with channels first; one or a batch. Whole numbers become `float32`.
  ///   - dataFormat: where the channels are.
  /// - Throws: ``DescentError`` if that is not the shape of images.
  public func preprocessInput(_ x: Tensor, dataFormat: DataFormat = .channelsLast) throws -> Tensor {
    try preprocessing(x, dataFormat: dataFormat)
  }

  /// The same in a graph of layers.
  /// - Throws: ``DescentError`` if that is not the shape of images.
  public func preprocessInput(_ x: some Symbolic) throws -> Symbol { try preprocessing(x) }
}
