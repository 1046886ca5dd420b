/// The pictures under a folder, in Keras's order.
package enum ImageDirectory {
  /// The endings of names that are looked at, in small letters: those of the formats that are read.
  package static let endings = [".bmp", ".gif", ".jpeg", ".jpg", ".png"]
  /// Those of all pictures that people have, whether they are read or not.
  static let allEndings = endings + [".webp", ".tif", ".tiff", ".heic", ".heif", ".avif"]
  /// Those that Keras 2's `ImageDataGenerator` looks at: GIF is none of them.
  static let flowEndings = ["png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff"]

  /// - Parameters:
  ///   - classNames: the folders of the classes; nil for all pictures, wherever they are.
  ///   - followLinks: whether links to folders are gone into.
  ///   - endings: of the names that are looked at.
  /// - Throws: ``DescentError``, also where there is a picture of a format that is not read.
  static func files(
    in folder: String, classNames: [String]?, followLinks: Bool, endings: [String] = endings
  ) throws -> FileDirectory {
    let files = try FileDirectory(folder, classNames: classNames, followLinks: followLinks, endings: endings)
    try files.paths.forEach(refuseOtherFormats)
    return files
  }

  /// Keras reads these; it is better to be told before training than in its middle.
  private static func refuseOtherFormats(_ path: String) throws {
    guard endings.allSatisfy({ !hasEnding(path, $0) }) else { return }
    let source = try ByteSource(path: path)
    if let format = ImageFile.otherFormat(try source.bytes(at: 0, count: min(16, source.count))) {
      throw DescentError(.file, ImageFile.refusal(of: path, format))
    }
  }
}
