import Foundation

/// A part of a picture.
struct ImageBox: Equatable {
  var x: Int, y: Int, width: Int, height: Int
}

/// A part of a picture in another size, with Pillow's numbers: weights in whole numbers of 2⁻²², rounded to bytes between columns and
/// rows (Pillow 13's order).
func resampled(_ image: Image, to size: (height: Int, width: Int), _ interpolation: ImageInterpolation, _ box: ImageBox) -> Image {
  if interpolation == .nearest { return nearest(image, to: size, box) }
  // Colors that cannot be seen do not count.
  let source = image.mode == .rgba ? multiplied(image) : image
  var (bytes, width, height) = (source.bytes, image.width, image.height)
  let (channels, isWide) = (image.mode.channelCount, image.mode == .grayscale16)
  func resampleColumns() {
    guard size.width != width || box.x != 0 || box.width != width else { return }
    let taps = PixelTaps(from: width, box.x, box.width, to: size.width, interpolation)
    bytes = taps.applied(to: bytes, lines: height, inner: channels, isWide: isWide)
    width = size.width
  }
  func resampleRows() {
    guard size.height != height || box.y != 0 || box.height != height else { return }
    let taps = PixelTaps(from: height, box.y, box.height, to: size.height, interpolation)
    bytes = taps.applied(to: bytes, lines: 1, inner: width * channels, isWide: isWide)
    height = size.height
  }
  // Rows come first where that leaves less to do for the columns; the rounding in between depends on it.
  if height > size.height, height - size.height > 2 * (width - size.width) {
    resampleRows()
    resampleColumns()
  } else {
    resampleColumns()
    resampleRows()
  }
  let result = Image(checked: width, height, image.mode, bytes)
  return image.mode == .rgba ? divided(result) : result
}

private func nearest(_ image: Image, to size: (height: Int, width: Int), _ box: ImageBox) -> Image {
  // Places are summed up step by step, as Pillow does: the last bits of a sum decide between neighbors.
  func places(_ start: Int, _ length: Int, _ count: Int, _ limit: Int) -> [Int] {
    let step = Double(length) / Double(count)
    var place = Double(start) + step * 0.5
    return (0..<count).map { _ in
      defer { place += step }
      return min(Int(place), limit - 1)
    }
  }
  let (rows, columns) = (places(box.y, box.height, size.height, image.height), places(box.x, box.width, size.width, image.width))
  let step = image.mode.bytesPerPixel
  var bytes: [UInt8] = []
  bytes.reserveCapacity(size.height * size.width * step)
  for row in rows {
    for column in columns {
      let place = (row * image.width + column) * step
      bytes.append(contentsOf: image.bytes[place..<(place + step)])
    }
  }
  return Image(checked: size.width, size.height, image.mode, bytes)
}

private func multiplied(_ image: Image) -> Image {
  changedColors(image) { color, alpha in
    let product = Int(color) * Int(alpha) + 128
    return UInt8(((product >> 8) + product) >> 8)
  }
}

private func divided(_ image: Image) -> Image {
  changedColors(image) { color, alpha in
    alpha == 0 || alpha == 255 ? color : UInt8(min(255, 255 * Int(color) / Int(alpha)))
  }
}

private func changedColors(_ image: Image, _ change: (_ color: UInt8, _ alpha: UInt8) -> UInt8) -> Image {
  var bytes = image.bytes
  for pixel in stride(from: 0, to: bytes.count, by: 4) {
    for channel in 0..<3 { bytes[pixel + channel] = change(bytes[pixel + channel], bytes[pixel + 3]) }
  }
  return Image(checked: image.width, image.height, image.mode, bytes)
}

extension ImageInterpolation {
  /// How far from a pixel others count.
  fileprivate var radius: Double {
    switch self {
    case .nearest, .box: 0.5
    case .bilinear, .hamming: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// How much a pixel at a distance counts.
  fileprivate func weight(_ distance: Double) -> Double {
    let x = distance.magnitude
    func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
    switch self {
    case .nearest, .box: return distance > -0.5 && distance <= 0.5 ? 1 : 0
    case .bilinear: return max(0, 1 - x)
    case .hamming: return x == 0 ? 1 : x >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * cos(x * .pi))
    case .bicubic:
      let a = -0.5
      return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    case .lanczos: return distance >= -3 && distance < 3 ? sinc(x) * sinc(x / 3) : 0
    }
  }
}

/// Which pixels of a line, and how much of each, make each pixel of another.
private struct PixelTaps {
  private let from: Int
  private let starts: [Int]
  private let weights: [[Double]]

  init(from: Int, _ start: Int, _ length: Int, to: Int, _ interpolation: ImageInterpolation) {
    self.from = from
    let scale = Double(length) / Double(to)
    let spread = max(scale, 1)
    let support = interpolation.radius * spread
    var (starts, weights): ([Int], [[Double]]) = ([], [])
    for target in 0..<to {
      let center = Double(start) + (Double(target) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let end = min(from, Int(center + support + 0.5))
      let line = (first..<max(first, end)).map { interpolation.weight((Double($0) - center + 0.5) * (1 / spread)) }
      let sum = line.reduce(0, +)
      starts.append(first)
      weights.append(sum == 0 ? line : line.map { $0 / sum })
    }
    self.starts = starts
    self.weights = weights
  }

  /// [lines, from, inner] to [lines, to, inner].
  func applied(to bytes: [UInt8], lines: Int, inner: Int, isWide: Bool) -> [UInt8] {
    isWide ? appliedToWords(bytes, lines: lines, inner: inner) : appliedToBytes(bytes, lines: lines, inner: inner)
  }

  private func appliedToBytes(_ bytes: [UInt8], lines: Int, inner: Int) -> [UInt8] {
    let whole = weights.map { line in line.map { Int32($0 < 0 ? -0.5 + $0 * Double(1 << 22) : 0.5 + $0 * Double(1 << 22)) } }
    var result = [UInt8](repeating: 0, count: lines * starts.count * inner)
    bytes.withUnsafeBufferPointer { source in
      for line in 0..<lines {
        for target in starts.indices {
          let (place, base) = ((line * starts.count + target) * inner, (line * from + starts[target]) * inner)
          let factors = whole[target]
          for part in 0..<inner {
            var sum: Int32 = 1 << 21
            for (step, factor) in factors.enumerated() { sum &+= Int32(source[base + step * inner + part]) &* factor }
            result[place + part] = UInt8(clamping: sum >> 22)
          }
        }
      }
    }
    return result
  }

  private func appliedToWords(_ bytes: [UInt8], lines: Int, inner: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 2 * lines * starts.count * inner)
    for line in 0..<lines {
      for target in starts.indices {
        let (place, base) = ((line * starts.count + target) * inner, (line * from + starts[target]) * inner)
        for part in 0..<inner {
          var sum = 0.0
          for (step, factor) in weights[target].enumerated() {
            let source = 2 * (base + step * inner + part)
            sum += Double(Int(bytes[source]) | Int(bytes[source + 1]) << 8) * factor
          }
          // Each byte is cut off on its own, as Pillow does.
          let rounded = Int(sum < 0 ? -(0.5 - sum).rounded(.down) : (sum + 0.5).rounded(.down))
          result[2 * (place + part)] = UInt8(clamping: rounded % 256)
          result[2 * (place + part) + 1] = UInt8(clamping: rounded >> 8)
        }
      }
    }
    return result
  }
}
