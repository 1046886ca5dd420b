import Foundation

/// How far pictures may be moved at random along an axis, as Keras's `width_shift_range` says it: by a number `0.2` (uniform from −0.2 to
/// 0.2; of the size below 1, of pixels else), a whole number `3` (0, 1 or 2 pixels either way) or a list `[1, 5]` (one of them, either
/// way; of the size when all are below 1).
public enum ShiftRange: Sendable, Equatable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// Evenly from −r to r: of the size where r is below 1, of pixels else.
  case uniform(Double)
  /// A whole number of pixels below n, either way; 0 for none.
  case pixels(Int)
  /// One of these, either way: of the size where all are below 1, of pixels else. Empty for none.
  case choice([Double])

  /// ``uniform(_:)`` of `value`.
  public init(floatLiteral value: Double) { self = .uniform(value) }
  /// ``pixels(_:)`` of `value`.
  public init(integerLiteral value: Int) { self = .pixels(value) }
  /// ``choice(_:)`` of `elements`.
  public init(arrayLiteral elements: Double...) { self = .choice(elements) }

  fileprivate var isValid: Bool {
    switch self {
    case .uniform(let range): range.isFinite
    case .pixels(let count): count >= 0
    case .choice(let list): list.allSatisfy(\.isFinite)
    }
  }

  /// In pixels of an axis.
  fileprivate func drawn(_ size: Int, _ random: inout some RandomNumberGenerator) -> Double {
    func either(_ value: Double) -> Double { Bool.random(using: &random) ? value : -value }
    switch self {
    case .uniform(0), .pixels(0), .choice([]): return 0
    case .uniform(let range): return evenly(-range, range, &random) * (range < 1 ? Double(size) : 1)
    case .pixels(let count): return either(Double(Int.random(in: 0..<count, using: &random)))
    case .choice(let list): return either(list.randomElement(using: &random)!) * (list.max()! < 1 ? Double(size) : 1)
    }
  }
}

private func evenly(_ low: Double, _ high: Double, _ random: inout some RandomNumberGenerator) -> Double {
  if low == high { return low }
  let range = min(low, high)...max(low, high)
  // The width of a range may be infinite where its ends are not.
  if !(range.upperBound - range.lowerBound).isFinite { return 2 * Double.random(in: (range.lowerBound / 2)...(range.upperBound / 2), using: &random) }
  return Double.random(in: range, using: &random)
}

/// How the labels of pictures of folders are written for ``ImageDataGenerator``. (Keras 2: `class_mode`.)
public enum ClassMode: String, Sendable, CaseIterable {
  /// `float32` [rows, classes]: 1 at the class.
  case categorical
  /// `float32` [rows]: 0 or 1.
  case binary
  /// `float32` [rows]: the number of the class.
  case sparse
  /// The pictures themselves, as autoencoders take them.
  case input

  /// The label of a picture.
  func target(_ label: Int, of count: Int, _ picture: Tensor) -> Tensor {
    switch self {
    case .categorical: Tensor((0..<count).map { $0 == label ? Float(1) : 0 })
    case .binary, .sparse: Tensor(Float(label))
    case .input: picture
    }
  }
}

