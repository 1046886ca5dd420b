import DescentTestSupport
import Foundation
import Testing

@testable import Descent

/// How tables are written, found out from their bytes.
@Suite struct TableFileTests {
  private func rows(_ file: TableFile) throws -> [[String]] {
    var rows: [[String]] = []
    try file.forEachRow { _, row in rows.append(file.columnNames.indices.map { row.text($0) }) }
    return rows
  }

  private static let dialects: [(String, Character, Character, Bool)] = [
    ("a,b\n1,2\n3,4\n", ",", ".", true), ("a;b\n1,5;2\n3;4,25\n", ";", ",", true), ("a\tb\n1.5\t2\n3\t4\n", "\t", ".", true), ("a|b\n1|2\n", "|", ".", true),
    ("a  b\n 1   2 \n3 \t4\n", " ", ".", true), ("1,2\n3,4\n", ",", ".", false), ("5.1,3.5,setosa\n4.9,3,setosa\n", ",", ".", false),
    ("2001,2002\n1,2\n", ",", ".", false), ("name,2001\nx,1\ny,2\n", ",", ".", false), ("a,b\nx,y\nz,w\n", ",", ".", true),
    ("a;b\n1.234,5;2\n", ";", ",", true), ("a,b\n\"1,234\",2\n\"5,678\",3\n", ",", ".", true), ("a;b\n1,234;2\n5,678;3\n", ";", ",", true),
    ("a;b\n1,234.5;2\n", ";", ".", true), ("a;b\n\"x, y, z\";2\n\"u, v\";3\n", ";", ".", true), ("# made by hand\n# twice\na,b\n1,2\n", ",", ".", true),
    ("#a,b\n1,2\n", ",", ".", true), ("a,b\r\n1,2\r\n", ",", ".", true), ("\u{FEFF}a,b\n1,2\n", ",", ".", true), ("a\n1\n2\n", ",", ".", true),
  ]

