import DescentTestSupport
import Testing

@testable import Descent

/// Permutation importances.
@Suite struct TableImportanceTests {
  private func data(_ y: (Int) -> String) throws -> TableData {
    // The columns' values have nothing to do with each other.
    let rows = (0..<300).map { "\($0 * 37 % 101),\($0 * 53 % 97),\(["red", "green", "blue"][$0 * 7 % 11 % 3]),same,\(y($0))" }
    var options = TableOptions()
    options.trainingPart = 1
    return try TableData(TableFile(Array(("used,idle,color,constant,y\n" + rows.joined(separator: "\n")).utf8), name: "t.csv"), target: "y", options: options)
  }

  /// A network that computes the target from one column exactly: 3 · used + 5.
  private func exact(_ data: TableData) throws -> Model {
    let model = try data.preprocessing.network(hidden: [], seed: 1)
    let scaling = try #require(model.layers.compactMap { $0 as? Normalization }.first), dense = try #require(model.layers.compactMap { $0 as? Dense }.first)
    let target = data.preprocessing.target
    let mean = try #require(scaling.mean?.value.doubles[0]), deviation = try #require(scaling.variance?.value.doubles[0]).squareRoot()
    var weights = [Float](repeating: 0, count: dense.kernel?.shape[0] ?? 0)
    weights[0] = Float(3 * deviation / target.deviation)
    dense.kernel?.assign(Tensor(shape: [weights.count, 1], scalars: weights))
    dense.bias?.assign(Tensor([Float((3 * mean + 5 - target.mean) / target.deviation)]))
    return model
  }

  @Test func `a column that the network uses costs what its exchange costs, and others nothing`() throws {
    let data = try data { "\(3 * ($0 * 37 % 101) + 5).0" }
    let model = try exact(data)
    #expect(try model.scores(data.training).rmse < 0.01)
    let importances = try model.importances(data.training, repeats: 4, seed: 2)
    #expect(importances.map(\.column).first == "used" && Set(importances.map(\.column)) == ["used", "idle", "color"])
    #expect(importances.dropFirst().allSatisfy { abs($0.loss) < 0.01 }, "\(importances)")
    // Of independent values x and x′ the mean of (3x − 3x′)² is 2 · 9 · variance.
    let values = (0..<300).map { Double($0 * 37 % 101) }, mean = values.reduce(0, +) / 300
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 300
    #expect(abs(importances[0].loss - (18 * variance).squareRoot()) < 0.1 * (18 * variance).squareRoot(), "\(importances[0].loss)")
    #expect(try model.importances(data.training, repeats: 4, seed: 2) == importances && model.importances(data.training, repeats: 4, seed: 3) != importances)
    #expect(try model.importances(data.training, repeats: 1, greatestRowCount: 20).count == 3)
    #expect(failure(.invalidArgument) { try model.importances(data.training, greatestRowCount: -1) } == "importances: greatestRowCount is -1; it must be at least 1")
    #expect(failure(.invalidArgument) { try model.importances(data.training, repeats: 0) } == "importances: repeats is 0; it must be at least 1")
  }

  @Test func `of classes it is the part of right answers that is lost`() throws {
    let data = try data { ["red", "green", "blue"][$0 * 7 % 11 % 3] == "red" ? "yes" : "no" }
    let model = try data.preprocessing.network(hidden: [8], seed: 1)
    try data.preprocessing.compile(model, optimizer: Adam(learningRate: 0.02))
    try model.fit(data.training.x, data.training.y, epochs: 40, verbose: 0)
    let importances = try model.importances(data.training)
    #expect(try model.scores(data.training).accuracy > 0.99 && importances[0].column == "color", "\(importances)")
    // Four of eleven rows are red: of exchanged ones 2 · 4/11 · 7/11 are wrong.
    #expect(abs(importances[0].loss - 2 * 4.0 / 11 * 7 / 11) < 0.06, "\(importances)")
  }

  @Test func `what it cannot be computed of is refused`() throws {
    let data = try data { "\($0 % 7).5" }
    let model = try data.preprocessing.network(hidden: [], seed: 1)
    let blind = TableRows(numbers: data.training.numbers, categories: data.training.categories, y: nil, identifiers: [], count: 300, remarks: [])
    #expect(#expect(throws: DescentError.self) { _ = try model.importances(blind) }?.message.contains("without their answers") == true)
    model.table = nil
    #expect(#expect(throws: DescentError.self) { _ = try model.importances(data.training) }?.message.contains("knows nothing of a table's columns") == true)
  }
}