/// Pictures that are changed at random and brought to a scale, in batches: Keras 2's `ImageDataGenerator`, as many books have it.
///
///     var generator = ImageDataGenerator(
///       rotationRange: 40, widthShiftRange: 0.2, heightShiftRange: 0.2, shearRange: 0.2, zoomRange: 0.2, horizontalFlip: true,
///       rescale: 1 / 255)
///     let train = try generator.flowFromDirectory("cats_and_dogs/train", targetSize: (150, 150), batchSize: 20, classMode: .binary)
///     try model.fit(train, epochs: 30)
///
/// The same transformation gives the same numbers as in Keras (``applyTransform(_:_:)``, ``standardize(_:)``); which ones are drawn is
/// up to Descent's own random numbers: for the same seed, pass and place in the pass always the same, for any number of threads. A stream ends
/// after each picture has come once, and another pass draws anew.
///
/// New programs had better take ``RandomRotation`` and its kin, layers that
/// work inside the step, and `imageDatasetFromDirectory`.
///
/// Source: <https://keras.io/2/api/data_loading/image/#imagedatagenerator-class>.
public struct ImageDataGenerator: Sendable {
  /// Subtracts each channel's mean, which ``fit(_:augment:rounds:seed:)`` finds.
  public let featurewiseCenter: Bool
  /// Subtracts each picture's mean.
  public let samplewiseCenter: Bool
  /// Divides by each channel's deviation, which ``fit(_:augment:rounds:seed:)`` finds.
  public let featurewiseStdNormalization: Bool
  /// Divides by each picture's deviation.
  public let samplewiseStdNormalization: Bool
  /// Takes out what pixels have in common (ZCA), with a matrix that ``fit(_:augment:rounds:seed:)`` finds.
  public let zcaWhitening: Bool
  /// What is added to the pictures' singular values.
  public let zcaEpsilon: Double
  /// In degrees: from −r to r.
  public let rotationRange: Double
  /// How far pictures are moved up or down, of their width where it is a share: Keras draws it for the columns and exchanges the axes.
  public let widthShiftRange: ShiftRange
  /// How far pictures are moved sideways, of their height where it is a share: Keras draws it for the rows and exchanges the axes.
  public let heightShiftRange: ShiftRange
  /// What brightness is multiplied by.
  public let brightnessRange: ClosedRange<Double>?
  /// In degrees: from −r to r.
  public let shearRange: Double
  /// How many rows, and how many columns, one covers: two draws.
  public let zoomRange: ClosedRange<Double>
  /// From −r to r.
  public let channelShiftRange: Double
  /// What lies outside of a picture that was moved.
  public let fillMode: FillMode
  /// What lies outside where `fillMode` is constant.
  public let cval: Double
  /// Whether half of the pictures have left and right exchanged.
  public let horizontalFlip: Bool
  /// Whether half of the pictures have above and below exchanged.
  public let verticalFlip: Bool
  /// What numbers are multiplied by; nil or 0 for nothing.
  public let rescale: Double?
  /// What is done to each picture after it was changed and before it is scaled.
  public let preprocessingFunction: (@Sendable (Tensor) throws -> Tensor)?
  /// Where the channels are.
  public let dataFormat: DataFormat
  /// The share of the pictures that `subset` holds back: the first of each class, or of the rows.
  public let validationSplit: Double
  /// 0: the nearest pixel; 1: straight lines.
  public let interpolationOrder: Int
  /// The channels' means, once ``fit(_:augment:rounds:seed:)`` has found them.
  public private(set) var mean: [Double]?
  /// The channels' deviations, once ``fit(_:augment:rounds:seed:)`` has found them.
  public private(set) var std: [Double]?
  /// What a picture's numbers, one after another, are multiplied by, once ``fit(_:augment:rounds:seed:)`` has found it: `float32` [numbers, numbers].
  public private(set) var zcaWhiteningMatrix: Tensor?

