import Descent
import DescentImages

/// Rows of a table, pictures or texts whose answers are known.
protocol JudgedRows {
  var count: Int { get }
  /// How good a model's answers are.
  func scores(of model: Model, batchSize: Int) throws -> TableScores
}

extension TableRows: JudgedRows {
  func scores(of model: Model, batchSize: Int) throws -> TableScores { try model.scores(self, batchSize: batchSize) }
}

extension ImageRows: JudgedRows {
  func scores(of model: Model, batchSize: Int) throws -> TableScores { try model.scores(self, batchSize: batchSize) }
}

extension TextRows: JudgedRows {
  func scores(of model: Model, batchSize: Int) throws -> TableScores { try model.scores(self, batchSize: batchSize) }
}

/// A table, or a folder's pictures or texts, in parts.
protocol SplitData {
  associatedtype Rows: JudgedRows
  var training: Rows { get }
  var validation: Rows? { get }
  var test: Rows? { get }
}

extension SplitData {
  /// What a model that was trained on the data is judged on, and what that is called.
  var judged: (part: String, rows: Rows) {
    if let test { return ("Test", test) }
    if let validation { return ("Validation", validation) }
    return ("Training", training)
  }
}

extension TableData: SplitData {}
extension ImageData: SplitData {}
extension TextData: SplitData {}

extension TrainCommand {
  /// Tells how good what was trained is, and where it was written.
  /// - Parameters:
  ///   - part: what it was judged on: Validation.
  ///   - things: of what there were so many there.
  ///   - next: how to go on with the model's file.
  func tell(
    _ history: History, _ scores: TableScores, _ part: String, things: String = "rows", _ written: (text: String, model: String?),
    next: (_ path: String) -> String
  ) {
    guard verbose != .silent else { return }
    if plot { Output.line("\n\(RunCurves(history).terminalPlot(width: TextTable.width))") }
    Output.line("\n\(part): " + TableScoresDescription(scores: scores, things: things).text)
    if let report = tableOptions.report { Output.line("\nThe page on the run is \(report)") }
    Output.line("\nWrote \(written.text)")
    if let path = written.model { Output.line(next(path)) }
  }
}
