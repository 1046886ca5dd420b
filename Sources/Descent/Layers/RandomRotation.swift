import Foundation
import TensorCore

/// While training, images turned around their middle by an angle drawn uniformly. (Keras: `keras.layers.RandomRotation`.)
public final class RandomRotation: AffineImageLayer {
  /// The angle in whole turns, from −1 to 1; a number f for −f to f.
  public let factor: RandomFactor

  /// - Parameters:
  ///   - factor: the angle in whole turns, from −1 to 1, counterclockwise; a number f for −f to f.
  ///   - fillMode: what lies outside of an image.
  ///   - interpolation: what lies between pixels: nearest or bilinear.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - fillValue: what lies outside where `fillMode` is constant.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: RandomFactor, fillMode: FillMode = .reflect, interpolation: Interpolation = .bilinear, seed: UInt64? = nil,
    fillValue: Double = 0, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.factor = factor
    super.init(
      fillMode: fillMode, interpolation: interpolation, fillValue: fillValue, dataFormat: dataFormat, seed: seed, inputShape: inputShape,
      name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try super.check(shape)
    try check(factor, "factor", -1...1)
  }

  /// Angles in radians.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factor.range()
    return [uniform(images, low * 2 * .pi, high * 2 * .pi, random)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let (cosine, sine) = (cos(drawn[0]), sin(drawn[0]))
    let x = Double(images.shape[2] - 1) / 2, y = Double(images.shape[1] - 1) / 2
    let left: Tensor = y * sine - x * cosine, top: Tensor = x * sine + y * cosine
    return transformed(images, (cosine, -sine, left + x), (sine, cosine, y - top))
  }
}

extension RandomRotation: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomRotation(0), except: "factor")
    try options.refuseBoundingBoxes()
    self.init(
      try options.factor("factor"), fillMode: try options.choice("fill_mode"),
      interpolation: try options.choice("interpolation"), seed: try options.seed(),
      fillValue: try options.double("fill_value"), dataFormat: try options.dataFormat(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("factor", factor.rangeJSON())] + affineOptions()) }
}
