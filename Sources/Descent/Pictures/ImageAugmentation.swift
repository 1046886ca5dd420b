/// How pictures are changed at random each time that they are trained on, so that a network learns what they show and not the pictures.
public enum ImageAugmentation: String, Sendable, CaseIterable {
  /// Left and right change places, in half of the cases.
  case flip
  /// By up to 7 degrees in either direction.
  case rotation
  /// Smaller or greater by up to 10 %.
  case zoom
  /// By up to 10 % of the height and of the width.
  case translation
  /// More or less contrast by up to 20 %.
  case contrast
  /// Lighter or darker by up to 10 % of the range.
  case brightness

  /// What is done where nothing else is asked for.
  public static let standard: [ImageAugmentation] = [.flip, .rotation, .zoom]

  /// The layer that does it.
  var layer: Layer {
    switch self {
    case .flip: RandomFlip(.horizontal, name: "flip")
    case .rotation: RandomRotation(0.02, fillMode: .nearest, name: "rotation")
    case .zoom: RandomZoom(0.1, fillMode: .nearest, name: "zoom")
    case .translation: RandomTranslation(0.1, 0.1, fillMode: .nearest, name: "translation")
    case .contrast: RandomContrast(0.2, name: "contrast")
    case .brightness: RandomBrightness(0.1, name: "brightness")
    }
  }
}
