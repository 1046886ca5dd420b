import DescentTestSupport
import Testing

@testable import Descent

/// What is made of a table's columns and rows.
@Suite struct TableDataTests {
  private func file(_ header: String, rows: Int, _ row: (Int) -> String) throws -> TableFile {
    try TableFile(Array((header + "\n" + (0..<rows).map(row).joined(separator: "\n") + "\n").utf8), name: "f")
  }

  @Test func `kinds of columns are told by their values`() throws {
    /// A column of 60 rows, its kind, and a word of why it is left out.
    func expect(_ name: String, _ kind: ColumnKind, _ reason: String?, _ value: (Int) -> String) throws {
      let table = try file("\(name),b,y", rows: 60) { "\(value($0)),\($0 % 7),\($0 % 5).5" }
      var options = TableOptions()
      options.trainingPart = 1
      let summary = try TableData(table, target: "y", options: options).summaries[0]
      #expect(summary.kind == kind && (summary.leftOut == nil) == (reason == nil) && summary.leftOut?.contains(reason ?? "") != false, "\(summary)")
    }
    try expect("x", .number, nil) { "\($0 * 7 % 50)" }
    try expect("x", .number, nil) { "\(Double($0) / 8)" }
    try expect("x", .number, nil) { $0 % 9 == 0 ? "NA" : "\($0 * $0)" }
    try expect("x", .number, nil) { $0 == 7 ? "oops" : "\($0 * 3)" }
    try expect("x", .category, nil) { ["cat", "dog", "cow"][$0 % 3] }
    try expect("x", .category, nil) { "\($0 % 2 == 0)" }
    try expect("x", .category, nil) { $0 % 4 == 0 ? "yes" : "" }
    try expect("x", .date, nil) { "2024-03-\($0 % 28 + 1)" }
    try expect("x", .date, nil) { "\($0 % 24):30" }
    try expect("x", .identifier, "counts the rows") { "\($0 + 1)" }
    try expect("", .identifier, "different in every row") { "\($0 * 3 + 5)" }
    try expect("", .identifier, "different") { "car \($0)" }
    try expect("PassengerId", .identifier, "different") { "\(1000 - $0 * 3)" }
    try expect("population", .number, nil) { "\(1000 - $0 * 3)" }
    try expect("x", .identifier, "different") { "Name\($0)" }
    try expect("x", .text, "holds text") { "it was the day number \($0) of the year" }
    try expect("x", .text, "hardly any") { "n\($0 * 2 / 3)" }
    try expect("x", .constant, "the same") { _ in "5" }
    try expect("x", .constant, "empty") { _ in "?" }
  }

  @Test func `the target is a number or a class`() throws {
    /// The values of 200 rows, and how many classes they are.
    func expect(_ classes: Int?, task: TableTask? = nil, _ value: (Int) -> String) throws {
      var options = TableOptions()
      options.task = task
      let data = try TableData(file("a,y", rows: 200) { "\($0 % 9).5,\(value($0))" }, target: "y", options: options)
      #expect(data.preprocessing.target.classes?.count == classes, "\(data.targetDescription)")
    }
    try expect(2) { "\($0 % 2)" }
    try expect(12) { "\($0 % 12)" }
    try expect(nil) { "\($0 % 21)" }
    try expect(nil) { "\($0 * 1000)" }
    try expect(nil) { "\($0 % 3).5" }
    try expect(3) { "\($0 % 3).0" }
    try expect(3) { $0 % 5 == 0 ? "?" : "\($0 % 3)" }
    try expect(30) { "class \($0 % 30)" }
    try expect(2) { $0 % 2 == 0 ? "yes" : "no" }
    try expect(nil, task: .regression) { "\($0 % 12)" }
    try expect(50, task: .classification) { "\($0 % 50)" }
  }

  @Test func `classes that are numbers with a fraction keep all of it`() throws {
    var options = TableOptions()
    options.task = .classification
    for (first, second) in [("0.123456", "0.654321"), ("1.0001", "1.0002"), ("1e-7", "0.30000000000000004"), ("-2", "1234567.25")] {
      let table = try file("a,y", rows: 200) { "\($0 % 9).5,\($0 % 2 == 0 ? first : second)" }
      let data = try TableData(table, target: "y", options: options)
      let classes = try #require(data.preprocessing.target.classes)
      #expect(classes.map { Double($0) } == [first, second].map { Double($0) })
      let y = try #require(data.preprocessing.rows(of: table, withTarget: true).y)
      #expect(y.doubles.prefix(4) == [0, 1, 0, 1])
    }
  }

