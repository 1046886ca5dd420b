import DescentTestSupport
import Testing

@testable import Descent

/// Tables of which each line is an object of JSON.
@Suite struct JSONLinesTests {
  private func file(_ text: String, _ reading: TableReading = TableReading()) throws -> TableFile { try TableFile(Array(text.utf8), name: "t.jsonl", reading: reading) }

  private func rows(_ file: TableFile) throws -> [[String]] {
    var rows: [[String]] = []
    try file.forEachRow { _, row in rows.append(file.columnNames.indices.map { row.text($0) }) }
    return rows
  }

  @Test func `keys are columns in the order in which they come first`() throws {
    let table = try file("{\"a\": 1.50, \"b, c\": \"x \\\"y\\\", z\"}\r\n\n{\"b, c\": null, \"d\": true, \"a\": -2e3}\n{\"d\": \"개, 1;5\"}")
    #expect(table.columnNames == ["a", "b, c", "d"] && table.dialect.separator == "," && table.dialect.hasHeader)
    #expect(try rows(table) == [["1.50", "x \"y\", z", ""], ["-2e3", "", "true"], ["", "", "개, 1;5"]])
    #expect(try rows(file("{\"a\": 1}\n{\"a\": null}\n{}\n{\"a\": 2}\n")) == [["1"], [""], [""], ["2"]])
    // Numbers alone are no missing header, and semicolons and decimal commas in texts are texts.
    #expect(try file("{\"1\": \"1,5\"}\n{\"1\": \"2,5\"}\n").dialect.decimalMark == ".")
  }

  @Test func `what is no table is refused with its line`() {
    let broken: [(String, String)] = [
      ("{\"a\": 1}\n[1]\n", "t.jsonl: line 2: is no object; expected one in each line"), ("{\"a\": 1}\n\n{\"a\": {\"b\": 1}}\n", "line 3: 'a' is an object; expected a number"), ("{\"a\": [1]}\n", "line 1: 'a' is a list"),
      ("{\"a\": 1\n", "line 1"), ("", "is empty"), ("\n \n", "is empty"), ("{}\n", "is empty; expected an object of JSON"),
    ]
    for (text, expected) in broken {
      let error = #expect(throws: DescentError.self, "\(text)") { _ = try file(text) }
      #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    }
    let error = #expect(throws: DescentError.self) { _ = try file("{\"a\": 1}\n", TableReading(separator: ";")) }
    #expect(error?.message.contains("are written in one way") == true)
  }

  @Test func `lines that share no keys are no table`() throws {
    let lines = (0..<20_000).map { "{\"key \($0)\": 1}\n" }.joined()
    let error = #expect(throws: DescentError.self) { _ = try file(lines) }
    #expect(error?.message.contains("different keys, almost all of which they lack") == true)
    // Sparse ones are, as long as they have a size.
    #expect(try file((0..<1_000).map { "{\"key \($0)\": 1}\n" }.joined()).columnNames.count == 1_000)
  }

  @Test func `a quote is doubled whatever mark stands over it`() throws {
    #expect(try rows(file("{\"a\": \"x\\\"\u{301}y, z\", \"b\": 1}\n")) == [["x\"\u{301}y, z", "1"]])
    #expect(TablePredictions.quoted("a\"\u{301}b") == "\"a\"\"\u{301}b\"")
  }

  @Test func `they are trained on as other tables are`() throws {
    let lines = (0..<40).map { "{\"n\": \($0), \"kind\": \"\($0 % 2 == 0 ? "cat" : "dog")\"\($0 % 5 == 0 ? "" : ", \"w\": \(10 + $0 % 2 * 20)")}" }
    let fields = (0..<40).map { "\($0),\($0 % 2 == 0 ? "cat" : "dog"),\($0 % 5 == 0 ? "" : "\(10 + $0 % 2 * 20)")" }
    let own = try TableData(file(lines.joined(separator: "\n")), target: "kind")
    let plain = try TableData(TableFile(Array(("n,kind,w\n" + fields.joined(separator: "\n")).utf8), name: "t.csv"), target: "kind")
    #expect(own.preprocessing == plain.preprocessing && own.training.numbers?.doubles == plain.training.numbers?.doubles && own.training.numbers != nil)
    // A fault names the line of the file: the answer of the third.
    let model = try own.preprocessing.network(hidden: [4], seed: 1)
    let error = #expect(throws: DescentError.self) { _ = try model.scores(file(lines[..<2].joined(separator: "\n") + "\n\n{\"n\": 1, \"kind\": \"cow\"}")) }
    #expect(error?.message.contains("line 4") == true, "\(error?.message ?? "")")
  }
}
