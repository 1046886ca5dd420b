import TensorCore

/// How good predictions are beside the true answers, and beside predicting the same of every row.
public struct TableScores: Sendable {
  /// What was counted of one class.
  public struct OfClass: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Rows that are of it.
    public let count: Int
    /// The part of the rows predicted to be of it that are; NaN if none was.
    public let precision: Double
    /// The part of its rows that were predicted to be.
    public let recall: Double
  }

  /// The column.
  public let target: TableTarget
  /// How many rows there are.
  public let count: Int

  /// The part of the rows whose class is right; NaN for numbers.
  public let accuracy: Double
  /// The part of the rows that are of the most frequent class among them.
  public let naiveAccuracy: Double
  /// Rows by true class, then by predicted class.
  public let confusion: [[Int]]
  /// Class by class.
  public let classes: [OfClass]

  /// Mean absolute error and the root of the mean square error, in the target's units; NaN for classes.
  public let mae: Double, rmse: Double
  /// The same of predicting the training rows' mean always.
  public let naiveMAE: Double, naiveRMSE: Double
  /// 1 − the mean square error / the variance of the answers. (Keras: `R2Score`.)
  public let r2: Double

  /// Whether saying the same of every row would have been as good.
  public var isNoBetterThanNaive: Bool { target.classes == nil ? !(rmse < naiveRMSE) : !(accuracy > naiveAccuracy) }

  /// - Throws: ``DescentError`` of kind `data` if an answer is none of the classes.
  init(_ predictions: TablePredictions, answers: Tensor) throws {
    let truths = answers.doubles
    if predictions.target.classes != nil {
      try self.init(predictions.target, truths: truths.map { Int(exactly: $0) ?? -1 }, guesses: predictions.classNumbers)
    } else {
      self.init(numbersOf: predictions, truths)
    }
  }

  private init(numbersOf predictions: TablePredictions, _ truths: [Double]) {
    target = predictions.target
    count = truths.count
    let total = Double(max(count, 1))
    (accuracy, naiveAccuracy, confusion, classes) = (.nan, .nan, [], [])
    let errors = zip(truths, predictions.numbers).map { $0 - Double($1) }
    let mean = truths.reduce(0, +) / total
    let squares = errors.reduce(0) { $0 + $1 * $1 }
    mae = errors.reduce(0) { $0 + abs($1) } / total
    rmse = (squares / total).squareRoot()
    let naive = predictions.target.mean
    naiveMAE = truths.reduce(0) { $0 + abs($1 - naive) } / total
    naiveRMSE = (truths.reduce(0) { $0 + ($1 - naive) * ($1 - naive) } / total).squareRoot()
    let spread = truths.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    r2 = spread > 0 ? 1 - squares / spread : .nan
  }

  /// How good the predicted classes of rows are.
  /// - Parameters:
  ///   - name: what the classes are of.
  ///   - names: of the classes.
  ///   - truths: the number of each row's class.
  ///   - guesses: the numbers that were predicted.
  /// - Throws: ``DescentError`` of kind `data` if a truth is none of the classes.
  package init(of name: String, classes names: [String], truths: [Int], guesses: [Int]) throws {
    try self.init(TableTarget(name: name, classes: names, mean: 0, deviation: 1), truths: truths, guesses: guesses)
  }

  private init(_ target: TableTarget, truths: [Int], guesses: [Int]) throws {
    self.target = target
    count = truths.count
    let total = Double(max(count, 1)), names = target.classes ?? []
    if let row = truths.firstIndex(where: { !names.indices.contains($0) }) {
      throw DescentError(.data, "scores: row \(row) is of class \(truths[row]); expected the number of one of the \(names.count) classes of '\(target.name)'")
    }
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: names.count), count: names.count)
    for (truth, guess) in zip(truths, guesses) { confusion[truth][guess] += 1 }
    self.confusion = confusion
    let sizes = confusion.map { $0.reduce(0, +) }
    accuracy = Double(names.indices.reduce(0) { $0 + confusion[$1][$1] }) / total
    naiveAccuracy = Double(sizes.max() ?? 0) / total
    classes = names.indices.map { place in
      let guessed = confusion.reduce(0) { $0 + $1[place] }
      return OfClass(
        name: names[place], count: sizes[place], precision: Double(confusion[place][place]) / Double(guessed),
        recall: Double(confusion[place][place]) / Double(sizes[place]))
    }
    (mae, rmse, naiveMAE, naiveRMSE, r2) = (.nan, .nan, .nan, .nan, .nan)
  }

  /// As one JSON object.
  public var json: JSONValue {
    if target.classes == nil {
      return [
        "rows": JSONValue(count), "mae": JSONValue(mae), "rmse": JSONValue(rmse), "r2": JSONValue(r2), "naive_mae": JSONValue(naiveMAE),
        "naive_rmse": JSONValue(naiveRMSE),
      ]
    }
    let each = JSONObject(classes.map { own in
      (key: own.name, value: ["rows": JSONValue(own.count), "precision": JSONValue(own.precision), "recall": JSONValue(own.recall)] as JSONValue)
    })
    return [
      "rows": JSONValue(count), "accuracy": JSONValue(accuracy), "naive_accuracy": JSONValue(naiveAccuracy), "classes": .object(each),
      "confusion": .array(confusion.map { .array($0.map { JSONValue($0) }) }),
    ]
  }
}