  /// - Parameters:
  ///   - featurewiseCenter: subtracts each channel's mean; on as well with `featurewiseStdNormalization`.
  ///   - samplewiseCenter: subtracts each picture's mean; on as well with `samplewiseStdNormalization`.
  ///   - featurewiseStdNormalization: divides by each channel's deviation (and 10⁻⁶).
  ///   - samplewiseStdNormalization: divides by each picture's deviation (and 10⁻⁶).
  ///   - zcaWhitening: takes out what pixels have in common (Krizhevsky, "Learning multiple layers of features from tiny images", 2009, appendix A); turns
  ///     `featurewiseCenter` on and `featurewiseStdNormalization` off. For small pictures: the matrix has the square of a picture's numbers.
  ///   - zcaEpsilon: what is added to the pictures' singular values.
  ///   - rotationRange: degrees by which pictures are turned, either way.
  ///   - widthShiftRange: how far they are moved up or down (Keras exchanges the axes), of their width where it is a share.
  ///   - heightShiftRange: how far they are moved sideways, of their height where it is a share.
  ///   - brightnessRange: what their brightness is multiplied by.
  ///   - shearRange: degrees by which they are sheared, either way.
  ///   - zoomRange: z for 1 − z to 1 + z; see the other initializer for a range.
  ///   - channelShiftRange: what is added to all channels, either way.
  ///   - fillMode: what lies outside.
  ///   - cval: the value that does, where `fillMode` is constant.
  ///   - horizontalFlip: half of them have left and right exchanged.
  ///   - verticalFlip: half of them have above and below exchanged.
  ///   - rescale: what numbers are multiplied by; nil or 0 for nothing.
  ///   - preprocessingFunction: what is done to each picture after it was changed and before it is scaled; called on several threads.
  ///   - dataFormat: where the channels are.
  ///   - validationSplit: the share of pictures that `subset` holds back: the first of each class, or of the rows.
  ///   - interpolationOrder: 0 for the nearest pixel, 1 for straight lines.
  /// - Throws: ``DescentError`` of kind `invalidArgument` for a setting that has no meaning.
  public init(
    featurewiseCenter: Bool = false, samplewiseCenter: Bool = false, featurewiseStdNormalization: Bool = false,
    samplewiseStdNormalization: Bool = false, zcaWhitening: Bool = false, zcaEpsilon: Double = 1e-6, rotationRange: Double = 0, widthShiftRange: ShiftRange = 0.0,
    heightShiftRange: ShiftRange = 0.0, brightnessRange: ClosedRange<Double>? = nil, shearRange: Double = 0, zoomRange: Double = 0,
    channelShiftRange: Double = 0, fillMode: FillMode = .nearest, cval: Double = 0, horizontalFlip: Bool = false,
    verticalFlip: Bool = false, rescale: Double? = nil, preprocessingFunction: (@Sendable (Tensor) throws -> Tensor)? = nil,
    dataFormat: DataFormat = .channelsLast, validationSplit: Double = 0, interpolationOrder: Int = 1
  ) throws {
    try NumberRange.any.check("zoomRange", zoomRange, "ImageDataGenerator")
    try self.init(
      featurewiseCenter: featurewiseCenter, samplewiseCenter: samplewiseCenter, featurewiseStdNormalization: featurewiseStdNormalization,
      samplewiseStdNormalization: samplewiseStdNormalization, zcaWhitening: zcaWhitening, zcaEpsilon: zcaEpsilon, rotationRange: rotationRange, widthShiftRange: widthShiftRange,
      heightShiftRange: heightShiftRange, brightnessRange: brightnessRange, shearRange: shearRange,
      zoomRange: (1 - zoomRange.magnitude)...(1 + zoomRange.magnitude), channelShiftRange: channelShiftRange, fillMode: fillMode, cval: cval,
      horizontalFlip: horizontalFlip, verticalFlip: verticalFlip, rescale: rescale, preprocessingFunction: preprocessingFunction,
      dataFormat: dataFormat, validationSplit: validationSplit, interpolationOrder: interpolationOrder)
  }