  @Test(arguments: dialects)
  func `separator, decimal mark and header are found out`(_ text: String, _ separator: Character, _ mark: Character, _ hasHeader: Bool) throws {
    let file = try TableFile(Array(text.utf8), name: "f")
    #expect(file.dialect.separator == separator && file.dialect.decimalMark == mark && file.dialect.hasHeader == hasHeader, "\(file.dialect)")
    for row in try rows(file) { #expect(row.count == file.columnNames.count && !row.contains("")) }
  }

  @Test func `names of columns are told apart`() throws {
    #expect(try TableFile(Array("1,2\n3,4\n".utf8), name: "f").columnNames == ["column1", "column2"])
    let twice = try TableFile(Array("a,b,a,,a.2\n1,2,3,4,5\n".utf8), name: "f")
    #expect(twice.columnNames == ["a", "b", "a.3", "column4", "a.2"] && twice.remarks.count == 2, "\(twice.columnNames)")
    // Names of rows, with an empty name or none at all.
    #expect(try TableFile(Array(",a\nx,1\ny,2\n".utf8), name: "f").columnNames == ["", "a"])
    let short = try TableFile(Array("a b\nx 1 2\ny 3 4\n".utf8), name: "f")
    #expect(short.columnNames == ["", "a", "b"])
    #expect(try rows(short) == [["x", "1", "2"], ["y", "3", "4"]])
    let quoted = try TableFile(Array("a,b\n\"x, \"\"y\"\"\n z\",2\n".utf8), name: "f")
    #expect(try rows(quoted) == [["x, \"y\"\n z", "2"]])
    let named = try TableFile(Array("1,2,x\n3,4,y\n".utf8), name: "f", reading: TableReading(columnNames: ["mpg", "길이", "origin"]))
    #expect(named.columnNames == ["mpg", "길이", "origin"] && named.remarks.isEmpty && !named.dialect.hasHeader)
    let renamed = try TableFile(Array("a,b\n3,4\n".utf8), name: "f", reading: TableReading(hasHeader: true, columnNames: ["p", "q"]))
    #expect(renamed.columnNames == ["p", "q"] && renamed.dialect.hasHeader)
    // As in pandas, names mean that the first line is a row.
    #expect(try !TableFile(Array("a,b\n3,4\n".utf8), name: "f", reading: TableReading(columnNames: ["p", "q"])).dialect.hasHeader)
    for names in [["p"], ["p", "p"], ["p", ""], []] {
      #expect(throws: DescentError.self) { try TableFile(Array("a,b\n3,4\n".utf8), name: "f", reading: TableReading(columnNames: names)) }
    }
    let given = try TableFile(Array("a;b\n1;2\n".utf8), name: "f", reading: TableReading(separator: ",", hasHeader: false))
    #expect(given.columnNames == ["column1"])
  }

  @Test func `encodings and compression are found out, or given`() throws {
    let text = "이름,값\n고양이,1\n개,2\n강아지,3\n"
    let folder = TemporaryFolder()
    // "이름,값…" in CP949, as Python's encode("cp949") writes it.
    let korean: [UInt8] = [
      0xC0, 0xCC, 0xB8, 0xA7, 0x2C, 0xB0, 0xAA, 0x0A, 0xB0, 0xED, 0xBE, 0xE7, 0xC0, 0xCC, 0x2C, 0x31, 0x0A, 0xB0, 0xB3, 0x2C, 0x32, 0x0A, 0xB0, 0xAD, 0xBE,
      0xC6, 0xC1, 0xF6, 0x2C, 0x33, 0x0A,
    ]
    let plain = Array(text.utf8)
    let body = plain.withUnsafeBytes { deflated($0) }
    let checksum = plain.withUnsafeBytes { crc32($0) }
    func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let zipped: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + body + word(checksum) + word(UInt32(plain.count))
    let wide = Array(text.data(using: .utf16)!), wideBig = Array(text.data(using: .utf16BigEndian)!)
    let cases: [([UInt8], String?)] = [(korean, nil), (korean, "CP949"), (zipped, nil), (wide, nil), (wideBig, "UTF-16BE"), (plain, nil), (plain, "UTF-8")]
    for (bytes, encoding) in cases {
      try Data(bytes).write(to: URL(fileURLWithPath: folder.file("t.csv")))
      let file = try TableFile(folder.file("t.csv"), reading: TableReading(encoding: encoding))
      #expect(file.columnNames == ["이름", "값"])
      #expect(try rows(file).map { $0[0] } == ["고양이", "개", "강아지"])
      #expect(file.remarks.isEmpty == (bytes == plain || bytes == zipped || encoding != nil), "\(file.remarks)")
    }
    let french: [UInt8] = Array("nom,n\nall".utf8) + [0xE9] + Array("e,1\n".utf8)
    #expect(try rows(TableFile(french, name: "f"))[0][0] == "allée")
    let refused: [([UInt8], String?, String)] = [
      (korean, "UTF-8", "is not UTF-8"), (plain, "nonsense", "is not known"), (french, "ASCII", "is not UTF-8"), (Array("PK\u{3}\u{4}".utf8), nil, "is a zip file"),
      (Array("a,b\n1,\0\n".utf8), nil, "byte 0"), ([], nil, "is empty"), (Array("a,b\n".utf8), nil, "no rows"), (Array("a,b\n1,2\n3\n".utf8), nil, "line 3: has 1 field"),
      (french, "EUC-KR", "line 2: is not EUC-KR"),
    ]
    for (bytes, encoding, words) in refused {
      let error = #expect(throws: DescentError.self) { _ = try rows(TableFile(bytes, name: "f.csv", reading: TableReading(encoding: encoding))) }
      #expect(error?.message.contains(words) == true && error?.message.hasPrefix("f.csv") == true, "\(error?.message ?? "")")
    }
  }

  private static let numbers: [(String, Double?, Double?)] = [
    ("1234.5", 1234.5, 12345), ("1,234.5", 1234.5, nil), ("1.234,5", nil, 1234.5), ("1,5", nil, 1.5), ("-3", -3, -3), ("+3e2", 300, 300), ("1,234,567", 1_234_567, nil),
    ("1.234.567", nil, 1_234_567), ("$12", 12, 12), ("-$1,200", -1_200, -1.2), ("12 %", 12, 12), ("₩5", 5, 5), ("€ 3", 3, 3), ("1,23,4", nil, nil), ("12,34", nil, 12.34),
    ("1234,567", nil, 1234.567), (",5", nil, 0.5), (".5", 0.5, nil), ("5.", 5, nil), ("abc", nil, nil), ("1 2", nil, nil), ("0x1F", nil, nil), ("1e", nil, nil), ("-", nil, nil),
    ("inf", nil, nil), ("1e99", nil, nil), ("2024-01-02", nil, nil), ("1.2.3", nil, nil), ("%", nil, nil), ("", nil, nil),
  ]

  @Test(arguments: numbers)
  func `numbers are read with either decimal mark`(_ text: String, _ point: Double?, _ comma: Double?) {
    #expect(TableNumber(usesDecimalComma: false).value(Array(text.utf8)) == point)
    // 1234.5 has no group of three behind its point, so it is no number with decimal commas.
    #expect(TableNumber(usesDecimalComma: true).value(Array(text.utf8)) == (text == "1234.5" ? nil : comma))
  }

  @Test func `fields without a value`() {
    for text in ["", "?", "NA", "n/a", "NaN", "null", "-", "#N/A", "<NA>", "."] { #expect(TableNumber.isMissing(Array(text.utf8)), "\(text)") }
    for text in ["0", "none", "no", "N", "na na", "--1"] { #expect(!TableNumber.isMissing(Array(text.utf8)), "\(text)") }
  }

  private static let dates: [(String, Double?, Double?)] = [
    ("2024-01-31", 19_753, 19_753), ("2024/1/31", 19_753, 19_753), ("31.01.2024", 19_753, nil), ("01/31/2024", nil, 19_753), ("1/2/2024", 19_754, 19_724),
    ("31 Jan 2024", 19_753, 19_753), ("January 31, 2024", 19_753, 19_753), ("31-Jan-2024", 19_753, 19_753), ("2024년 1월 31일", 19_753, 19_753),
    ("2024-01-31T12:00:00Z", 19_753.5, 19_753.5), ("2024-01-31 06:00", 19_753.25, 19_753.25), ("2024-01-31T21:00:00+09:00", 19_753.5, 19_753.5), ("12:00", 0.5, 0.5),
    ("6:00 pm", 0.75, 0.75), ("1970-01-01", 0, 0), ("1969-12-31", -1, -1), ("2000-02-29", 11_016, 11_016), ("1900-02-29", nil, nil), ("2024-13-01", nil, nil),
    ("2024", nil, nil), ("Jan", nil, nil), ("1.2.3", nil, nil), ("12:61", nil, nil), ("2024-01-31x", nil, nil), ("sept 5 2021", 18_875, 18_875), ("5551234", nil, nil),
  ]

  @Test(arguments: dates)
  func `dates are read in either order`(_ text: String, _ dayFirst: Double?, _ monthFirst: Double?) {
    let bytes = Array(text.utf8)
    #expect(bytes.withUnsafeBytes { TableDate($0, dayFirst: true)?.days } == dayFirst)
    #expect(bytes.withUnsafeBytes { TableDate($0, dayFirst: false)?.days } == monthFirst)
  }

  @Test func `days are those of Foundation's calendar`() throws {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    for days in stride(from: -140_000, to: 150_000, by: 997) {
      let date = Date(timeIntervalSince1970: Double(days) * 86_400)
      let parts = calendar.dateComponents([.year, .month, .day, .weekday], from: date)
      #expect(TableDate.days(year: parts.year!, month: parts.month!, day: parts.day!) == days)
      #expect(TableDate.text(days: Double(days)) == String(format: "%04d-%02d-%02d", parts.year!, parts.month!, parts.day!))
      #expect(Int(DatePart.weekday.value(Double(days), origin: 0)) == (parts.weekday! + 5) % 7)
    }
  }
}
