import TensorCore

/// What a network says of the rows of a table.
public struct TablePredictions: Sendable {
  /// The column that is predicted.
  public let target: TableTarget
  /// The values of the columns that hold names or numbers of rows.
  public let identifiers: [(name: String, values: [String])]
  /// The predicted number of each row; empty for classes.
  public let numbers: [Float]
  /// The probability of each class, row by row; empty for a number.
  public let probabilities: [[Float]]
  /// What was found in the rows that training has not seen.
  public let remarks: [String]

  /// The number of the most probable class of each row.
  public var classNumbers: [Int] {
    probabilities.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
  }

  /// The name of the most probable class of each row.
  public var classNames: [String] { classNumbers.map { target.classes?[$0] ?? "" } }

  /// - Parameter outputs: of the network: [rows, 1] numbers or probabilities of the second class, or [rows, classes].
  init(_ outputs: Tensor, _ rows: TableRows, _ target: TableTarget) throws {
    self.target = target
    identifiers = rows.identifiers
    remarks = rows.remarks
    let width = outputs.shape.dropFirst().reduce(1, *)
    let values = outputs.cast(to: .float32).scalars(as: Float.self)
    let expected = target.classes.map { $0.count == 2 ? [1, 2] : [$0.count] } ?? [1]
    guard expected.contains(width), values.count == width * rows.count else {
      throw DescentError(
        .state, "the model computes \(outputs.shape) for \(rows.count) rows; its table asks for \(expected.map(String.init).joined(separator: " or ")) numbers a row")
    }
    if target.classes == nil {
      (numbers, probabilities) = (values, [])
    } else {
      numbers = []
      probabilities = (0..<rows.count).map { row in
        width == 1 ? [1 - values[row], values[row]] : Array(values[(row * width)..<((row + 1) * width)])
      }
    }
  }

  /// A table with a header: the columns that name rows, what is predicted, and for classes the probability of each, with commas between.
  public var csv: String {
    var lines: [String] = []
    let names = target.classes ?? []
    lines.append((identifiers.map(\.name) + [target.name] + names.map { "P(\($0))" }).map(TablePredictions.quoted).joined(separator: ","))
    let classes = classNumbers
    for row in 0..<max(numbers.count, probabilities.count) {
      var fields = identifiers.map { TablePredictions.quoted($0.values[row]) }
      if target.classes == nil {
        fields.append("\(numbers[row])")
      } else {
        fields.append(TablePredictions.quoted(names[classes[row]]))
        fields += probabilities[row].map { "\($0)" }
      }
      lines.append(fields.joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A field of a table with commas between its fields.
  package static func quoted(_ text: String) -> String {
    let needsQuotes = text.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
    return needsQuotes ? inQuotes(text) : text
  }

  /// A field in quotes, in which its own come twice, whatever marks of other writings stand behind them.
  static func inQuotes(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { result += "\"" }
      result.unicodeScalars.append(scalar)
    }
    return result + "\""
  }
}

extension Model {
  /// What the network says of the rows of a table, whose columns are found by their names.
  /// - Throws: ``DescentError`` of kind `state` for a model without a ``table``, of kind `file` naming a column that the file lacks.
  public func predict(_ file: TableFile, batchSize: Int = 256) throws -> TablePredictions {
    let table = try requiredTable("predict")
    return try predictions(table.rows(of: file), batchSize: batchSize)
  }

  /// The same of rows that were read before.
  public func predictions(_ rows: TableRows, batchSize: Int = 256) throws -> TablePredictions {
    try TablePredictions(predict(rows.x, batchSize: batchSize, verbose: 0), rows, requiredTable("predictions").target)
  }

  /// How good the network's answers are on the rows of a table that holds the true ones.
  /// - Throws: as ``predict(_:batchSize:)``, and if there is an answer that training has not seen.
  public func scores(_ file: TableFile, batchSize: Int = 256) throws -> TableScores {
    let table = try requiredTable("scores")
    return try scores(table.rows(of: file, withTarget: true), batchSize: batchSize)
  }

  /// The same of rows that were read with their answers.
  public func scores(_ rows: TableRows, batchSize: Int = 256) throws -> TableScores {
    guard let y = rows.y else { throw DescentError(.data, "scores: the rows were read without their answers") }
    return try TableScores(predictions(rows, batchSize: batchSize), answers: y)
  }

  private func requiredTable(_ caller: String) throws -> TablePreprocessing {
    guard let table else {
      throw DescentError(.state, "\(caller): \(name) knows nothing of a table's columns; networks of TablePreprocessing.network do")
    }
    return table
  }
}
