import TensorCore

/// While training, images between a blurred one (f = 0), themselves (½) and a sharper one (1): x + (1 − 2f) · (blurred − x), with f drawn for
/// each. A blurred pixel is 5/13 of itself and 1/13 of each of its eight neighbours; outside of an image lies 0. (Keras:
/// `keras.layers.RandomSharpness`.)
public final class RandomSharpness: RandomLightLayer {
  /// - Parameters:
  ///   - factor: between what f is drawn, from 0 to 1; a number for 0 to that number.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: RandomFactor, valueRange: ClosedRange<Double> = 0...255, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(
      factor, within: 0...1, valueRange: valueRange, seed: seed, dataFormat: dataFormat, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factorRange
    return [uniform(images, low, high, random)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let sums = images.windowSums(axis: 1, [1, 1, 1]).windowSums(axis: 2, [1, 1, 1])
    let blurred = (sums + images * 4) / 13
    let sharpened = images + (1 - 2 * perImage(drawn[0])) * (blurred - images)
    return clipped(sharpened)
  }
}

extension RandomSharpness: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let own = try LightSettings(&options, defaults: RandomSharpness(0))
    self.init(own.factor, valueRange: own.valueRange, seed: own.seed, dataFormat: own.dataFormat, inputShape: options.inputShape, name: options.name)
  }
}

extension Tensor {
  /// Sums over windows along an axis, each with a weight for each place; as many as there are places, with zeros beyond the edges.
  func windowSums(axis: Int, _ weights: [Tensor]) -> Tensor {
    var low = [Int](repeating: 0, count: rank), high = low
    low[axis] = (weights.count - 1) / 2
    high[axis] = weights.count / 2
    let wide = padded(low: low, high: high)
    var starts = [Int](repeating: 0, count: rank)
    var sum: Tensor?
    for (place, weight) in weights.enumerated() {
      starts[axis] = place
      let part = wide.sliced(starts: starts, sizes: shape) * weight
      sum = sum.map { $0 + part } ?? part
    }
    return sum ?? self
  }
}
