/// What channels pictures are given. (Keras: `color_mode`.)
public enum ColorMode: String, Sendable, CaseIterable {
  /// One: how light a pixel is.
  case grayscale
  /// Red, green and blue.
  case rgb
  /// Red, green, blue and how opaque a pixel is.
  case rgba

  /// How many channels they are.
  public var channelCount: Int {
    switch self {
    case .grayscale: 1
    case .rgb: 3
    case .rgba: 4
    }
  }
}
