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

/// Puts the rows of a table into tensors, which are made as large as they will be: several threads go through the file, each for columns of its own.
struct TableRowWriter {
  /// What is done with a column of the file.
  private struct Reading: Sendable {
    let column: TableColumn
    let place: Int
    let texts: ByteTable
    /// Where the column's elements begin in a row of numbers and of categories.
    let firstNumber: Int, category: Int
    /// The number of the column's first token among all.
    let firstToken: Int32
    var unseen = 0, missing = 0
    var example: String?
  }

  /// What a thread goes through the file for.
  private struct Work: Sendable {
    var readings: [Reading] = []
    var hasTarget = false, hasIdentifiers = false
    var identifiers: [[[String]]] = []
  }

  /// Where the rows of a part go.
  private struct Memory: @unchecked Sendable {
    let numbers: UnsafeMutableBufferPointer<Float>
    let categories: UnsafeMutableBufferPointer<Int32>
    let amounts: UnsafeMutableBufferPointer<Float>
    let classes: UnsafeMutableBufferPointer<Int32>
  }

  private let preprocessing: TablePreprocessing
  private let file: TableFile
  private var readings: [Reading] = []
  private var identifiers: [(name: String, place: Int)] = []
  private let targetPlace: Int?
  private let classes: ByteTable
  private let targetNumbers: [Double: Int32]
  private let width: Int, categoryCount: Int

  /// - Parameters:
  ///   - withTarget: whether the rows' answers are read.
  ///   - withIdentifiers: whether names and numbers of rows are kept.
  /// - Throws: ``DescentError`` of kind `file` naming a column that the file lacks.
  init(_ preprocessing: TablePreprocessing, _ file: TableFile, withTarget: Bool, withIdentifiers: Bool) throws {
    self.preprocessing = preprocessing
    self.file = file
    targetPlace = withTarget ? try file.place(of: preprocessing.target.name, role: "the target") : nil
    let names = preprocessing.target.classes ?? []
    classes = ByteTable(names)
    let numbers = names.enumerated().compactMap { place, name in Double(name).map { ($0, Int32(place)) } }
    targetNumbers = numbers.count == names.count ? Dictionary(numbers, uniquingKeysWith: { first, _ in first }) : [:]
    var token = 0, number = 0, category = 0
    for column in preprocessing.columns where column.isUsed {
      let place = try file.place(of: column.name, role: "the model was trained with it")
      var texts = ByteTable()
      if case .category(let values, _, _) = column.encoding { texts = ByteTable(values) }
      readings.append(Reading(column: column, place: place, texts: texts, firstNumber: number, category: category, firstToken: Int32(token)))
      token += column.tokens?.count ?? 0
      number += column.numberInputs.count
      category += column.tokens == nil ? 0 : 1
    }
    (width, categoryCount) = (number, category)
    if withIdentifiers {
      identifiers = preprocessing.identifiers.compactMap { name in file.columnNames.firstIndex(of: name).map { (name, $0) } }
    }
  }

  /// The rows of each part, in the file's order. What they hold that training has not seen is told with each part but the first, and with the first where it is alone.
  /// - Parameters:
  ///   - parts: which part each row of the file is in; those of none have a number from `count` on.
  ///   - count: how many parts there are.
  ///   - isTraining: whether rows of the first part are those that were learned from, where rare values are no news.
  func rows(parts: [UInt8], count: Int, isTraining: Bool = false) throws -> [TableRows] {
    let sizes = (0..<count).map { part in parts.count { $0 == UInt8(part) } }
    let hasClasses = preprocessing.target.classes != nil
    let layout: [(shape: [Int], dtype: DType)] = sizes.flatMap { size in
      [([size, width], DType.float32), ([size, categoryCount], .int32), ([targetPlace != nil && !hasClasses ? size : 0], .float32), ([targetPlace != nil && hasClasses ? size : 0], .int32)]
    }
    var tasks: [Work] = []
    let tensors = try filledTensors(layout) { buffers in
      let memories = stride(from: 0, to: buffers.count, by: 4).map { place in
        Memory(
          numbers: buffers[place].bindMemory(to: Float.self), categories: buffers[place + 1].bindMemory(to: Int32.self),
          amounts: buffers[place + 2].bindMemory(to: Float.self), classes: buffers[place + 3].bindMemory(to: Int32.self))
      }
      let planned = plannedTasks()
      tasks = try concurrently(planned.count) { number in try done(planned[number], parts, memories) }
    }
    let remarks = remarks(of: tasks.flatMap(\.readings))
    let names = tasks.first(where: \.hasIdentifiers)?.identifiers ?? []
    return (0..<count).map { part in
      let own = Array(tensors[(4 * part)..<(4 * part + 4)])
      return TableRows(
        numbers: width > 0 ? own[0] : nil, categories: categoryCount > 0 ? own[1] : nil, y: targetPlace == nil ? nil : hasClasses ? own[3] : own[2],
        identifiers: names.isEmpty ? [] : zip(identifiers, names[part]).map { ($0.name, $1) }, count: sizes[part],
        remarks: isTraining && part == 0 ? [] : remarks)
    }
  }

  /// Columns dealt out to as many threads as there are processors, one after another, so that all have about as much to do.
  private func plannedTasks() -> [Work] {
    let count = max(1, min(ProcessorCount.available, readings.count, 8))
    var tasks = [Work](repeating: Work(), count: count)
    for (number, reading) in readings.enumerated() { tasks[number % count].readings.append(reading) }
    tasks[count - 1].hasTarget = targetPlace != nil
    tasks[count - 1].hasIdentifiers = !identifiers.isEmpty
    return tasks
  }

