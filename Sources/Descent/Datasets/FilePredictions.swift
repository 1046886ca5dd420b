import TensorCore

/// What a network says of files: pictures or texts.
public struct FilePredictions: Sendable {
  /// The files.
  public let paths: [String]
  /// What the classes are called.
  public let names: [String]
  /// The probability of each class, file by file.
  public let probabilities: [[Float]]
  /// Files that cannot be read and are left out, and why.
  public let faults: [String]

  /// The number of the most probable class of each file.
  public var classNumbers: [Int] {
    probabilities.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
  }

  /// The name of the most probable class of each file.
  public var classNames: [String] { classNumbers.map { names[$0] } }

  /// A table with a header: the file, the most probable class, and the probability of each, with commas between.
  public var csv: String {
    let header = (["file", "class"] + names.map { "P(\($0))" }).map(TablePredictions.quoted).joined(separator: ",")
    let lines = zip(zip(paths, classNames), probabilities).map { own, row in
      ([own.0, own.1].map(TablePredictions.quoted) + row.map { "\($0)" }).joined(separator: ",")
    }
    return ([header] + lines).joined(separator: "\n") + "\n"
  }

  /// How good they are beside the true classes.
  /// - Parameters:
  ///   - truths: the number of each file's class.
  ///   - things: what the files are.
  /// - Throws: ``DescentError`` if the classes are not known, or one is not among those of the network.
  package func scores(truths: Tensor?, things: String) throws -> TableScores {
    guard let truths else { throw DescentError(.data, "scores: the \(things) were read without their classes") }
    return try TableScores(of: "class", classes: names, truths: truths.scalars(as: Int32.self).map { Int($0) }, guesses: classNumbers)
  }
}

extension Model {
  /// What the network says of rows that come from files.
  /// - Throws: ``DescentError`` of kind `state` if it computes other numbers than one for each class, or one for the second of two.
  package func filePredictions(
    _ x: any ModelData, paths: [String], names: [String], faults: [String], things: String, batchSize: Int
  ) throws -> FilePredictions {
    let y = try predict(x, batchSize: batchSize, verbose: 0).cast(to: .float32)
    let width = y.shape.dropFirst().reduce(1, *)
    guard y.rank == 2, width == names.count || width == 1 && names.count == 2 else {
      throw DescentError(
        .state, "the model computes \(y.shape) for \(paths.count) \(things); its \(names.count) classes ask for \(names.count == 2 ? "1 or 2" : "\(names.count)") numbers each")
    }
    // What was trained as logits becomes probabilities.
    let areLogits = loss?.isFromLogits == true
    let values = (!areLogits ? y : width == 1 ? sigmoid(y) : y.softmax()).scalars(as: Float.self)
    let probabilities = (0..<paths.count).map { row in
      width == 1 ? [1 - values[row], values[row]] : Array(values[(row * width)..<((row + 1) * width)])
    }
    return FilePredictions(paths: paths, names: names, probabilities: probabilities, faults: faults)
  }
}
