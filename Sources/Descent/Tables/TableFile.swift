import TensorCore

/// A table in a text file, opened: how it is written and what its columns are called. Rows are read when they are asked for, so that a file
/// need not fit into memory (where it is uncompressed UTF-8).
///
///     let table = try TableFile("cars.csv")
///     print(table.columnNames, table.dialect)
///
/// Separators `,` `;` tab `|` and spaces are found out, as are decimal commas, UTF-16, CP949 (EUC-KR) and CP1252 (Latin-1), gzip, comment
/// lines, and a first line that holds no names. Fields may be quoted (RFC 4180). A file whose name ends in `.jsonl` or `.ndjson` (also with `.gz`) holds an
/// object of JSON in each line; the columns are the keys, in the order in which they come first, and a key that a line lacks is a missing value.
public struct TableFile: Sendable {
  /// What errors call the file: its path.
  public let name: String
  /// How its fields are written.
  public let dialect: TableDialect
  /// In the file's order, each different from the others: of several columns with one name the later ones get a number, those without names are called
  /// after their places. A first one without a name keeps none: it holds the names of rows.
  public let columnNames: [String]
  /// What was found out that the file's owner should know.
  public let remarks: [String]
  private let text: TableText

  /// Opens a file.
  /// - Parameters:
  ///   - path: the file.
  ///   - reading: what is known of how it is written.
  /// - Throws: ``DescentError`` of kind `file` if it is no text or has no rows.
  public init(_ path: String, reading: TableReading = TableReading()) throws {
    try self.init(opened: TableText(path: path, encoding: reading.encoding), reading)
  }

  /// Opens a file that is in memory.
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what to call it in errors.
  ///   - reading: what is known of how it is written.
  public init(_ bytes: [UInt8], name: String, reading: TableReading = TableReading()) throws {
    try self.init(opened: TableText(bytes, name: name, encoding: reading.encoding), reading)
  }

  private init(opened text: TableText, _ reading: TableReading) throws {
    guard JSONLines.isName(text.name) else {
      try self.init(text, reading)
      return
    }
    if reading.separator != nil || reading.decimalMark != nil || reading.hasHeader != nil || reading.columnNames != nil {
      throw DescentError(.invalidArgument, "\(text.name): lines of JSON are written in one way; a separator, a decimal mark, a header and names are for other tables")
    }
    let table = try TableText(JSONLines.table(text), name: text.name, encoding: "UTF-8")
    try self.init(table, TableReading(separator: ",", decimalMark: ".", hasHeader: true))
  }

  private init(_ text: TableText, _ reading: TableReading) throws {
    self.text = text
    name = text.name
    let (dialect, names, remarks) = try text.withBytes { bytes -> (TableDialect, [String], [String]) in
      let dialect = try TableDialect(bytes, name: text.name, reading)
      var reader = TableFile.reader(bytes, text.name, dialect)
      var first: [CSVReader.Field] = []
      guard try reader.nextRow(&first) else {
        throw DescentError(.file, "\(text.name): is empty; expected a line with the names of the columns")
      }
      var names = dialect.hasHeader ? first.map { String(decoding: reader.text($0), as: UTF8.self) } : []
      var second: [CSVReader.Field] = []
      let hasSecond = try reader.nextRow(&second)
      if dialect.hasHeader && !hasSecond { throw DescentError(.file, "\(text.name): has a header but no rows") }
      // R writes the names of rows without a name for their column.
      if dialect.hasHeader && second.count == names.count + 1 { names.insert("", at: 0) }
      if !dialect.hasHeader { names = first.indices.map { "column\($0 + 1)" } }
      if let given = reading.columnNames {
        guard given.count == names.count, Set(given).count == given.count, !given.contains("") else {
          throw DescentError(
            .invalidArgument, "\(text.name): columnNames are \(given); expected \(names.count) different names, one for each column")
        }
        return (dialect, given, [])
      }
      let (unique, remarks) = TableFile.unique(names)
      let headless: [String] = dialect.hasHeader ? [] : ["the first line holds no names; the columns are called \(unique.first!) to \(unique.last!)"]
      return (dialect, unique, headless + remarks)
    }
    self.dialect = dialect
    columnNames = names
    self.remarks = text.remarks + remarks
  }

  private static func reader(_ bytes: UnsafeRawBufferPointer, _ name: String, _ dialect: TableDialect) -> CSVReader {
    // Lines of JSON have no header of their own.
    CSVReader(bytes: bytes, name: name, line: JSONLines.isName(name) ? 0 : 1, separator: dialect.separator.asciiValue!, comment: dialect.comment?.asciiValue)
  }

