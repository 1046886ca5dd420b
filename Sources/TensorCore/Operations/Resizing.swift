import Foundation

/// What lies between the pixels of an image.
public enum Interpolation: String, Sendable, CaseIterable {
  /// The pixel that is nearest.
  case nearest
  /// Straight lines between neighbours.
  case bilinear
  /// Keys's cubic (a = −1/2) over four neighbours.
  case bicubic
  /// Lanczos's windowed sine over six neighbours.
  case lanczos3
  /// Lanczos's windowed sine over ten neighbours.
  case lanczos5

  /// How much a pixel at a distance counts.
  fileprivate func weight(_ distance: Double) -> Double {
    let x = distance.magnitude
    func lanczos(_ radius: Double) -> Double {
      if x >= radius { return 0 }
      let angle = Double.pi * x
      return x > 1e-3 ? radius * Foundation.sin(angle) * Foundation.sin(angle / radius) / (angle * angle) : 1
    }
    switch self {
    case .nearest: return x < 0.5 ? 1 : 0
    case .bilinear: return Swift.max(0, 1 - x)
    case .bicubic: return x >= 2 ? 0 : x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : ((1.5 * x - 2.5) * x) * x + 1
    case .lanczos3: return lanczos(3)
    case .lanczos5: return lanczos(5)
    }
  }

  /// How much each of `from` pixels counts for each of `to`: [from, to]. Pixels are areas; what would lie outside does not count.
  fileprivate func weights(from: Int, to: Int, antialias: Bool) -> [Double] {
    let scale = Double(to) / Double(from)
    // A smaller image sees as many pixels as it has room for fewer.
    let width = antialias ? Swift.max(1 / scale, 1) : 1
    var result = [Double](repeating: 0, count: from * to)
    for target in 0..<to {
      let place = (Double(target) + 0.5) / scale - 0.5
      if self == .nearest {
        result[Swift.min(from - 1, Int((Double(target) + 0.5) / scale)) * to + target] = 1
        continue
      }
      let row = (0..<from).map { weight((place - Double($0)) / width) }
      let sum = row.reduce(0, +)
      guard sum.magnitude > 1000 * Double(Float.ulpOfOne), place >= -0.5, place <= Double(from) - 0.5 else { continue }
      for source in 0..<from { result[source * to + target] = row[source] / sum }
    }
    return result
  }
}

/// Images `[rows, height, width, channels]` of another size `[height, width]`.
/// - Parameters:
///   - interpolation: what lies between pixels.
///   - antialias: whether a smaller image's pixels are means over what they cover.
/// Source: https://keras.io/api/ops/image/#resize-function
public func resize(_ images: Tensor, _ size: [Int], interpolation: Interpolation = .bilinear, antialias: Bool = false) -> Tensor {
  guard images.rank == 4, size.count == 2, size.allSatisfy({ $0 > 0 }), images.dtype.isFloatingPoint, images.shape[1] > 0, images.shape[2] > 0
  else { programmingError("resize: \(images.dtype) \(images.shape) to \(size)") }
  func weights(_ axis: Int) -> Tensor {
    let (from, to) = (images.shape[axis], size[axis - 1])
    return Tensor(shape: [from, to], scalars: interpolation.weights(from: from, to: to, antialias: antialias)).cast(to: images.dtype)
  }
  var result = images
  if size[0] != images.shape[1] { result = einsum("rhwc,hi->riwc", result, weights(1)) }
  if size[1] != images.shape[2] { result = einsum("rhwc,wj->rhjc", result, weights(2)) }
  return result
}
