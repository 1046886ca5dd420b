import TensorCore

/// Tables of which each line is an object of JSON, as tables of which each line has a field for each column.
enum JSONLines {
  static func isName(_ name: String) -> Bool { [".jsonl", ".ndjson"].contains { hasEnding(name, $0) || hasEnding(name, $0 + ".gz") } }

  /// The same table with a header, commas between fields, and a line for each line, empty ones left out.
  /// - Throws: ``DescentError`` of kind `file` naming the line that is no object, or has an object or a list in a field.
  static func table(_ text: TableText) throws -> [UInt8] {
    let name = text.name
    return try text.withBytes { bytes in
      var places: [String: Int] = [:], names: [String] = []
      // Where each row's fields are, as the names of all columns are known at the end only.
      var rows: [UInt8] = [], starts: [[Int: Range<Int>]?] = []
      var number = 0, rowCount = 0
      for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
        number += 1
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
          starts.append(nil)
          continue
        }
        let label = "\(name): line \(number)"
        guard let object = try JSONValue(parsing: Array(line), name: label).object else {
          throw DescentError(.file, "\(label): is no object; expected one in each line: {\"column\": value, …}")
        }
        var fields: [Int: Range<Int>] = [:]
        for (key, value) in object.members {
          let place = places[key] ?? names.count
          if place == names.count {
            places[key] = place
            names.append(key)
          }
          let start = rows.count
          rows += try field(value, "\(label): '\(key)'").utf8
          fields[place] = start..<rows.count
        }
        starts.append(fields)
        rowCount += 1
        guard rowCount * names.count <= max(greatestCellCount, 16 * bytes.count) else {
          throw DescentError(
            .file, "\(label): so far \(rowCount) lines have \(names.count) different keys, almost all of which they lack; expected lines with much the same keys, as they are columns")
        }
      }
      if names.isEmpty { throw DescentError(.file, "\(name): is empty; expected an object of JSON in each line") }
      var result = Array(names.map(quoted).joined(separator: ",").utf8)
      for fields in starts {
        result.append(0x0A)
        guard let fields else { continue }
        for place in names.indices {
          if place > 0 { result.append(0x2C) }
          if let range = fields[place] { result += rows[range] }
        }
        // A row of one missing value is no empty line.
        if names.count == 1 && fields[0]?.isEmpty != false { result += [0x22, 0x22] }
      }
      return result + [0x0A]
    }
  }

  /// How many fields a table may have that is not as large as they are.
  private static let greatestCellCount = 1 << 28

  private static func field(_ value: JSONValue, _ label: String) throws -> String {
    if value == .null { return "" }
    if let text = value.string { return quoted(text) }
    if let flag = value.bool { return flag ? "true" : "false" }
    if value.object != nil || value.array != nil {
      throw DescentError(.file, "\(label) is \(value.object != nil ? "an object" : "a list"); expected a number, a text, true, false or null")
    }
    return value.text()
  }

  private static func quoted(_ text: String) -> String {
    TablePredictions.inQuotes(text)
  }
}
