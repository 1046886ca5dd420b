import TensorCore

/// Rows of a table as a network takes them.
public struct TableRows: Sendable {
  /// `float32` [rows, N]: numbers as they are, typical ones where they are missing; nil if the network takes none.
  public let numbers: Tensor?
  /// `int32` [rows, C]: numbers of ``TablePreprocessing/tokens``; nil if the network takes none.
  public let categories: Tensor?
  /// [rows]: `float32` numbers, or `int32` numbers of classes; nil if the rows were read without their answers.
  public let y: Tensor?
  /// The values of the columns that hold names or numbers of rows, column by column.
  public let identifiers: [(name: String, values: [String])]
  /// How many rows there are.
  public let count: Int
  /// What was found in the rows that training has not seen.
  public let remarks: [String]

  /// What a network of ``TablePreprocessing/network(hidden:activation:loss:seed:)`` takes: one tensor, or both in order.
  public var x: any ModelData {
    let inputs = [numbers, categories].compactMap { $0 }
    return inputs.count == 1 ? inputs[0] : inputs
  }
}

/// Puts rows of a table into tensors.
struct TableRowWriter {
  /// What is done with a column of the file.
  private struct Reading {
    let column: TableColumn
    let place: Int
    let texts: ByteTable
    /// The number of the column's first token among all.
    let firstToken: Int32
    var unseen = 0, missing = 0
    var example: String?
  }

  private let preprocessing: TablePreprocessing
  private let file: TableFile
  private var readings: [Reading] = []
  private var identifiers: [(name: String, place: Int)] = []
  private let targetPlace: Int?
  private let classes: ByteTable
  private let targetNumbers: [Double: Int32]
  /// The parts that rows are put into.
  private var parts: [Part]
  /// Rows without an answer.
  private(set) var unanswered = 0

  struct Part {
    var numbers: [Float] = []
    var categories: [Int32] = []
    var amounts: [Float] = []
    var classes: [Int32] = []
    var identifiers: [[String]] = []
    var count = 0
  }

  /// - Parameters:
  ///   - withTarget: whether the rows' answers are read.
  ///   - withIdentifiers: whether names and numbers of rows are kept.
  /// - Throws: ``DescentError`` of kind `file` naming a column that the file lacks.
  init(_ preprocessing: TablePreprocessing, _ file: TableFile, withTarget: Bool, withIdentifiers: Bool, parts: Int = 1) throws {
    self.preprocessing = preprocessing
    self.file = file
    targetPlace = withTarget ? try file.place(of: preprocessing.target.name, role: "the target") : nil
    let names = preprocessing.target.classes ?? []
    classes = ByteTable(names)
    let numbers = names.enumerated().compactMap { place, name in Double(name).map { ($0, Int32(place)) } }
    targetNumbers = numbers.count == names.count ? Dictionary(numbers, uniquingKeysWith: { first, _ in first }) : [:]
    self.parts = Array(repeating: Part(), count: parts)
    var token = 0
    for column in preprocessing.columns where column.isUsed {
      let place = try file.place(of: column.name, role: "the model was trained with it")
      var texts = ByteTable()
      if case .category(let values, _, _) = column.encoding { texts = ByteTable(values) }
      readings.append(Reading(column: column, place: place, texts: texts, firstToken: Int32(token)))
      token += column.tokens?.count ?? 0
    }
    if withIdentifiers {
      identifiers = preprocessing.identifiers.compactMap { name in file.columnNames.firstIndex(of: name).map { (name, $0) } }
      for part in self.parts.indices { self.parts[part].identifiers = identifiers.map { _ in [] } }
    }
  }

  /// Puts a row into a part.
  mutating func add(_ row: TableRow, to part: Int) throws {
    if let targetPlace, try !addTarget(row, targetPlace, to: part) {
      unanswered += 1
      return
    }
    for place in readings.indices { add(row, &readings[place], to: &parts[part]) }
    for (place, identifier) in identifiers.enumerated() { parts[part].identifiers[place].append(row.text(identifier.place)) }
    parts[part].count += 1
  }

  /// - Returns: false for a row without an answer.
  private mutating func addTarget(_ row: TableRow, _ column: Int, to part: Int) throws -> Bool {
    let value = row.value(column)
    if case .missing = value { return false }
    if preprocessing.target.classes == nil {
      guard case .number(let number) = value else {
        throw row.fault(column, "the target '\(preprocessing.target.name)' has '\(TableColumn.shown(row.text(column)))', which is not a number")
      }
      parts[part].amounts.append(Float(number))
      return true
    }
    var found = row.withText(column) { classes.place(of: $0) }.map { Int32($0) }
    if found == nil, case .number(let number) = value { found = targetNumbers[number] }
    guard let found else {
      let names = (preprocessing.target.classes ?? []).prefix(10).joined(separator: ", ")
      throw row.fault(
        column, "the target '\(preprocessing.target.name)' has '\(TableColumn.shown(row.text(column)))', which training has not seen; it saw \(names)")
    }
    parts[part].classes.append(found)
    return true
  }

