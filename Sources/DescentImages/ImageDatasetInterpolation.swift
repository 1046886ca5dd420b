import Foundation

/// How ``imageDatasetFromDirectory(_:labels:labelMode:classNames:colorMode:batchSize:imageSize:shuffle:seed:validationSplit:subset:interpolation:followLinks:cropToAspectRatio:padToAspectRatio:dataFormat:workers:cachesBytes:verbose:)``
/// makes other sizes: TensorFlow's ways (`tf.image.resize` without `antialias`). But for `area`, a smaller picture's pixels are not
/// means over what they cover.
public enum ImageDatasetInterpolation: String, Sendable, CaseIterable {
  /// Straight lines between the four nearest pixels.
  case bilinear
  /// The pixel that is nearest.
  case nearest
  /// Keys's cubic (a = −1/2) over sixteen pixels, with weights from a table of 1,024 places between two pixels.
  case bicubic
  /// Means over what a pixel covers.
  case area
  /// Lanczos's windowed sine over six pixels each way.
  case lanczos3
  /// Lanczos's windowed sine over ten pixels each way.
  case lanczos5
  /// A Gaussian (σ = 1/2) over three pixels each way.
  case gaussian
  /// Mitchell and Netravali's cubic over four pixels each way.
  case mitchellcubic

  /// How far from a pixel others count, where a function of the distance says so.
  fileprivate var radius: Float {
    switch self {
    case .lanczos3: 3
    case .lanczos5: 5
    case .gaussian: 1.5
    default: 2
    }
  }

  /// How much a pixel at a distance counts.
  fileprivate func weight(_ x: Float) -> Float {
    switch self {
    case .lanczos3, .lanczos5:
      if x > radius { return 0 }
      if x <= 1e-3 { return 1 }
      let angle = Float.pi * x
      return radius * sin(angle) * sin(angle / radius) / (angle * angle)
    case .gaussian: return x >= radius ? 0 : exp(-x * x / (2 * (radius / 3) * (radius / 3)))
    default:
      if x >= 2 { return 0 }
      if x >= 1 { return (((-7.0 / 18.0) * x + 2) * x - 10.0 / 3.0) * x + 16.0 / 9.0 }
      return ((7.0 / 6.0) * x - 2) * x * x + 8.0 / 9.0
    }
  }
}

/// Pixels in bytes as numbers, in another size: [height, width, channels]. With the single-precision arithmetic of TensorFlow's kernels,
/// step by step, so that the numbers are theirs to the last bit.
struct ImageResizer {
  let interpolation: ImageDatasetInterpolation
  let height: Int, width: Int

  /// Pixels of a part of a picture into `target`, which has `rowStride` numbers from one row to the next.
  func resize(
    _ source: UnsafeBufferPointer<UInt8>, sourceWidth: Int, _ box: ImageBox, channels: Int, into target: UnsafeMutablePointer<Float>,
    rowStride: Int
  ) {
    let part = Part(
      pixels: source.baseAddress! + (box.y * sourceWidth + box.x) * channels, rowStride: sourceWidth * channels, height: box.height,
      width: box.width, channels: channels)
    switch interpolation {
    case .nearest: nearest(part, target, rowStride)
    case .bilinear: bilinear(part, target, rowStride)
    case .bicubic: separated(part, target, rowStride, cubicTaps)
    case .area: area(part, target, rowStride)
    case .lanczos3, .lanczos5, .gaussian, .mitchellcubic: separated(part, target, rowStride, kernelTaps)
    }
  }

  private struct Part {
    let pixels: UnsafePointer<UInt8>
    let rowStride: Int
    let height: Int, width: Int
    let channels: Int
  }

  /// Which pixels make each of a line, and how much each counts; as many for each.
  private struct Taps {
    let count: Int
    var places: [Int] = []
    var weights: [Float] = []
  }

  private func nearest(_ part: Part, _ target: UnsafeMutablePointer<Float>, _ rowStride: Int) {
    func places(_ from: Int, _ to: Int) -> [Int] {
      let scale = Float(from) / Float(to)
      return (0..<to).map { min(Int((Float($0) + 0.5) * scale), from - 1) }
    }
    let (rows, columns) = (places(part.height, height), places(part.width, width))
    for (y, row) in rows.enumerated() {
      let source = part.pixels + row * part.rowStride
      var place = target + y * rowStride
      for column in columns {
        for channel in 0..<part.channels { place[channel] = Float(source[column * part.channels + channel]) }
        place += part.channels
      }
    }
  }

