import TensorCore

/// How much worse a network's answers get when the values of a column change places among the rows: what the network makes of it.
public struct ColumnImportance: Sendable, Equatable {
  /// The column.
  public let column: String
  /// How much the root of the mean square error grows, in the target's units, or how much the part of right answers falls; about 0 or less
  /// for a column that the network does without. The mean of the repeats.
  public let loss: Double
}

extension Model {
  /// The importance of each column that the network sees, the most important first (permutation importance; Breiman, "Random forests", 2001).
  /// - Parameters:
  ///   - rows: with their answers, best those that were not trained on.
  ///   - repeats: how often the values of a column change places.
  ///   - greatestRowCount: more rows than that are not looked at.
  ///   - seed: decides the places.
  /// - Throws: ``DescentError`` for a model without a ``table``, rows without answers, and counts less than 1.
  public func importances(_ rows: TableRows, repeats: Int = 3, greatestRowCount: Int = 2_000, seed: UInt64 = 0) throws -> [ColumnImportance] {
    guard let table else { throw DescentError(.state, "importances: \(name) knows nothing of a table's columns") }
    guard let y = rows.y, rows.count > 0 else { throw DescentError(.data, "importances: the rows were read without their answers") }
    try NumberRange.count.check("repeats", repeats, "importances")
    try NumberRange.count.check("greatestRowCount", greatestRowCount, "importances")
    let chosen = Array(MersenneTwister.pythonOrder(rows.count, seed: seed).prefix(greatestRowCount)).sorted()
    let answers = pickedRows(of: y, chosen)
    let numbers = rows.numbers.map { pickedRows(of: $0, chosen) }, categories = rows.categories.map { pickedRows(of: $0, chosen) }
    func error(_ numbers: Tensor?, _ categories: Tensor?) throws -> Double {
      let permuted = TableRows(numbers: numbers, categories: categories, y: answers, identifiers: [], count: chosen.count, remarks: [])
      let scores = try scores(permuted)
      return table.target.classes == nil ? scores.rmse : -scores.accuracy
    }
    let base = try error(numbers, categories)
    var result: [ColumnImportance] = []
    var firstNumber = 0, firstCategory = 0
    for column in table.columns where column.isUsed {
      let numberPlaces = firstNumber..<(firstNumber + column.numberInputs.count)
      let categoryPlaces = firstCategory..<(firstCategory + (column.tokens == nil ? 0 : 1))
      var total = 0.0
      for turn in 0..<repeats {
        let order = MersenneTwister.pythonOrder(chosen.count, seed: seed &+ UInt64(turn + 1))
        total += try error(
          numbers.map { shuffled($0.scalars(as: Float.self), $0.shape, numberPlaces, order) },
          categories.map { shuffled($0.scalars(as: Int32.self), $0.shape, categoryPlaces, order) }) - base
      }
      result.append(ColumnImportance(column: column.name, loss: total / Double(repeats)))
      (firstNumber, firstCategory) = (numberPlaces.upperBound, categoryPlaces.upperBound)
    }
    return result.sorted { $0.loss > $1.loss }
  }

  /// Rows whose elements at some places are those of other rows.
  private func shuffled<Scalar: TensorScalar>(_ values: [Scalar], _ shape: [Int], _ places: Range<Int>, _ order: [Int]) -> Tensor {
    var result = values
    for place in places {
      for (row, other) in order.enumerated() { result[row * shape[1] + place] = values[other * shape[1] + place] }
    }
    return Tensor(shape: shape, scalars: result)
  }
}