  @Test func `targets that say nothing are refused`() throws {
    func expect(_ words: String, task: TableTask? = nil, _ value: (Int) -> String) throws {
      var options = TableOptions()
      options.task = task
      let table = try file("a,y", rows: 200) { "\($0 % 9).5,\(value($0))" }
      let error = #expect(throws: DescentError.self) { _ = try TableData(table, target: "y", options: options) }
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
    try expect("line 102: the target 'y' has '??', which is not a number, while 199 of its 200") { $0 == 100 ? "??" : "\($0).5" }
    try expect("the same in every row") { _ in "1" }
    try expect("has no values") { _ in "" }
    try expect("200 different values in 200 rows") { "n\($0)" }
    try expect("--task regression", task: .classification) { "\($0)" }
    try expect("is not a number", task: .regression) { $0 % 2 == 0 ? "a" : "b" }
  }

  private static func animals(_ row: Int, _ changed: Set<Int> = []) -> String {
    if changed.contains(row) { return "1e30,whale,1900-01-01,nonsense,\(row % 3 == 0 ? "yes" : "no")" }
    return "\(row * 37 % 91),\(["cat", "dog", "cow"][row % 3]),2024-02-\(row % 28 + 1),\(row % 5 == 0 ? "" : "\(row).5"),\(row % 3 == 0 ? "yes" : "no")"
  }

  @Test func `rows that are not trained on change nothing of what is learned`() throws {
    var options = TableOptions()
    options.trainingPart = 0.6
    options.validationPart = 0.2
    options.seed = 5
    let plain = try TableData(file("a,kind,day,b,y", rows: 90) { Self.animals($0) }, target: "y", options: options)
    // Which rows are not trained on, found out by a mark that tells them.
    let answers = TableAnswers(values: .classes((0..<90).map { $0 % 3 == 0 ? 1 : 0 }), count: 90, classes: ["no", "yes"], remarks: [], description: "")
    let others = Set(options.parts(answers).enumerated().filter { $0.element > 0 }.map(\.offset))
    #expect(others.count == 36)
    let changed = try TableData(file("a,kind,day,b,y", rows: 90) { Self.animals($0, others) }, target: "y", options: options)
    #expect(changed.preprocessing == plain.preprocessing && changed.training.x.isEqual(plain.training.x))
    #expect(changed.summaries.map(\.values) == plain.summaries.map(\.values))
    #expect(changed.validation?.remarks.isEmpty == false)
    // Whereas one training row does.
    let training = try #require((0..<90).first { !others.contains($0) })
    let other = try TableData(file("a,kind,day,b,y", rows: 90) { Self.animals($0, [training]) }, target: "y", options: options)
    #expect(other.preprocessing != plain.preprocessing)
  }

  private static let splits: [(Double, Double?, [Int])] = [(0.8, nil, [24, 6, 0]), (0.5, 0.25, [15, 8, 7]), (1, nil, [30, 0, 0])]

  @Test(arguments: splits)
  func `classes are split alike`(_ part: Double, _ validation: Double?, _ expected: [Int]) throws {
    var options = TableOptions()
    options.trainingPart = part
    options.validationPart = validation
    let answers = TableAnswers(values: .classes((0..<300).map { $0 % 10 == 0 ? 1 : $0 == 7 ? -1 : 0 }), count: 300, classes: ["a", "b"], remarks: [], description: "")
    let parts = options.parts(answers)
    for part in 0..<3 {
      let found = stride(from: 0, to: 300, by: 10).filter { parts[$0] == UInt8(part) }.count
      #expect(found == expected[part])
    }
    let leftOut = parts.filter { $0 == 3 }.count
    #expect(parts[7] == 3 && leftOut == 1)
    #expect(parts == options.parts(answers))
    options.seed = 1
    #expect(part == 1 || parts != options.parts(answers))
  }

  @Test func `numbers, categories and dates become what the network takes`() throws {
    let text = "n,c,d,y\n1,a,2024-01-01,0.5\n3,b,2024-03-03,1.5\nNA,a,2024-06-15,2.5\n8,,2024-09-09,3.5\n8,rare,2024-12-31,4.5\n,b,?,5.5\n"
    var options = TableOptions()
    options.trainingPart = 1
    options.kinds = ["c": .category]
    let data = try TableData(TableFile(Array(text.utf8), name: "f"), target: "y", options: options)
    let table = data.preprocessing
    #expect(table.numberNames == ["n", "n.missing", "d.elapsed", "d.year_sine", "d.year_cosine", "d.missing"])
    let tokens: [String] = ["c=[other]", "c=[missing]", "c=a", "c=b", "d=[other]"] + DatePart.weekdays.map { "d=\($0)" }
    #expect(table.tokens == tokens)
    let numbers = try #require(data.training.numbers?.doubles)
    // Typical: the median of 1, 3, 8, 8, and of the days 0, 62, 166, 252, 365.
    func column(_ place: Int) -> [Double] { stride(from: place, to: 36, by: 6).map { numbers[$0] } }
    #expect(column(0) == [1, 3, 5.5, 8, 8, 5.5])
    #expect(column(1) == [0, 0, 1, 0, 0, 1])
    #expect(column(2) == [0, 62, 166, 252, 365, 166])
    #expect(column(5) == [0, 0, 0, 0, 0, 1])
    // 1 January 2024 was a Monday, 3 March a Sunday, 15 June a Saturday, 9 September a Monday, 31 December a Tuesday.
    #expect(data.training.categories?.scalars(as: Int32.self) == [2, 5, 3, 11, 2, 10, 1, 5, 0, 6, 3, 4])
    #expect(try TablePreprocessing(json: table.json) == table)
    #expect(try TablePreprocessing(json: JSONValue(parsing: table.json.text(), name: "j")) == table)
  }

  @Test func `columns are found by name, and what is strange is told`() throws {
    let data = try TableData(file("id,a,kind,y", rows: 60) { "\($0 + 1),\($0 % 11),\($0 % 2 == 0 ? "cat" : "dog"),\($0 % 11).5" }, target: "y")
    #expect(data.summaries[1].remarks.first?.contains("goes up and down with 'y'") == true)
    let table = data.preprocessing
    let inOrder = try table.rows(of: file("id,a,kind", rows: 3) { "\($0),\($0),dog" })
    let moved = try table.rows(of: file("new,kind,id,a", rows: 3) { "x,dog,\($0),\($0)" })
    #expect(moved.x.isEqual(inOrder.x) && moved.identifiers[0].values == ["0", "1", "2"] && inOrder.remarks.isEmpty)
    #expect(moved.remarks.count == 1 && moved.remarks[0].contains("'new' is not looked at"))
    let strange = try table.rows(of: file("a,kind", rows: 3) { $0 == 0 ? ",cow" : "x,?" })
    #expect(strange.identifiers.isEmpty && strange.categories?.doubles == [0, 0, 0] && strange.remarks.count == 4, "\(strange.remarks)")
    let error = #expect(throws: DescentError.self) { _ = try table.rows(of: file("kind,aa", rows: 2) { _ in "cat,1" }) }
    #expect(error?.message.contains("has no column 'a'") == true && error?.message.contains("did you mean 'aa'") == true)
    #expect(throws: DescentError.self) { _ = try table.rows(of: file("a,kind", rows: 2) { _ in "1,cat" }, withTarget: true) }
    // A class that tells the target, uneven classes, and what balances them.
    let classes = try TableData(file("a,copy,y", rows: 100) { "\($0 % 13),\($0 % 10 == 0 ? "u" : "v"),\($0 % 10 == 0 ? "yes" : "no")" }, target: "y")
    #expect(classes.summaries[1].remarks.first?.contains("tells 'y' without exception") == true)
    #expect(classes.classCounts == [72, 8] && classes.balancedClassWeights?[1] == 5 && abs(classes.balancedClassWeights![0]! - 80 / 144) < 1e-12)
    let unseen = #expect(throws: DescentError.self) { _ = try classes.preprocessing.rows(of: file("a,copy,y", rows: 1) { _ in "1,u,maybe" }, withTarget: true) }
    #expect(unseen?.message.contains("line 2: the target 'y' has 'maybe', which training has not seen; it saw no, yes") == true, "\(unseen?.message ?? "")")
  }

  @Test func `columns can be chosen, left out and given kinds`() throws {
    let table = try file("id,zip,a,b,y", rows: 60) { "\($0 + 1),\($0 % 4 + 10),\($0 % 9),\($0 % 7),\($0 % 5).5" }
    var options = TableOptions()
    options.kinds = ["zip": .category]
    options.dropped = ["b"]
    #expect(try TableData(table, target: "y", options: options).preprocessing.columns.map { $0.isUsed ? $0.kind.rawValue : "-" } == ["-", "category", "number", "-"])
    options.dropped = []
    options.features = ["a", "b"]
    #expect(try TableData(table, target: "y", options: options).preprocessing.columns.map(\.isUsed) == [false, false, true, true])
    for (features, dropped, kinds, words) in [
      (["c"], [], [:], "has no column 'c'"), (["y"], [], [:], "is the target"), (["a"], ["a"], [:], "can be one of them"), (["id"], [], [:], "no column is left"),
      (nil, [], ["a": .date], "hardly any of its values"), (nil, [], ["y": .category], "is the target"), (nil, ["zz"], [:], "has no column 'zz'"),
    ] as [([String]?, [String], [String: ColumnKind], String)] {
      var options = TableOptions()
      (options.features, options.dropped, options.kinds) = (features, dropped, kinds)
      let error = #expect(throws: DescentError.self) { _ = try TableData(table, target: "y", options: options) }
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
  }

  @Test func `a network answers in the target's units and knows nothing of what it has not seen`() throws {
    let table = try file("a,kind,y", rows: 120) { "\($0 % 17),\(["cat", "dog"][$0 % 2]),\(500_000 + 30_000 * ($0 % 17) - 100_000 * ($0 % 2))" }
    let data = try TableData(table, target: "y")
    let model = try data.preprocessing.network(hidden: [16], seed: 3)
    try data.preprocessing.compile(model)
    let first = try model.evaluate(data.training.x, data.training.y, verbose: 0).loss
    #expect(first > 0.5 && first < 3)
    let history = try model.fit(data.training.x, data.training.y, epochs: 120, verbose: 0, validationData: data.validation.map { ($0.x, $0.y!) })
    #expect(try #require(history["val_loss"].last) < 0.05)
    let scores = try model.scores(table)
    #expect(scores.r2 > 0.95 && scores.rmse < scores.naiveRMSE && !scores.isNoBetterThanNaive && scores.count == 120)
    // The place of values that were never seen has no weights.
    let unseen = try model.predict(file("a,kind", rows: 2) { _ in "3,cow" })
    let without = try #require(model.layers.first { $0 is Dense } as? Dense).kernel!.value.doubles
    #expect(without[16..<32].allSatisfy { $0 == 0 } && unseen.numbers.count == 2)
    // The same seed gives the same network, another one another.
    let weights = try data.preprocessing.network(hidden: [16], seed: 3).weights.map(\.doubles)
    #expect(try data.preprocessing.network(hidden: [16], seed: 3).weights.map(\.doubles) == weights)
    #expect(try data.preprocessing.network(hidden: [16], seed: 4).weights.map(\.doubles) != weights)
    for loss in [Loss.binaryCrossentropy, .sparseCategoricalCrossentropy] {
      #expect(throws: DescentError.self) { _ = try data.preprocessing.network(loss: loss) }
    }
  }

  @Test func `scores are counted from predictions`() throws {
    let classes = TableTarget(name: "y", classes: ["a", "b", "c"], mean: 0, deviation: 1)
    let rows = TableRows(numbers: nil, categories: nil, y: nil, identifiers: [("id", ["1", "x,\"y\"", "3", "4"])], count: 4, remarks: [])
    let outputs = Tensor([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0, 0.75, 0.25], [1, 0, 0]] as [[Float]])
    let predictions = try TablePredictions(outputs, rows, classes)
    #expect(predictions.csv == "id,y,P(a),P(b),P(c)\n1,a,0.5,0.25,0.25\n\"x,\"\"y\"\"\",b,0.25,0.5,0.25\n3,b,0.0,0.75,0.25\n4,a,1.0,0.0,0.0\n")
    let scores = try TableScores(predictions, answers: Tensor([0, 1, 2, 1] as [Int32]))
    #expect(scores.confusion == [[1, 0, 0], [1, 1, 0], [0, 1, 0]] && scores.accuracy == 0.5 && scores.naiveAccuracy == 0.5 && scores.isNoBetterThanNaive)
    #expect(scores.classes.map(\.recall) == [1, 0.5, 0] && scores.classes[0].precision == 0.5 && scores.classes[2].precision.isNaN)
    for answers in [Tensor([0, 1, 3, 1] as [Int32]), Tensor([0, 1, -1, 1] as [Int32]), Tensor([0, 1, .nan, 1] as [Float])] {
      #expect(failure(.data) { try TableScores(predictions, answers: answers) }.hasPrefix("scores: row 2 is of class"))
    }
    let number = TableTarget(name: "y", classes: nil, mean: 2, deviation: 1)
    let plain = TableRows(numbers: nil, categories: nil, y: nil, identifiers: [], count: 3, remarks: [])
    let amounts = try TableScores(TablePredictions(Tensor([[1], [3], [4]] as [[Float]]), plain, number), answers: Tensor([1, 2, 6] as [Float]))
    #expect(amounts.mae == 1 && amounts.rmse == (5.0 / 3).squareRoot() && amounts.r2 == 1 - 5.0 / 14 && amounts.naiveMAE == 5.0 / 3 && !amounts.isNoBetterThanNaive)
    #expect(throws: DescentError.self) { _ = try TablePredictions(outputs, plain, number) }
  }
}

extension ModelData {
  /// Whether two lists of tensors hold the same.
  fileprivate func isEqual(_ other: any ModelData) -> Bool {
    func tensors(_ data: any ModelData) -> [Tensor] { data as? [Tensor] ?? (data as? Tensor).map { [$0] } ?? [] }
    let own = tensors(self), other = tensors(other)
    return own.map(\.shape) == other.map(\.shape) && own.map(\.doubles) == other.map(\.doubles)
  }
}
