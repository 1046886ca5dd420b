import TensorCore

/// What the layers that change images at random while training share; otherwise they give their input back. (Keras:
/// `BaseImagePreprocessingLayer`.)
///
/// Images are `[rows, height, width, channels]`, or `[rows, channels, height, width]` with channels first. Each is drawn for on its own. The
/// numbers drawn depend on the seed alone, not on the number of threads.
public class RandomImageLayer: Layer {
  /// Where the channels are.
  public let dataFormat: DataFormat
  /// Of a stream of random numbers of the layer's own; nil if it draws from the model's.
  public var seed: UInt64? { random.seed }
  private let random: LayerRandom

  init(dataFormat: DataFormat, seed: UInt64?, inputShape: [Int?]?, name: String?, trainable: Bool, dtype: DType?) {
    self.dataFormat = dataFormat
    random = LayerRandom(seed: seed)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  /// Where the layer gets its random numbers from.
  func generator(_ context: ForwardContext) -> RandomGenerator { random(context) }

  /// Checks the layer's settings for images of a shape with its channels last, each time that it is called.
  func check(_ shape: [Int]) throws {}

  /// What is drawn for a batch of images with their channels last: tensors with a number for each image, or for all.
  package func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] { [] }

  /// Images with their channels last, changed by what was drawn.
  package func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor { images }

  /// Images with their channels last outside of training.
  func unchanged(_ images: Tensor) -> Tensor { images }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws { try checkImages(inputShape) }

  /// - Throws: ``DescentError`` if rows of that shape are no images that the layer takes.
  private func checkImages(_ inputShape: [Int]) throws {
    let shape = try channelsLast(inputShape, axes: 2, dataFormat)
    guard shape[0] > 0, shape[1] > 0 else { throw settingsError("a row of the input has shape \(inputShape), which has no positions") }
    try check(shape)
  }

  /// A batch of images with their channels last, which need not be as those were that the layer was built for.
  /// - Throws: ``DescentError`` if the layer does not take them.
  final func images(_ x: Tensor) throws -> Tensor {
    try checkImages(Array(x.shape.dropFirst()))
    return channelsLast(x, dataFormat)
  }

  override class var trainingByDefault: Bool? { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let images = try images(x)
    let result = context.isTraining ? changed(images, by: drawn(for: images, random(context))) : unchanged(images)
    return restored(result, dataFormat)
  }

  /// One number for each image, uniform between two.
  func uniform(_ images: Tensor, _ low: Double, _ high: Double, _ random: RandomGenerator) -> Tensor {
    random.uniform([images.shape[0]], low: low, high: high, dtype: images.dtype)
  }

  /// One number for each image, so that it stretches over the images.
  func perImage(_ values: Tensor) -> Tensor { values.reshaped([values.shape[0], 1, 1, 1]) }

  /// Checks that a range lies within bounds.
  func check(_ factor: RandomFactor, _ what: String, _ bounds: ClosedRange<Double>, excludingLower: Bool = false) throws {
    guard factor.values.allSatisfy({ bounds.contains($0) && !(excludingLower && $0 == bounds.lowerBound) }) else {
      throw settingsError(
        "\(what) is \(factor); expected one number or two \(excludingLower ? "above" : "from") \(bounds.lowerBound) to \(bounds.upperBound)")
    }
  }

  func check(valueRange: ClosedRange<Double>) throws {
    guard valueRange.lowerBound.isFinite, valueRange.upperBound.isFinite, valueRange.lowerBound < valueRange.upperBound else {
      throw settingsError("valueRange is \(valueRange); expected two numbers, the second greater")
    }
  }
}

/// How far something may be changed at random: a number f for −f to f, or two.
public struct RandomFactor: Sendable, Hashable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
  CustomStringConvertible
{
  /// As they were given.
  let values: [Double]

  /// From −`value` to `value`.
  public init(_ value: Double) { values = [value] }
  /// From −`value` to `value`.
  public init(floatLiteral value: Double) { values = [value] }
  /// From −`value` to `value`.
  public init(integerLiteral value: Int) { values = [Double(value)] }
  /// Two numbers; other literals are refused where the layer is built.
  public init(arrayLiteral elements: Double...) { values = elements.count == 2 ? elements : [.nan] }
  /// From one number to another, in any order.
  /// - Parameters:
  ///   - first: the one end.
  ///   - second: the other end.
  public init(_ first: Double, _ second: Double) { values = [first, second] }

  public var description: String { values.count == 1 ? "\(values[0])" : "\(values)" }

  /// The least and the greatest; of one number f, −f (at least `least`) and f.
  func range(least: Double = -.infinity) -> (low: Double, high: Double) {
    values.count == 1 ? (Swift.max(-values[0].magnitude, least), values[0].magnitude) : (values.min()!, values.max()!)
  }

  /// As it was given.
  var json: JSONValue { values.count == 1 ? JSONValue(values[0]) : .array(values.map { JSONValue($0) }) }

  /// The least and the greatest, as some of Keras's layers write it.
  func rangeJSON(least: Double = -.infinity) -> JSONValue {
    let (low, high) = range(least: least)
    return [JSONValue(low), JSONValue(high)]
  }
}

extension LayerOptions {
  /// A number, or two.
  mutating func factor(_ key: String) throws -> RandomFactor { try value(key, .factor) }

  mutating func optionalFactor(_ key: String) throws -> RandomFactor? { try optional(key, .factor) }

  /// Two numbers, the least and the greatest that pixels have.
  mutating func valueRange() throws -> ClosedRange<Double> {
    try value("value_range", SettingKind.anyNumber.list(of: "numbers").map("a list of two numbers") {
      $0.count == 2 && !$0.contains(where: \.isNaN) ? min($0[0], $0[1])...max($0[0], $0[1]) : nil
    })
  }

  /// What is not used of Keras's: boxes are no input here.
  mutating func refuseBoundingBoxes() throws { try refuse("bounding_box_format") }
}

extension SettingKind<RandomFactor> {
  /// A number, or two.
  static var factor: SettingKind {
    SettingKind<[Double]>.numbers.map("a number or two") {
      switch $0.count {
      case 1: RandomFactor($0[0])
      case 2: RandomFactor($0[0], $0[1])
      default: nil
      }
    }
  }
}

extension JSONValue {
  static func range(_ range: ClosedRange<Double>) -> JSONValue { [JSONValue(range.lowerBound), JSONValue(range.upperBound)] }
}
