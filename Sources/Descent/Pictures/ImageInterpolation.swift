/// How `loadImage` makes other sizes: Pillow's ways. A smaller picture's pixels
/// are means over what they cover, but for `nearest`.
public enum ImageInterpolation: String, Sendable, CaseIterable {
  /// The pixel that is nearest.
  case nearest
  /// Straight lines.
  case bilinear
  /// Keys's cubic (a = −1/2).
  case bicubic
  /// Hamming's windowed sine over two pixels.
  case hamming
  /// Equal weights.
  case box
  /// Lanczos's windowed sine over six pixels.
  case lanczos
}