  private func add(_ row: TableRow, _ reading: inout Reading, to part: inout Part) {
    let value = row.value(reading.place)
    switch reading.column.encoding {
    case .leftOut: break
    case .number(let typical, _, _, let marksMissing):
      if case .number(let number) = value {
        part.numbers.append(Float(number))
        if marksMissing { part.numbers.append(0) }
      } else {
        note(value, row, &reading, marksMissing)
        part.numbers.append(Float(typical))
        if marksMissing { part.numbers.append(1) }
      }
    case .category(_, let marksMissing, _):
      let first = reading.firstToken
      if case .missing = value {
        if !marksMissing { reading.missing += 1 }
        part.categories.append(first + (marksMissing ? 1 : 0))
      } else if let place = row.withText(reading.place, { reading.texts.place(of: $0) }) {
        part.categories.append(first + (marksMissing ? 2 : 1) + Int32(place))
      } else {
        reading.unseen += 1
        if reading.example == nil { reading.example = row.text(reading.place) }
        part.categories.append(first)
      }
    case .date(let parts, let dayFirst, let origin, let typical, _, _, let marksMissing):
      let date = row.withText(reading.place) { TableDate($0, dayFirst: dayFirst) }
      if date == nil { note(value, row, &reading, marksMissing) }
      for kind in parts {
        if kind == .weekday {
          part.categories.append(reading.firstToken + (date.map { 1 + Int32(kind.value($0.days, origin: 0)) } ?? 0))
        } else {
          part.numbers.append(Float(kind.value(date?.days ?? typical, origin: origin)))
        }
      }
      if marksMissing { part.numbers.append(date == nil ? 1 : 0) }
    }
  }

  /// Remembers a value that is none.
  private func note(_ value: TableValue, _ row: TableRow, _ reading: inout Reading, _ marksMissing: Bool) {
    if case .missing = value {
      if !marksMissing { reading.missing += 1 }
    } else {
      reading.unseen += 1
      if reading.example == nil { reading.example = row.text(reading.place) }
    }
  }

  /// The rows of a part. What they hold that training has not seen is told for all parts together.
  /// - Parameter wasTraining: whether the rows are those that were learned from, where rare values are no news.
  func rows(_ part: Int, isTraining: Bool = false) -> TableRows {
    let own = parts[part]
    let width = preprocessing.numberInputs.count, categoryCount = preprocessing.categoryCount
    let y = targetPlace == nil ? nil : preprocessing.target.classes == nil ? Tensor(own.amounts) : Tensor(own.classes)
    return TableRows(
      numbers: width > 0 ? Tensor(shape: [own.count, width], scalars: own.numbers) : nil,
      categories: categoryCount > 0 ? Tensor(shape: [own.count, categoryCount], scalars: own.categories) : nil, y: y,
      identifiers: zip(identifiers, own.identifiers).map { ($0.name, $1) }, count: own.count, remarks: isTraining ? [] : remarks)
  }

  private var remarks: [String] {
    var remarks: [String] = []
    for reading in readings {
      let name = reading.column.name
      if reading.missing > 0 {
        remarks.append("'\(name)' is missing in \(reading.missing) row\(reading.missing == 1 ? "" : "s"), as it never was in training; \(reading.column.tokens == nil ? "a typical value is taken" : "it counts as a value not seen")")
      }
      if reading.unseen > 0, let example = reading.example {
        let more = reading.unseen > 1 ? " and the like in \(reading.unseen) rows" : ""
        remarks.append(
          reading.column.tokens == nil || reading.column.kind == .date
            ? "'\(name)' has '\(TableColumn.shown(example))'\(more), which is no \(reading.column.kind.rawValue); it counts as missing"
            : "'\(name)' has '\(TableColumn.shown(example))'\(more), which training has not seen or hardly ever; it counts as other")
      }
    }
    if unanswered > 0 { remarks.append("\(unanswered) row\(unanswered == 1 ? " has" : "s have") no '\(preprocessing.target.name)' and \(unanswered == 1 ? "is" : "are") left out") }
    return remarks
  }
}

extension TablePreprocessing {
  /// The rows of a file as the network takes them. Columns are found by their names, wherever they stand.
  /// - Parameters:
  ///   - file: the table.
  ///   - withTarget: whether the rows' answers are read too; rows without one are left out then.
  /// - Throws: ``DescentError`` of kind `file` naming a column that the file lacks, or an answer that training has not seen.
  public func rows(of file: TableFile, withTarget: Bool = false) throws -> TableRows {
    var writer = try TableRowWriter(self, file, withTarget: withTarget, withIdentifiers: true)
    try file.forEachRow { try writer.add($1, to: 0) }
    let rows = writer.rows(0)
    let known = Set(columns.map(\.name) + [target.name])
    let extra = file.columnNames.filter { !known.contains($0) }
    let remark = extra.isEmpty ? [] : ["\(extra.count == 1 ? "the column" : "the columns") \(extra.map { $0.isEmpty ? "without a name" : "'\($0)'" }.joined(separator: ", ")) \(extra.count == 1 ? "is" : "are") not looked at, as the model was trained without"]
    guard rows.count > 0 else { throw DescentError(.file, "\(file.name): no row\(withTarget ? " has a '\(target.name)'" : "") to look at") }
    return TableRows(
      numbers: rows.numbers, categories: rows.categories, y: rows.y, identifiers: rows.identifiers, count: rows.count, remarks: remark + rows.remarks)
  }
}
