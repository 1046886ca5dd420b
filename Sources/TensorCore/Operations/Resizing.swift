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
  /// The mean over the part of the image that a pixel covers, pixels that are covered in part counting in part.
  case area

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
    case .area: return x < 0.5 ? 1 : 0
    }
  }

  /// How much each of `from` pixels counts for each of `to`: [from, to]. Pixels are areas; what would lie outside does not count.
  fileprivate func weights(from: Int, to: Int, antialias: Bool) -> [Double] {
    let scale = Double(to) / Double(from)
    // A smaller image sees as many pixels as it has room for fewer.
    let width = antialias ? Swift.max(1 / scale, 1) : 1
    var result = [Double](repeating: 0, count: from * to)
    for target in 0..<to {
      if self == .area {
        // In units of 1 / to of a pixel, so that the ends are exact.
        let first = target * from, last = first + from
        for source in (first / to)...((last - 1) / to) {
          result[source * to + target] = Double(Swift.min(last, (source + 1) * to) - Swift.max(first, source * to)) / Double(from)
        }
        continue
      }
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

/// What happens to images where the aspect ratio of the wanted size is another than theirs.
public enum AspectRatio: Sendable, Hashable {
  /// They are stretched.
  case stretched
  /// The greatest part in the middle of the new aspect ratio is taken.
  case cropped
  /// They are put in the middle of greater ones of the new aspect ratio, filled with one value.
  case padded(fillValue: Double = 0)
}

/// Images `[rows, height, width, channels]`, or one `[height, width, channels]`, of another size `[height, width]`.
/// - Parameters:
///   - images: one or several.
///   - size: height and width of the result.
///   - interpolation: what lies between pixels.
///   - antialias: whether a smaller image's pixels are means over what they cover. (``Interpolation/area``'s always are.)
///   - aspectRatio: what happens where the aspect ratios differ.
/// Source: https://keras.io/api/ops/image/#resize-function
public func resize(
  _ images: Tensor, _ size: [Int], interpolation: Interpolation = .bilinear, antialias: Bool = false, aspectRatio: AspectRatio = .stretched
) -> Tensor {
  if images.rank == 3 {
    let result = resize(images.expandingShape(at: 0), size, interpolation: interpolation, antialias: antialias, aspectRatio: aspectRatio)
    return result.reshaped(Array(result.shape.dropFirst()))
  }
  guard images.rank == 4, size.count == 2, size.allSatisfy({ $0 > 0 }), images.dtype.isFloatingPoint, images.shape[1] > 0, images.shape[2] > 0
  else { programmingError("resize: \(images.dtype) \(images.shape) to \(size)") }
  var result = shaped(images, size, aspectRatio)
  func weights(_ axis: Int) -> Tensor {
    let (from, to) = (result.shape[axis], size[axis - 1])
    return Tensor(shape: [from, to], scalars: interpolation.weights(from: from, to: to, antialias: antialias)).cast(to: images.dtype)
  }
  if size[0] != result.shape[1] { result = einsum("rhwc,hi->riwc", result, weights(1)) }
  if size[1] != result.shape[2] { result = einsum("rhwc,wj->rhjc", result, weights(2)) }
  return result
}

/// The greatest part in the middle of images of `height` and `width` of the aspect ratio of `size`. Half pixels are left out, as Keras does.
package func aspectRatioPart(_ height: Int, _ width: Int, _ size: [Int]) -> (top: Int, left: Int, height: Int, width: Int) {
  let partHeight = Swift.max(Swift.min(height, Int(Double(width * size[0]) / Double(size[1]))), 1)
  let partWidth = Swift.max(Swift.min(width, Int(Double(height * size[1]) / Double(size[0]))), 1)
  return ((height - partHeight) / 2, (width - partWidth) / 2, partHeight, partWidth)
}

/// Images with the ratio of height to width of `size`, or nearly.
private func shaped(_ images: Tensor, _ size: [Int], _ aspectRatio: AspectRatio) -> Tensor {
  let (height, width) = (images.shape[1], images.shape[2])
  switch aspectRatio {
  case .stretched: return images
  case .cropped:
    let part = aspectRatioPart(height, width, size)
    return images[0..<images.shape[0], part.top..<(part.top + part.height), part.left..<(part.left + part.width)]
  case .padded(let fillValue):
    let vertical = (Swift.max(height, Int(Double(width * size[0]) / Double(size[1]))) - height) / 2
    let horizontal = (Swift.max(width, Int(Double(height * size[1]) / Double(size[0]))) - width) / 2
    // As in Keras, as much on one side as on the other, and along one axis.
    let margins = vertical > 0 ? [(0, 0), (vertical, vertical), (0, 0), (0, 0)] : [(0, 0), (0, 0), (horizontal, horizontal), (0, 0)]
    return pad(images, margins, constantValue: fillValue)
  }
}
