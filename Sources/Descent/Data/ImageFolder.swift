#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Images and what is on them.
public struct LabelledImages {
  /// [images, height, width].
  public let images: Pixels
  /// `uint8` [images]: the class of each.
  public let labels: Tensor

  /// The number of images.
  public var count: Int { labels.count }
}

/// A folder with the four IDX files of a data set like MNIST.
public enum ImageFolder {
  /// Training images and labels, test images and labels; each may have `.gz` at its end.
  public static let fileNames = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
  ]

  /// Reads the four files in `folder`.
  /// - Throws: ``DescentError`` of kind `file` when one is missing or malformed, and of kind `data` when images and labels do not
  ///   belong together.
  public static func load(_ folder: String) throws -> (train: LabelledImages, test: LabelledImages) {
    let paths = try fileNames.map { name in
      guard let path = path(of: name, in: folder) else {
        throw DescentError(.file, "\(folder): has no file \(name) or \(name).gz")
      }
      return path
    }
    // One after the other, so that the next is not unpacked while the one before is still there packed: memory is what it costs.
    let tensors = try paths.map { try IDX.read($0) }
    return (
      try labelled(tensors[0], tensors[1], paths[0], paths[1]), try labelled(tensors[2], tensors[3], paths[2], paths[3])
    )
  }

  static func isComplete(_ folder: String) -> Bool { fileNames.allSatisfy { path(of: $0, in: folder) != nil } }

  /// Whether one of them is.
  package static func isBegun(_ folder: String) -> Bool { fileNames.contains { path(of: $0, in: folder) != nil } }

  private static func path(of name: String, in folder: String) -> String? {
    ["\(folder)/\(name)", "\(folder)/\(name).gz"].first { access($0, F_OK) == 0 }
  }

  private static func labelled(_ images: Tensor, _ labels: Tensor, _ imagePath: String, _ labelPath: String) throws
    -> LabelledImages
  {
    guard images.dtype == .uint8, images.rank > 1 else {
      throw DescentError(.data, "\(imagePath): expected uint8 images, found \(images.dtype) \(images.shape)")
    }
    guard labels.dtype == .uint8 || labels.dtype == .int32, labels.shape == [images.shape[0]] else {
      throw DescentError(
        .data, "\(labelPath): expected \(images.shape[0]) labels, one for each image, found \(labels.dtype) \(labels.shape)")
    }
    return LabelledImages(images: try Pixels(images), labels: labels)
  }
}
