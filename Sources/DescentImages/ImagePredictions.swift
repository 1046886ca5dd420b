/// What a network says of pictures.
public struct ImagePredictions: Sendable {
  /// The files.
  public let paths: [String]
  /// What the classes are called.
  public let names: [String]
  /// The probability of each class, picture by picture.
  public let probabilities: [[Float]]
  /// Files that cannot be read and are left out, and why.
  public let faults: [String]

  /// The number of the most probable class of each picture.
  public var classNumbers: [Int] {
    probabilities.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
  }

  /// The name of the most probable class of each picture.
  public var classNames: [String] { classNumbers.map { names[$0] } }

  /// A table with a header: the file, the most probable class, and the probability of each, with commas between.
  public var csv: String {
    let header = (["file", "class"] + names.map { "P(\($0))" }).map(TablePredictions.quoted).joined(separator: ",")
    let lines = zip(zip(paths, classNames), probabilities).map { own, row in
      ([own.0, own.1].map(TablePredictions.quoted) + row.map { "\($0)" }).joined(separator: ",")
    }
    return ([header] + lines).joined(separator: "\n") + "\n"
  }
}

extension Model {
  /// What the network says of pictures.
  /// - Parameters:
  ///   - paths: of the files; of a folder all pictures in it and below.
  ///   - batchSize: pictures a step.
  /// - Throws: ``DescentError`` of kind `state` for a model without ``images``, of kind `file` if no picture can be read.
  public func predict(imagesAt paths: [String], batchSize: Int = 32) throws -> ImagePredictions {
    let files = try paths.flatMap(ImageDirectory.pictures)
    return try predictions(requiredImages("predict").rows(of: files), batchSize: batchSize)
  }

  /// The same of pictures that were read before.
  public func predictions(_ rows: ImageRows, batchSize: Int = 32) throws -> ImagePredictions {
    let names = try requiredImages("predictions").classNames
    let y = try predict(rows.x, batchSize: batchSize, verbose: 0).cast(to: .float32)
    let width = y.shape.dropFirst().reduce(1, *)
    guard y.rank == 2, width == names.count || width == 1 && names.count == 2 else {
      throw DescentError(.state, "the model computes \(y.shape) for \(rows.count) pictures; its \(names.count) classes ask for \(names.count == 2 ? "1 or 2" : "\(names.count)") numbers each")
    }
    // What was trained as logits becomes probabilities.
    let areLogits = loss?.isFromLogits == true
    let values = (!areLogits ? y : width == 1 ? sigmoid(y) : y.softmax()).scalars(as: Float.self)
    let probabilities = (0..<rows.count).map { row in
      width == 1 ? [1 - values[row], values[row]] : Array(values[(row * width)..<((row + 1) * width)])
    }
    return ImagePredictions(paths: rows.paths, names: names, probabilities: probabilities, faults: rows.faults)
  }

  /// How good the network's answers are on pictures whose classes are known.
  /// - Throws: ``DescentError`` for a model without ``images``, or pictures without classes.
  public func scores(_ rows: ImageRows, batchSize: Int = 32) throws -> TableScores {
    guard let y = rows.y else { throw DescentError(.data, "scores: the pictures were read without their classes") }
    let predictions = try predictions(rows, batchSize: batchSize)
    return TableScores(of: "class", classes: predictions.names, truths: y.scalars(as: Int32.self).map { Int($0) }, guesses: predictions.classNumbers)
  }

  private func requiredImages(_ caller: String) throws -> ImagePreprocessing {
    guard let images else {
      throw DescentError(.state, "\(caller): \(name) knows nothing of pictures in files; networks of ImagePreprocessing.network do")
    }
    return images
  }
}
