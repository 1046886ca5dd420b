import Descent
import DescentTestSupport
import Testing

struct CSVTableTests {
  private func table(_ text: String, target: String = "y") throws -> CSVTable {
    try CSVTable(Array(text.utf8), name: "f", target: target)
  }

  private func message(_ text: String, target: String = "y") -> String { failure { try table(text, target: target) } }

  @Test func `Written by python`() throws {
    let table = try CSVTable(TestFiles.path("table.csv"), target: "kind")
    #expect(table.featureNames == ["width, cm", "the \"length\"", "weight"])
    #expect(table.features.shape == [4, 3])
    #expect(
      table.features.scalars(as: Float.self) == [1.5, -2, 1e-3, 2.25, 3, 123456.75, 0.1, 4, -1.797693135e30, 7, 5e10, 0])
    #expect(table.classNames == ["apple, red", "plum", "so-called \"pear\""])
    #expect(table.target.scalars(as: Int32.self) == [1, 0, 2, 0])
  }

  @Test func `Numeric targets`() throws {
    let whole = try table("x,y\n1,3\n2,-1\n")
    #expect(whole.target.scalars(as: Int32.self) == [3, -1])
    #expect(whole.classNames == nil)
    #expect(try table("y,x\n1.5,3\n2,-1").target.scalars(as: Float.self) == [1.5, 2])
    #expect(try table("y,x\n1,3\ntwo,4").classNames == ["1", "two"])
  }

  @Test func `Line ends quotes and spaces`() throws {
    let table = try table("\u{FEFF}x,\"y\" , z\r\n 1 ,\"a\nb\", \"2\" \r\n\r\n+3,a,.5e1\r\n")
    #expect(table.featureNames == ["x", "z"])
    #expect(table.features.scalars(as: Float.self) == [1, 2, 3, 5])
    #expect(table.classNames == ["a", "a\nb"])
  }

  @Test(arguments: [
    "0", "-0.0", "1e-45", "3.4028234e38", "0.1", "123456789012345678901234567890", "1.7976931348623157e30", "2.5E+3", "00012.50",
    "9007199254740993", "0.000000000000000000000000000001", "4.35", "1e22", "1e23",
  ])
  func numbersAsTheLanguageReadsThem(_ text: String) throws {
    let value = try table("x,y\n\(text),0\n").features.scalars(as: Float.self)[0]
    #expect(value == Float(Double(text)!))
  }

  @Test func `Missing values`() {
    #expect(message("x,y\n1,2\n,3\n") == "f: line 3: the value of column 'x' is missing")
    #expect(message("x,y\n1,\n") == "f: line 2: the value of column 'y' is missing")
    #expect(message("x,y\nNA,2\n") == "f: line 2: the value of column 'x' is missing")
    #expect(message("x,y\n1,NaN\n") == "f: line 2: the value of column 'y' is missing")
    #expect(message("x,y\n\"\",2\n") == "f: line 2: the value of column 'x' is missing")
  }

  @Test func `Not numbers`() {
    #expect(message("x,y\n1,2\n\nParis,3") == "f: line 4: column 'x' has 'Paris', which is not a finite number")
    for text in ["inf", "0x10", "1e999", "1,5e", "1 2", "--1", "1e", ".", "4e38"] {
      #expect(message("x,y\n\"\(text)\",2").contains("line 2: column 'x' has '\(text)'"))
    }
  }

  @Test func `Wrong number of fields`() {
    #expect(message("x,y\n1,2\n1\n") == "f: line 3: has 1 fields; the first line names 2 columns")
    #expect(message("x,y\n\"1\n\",2\n1,2,3,4") == "f: line 2: column 'x' has '1\\n', which is not a finite number")
    #expect(message("z,y\n1,\"a\nb\"\n1,2,3,4") == "f: line 4: has 4 fields; the first line names 2 columns")
  }

  @Test func headers() {
    #expect(message("") == "f: is empty; expected a line with the names of the columns")
    #expect(message("x,y\n") == "f: has a header but no rows")
    #expect(message("y\n1\n") == "f: has no column but the target 'y'")
    #expect(message("x,label\n1,2\n", target: "lable") == "f: the first line names no column 'lable'; did you mean 'label'? it names x, label")
    #expect(message("y,y\n1,2\n") == "f: the target 'y' names 2 columns")
    #expect(message("x,y\n\"1,2\n3,4\n") == "f: line 2: a quote is opened and never closed")
    #expect(message("x,y\n\"1\"2,3\n") == "f: line 2: expected a comma after the closing quote")
  }

  @Test func robust() throws {
    expectRobust(try TestFiles.bytes("table.csv")) { bytes in
      let table = try CSVTable(bytes, name: "mutant", target: "kind")
      return [table.features, table.target]
    }
  }
}
