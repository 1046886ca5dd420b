extension Application {
  /// One of ImageNet's classes, and how sure a network is of it.
  public struct Guess: Sendable, Equatable {
    /// WordNet's number: `n02123045`.
    public let className: String
    /// What it is called: `tabby`.
    public let classDescription: String
    /// The network's number for it: a probability, where the last layer is a softmax.
    public let score: Double
  }

  /// The classes that a network for ImageNet's 1000 is surest of, the surest first. (Keras: `decode_predictions`.)
  /// - Parameters:
  ///   - predictions: `[rows, 1000]`.
  ///   - top: how many for each row, at least 1.
  ///   - folder: where `imagenet_class_index.json` lies; nil for Keras's cache (`$KERAS_HOME/models`, by default `~/.keras/models`).
  /// - Returns: the guesses for each row.
  /// - Throws: ``DescentError`` if the predictions are not of 1000 classes, or of kind `file` when the names of the classes are not there,
  ///   saying where people get them.
  public static func decodePredictions(_ predictions: Tensor, top: Int = 5, folder: String? = nil) throws -> [[Guess]] {
    guard predictions.rank == 2, predictions.shape[1] == classCount else {
      throw DescentError(.data, "decodePredictions: expected the shape [rows, \(classCount)]; found \(predictions.shape)")
    }
    try NumberRange.count.check("top", top, "decodePredictions")
    let classes = try classNames(folder)
    let scores = predictions.doubles
    return (0..<predictions.shape[0]).map { row in
      let own = scores[row * classCount..<(row + 1) * classCount]
      let order = own.indices.sorted { own[$0] != own[$1] ? own[$0] > own[$1] : $0 > $1 }
      return order.prefix(top).map { place in
        let (name, description) = classes[place - row * classCount]
        return Guess(className: name, classDescription: description, score: own[place])
      }
    }
  }

  private static let classCount = 1000
  private static let classIndex = DatasetFile(
    name: "imagenet_class_index.json", checksum: "c2c37ea517e94d9795004a39431a14cb",
    origin: "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json", subfolder: "models")

  private static func classNames(_ folder: String?) throws -> [(name: String, description: String)] {
    let path = try classIndex.path(in: folder)
    let json = try JSONValue(parsing: ByteSource(path: path).allBytes(), name: path)
    return try (0..<classCount).map { number in
      guard let entry = json[String(number)]?.array, entry.count == 2, let name = entry[0].string, let description = entry[1].string else {
        throw DescentError(.file, "\(path): expected a pair of texts under \"\(number)\"; the file's MD5 should be \(classIndex.checksum ?? "")")
      }
      return (name, description)
    }
  }
}
