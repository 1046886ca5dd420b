import Foundation

/// What ``ImageDataGenerator`` does to one picture: the dictionary that Keras's `get_random_transform` gives.
public struct ImageTransform: Sendable, Equatable {
  /// Turned by so many degrees, counterclockwise on a picture whose rows go down.
  public var theta = 0.0
  /// Moved by so many columns to the left.
  public var tx = 0.0
  /// Moved by so many rows up.
  public var ty = 0.0
  /// Sheared by an angle in degrees.
  public var shear = 0.0
  /// How many columns one column of the result covers.
  public var zx = 1.0
  /// How many rows one row of the result covers.
  public var zy = 1.0
  /// Left and right change places.
  public var flipHorizontal = false
  /// Above and below change places.
  public var flipVertical = false
  /// Added to each channel, within the picture's least and greatest number; nil for nothing.
  public var channelShiftIntensity: Double?
  /// What pixels, as whole numbers, are multiplied by; nil for nothing.
  public var brightness: Double?

  /// Changes nothing.
  public init() {}

  /// Whether all numbers are finite.
  var isFinite: Bool { ([theta, tx, ty, shear, zx, zy] + [channelShiftIntensity, brightness].compactMap { $0 }).allSatisfy(\.isFinite) }

  /// Where the affine part takes the pixel (row, column) of the result from: matrix (row, column) + offset; nil when it stays.
  func places(height: Int, width: Int) -> (matrix: [[Double]], offset: [Double])? {
    typealias Matrix = [[Double]]
    func product(_ a: Matrix, _ b: Matrix) -> Matrix {
      var result = Matrix(repeating: [0, 0, 0], count: 3)
      for i in 0..<3 {
        for j in 0..<3 {
          for k in 0..<3 { result[i][j] += a[i][k] * b[k][j] }
        }
      }
      return result
    }
    var matrix: Matrix?
    func then(_ next: Matrix) { matrix = matrix.map { product($0, next) } ?? next }
    if theta != 0 {
      let angle = theta * .pi / 180
      then([[cos(angle), -sin(angle), 0], [sin(angle), cos(angle), 0], [0, 0, 1]])
    }
    if tx != 0 || ty != 0 { then([[1, 0, tx], [0, 1, ty], [0, 0, 1]]) }
    if shear != 0 {
      let angle = shear * .pi / 180
      then([[1, -sin(angle), 0], [0, cos(angle), 0], [0, 0, 1]])
    }
    if zx != 1 || zy != 1 { then([[zx, 0, 0], [0, zy, 0], [0, 0, 1]]) }
    guard let turned = matrix else { return nil }
    // About the middle.
    let (x, y) = (Double(height) / 2 - 0.5, Double(width) / 2 - 0.5)
    let centered = product(product([[1, 0, x], [0, 1, y], [0, 0, 1]], turned), [[1, 0, -x], [0, 1, -y], [0, 0, 1]])
    // Keras exchanges rows and columns of the matrix, whose middle it has made with the height for x all the same.
    let (first, second) = (centered[1], centered[0])
    return ([[first[1], first[0]], [second[1], second[0]]], [first[2], second[2]])
  }
}

/// Single-precision pixels [height, width, channels].
struct FloatImage {
  let height: Int, width: Int, channels: Int
  var numbers: [Float]

  /// The pixels at other places, with SciPy's `affine_transform`.
  func sampled(_ matrix: [[Double]], _ offset: [Double], _ fillMode: FillMode, fillValue: Double, order: Int) -> FloatImage {
    var result = self
    for row in 0..<height {
      for column in 0..<width {
        let (r, c) = (Double(row), Double(column))
        let place = [matrix[0][0] * r + matrix[0][1] * c + offset[0], matrix[1][0] * r + matrix[1][1] * c + offset[1]]
        let target = (row * width + column) * channels
        guard let y = fillMode.inside(place[0], height), let x = fillMode.inside(place[1], width) else {
          for channel in 0..<channels { result.numbers[target + channel] = Float(fillValue) }
          continue
        }
        let (rows, columns) = (fillMode.taps(y, height, order: order), fillMode.taps(x, width, order: order))
        for channel in 0..<channels {
          var sum = 0.0
          for (sourceRow, rowWeight) in rows {
            for (sourceColumn, columnWeight) in columns {
              sum += Double(numbers[(sourceRow * width + sourceColumn) * channels + channel]) * rowWeight * columnWeight
            }
          }
          result.numbers[target + channel] = Float(sum)
        }
      }
    }
    return result
  }

  func flipped(horizontally: Bool, vertically: Bool) -> FloatImage {
    guard horizontally || vertically else { return self }
    var result = self
    for row in 0..<height {
      for column in 0..<width {
        let source = (vertically ? height - 1 - row : row) * width + (horizontally ? width - 1 - column : column)
        for channel in 0..<channels { result.numbers[(row * width + column) * channels + channel] = numbers[source * channels + channel] }
      }
    }
    return result
  }

  func shifted(by intensity: Double) -> FloatImage {
    guard let least = numbers.min(), let greatest = numbers.max() else { return self }
    var result = self
    let step = Float(intensity)
    result.numbers = numbers.map { min(max($0 + step, least), greatest) }
    return result
  }

  /// As whole numbers times a factor, as Pillow's `ImageEnhance.Brightness`; numbers beyond 0 to 255 are brought there and back.
  func brightened(by factor: Double) throws -> FloatImage {
    guard let least = numbers.min(), let greatest = numbers.max() else { return self }
    let isScaled = least < 0 || greatest > 255
    let tensor = Tensor(shape: [height, width, channels], scalars: numbers)
    let bytes = try arrayToImage(tensor, scale: isScaled).bytes
    var result = self
    let share = Float(factor)
    result.numbers = bytes.enumerated().map { place, byte in
      let isOpacity = channels == 4 && place % 4 == 3
      let value = isOpacity ? Float(byte) : min(max(share * Float(byte), 0), 255).rounded(.towardZero)
      return isScaled ? value / 255 * (greatest - least) + least : value
    }
    return result
  }
}

extension FillMode {
  /// The place within an axis that stands for another; nil for one that is filled.
  fileprivate func inside(_ place: Double, _ size: Int) -> Double? {
    let last = Double(size - 1)
    if place >= 0 && place <= last { return place }
    switch self {
    case .constant: return nil
    case .nearest: return min(max(place, 0), last)
    case .wrap:
      // SciPy's period is one pixel shorter than the picture.
      if size <= 1 { return 0 }
      return place < 0 ? place + last * ((-place / last).rounded(.towardZero) + 1) : place - last * (place / last).rounded(.towardZero)
    case .reflect:
      if size <= 1 { return 0 }
      let period = 2 * Double(size)
      if place < 0 {
        let nearer = place < -period ? period * (-place / period).rounded(.towardZero) + place : place
        return nearer < -Double(size) ? nearer + period : (nearer > -1e-15 ? 1e-15 : -nearer) - 1
      }
      let nearer = place - period * (place / period).rounded(.towardZero)
      return nearer >= Double(size) ? period - nearer - 1 : nearer
    }
  }

  /// Pixels around a place and how much each counts.
  fileprivate func taps(_ place: Double, _ size: Int, order: Int) -> [(Int, Double)] {
    func index(_ index: Int) -> Int { min(max(index, 0), size - 1) }
    if order == 0 { return [(index(Int(clamping: (place + 0.5).rounded(.down))), 1)] }
    let start = place.rounded(.down)
    return [(index(Int(clamping: start)), 1 - (place - start)), (index(Int(clamping: start + 1)), place - start)]
  }
}
