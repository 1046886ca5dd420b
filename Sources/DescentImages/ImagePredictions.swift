extension Model {
  /// What the network says of pictures.
  /// - Parameters:
  ///   - paths: of the files; of a folder all pictures in it and below.
  ///   - batchSize: pictures a step.
  /// - Throws: ``DescentError`` of kind `state` for a model without ``Model/images``, of kind `file` if no picture can be read.
  public func predict(imagesAt paths: [String], batchSize: Int = 32) throws -> FilePredictions {
    let files = try paths.flatMap { try ClassFolders.files(at: $0, endings: ImageDirectory.allEndings, things: "pictures") }
    return try predictions(requiredImages("predict").rows(of: files), batchSize: batchSize)
  }

  /// The same of pictures that were read before.
  public func predictions(_ rows: ImageRows, batchSize: Int = 32) throws -> FilePredictions {
    let names = try requiredImages("predictions").classNames
    return try filePredictions(rows.x, paths: rows.paths, names: names, faults: rows.faults, things: "pictures", batchSize: batchSize)
  }

  /// How good the network's answers are on pictures whose classes are known.
  /// - Throws: ``DescentError`` for a model without ``Model/images``, or pictures without classes.
  public func scores(_ rows: ImageRows, batchSize: Int = 32) throws -> TableScores {
    try predictions(rows, batchSize: batchSize).scores(truths: rows.y, things: "pictures")
  }

  private func requiredImages(_ caller: String) throws -> ImagePreprocessing {
    guard let images else {
      throw DescentError(.state, "\(caller): \(name) knows nothing of pictures in files; networks of ImagePreprocessing.network do")
    }
    return images
  }
}
