/// How the fields of a table's file are written, found out from its first rows (or said by ``TableReading``).
public struct TableDialect: Sendable, Equatable {
  /// What stands between fields: `,`, `;`, a tab, `|`, or a space for any number of spaces and tabs.
  public let separator: Character
  /// What stands before the decimals of a number: `.` or `,`. The other one may stand between thousands.
  public let decimalMark: Character
  /// Whether the first line names the columns.
  public let hasHeader: Bool
  /// What a line begins with that is passed over; nil if all lines count.
  public let comment: Character?
}

/// What is known of how a table's file is written; nil for what is to be found out.
public struct TableReading: Sendable {
  /// What stands between fields.
  public var separator: Character?
  /// What stands before the decimals of a number, `.` or `,`.
  public var decimalMark: Character?
  /// Whether the first line names the columns.
  public var hasHeader: Bool?
  /// The encoding as iconv calls it: `CP949`.
  public var encoding: String?
  /// The names of the columns, in place of those in the first line if that holds any. (pandas: `read_csv(names=…)`.)
  public var columnNames: [String]?

  /// - Parameters:
  ///   - separator: what stands between fields; a space for any number of spaces and tabs.
  ///   - decimalMark: what stands before the decimals of a number, `.` or `,`.
  ///   - hasHeader: whether the first line names the columns; with `columnNames` false if nil, as in pandas.
  ///   - encoding: the encoding as iconv calls it.
  ///   - columnNames: the names of the columns, in place of those in the first line if that holds any.
  public init(
    separator: Character? = nil, decimalMark: Character? = nil, hasHeader: Bool? = nil, encoding: String? = nil,
    columnNames: [String]? = nil
  ) {
    self.separator = separator
    self.decimalMark = decimalMark
    self.hasHeader = hasHeader
    self.encoding = encoding
    self.columnNames = columnNames
  }
}

extension TableDialect {
  /// How many bytes at the start of a file are looked at.
  private static let sampleByteCount = 1 << 17
  /// How many rows of them.
  private static let sampleRowCount = 200

  /// - Throws: ``DescentError`` of kind `file` if there is no row, or of `invalidArgument` for a separator of no single byte.
  init(_ bytes: UnsafeRawBufferPointer, name: String, _ reading: TableReading) throws {
    var sample = UnsafeRawBufferPointer(rebasing: bytes.prefix(TableDialect.sampleByteCount))
    if sample.count < bytes.count, let end = sample.lastIndex(of: 0x0A) { sample = UnsafeRawBufferPointer(rebasing: sample[...end]) }
    if let separator = reading.separator, separator.asciiValue == nil || separator.isNewline || separator == "\"" {
      throw DescentError(.invalidArgument, "\(name): the separator '\(separator)' is not possible; expected a single character such as ',' or ';'")
    }
    if let mark = reading.decimalMark, mark != ".", mark != "," {
      throw DescentError(.invalidArgument, "\(name): the decimal mark is '\(mark)'; expected '.' or ','")
    }
    let comment = TableDialect.comment(sample)
    let separator = reading.separator?.asciiValue ?? TableDialect.separator(sample, comment)
    let rows = TableDialect.rows(sample, separator, comment)
    guard !rows.isEmpty else { throw DescentError(.file, "\(name): is empty; expected a line with the names of the columns") }
    self.separator = Character(Unicode.Scalar(separator))
    self.comment = comment.map { Character(Unicode.Scalar($0)) }
    let usesComma = reading.decimalMark.map { $0 == "," } ?? TableDialect.usesDecimalComma(rows, separator)
    decimalMark = usesComma ? "," : "."
    hasHeader = reading.hasHeader ?? (reading.columnNames == nil && TableDialect.hasHeader(rows, TableNumber(usesDecimalComma: usesComma)))
  }

  /// Lines that begin with `#` are no rows where the file begins with one that the other lines do not look like.
  private static func comment(_ sample: UnsafeRawBufferPointer) -> UInt8? {
    let mark = UInt8(ascii: "#")
    let lines = sample.split { $0 == 0x0A || $0 == 0x0D }
    guard lines.first?.first == mark, let plain = lines.first(where: { $0.first != mark }) else { return nil }
    // A header may begin so: then it has as many separators as the rows.
    for separator in candidates where plain.contains(separator) {
      let marked = lines.prefix { $0.first == mark }
      if marked.count == 1, marked[marked.startIndex].count(where: { $0 == separator }) == plain.count(where: { $0 == separator }) { return nil }
      break
    }
    return mark
  }

  private static let candidates = [UInt8(ascii: "\t"), UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: "|"), 0x20]

  /// The one by which most rows have equally many fields, and of those the one that makes most fields.
  private static func separator(_ sample: UnsafeRawBufferPointer, _ comment: UInt8?) -> UInt8 {
    var best: (separator: UInt8, share: Double, fields: Int)?
    for separator in candidates {
      let counts = rows(sample, separator, comment).map(\.count)
      guard let usual = Dictionary(counts.map { ($0, 1) }, uniquingKeysWith: +).max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), usual.key > 1
      else { continue }
      // The names may lack one for the column of the rows' names.
      let agreeing = usual.value + (counts[0] == usual.key - 1 && counts.count > 2 ? 1 : 0)
      let share = Double(agreeing) / Double(counts.count)
      // Spaces stand in names and texts as well.
      if separator == 0x20 && best != nil { continue }
      if share < 0.8 { continue }
      if let best, best.share > share + 0.05 || (best.share > share - 0.05 && best.fields >= usual.key) { continue }
      best = (separator, share, usual.key)
    }
    return best?.separator ?? CSVReader.comma
  }

  /// The first rows as far as they can be read.
  private static func rows(_ sample: UnsafeRawBufferPointer, _ separator: UInt8, _ comment: UInt8?) -> [[[UInt8]]] {
    var reader = CSVReader(bytes: sample, name: "", separator: separator, comment: comment)
    var rows: [[[UInt8]]] = []
    while rows.count < sampleRowCount {
      var fields: [CSVReader.Field] = []
      guard let isRow = try? reader.nextRow(&fields), isRow else { break }
      rows.append(fields.map { reader.text($0) })
    }
    return rows
  }

  /// Whether numbers have commas before their decimals: those that can be read in one way only decide.
  private static func usesDecimalComma(_ rows: [[[UInt8]]], _ separator: UInt8) -> Bool {
    var commas = 0, points = 0, either = 0
    for row in rows {
      for field in row {
        switch TableNumber.decimalMark(of: field) {
        case .comma: commas += 1
        case .point: points += 1
        case .either: either += 1
        case .none: break
        }
      }
    }
    if commas != points { return commas > points }
    return separator != CSVReader.comma && either > 0
  }

  /// A first line is none of names if it has a number where the others have numbers too, and nowhere a text above numbers.
  private static func hasHeader(_ rows: [[[UInt8]]], _ numbers: TableNumber) -> Bool {
    guard rows.count > 1 else { return rows[0].contains { numbers.value($0) == nil } }
    var hasNumberAboveNumbers = false
    for (column, name) in rows[0].enumerated() {
      let below = rows.dropFirst().compactMap { $0.count > column ? $0[column] : nil }.filter { !TableNumber.isMissing($0) }
      guard !below.isEmpty, below.allSatisfy({ numbers.value($0) != nil }) else { continue }
      if numbers.value(name) != nil {
        hasNumberAboveNumbers = true
      } else if !name.isEmpty && !TableNumber.isMissing(name) {
        return true
      }
    }
    return !hasNumberAboveNumbers
  }
}