  /// As the other initializer, with a range of zooms: below 1 pictures become greater, above 1 smaller.
  /// - Parameters:
  ///   - featurewiseCenter: subtracts each channel's mean; on as well with `featurewiseStdNormalization`.
  ///   - samplewiseCenter: subtracts each picture's mean; on as well with `samplewiseStdNormalization`.
  ///   - featurewiseStdNormalization: divides by each channel's deviation (and 10⁻⁶).
  ///   - samplewiseStdNormalization: divides by each picture's deviation (and 10⁻⁶).
  ///   - zcaWhitening: takes out what pixels have in common; turns `featurewiseCenter` on and `featurewiseStdNormalization` off. For
  ///     pictures of up to 16,384 numbers.
  ///   - zcaEpsilon: what is added to the pictures' singular values.
  ///   - rotationRange: degrees by which pictures are turned, either way.
  ///   - widthShiftRange: how far they are moved up or down (Keras exchanges the axes), of their width where it is a share.
  ///   - heightShiftRange: how far they are moved sideways, of their height where it is a share.
  ///   - brightnessRange: what their brightness is multiplied by; nil leaves it.
  ///   - shearRange: degrees by which they are sheared, either way.
  ///   - zoomRange: how many rows, and how many columns, one of the result covers: two draws.
  ///   - channelShiftRange: what is added to all channels, either way.
  ///   - fillMode: what lies outside.
  ///   - cval: the value that does, where `fillMode` is constant.
  ///   - horizontalFlip: half of them have left and right exchanged.
  ///   - verticalFlip: half of them have above and below exchanged.
  ///   - rescale: what numbers are multiplied by; nil or 0 for nothing.
  ///   - preprocessingFunction: what is done to each picture after it was changed and before it is scaled; called on several threads.
  ///   - dataFormat: where the channels are.
  ///   - validationSplit: the share of pictures that `subset` holds back, less than 1: the first of each class, or of the rows.
  ///   - interpolationOrder: 0 for the nearest pixel, 1 for straight lines.
  /// - Throws: ``DescentError`` of kind `invalidArgument` for a setting that has no meaning.
  public init(
    featurewiseCenter: Bool = false, samplewiseCenter: Bool = false, featurewiseStdNormalization: Bool = false,
    samplewiseStdNormalization: Bool = false, zcaWhitening: Bool = false, zcaEpsilon: Double = 1e-6, rotationRange: Double = 0, widthShiftRange: ShiftRange = 0.0,
    heightShiftRange: ShiftRange = 0.0, brightnessRange: ClosedRange<Double>? = nil, shearRange: Double = 0,
    zoomRange: ClosedRange<Double>, channelShiftRange: Double = 0, fillMode: FillMode = .nearest, cval: Double = 0,
    horizontalFlip: Bool = false, verticalFlip: Bool = false, rescale: Double? = nil,
    preprocessingFunction: (@Sendable (Tensor) throws -> Tensor)? = nil, dataFormat: DataFormat = .channelsLast,
    validationSplit: Double = 0, interpolationOrder: Int = 1
  ) throws {
    func fault(_ message: String) -> DescentError { DescentError(.invalidArgument, "ImageDataGenerator: \(message)") }
    guard interpolationOrder == 0 || interpolationOrder == 1 else {
      throw fault("interpolationOrder is \(interpolationOrder); expected 0 (nearest) or 1 (straight lines)")
    }
    try NumberRange.decay.check("validationSplit", validationSplit, "ImageDataGenerator")
    for (name, value) in [
      ("rotationRange", rotationRange), ("shearRange", shearRange), ("channelShiftRange", channelShiftRange), ("cval", cval),
      ("rescale", rescale ?? 1), ("zcaEpsilon", zcaEpsilon), ("zoomRange", zoomRange.lowerBound), ("zoomRange", zoomRange.upperBound),
      ("brightnessRange", brightnessRange?.lowerBound ?? 1), ("brightnessRange", brightnessRange?.upperBound ?? 1),
    ] { try NumberRange.any.check(name, value, "ImageDataGenerator") }
    for (name, range) in [("widthShiftRange", widthShiftRange), ("heightShiftRange", heightShiftRange)] where !range.isValid {
      throw fault("\(name) is \(range); expected numbers, whole ones from 0 up")
    }
    self.featurewiseCenter = featurewiseCenter || featurewiseStdNormalization || zcaWhitening
    self.zcaWhitening = zcaWhitening
    self.zcaEpsilon = zcaEpsilon
    self.samplewiseCenter = samplewiseCenter || samplewiseStdNormalization
    self.featurewiseStdNormalization = featurewiseStdNormalization && !zcaWhitening
    self.samplewiseStdNormalization = samplewiseStdNormalization
    self.rotationRange = rotationRange
    self.widthShiftRange = widthShiftRange
    self.heightShiftRange = heightShiftRange
    self.brightnessRange = brightnessRange
    self.shearRange = shearRange
    self.zoomRange = zoomRange
    self.channelShiftRange = channelShiftRange
    self.fillMode = fillMode
    self.cval = cval
    self.horizontalFlip = horizontalFlip
    self.verticalFlip = verticalFlip
    self.rescale = rescale
    self.preprocessingFunction = preprocessingFunction
    self.dataFormat = dataFormat
    self.validationSplit = validationSplit
    self.interpolationOrder = interpolationOrder
  }

