import TensorCore

/// What lies outside of an image. (Keras: `fill_mode`.)
public enum FillMode: String, Sendable, CaseIterable {
  /// The image in a mirror at its edge: d c b a | a b c d | d c b a.
  case reflect
  /// The image again: a b c d | a b c d | a b c d.
  case wrap
  /// One value.
  case constant
  /// The pixel at the edge: a a a a | a b c d | d d d d.
  case nearest

  /// The place within an axis that stands for a whole number, which may lie outside; for `constant` the nearest one.
  fileprivate func place(_ index: Tensor, _ size: Int) -> Tensor {
    let n = Double(size)
    func remainder(_ x: Tensor, _ divisor: Double) -> Tensor { x - floor(x / divisor) * divisor }
    let place: Tensor
    switch self {
    case .constant, .nearest: place = index
    case .wrap: place = remainder(index, n)
    case .reflect:
      let folded = remainder(index, 2 * n)
      place = minimum(folded, 2 * n - 1 - folded)
    }
    // Numbers that are not, or are too great to be exact, read some pixel and not beyond the image.
    return clip(place, 0, Tensor(number: n - 1))
  }
}

/// What the layers that turn, move, zoom and shear images share.
public class AffineImageLayer: RandomImageLayer {
  /// What lies outside of an image.
  public let fillMode: FillMode
  /// What lies between pixels: nearest or bilinear.
  public let interpolation: Interpolation
  /// What lies outside where `fillMode` is constant.
  public let fillValue: Double

  init(
    fillMode: FillMode, interpolation: Interpolation, fillValue: Double, dataFormat: DataFormat, seed: UInt64?, inputShape: [Int?]?,
    name: String?, trainable: Bool, dtype: DType?
  ) {
    self.fillMode = fillMode
    self.interpolation = interpolation
    self.fillValue = fillValue
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    guard interpolation == .nearest || interpolation == .bilinear else {
      throw settingsError("interpolation is \(interpolation.rawValue); expected nearest or bilinear")
    }
  }

  /// What a file says of it.
  func affineOptions() -> [(String, JSONValue)] {
    [
      ("fill_mode", .string(fillMode.rawValue)), ("interpolation", .string(interpolation.rawValue)), ("seed", .seed(seed)),
      ("fill_value", JSONValue(fillValue)), ("data_format", .string(dataFormat.rawValue)),
    ]
  }

  /// Images whose pixel at (x, y) is that of `images` at (a₀x + a₁y + a₂, b₀x + b₁y + b₂), with a number of each for each image. (Keras:
  /// `keras.ops.image.affine_transform`.)
  func transformed(_ images: Tensor, _ a: (Tensor, Tensor, Tensor), _ b: (Tensor, Tensor, Tensor)) -> Tensor {
    let (rows, height, width) = (images.shape[0], images.shape[1], images.shape[2])
    let x = Tensor.range(width).cast(to: images.dtype).reshaped([1, 1, width])
    let y = Tensor.range(height).cast(to: images.dtype).reshaped([1, height, 1])
    func place(_ factors: (Tensor, Tensor, Tensor)) -> Tensor {
      func one(_ values: Tensor) -> Tensor { values.reshaped([rows, 1, 1]) }
      return one(factors.0) * x + one(factors.1) * y + one(factors.2)
    }
    return sampled(images, place(a), place(b))
  }

  /// What lies at places of images: [rows, height, width] for x and for y. (Keras: `keras.ops.image.map_coordinates`.)
  func sampled(_ images: Tensor, _ placeX: Tensor, _ placeY: Tensor) -> Tensor {
    let (rows, height, width, channels) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3])
    let pixels = images.reshaped([rows * height * width, channels])
    let start = (Tensor.range(rows) * Tensor(number: Double(height * width))).reshaped([rows, 1, 1])
    func isPlace(_ index: Tensor, _ size: Int) -> Tensor { (index .>= 0) .&& (index .<= Tensor(number: Double(size - 1))) }
    func pixel(_ x: Tensor, _ y: Tensor) -> Tensor {
      let place: Tensor = fillMode.place(y, height) * Double(width) + fillMode.place(x, width)
      let index = place.cast(to: .int32) + start
      let found = take(pixels, index, axis: 0)
      if fillMode != .constant { return found }
      let isInside = isPlace(x, width) .&& isPlace(y, height)
      return select(isInside.expandingShape(at: -1), found, Tensor(number: fillValue))
    }
    if interpolation == .nearest {
      func rounded(_ x: Tensor) -> Tensor { sign(x) * floor(abs(x) + 0.5) }
      return pixel(rounded(placeX), rounded(placeY))
    }
    let (left, top) = (floor(placeX), floor(placeY))
    let right = (placeX - left).expandingShape(at: -1), bottom = (placeY - top).expandingShape(at: -1)
    func between(_ a: Tensor, _ b: Tensor, _ share: Tensor) -> Tensor { a * (1 - share) + b * share }
    let upper = between(pixel(left, top), pixel(left + 1, top), right)
    let lower = between(pixel(left, top + 1), pixel(left + 1, top + 1), right)
    return between(upper, lower, bottom)
  }
}