  private static func unique(_ names: [String]) -> ([String], [String]) {
    var result: [String] = [], remarks: [String] = []
    var taken = Set(names)
    var seen: Set<String> = []
    // The number that was given last to a column of that name.
    var numbers: [String: Int] = [:]
    for (place, name) in names.enumerated() {
      var own = name.isEmpty && place > 0 ? "column\(place + 1)" : name
      if name.isEmpty && place > 0 { remarks.append("column \(place + 1) has no name; it is called \(own)") }
      if !seen.insert(own).inserted {
        var number = (numbers[name] ?? 1) + 1
        while taken.contains("\(name).\(number)") { number += 1 }
        numbers[name] = number
        own = "\(name).\(number)"
        taken.insert(own)
        seen.insert(own)
        remarks.append("the name '\(name)' comes twice; the column at place \(place + 1) is called \(own)")
      }
      result.append(own)
    }
    return (result, remarks)
  }

  /// How numbers are written.
  var numbers: TableNumber { TableNumber(usesDecimalComma: dialect.decimalMark == ",") }

  /// The number that a field's text is, as the table writes numbers; nil for any other text.
  package func number(_ text: String) -> Double? { numbers.value(Array(text.utf8)) }

  /// Calls `body` for each row with its number from 0 on.
  func forEachRow(_ body: (Int, TableRow) throws -> Void) throws {
    try text.withBytes { bytes in
      var reader = TableFile.reader(bytes, name, dialect)
      var fields: [CSVReader.Field] = []
      if dialect.hasHeader { _ = try reader.nextRow(&fields) }
      // The header may lack the name of a first column.
      fields = Array(repeating: CSVReader.Field(start: 0, end: 0), count: columnNames.count)
      let numbers = numbers
      var row = 0, released = 0
      while try reader.nextRow(&fields) {
        try body(row, TableRow(fields: fields, reader: reader, numbers: numbers))
        row += 1
        if reader.place.offset - released > 1 << 22 {
          text.release(released..<reader.place.offset)
          released = reader.place.offset
        }
      }
      text.release(released..<bytes.count)
    }
  }

  /// What stands in columns, row by row: texts without quotes, numbers as they are written.
  /// - Throws: ``DescentError`` of kind `file` if there is no such column, or a row is broken.
  public func texts(of columns: [String]) throws -> [[String]] {
    let places = try columns.map { try place(of: $0, role: "") }
    var rows: [[String]] = []
    try forEachRow { _, row in rows.append(places.map(row.text)) }
    return rows
  }

  /// The place of a column.
  /// - Parameter role: what the column is wanted for: `the target`.
  /// - Throws: ``DescentError`` of kind `file` with the names there are.
  func place(of column: String, role: String) throws -> Int {
    if let place = columnNames.firstIndex(of: column) { return place }
    let named = columnNames.filter { !$0.isEmpty }
    let hint = nearestName(to: column, in: named).map { "; did you mean '\($0)'?" } ?? ";"
    let shown = named.prefix(20).joined(separator: ", ") + (named.count > 20 ? ", …" : "")
    throw DescentError(.file, "\(name): has no column '\(column)'\(role.isEmpty ? "" : " (\(role))")\(hint) it has \(shown)")
  }
}

/// A row of a table while it is read.
struct TableRow {
  let fields: [CSVReader.Field]
  let reader: CSVReader
  let numbers: TableNumber

  /// The bytes of a field without quotes, within `body` only.
  @inline(__always)
  func withText<Result>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    if let plain = reader.plainText(fields[column]) { return try body(plain) }
    return try reader.text(fields[column]).withUnsafeBytes(body)
  }

  func text(_ column: Int) -> String { withText(column) { String(decoding: $0, as: UTF8.self) } }

  /// What stands in a field.
  @inline(__always)
  func value(_ column: Int) -> TableValue {
    if !numbers.usesDecimalComma, let number = reader.plainNumber(fields[column]) { return .number(number) }
    return withText(column) { text in
      if TableNumber.isMissing(text) { return .missing }
      return numbers.value(text).map { .number($0) } ?? .text
    }
  }

  /// The error for a field.
  func fault(_ column: Int, _ message: String) -> DescentError { reader.fault(at: fields[column], message) }
}

/// What a field of a table holds.
enum TableValue {
  case missing
  case number(Double)
  case text
}