  // MARK: - One picture

  /// What is done to one picture, drawn at random. (Keras: `get_random_transform`.)
  /// - Parameters:
  ///   - shape: of the picture.
  ///   - random: where numbers are drawn from.
  /// - Precondition: the shape has three axes.
  public func randomTransform(_ shape: [Int], using random: inout some RandomNumberGenerator) -> ImageTransform {
    precondition(shape.count == 3, "ImageDataGenerator.randomTransform: the shape is \(shape); expected three axes")
    let (height, width) = dataFormat == .channelsLast ? (shape[0], shape[1]) : (shape[1], shape[2])
    var transform = ImageTransform()
    if rotationRange != 0 { transform.theta = evenly(-rotationRange, rotationRange, &random) }
    transform.tx = heightShiftRange.drawn(height, &random)
    transform.ty = widthShiftRange.drawn(width, &random)
    if shearRange != 0 { transform.shear = evenly(-shearRange, shearRange, &random) }
    if zoomRange != 1...1 {
      transform.zx = evenly(zoomRange.lowerBound, zoomRange.upperBound, &random)
      transform.zy = evenly(zoomRange.lowerBound, zoomRange.upperBound, &random)
    }
    transform.flipHorizontal = horizontalFlip && Bool.random(using: &random)
    transform.flipVertical = verticalFlip && Bool.random(using: &random)
    if channelShiftRange != 0 { transform.channelShiftIntensity = evenly(-channelShiftRange, channelShiftRange, &random) }
    if let brightnessRange { transform.brightness = evenly(brightnessRange.lowerBound, brightnessRange.upperBound, &random) }
    return transform
  }

  /// A picture changed in the given way, with Keras's numbers. (Keras: `apply_transform`.)
  /// - Parameters:
  ///   - x: one picture with three axes.
  ///   - transform: what is done.
  /// - Returns: `float32`, of the same shape.
  /// - Throws: ``DescentError`` of kind `data` when `x` is no picture, or has not 1, 3 or 4 channels and is brightened, of
  ///   kind `invalidArgument` when a number of the transform is not finite.
  public func applyTransform(_ x: Tensor, _ transform: ImageTransform) throws -> Tensor {
    guard x.rank == 3 else { throw DescentError(.data, "ImageDataGenerator: a picture has shape \(x.shape); expected three axes") }
    guard transform.isFinite else { throw DescentError(.invalidArgument, "ImageDataGenerator.applyTransform: \(transform) holds a number that is not finite") }
    let pixels = (dataFormat == .channelsLast ? x : x.transposed([1, 2, 0])).cast(to: .float32)
    var image = FloatImage(height: pixels.shape[0], width: pixels.shape[1], channels: pixels.shape[2], numbers: pixels.scalars())
    if let (matrix, offset) = transform.places(height: image.height, width: image.width) {
      image = image.sampled(matrix, offset, fillMode, fillValue: cval, order: interpolationOrder)
    }
    if let intensity = transform.channelShiftIntensity { image = image.shifted(by: intensity) }
    image = image.flipped(horizontally: transform.flipHorizontal, vertically: transform.flipVertical)
    if let brightness = transform.brightness { image = try image.brightened(by: brightness) }
    return ordered(Tensor(shape: pixels.shape, scalars: image.numbers), dataFormat).evaluated()
  }

