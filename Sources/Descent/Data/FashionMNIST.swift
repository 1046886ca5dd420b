/// Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28 × 28 pixels, in ten classes (Xiao, Rasul & Vollgraf, 2017).
public struct FashionMNIST {
  /// 60,000 images to train on.
  public let train: LabelledImages
  /// 10,000 images to judge by.
  public let test: LabelledImages

  /// What the classes 0 to 9 are.
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]

  /// Reads the data set.
  ///
  /// Looked for, unless a folder is given, in the user's cache (`$XDG_CACHE_HOME/descent/fashion-mnist`, by default
  /// `~/.cache/descent/fashion-mnist`), in Keras's cache (`$KERAS_HOME/datasets/fashion-mnist`,
  /// by default `~/.keras/datasets/fashion-mnist`), and where Debian's package puts it
  /// (`/usr/share/datasets/fashion-mnist`).
  /// - Parameter folder: a folder with the four IDX files, each plain or with `.gz` at the end of its name.
  /// - Throws: ``DescentError`` of kind `file` when the files are nowhere, with how to get them, or are not what they should be.
  public static func load(from folder: String? = nil) throws -> FashionMNIST {
    let folders = folder.map { [$0] } ?? standardFolders
    guard let found = folders.first(where: ImageFolder.isComplete) else {
      throw DescentError(
        .file,
        """
        Fashion-MNIST is not in \(folders.joined(separator: ", ")). On Debian and Ubuntu, 'sudo apt install dataset-fashion-mnist' \
        installs it; or put \(ImageFolder.fileNames.map { $0 + ".gz" }.joined(separator: ", ")) from \(DatasetFile.keras) \
        into one of these folders.
        """)
    }
    let (train, test) = try ImageFolder.load(found)
    return FashionMNIST(train: train, test: test)
  }

  private static var standardFolders: [String] {
    let cache = DatasetFile.environment("XDG_CACHE_HOME") ?? DatasetFile.environment("HOME").map { $0 + "/.cache" }
    return [
      cache.map { $0 + "/descent/fashion-mnist" }, DatasetFile.kerasHome + "/datasets/fashion-mnist",
      "/usr/share/datasets/fashion-mnist",
    ].compactMap { $0 }
  }
}
