import ArgumentParser
import DescentImages

/// What is made of a folder of pictures.
struct ImageTrainingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The size that pictures are given, in pixels: one number, or height and width with a comma between. (default: their own where they are small, else about 96)",
      valueName: "size"))
  var imageSize: ImageSizeOption?

  @Option(
    help: ArgumentHelp("The colors of the pictures. (default: grayscale if none has colors, else rgb)", valueName: "rgb|grayscale|rgba"))
  var colorMode: ColorMode?

  @Option(
    help: ArgumentHelp("What lies between pixels where the size changes. (default: bilinear)", valueName: "name"))
  var interpolation: ImageInterpolation?

  @Flag(help: "Take the greatest part in the middle of a picture that has the right shape, instead of stretching all of it.")
  var keepAspectRatio = false

  @Option(
    help: ArgumentHelp(
      "How pictures are changed at random while training, with commas between, or none: \(ImageAugmentation.allCases.map(\.rawValue).joined(separator: ", ")). (default: \(ImageAugmentation.standard.map(\.rawValue).joined(separator: ",")))",
      discussion: "flip exchanges left and right: leave it out where that makes a difference, as for letters. Predictions are made from unchanged pictures.",
      valueName: "changes"))
  var augmentation: WordList?

  func validate() throws { _ = try changes }

  /// Whether something was asked for that the model knows already.
  var isUsed: Bool { imageSize != nil || colorMode != nil || interpolation != nil || keepAspectRatio || augmentation != nil }

  static let names = "--image-size, --color-mode, --interpolation, --keep-aspect-ratio and --augmentation"

  var changes: [ImageAugmentation] {
    get throws {
      guard let words = augmentation?.words else { return ImageAugmentation.standard }
      return try words.map { word in
        guard let change = ImageAugmentation(rawValue: word) else {
          throw ValidationError("--augmentation has '\(word)'; expected some of \(ImageAugmentation.allCases.map(\.rawValue).joined(separator: ", ")), or none.")
        }
        return change
      }
    }
  }

  /// - Parameter table: the options that tables and pictures share.
  func options(_ table: TableOptions) -> ImageOptions {
    var options = ImageOptions()
    options.imageSize = imageSize.map { ($0.height, $0.width) }
    options.colorMode = colorMode
    options.interpolation = interpolation
    options.keepAspectRatio = keepAspectRatio
    options.trainingPart = table.trainingPart
    options.validationPart = table.validationPart
    options.seed = table.seed
    return options
  }
}

extension ColorMode: ExpressibleByArgument {}
extension ImageInterpolation: ExpressibleByArgument {}

/// `--image-size`.
struct ImageSizeOption: ExpressibleByArgument, Equatable {
  let height: Int, width: Int

  init?(argument: String) {
    guard let sizes = LayerSizes(argument: argument)?.sizes, (1...2).contains(sizes.count) else { return nil }
    (height, width) = (sizes[0], sizes[sizes.count - 1])
  }
}