  /// Goes through the file.
  private func done(_ planned: Work, _ parts: [UInt8], _ memories: [Memory]) throws -> Work {
    var task = planned
    if task.hasIdentifiers { task.identifiers = memories.map { _ in identifiers.map { _ in [] } } }
    var next = [Int](repeating: 0, count: memories.count)
    try file.forEachRow { number, row in
      let part = number < parts.count ? Int(parts[number]) : memories.count
      guard part < memories.count else { return }
      let memory = memories[part], own = next[part]
      next[part] = own + 1
      if task.hasTarget, let targetPlace { try addTarget(row, targetPlace, memory, own) }
      for place in task.readings.indices { TableRowWriter.add(row, &task.readings[place], memory, width * own, categoryCount * own) }
      if task.hasIdentifiers {
        for (place, identifier) in identifiers.enumerated() { task.identifiers[part][place].append(row.text(identifier.place)) }
      }
    }
    return task
  }

  private func addTarget(_ row: TableRow, _ column: Int, _ memory: Memory, _ own: Int) throws {
    let value = row.value(column)
    if preprocessing.target.classes == nil {
      guard case .number(let number) = value else {
        throw row.fault(column, "the target '\(preprocessing.target.name)' has '\(TableColumn.shown(row.text(column)))', which is not a number")
      }
      memory.amounts[own] = Float(number)
      return
    }
    var found = row.withText(column) { classes.place(of: $0) }.map { Int32($0) }
    if found == nil, case .number(let number) = value { found = targetNumbers[number] }
    guard let found else {
      let names = (preprocessing.target.classes ?? []).prefix(10).joined(separator: ", ")
      throw row.fault(
        column, "the target '\(preprocessing.target.name)' has '\(TableColumn.shown(row.text(column)))', which training has not seen; it saw \(names)")
    }
    memory.classes[own] = found
  }

  private static func add(_ row: TableRow, _ reading: inout Reading, _ memory: Memory, _ rowOfNumbers: Int, _ rowOfCategories: Int) {
    let value = row.value(reading.place)
    var place = rowOfNumbers + reading.firstNumber
    func put(_ number: Double) {
      memory.numbers[place] = Float(number)
      place += 1
    }
    let category = rowOfCategories + reading.category
    switch reading.column.encoding {
    case .leftOut: break
    case .number(let typical, _, _, let marksMissing):
      if case .number(let number) = value {
        put(number)
        if marksMissing { put(0) }
      } else {
        note(value, row, &reading, marksMissing)
        put(typical)
        if marksMissing { put(1) }
      }
    case .category(_, let marksMissing, _):
      let first = reading.firstToken
      if case .missing = value {
        if !marksMissing { reading.missing += 1 }
        memory.categories[category] = first + (marksMissing ? 1 : 0)
      } else if let place = row.withText(reading.place, { reading.texts.place(of: $0) }) {
        memory.categories[category] = first + (marksMissing ? 2 : 1) + Int32(place)
      } else {
        reading.unseen += 1
        if reading.example == nil { reading.example = row.text(reading.place) }
        memory.categories[category] = first
      }
    case .date(let parts, let dayFirst, let origin, let typical, _, _, let marksMissing):
      let date = row.withText(reading.place) { TableDate($0, dayFirst: dayFirst) }
      if date == nil { note(value, row, &reading, marksMissing) }
      for kind in parts {
        if kind == .weekday {
          memory.categories[category] = reading.firstToken + (date.map { 1 + Int32(kind.value($0.days, origin: 0)) } ?? 0)
        } else {
          put(kind.value(date?.days ?? typical, origin: origin))
        }
      }
      if marksMissing { put(date == nil ? 1 : 0) }
    }
  }

  /// Remembers a value that is none.
  private static func note(_ value: TableValue, _ row: TableRow, _ reading: inout Reading, _ marksMissing: Bool) {
    if case .missing = value {
      if !marksMissing { reading.missing += 1 }
    } else {
      reading.unseen += 1
      if reading.example == nil { reading.example = row.text(reading.place) }
    }
  }

  /// What rows hold that training has not seen, column by column.
  private func remarks(of readings: [Reading]) -> [String] {
    var remarks: [String] = []
    for reading in readings.sorted(by: { ($0.firstNumber, $0.category) < ($1.firstNumber, $1.category) }) {
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
    // Rows without an answer are in no part.
    let targetPlace = withTarget ? try file.place(of: target.name, role: "the target") : nil
    let writer = try TableRowWriter(self, file, withTarget: withTarget, withIdentifiers: true)
    var parts: [UInt8] = []
    try file.forEachRow { _, row in
      if let targetPlace, case .missing = row.value(targetPlace) { parts.append(1) } else { parts.append(0) }
    }
    let rows = try writer.rows(parts: parts, count: 1)[0]
    let unanswered = parts.count - rows.count
    let known = Set(columns.map(\.name) + [target.name])
    let extra = file.columnNames.filter { !known.contains($0) }
    let remark = extra.isEmpty ? [] : ["\(extra.count == 1 ? "the column" : "the columns") \(extra.map { $0.isEmpty ? "without a name" : "'\($0)'" }.joined(separator: ", ")) \(extra.count == 1 ? "is" : "are") not looked at, as the model was trained without"]
    let without =
      unanswered == 0 ? [] : ["\(unanswered) row\(unanswered == 1 ? " has" : "s have") no '\(target.name)' and \(unanswered == 1 ? "is" : "are") left out"]
    guard rows.count > 0 else { throw DescentError(.file, "\(file.name): no row\(withTarget ? " has a '\(target.name)'" : "") to look at") }
    return TableRows(
      numbers: rows.numbers, categories: rows.categories, y: rows.y, identifiers: rows.identifiers, count: rows.count, remarks: remark + rows.remarks + without)
  }
}
