import DescentTestSupport
import Testing

@testable import Descent

/// Any bytes at all are a table or an error.
@Suite struct BrokenTableTests {
  private static let tables: [(String, String)] = [
    ("mutant.csv", "id,a,b,day,kind,y\nr1,1.5,x,2024-01-02,cat,yes\nr2,-2e3,\"y, z\",2024-03-04,dog,no\nr3,,x,?,cow,yes\nr4,7,NA,2024-05-06,cat,no\nr5,8,x,2024-07-08,dog,yes\n"),
    ("mutant.data", "5,1;a;1.234,5\n4,9;b;2\n3,3;a;1.000,0\n2,8;b;9\n1,5;a;7\n"),
    ("mutant.jsonl", "{\"a\": 1, \"kind\": \"cat\", \"y\": 2.5}\n{\"a\": null, \"y\": 3.5}\n{\"a\": 4, \"kind\": \"dog\", \"y\": 1}\n{\"a\": 5, \"kind\": \"cat\", \"y\": 0}\n"),
  ]

  @Test(arguments: tables)
  func `mutations of a table`(_ name: String, _ text: String) {
    expectRobust(Array(text.utf8)) { bytes in
      let file = try TableFile(bytes, name: name)
      let data = try naming(name) { try TableData(file, target: file.columnNames.last ?? "") }
      return [data.training, data.validation].compactMap { $0 }.flatMap { [$0.numbers, $0.categories].compactMap { $0 } }
    }
  }

  @Test func `mutations of what a file says of a table`() throws {
    let text = Self.tables[0].1
    let original = try TableData(TableFile(Array(text.utf8), name: "t.csv"), target: "y").preprocessing
    expectRobust(Array(original.json.text(indent: 1).utf8)) { bytes in
      let read = try naming("mutant") { try TablePreprocessing(json: JSONValue(parsing: bytes, name: "mutant")) }
      // What was read is written and read again, and does for a table what it says, or refuses it.
      #expect(try TablePreprocessing(json: read.json) == read)
      _ = try naming("mutant") { try read.rows(of: TableFile(Array(text.utf8), name: "mutant")) }
      return []
    }
  }
}