  private func bilinear(_ part: Part, _ target: UnsafeMutablePointer<Float>, _ rowStride: Int) {
    func neighbors(_ from: Int, _ to: Int) -> [(lower: Int, upper: Int, share: Float)] {
      let scale = Float(from) / Float(to)
      return (0..<to).map {
        let place = (Float($0) + 0.5) * scale - 0.5
        let lower = place.rounded(.down)
        return (max(Int(lower), 0), min(Int(place.rounded(.up)), from - 1), place - lower)
      }
    }
    let (rows, columns) = (neighbors(part.height, height), neighbors(part.width, width))
    let (channels, count) = (part.channels, width * part.channels)
    // Two rows of the source in the target's width, kept while rows of the target lie between them.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * count) { lines in
      var held = [-1, -1]
      func line(_ row: Int, keeping other: Int) -> UnsafeMutablePointer<Float> {
        if let found = held.firstIndex(of: row) { return lines.baseAddress! + found * count }
        let place = held[0] == other && other >= 0 ? 1 : 0
        held[place] = row
        let (source, result) = (part.pixels + row * part.rowStride, lines.baseAddress! + place * count)
        columns.withUnsafeBufferPointer { columns in
          // Most pictures have three channels: they are written out, which the compiler makes more of.
          for x in 0..<(channels == 3 ? width : 0) {
            let (left, right, share, own) = (source + 3 * columns[x].lower, source + 3 * columns[x].upper, columns[x].share, result + 3 * x)
            let first = (Float(left[0]), Float(left[1]), Float(left[2]))
            own[0] = first.0 + (Float(right[0]) - first.0) * share
            own[1] = first.1 + (Float(right[1]) - first.1) * share
            own[2] = first.2 + (Float(right[2]) - first.2) * share
          }
          for x in 0..<(channels == 3 ? 0 : width) {
            let (left, right, share) = (columns[x].lower * channels, columns[x].upper * channels, columns[x].share)
            for channel in 0..<channels {
              let first = Float(source[left + channel])
              result[x * channels + channel] = first + (Float(source[right + channel]) - first) * share
            }
          }
        }
        return result
      }
      for (y, row) in rows.enumerated() {
        let upper = line(row.lower, keeping: row.upper)
        let lower = line(row.upper, keeping: row.lower)
        let result = target + y * rowStride, share = row.share
        for place in 0..<count { result[place] = upper[place] + (lower[place] - upper[place]) * share }
      }
    }
  }

  /// Rows first, then columns.
  private func separated(_ part: Part, _ target: UnsafeMutablePointer<Float>, _ rowStride: Int, _ taps: (_ from: Int, _ to: Int) -> Taps) {
    let (rows, columns) = (taps(part.height, height), taps(part.width, width))
    let count = part.width * part.channels
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { line in
      for y in 0..<height {
        line.initialize(repeating: 0)
        for tap in (y * rows.count)..<((y + 1) * rows.count) {
          let (source, weight) = (part.pixels + rows.places[tap] * part.rowStride, rows.weights[tap])
          for place in 0..<count { line[place] += Float(source[place]) * weight }
        }
        combine(UnsafePointer(line.baseAddress!), columns, part.channels, target + y * rowStride)
      }
    }
  }

  private func combine(_ line: UnsafePointer<Float>, _ columns: Taps, _ channels: Int, _ target: UnsafeMutablePointer<Float>) {
    for x in 0..<width {
      for channel in 0..<channels {
        var sum: Float = 0
        for tap in (x * columns.count)..<((x + 1) * columns.count) { sum += line[columns.places[tap] * channels + channel] * columns.weights[tap] }
        target[x * channels + channel] = sum
      }
    }
  }

  /// Columns first, then rows; each sum is divided by the area at the end.
  private func area(_ part: Part, _ target: UnsafeMutablePointer<Float>, _ rowStride: Int) {
    let (rows, columns) = (areaTaps(part.height, height), areaTaps(part.width, width))
    let scale = Float(1.0 / Double(Float(part.height) / Float(height) * (Float(part.width) / Float(width))))
    let count = width * part.channels
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count + part.width * part.channels) { scratch in
      let (sums, line) = (scratch.baseAddress!, scratch.baseAddress! + count)
      for y in 0..<height {
        let result = target + y * rowStride
        for place in 0..<count { result[place] = 0 }
        for tap in (y * rows.count)..<((y + 1) * rows.count) where rows.weights[tap] != 0 {
          let source = part.pixels + rows.places[tap] * part.rowStride
          for place in 0..<(part.width * part.channels) { line[place] = Float(source[place]) }
          combine(UnsafePointer(line), columns, part.channels, sums)
          for place in 0..<count { result[place] += sums[place] * rows.weights[tap] }
        }
        for place in 0..<count { result[place] *= scale }
      }
    }
  }

  private func areaTaps(_ from: Int, _ to: Int) -> Taps {
    let scale = Float(from) / Float(to)
    let spans = (0..<to).map { target -> [(Int, Float)] in
      let (start, end) = (Float(target) * scale, Float(target + 1) * scale)
      return (Int(start.rounded(.down))..<Int(end.rounded(.up))).map { place in
        let (left, right) = (Float(place), Float(place + 1))
        let weight = left < start ? (right > end ? scale : right - start) : right > end ? end - left : 1
        return (min(place, from - 1), weight)
      }
    }
    return taps(spans)
  }

  private func cubicTaps(_ from: Int, _ to: Int) -> Taps {
    let places: Float = 1024
    let scale = Float(from) / Float(to)
    func weight(_ place: Float, _ isFar: Bool) -> Float {
      let a = -0.5
      let x = Double(place / places + (isFar ? 1 : 0))
      if isFar { return Float(((a * x - 5 * a) * x + 8 * a) * x - 4 * a) }
      return Float(((a + 2) * x - (a + 3)) * x * x + 1)
    }
    let spans = (0..<to).map { target -> [(Int, Float)] in
      let place = (Float(target) + 0.5) * scale - 0.5
      let first = Int(place.rounded(.down))
      let offset = ((place - Float(first)) * places).rounded(.toNearestOrEven)
      let near = [weight(offset, true), weight(offset, false), weight(places - offset, false), weight(places - offset, true)]
      var span = near.enumerated().map { step, weight -> (Int, Float) in
        let place = first - 1 + step
        return (min(max(place, 0), from - 1), (0..<from).contains(place) ? weight : 0)
      }
      let sum = span[0].1 + span[1].1 + span[2].1 + span[3].1
      if sum.magnitude >= 1000 * Float.leastNormalMagnitude {
        let factor = 1 / sum
        for step in 0..<4 { span[step].1 *= factor }
      }
      return span
    }
    return taps(spans)
  }

  private func kernelTaps(_ from: Int, _ to: Int) -> Taps {
    let scale = Float(1.0 / Double(Float(to) / Float(from)))
    let radius = interpolation.radius
    func bounded(_ place: Float) -> Int { min(max(Int(place), 0), from - 1) }
    let spans = (0..<to).map { target -> [(Int, Float)] in
      let place = (Float(target) + 0.5) * scale
      guard place >= 0, place <= Float(from) else { return [] }
      let first = bounded((place - radius - 0.5).rounded(.up))
      let last = bounded((place + radius - 0.5).rounded(.down))
      let span = (first...last).map { source -> (Int, Float) in
        let distance: Float = Float(source) + 0.5 - place
        return (source, interpolation.weight(distance.magnitude))
      }
      let sum = span.reduce(Float(0)) { $0 + $1.1 }
      guard sum.magnitude >= 1000 * Float.leastNormalMagnitude else { return [] }
      let factor = 1 / sum
      return span.map { ($0.0, $0.1 * factor) }
    }
    return taps(spans)
  }

  /// Spans of one length, filled up with what does not count.
  private func taps(_ spans: [[(Int, Float)]]) -> Taps {
    var taps = Taps(count: spans.map(\.count).max() ?? 0)
    for span in spans {
      for step in 0..<taps.count {
        taps.places.append(step < span.count ? span[step].0 : 0)
        taps.weights.append(step < span.count ? span[step].1 : 0)
      }
    }
    return taps
  }
}