  /// A picture brought to scale: the preprocessing function, `rescale`, each picture's mean and deviation, each channel's. (Keras:
  /// `standardize`.)
  /// - Throws: ``DescentError`` of kind `state` when channels' means are wanted before ``fit(_:augment:rounds:seed:)`` has found them.
  public func standardize(_ x: Tensor) throws -> Tensor {
    var x = try preprocessingFunction?(x) ?? x
    if let rescale, rescale != 0 { x = x * rescale }
    if samplewiseCenter { x = x - x.mean() }
    if samplewiseStdNormalization { x = x / (sqrt(square(x - x.mean()).mean()) + 1e-6) }
    if featurewiseCenter { x = x - (try channelNumbers(mean, x)) }
    if featurewiseStdNormalization { x = x / (try channelNumbers(std, x) + 1e-6) }
    if zcaWhitening {
      guard let matrix = zcaWhiteningMatrix else { throw DescentError(.state, "ImageDataGenerator: zcaWhitening needs fit(_:) first") }
      guard x.count == matrix.shape[0] else {
        throw DescentError(.data, "ImageDataGenerator: a picture has shape \(x.shape); fit(_:) saw pictures of \(matrix.shape[0]) numbers")
      }
      x = matmul(x.reshaped([1, x.count]), matrix.cast(to: x.dtype)).reshaped(x.shape)
    }
    return x.evaluated()
  }

  private func channelNumbers(_ numbers: [Double]?, _ x: Tensor) throws -> Tensor {
    guard let numbers else {
      throw DescentError(.state, "ImageDataGenerator: featurewiseCenter and featurewiseStdNormalization need fit(_:) first")
    }
    let axis = dataFormat == .channelsLast ? 2 : 0
    guard x.rank == 3, x.shape[axis] == numbers.count else {
      throw DescentError(.data, "ImageDataGenerator: a picture has shape \(x.shape); fit(_:) saw \(numbers.count) channels")
    }
    let shape = dataFormat == .channelsLast ? [1, 1, numbers.count] : [numbers.count, 1, 1]
    return Tensor(shape: shape, scalars: numbers).cast(to: x.dtype)
  }

  /// Finds the channels' means and deviations of pictures, after `rescale`, and the matrix that whitens them.
  /// - Parameters:
  ///   - x: [rows, height, width, channels], or channels first.
  ///   - augment: changes them at random before.
  ///   - rounds: how often, with `augment`.
  ///   - seed: of what is drawn.
  /// - Throws: ``DescentError`` of kind `data` when `x` has not four axes, or no pictures.
  public mutating func fit(_ x: Tensor, augment: Bool = false, rounds: Int = 1, seed: UInt64 = 0) throws {
    guard x.rank == 4, x.count > 0 else { throw DescentError(.data, "ImageDataGenerator.fit: x has shape \(x.shape); expected pictures in four axes") }
    try NumberRange.count.check("rounds", rounds, "ImageDataGenerator.fit")
    var pictures = x.cast(to: .float32)
    if let rescale, rescale != 0 { pictures = pictures * rescale }
    if augment {
      let generator = self
      let changed = try Dataset(pictures).repeat(rounds).map(seed: seed) { row, random in
        try generator.applyTransform(row, generator.randomTransform(row.shape, using: &random))
      }
      pictures = try changed.batch(ElementCount.product(rounds, x.shape[0])).elements()[0]
    }
    let (rows, numbers) = (pictures.shape[0], pictures.count / pictures.shape[0])
    guard !zcaWhitening || numbers <= 1 << 14 else {
      throw DescentError(.data, "ImageDataGenerator.fit: pictures have \(numbers) numbers; zcaWhitening is for up to \(1 << 14)")
    }
    var wide = pictures.cast(to: .float64)
    let axes = dataFormat == .channelsLast ? [0, 1, 2] : [0, 2, 3]
    let means = wide.mean(axes: axes, keepDims: true)
    mean = featurewiseCenter ? means.doubles : nil
    std = featurewiseStdNormalization ? sqrt(square(wide - means).mean(axes: axes)).doubles : nil
    guard zcaWhitening else { return }
    wide = (wide - means).reshaped([rows, numbers])
    let (u, s, _) = svd(wide.transposed([1, 0]))
    let scaled = u * (Double(rows).squareRoot() / (s + zcaEpsilon)).reshaped([1, s.count])
    zcaWhiteningMatrix = matmul(scaled, u, transposeB: true).cast(to: .float32).evaluated()
  }

  /// A picture changed at random and brought to scale.
  func prepared(_ x: Tensor, _ random: inout RowRandom) throws -> Tensor {
    try standardize(try applyTransform(x, randomTransform(x.shape, using: &random)))
  }
}
