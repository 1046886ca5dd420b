import TensorCore

/// What has to be done to the rows of a table before a network sees them, learned from training rows; and what the network's answers mean.
///
/// It is kept in `.keras` files beside the network (``Model/table``), so that rows of another file, in which columns may stand in another order, are
/// prepared in the same way: `rows(of:)`. The network takes up to two inputs: `numbers`, `float32` [rows, N], and `categories`, `int32` [rows, C], whose
/// elements are numbers of ``tokens``. Numbers are scaled inside of the network, by a ``Normalization`` layer; categories become places of one
/// there, by a ``CategoryEncoding`` layer.
public struct TablePreprocessing: Sendable, Equatable {
  /// All columns but the target, in the order of the file that was learned from.
  public let columns: [TableColumn]
  /// What is predicted.
  public let target: TableTarget

  /// - Throws: ``DescentError`` of kind `data` if no column is used.
  init(columns: [TableColumn], target: TableTarget) throws {
    self.columns = columns
    self.target = target
    guard columns.contains(where: \.isUsed) else {
      let reasons = columns.prefix(10).compactMap { column in
        if case .leftOut(let reason) = column.encoding { "\(column.name.isEmpty ? "the first column" : "'\(column.name)'") \(reason)" } else { nil }
      }
      if columns.isEmpty { throw DescentError(.data, "there is no column beside '\(target.name)' to predict it from") }
      let example = columns.first { !$0.name.isEmpty }?.name ?? "column"
      throw DescentError(
        .data, "no column is left to predict '\(target.name)' from: \(reasons.joined(separator: "; ")); a kind that is given uses one all the same (--types \(example)=number)")
    }
  }

  /// The names of the columns that hold names or numbers of rows.
  public var identifiers: [String] { columns.filter { $0.kind == .identifier }.map(\.name) }

  /// What the elements of a row of the input `numbers` are: the column's name, with the part behind a point where it is not the value itself.
  public var numberNames: [String] { numberInputs.map { $0.part == "value" ? $0.column : "\($0.column).\($0.part)" } }

  /// What the numbers in the input `categories` mean: `column=value`.
  public var tokens: [String] {
    columns.flatMap { column in (column.tokens ?? []).map { "\(column.name)=\($0)" } }
  }

  var numberInputs: [TableColumn.NumberInput] { columns.flatMap(\.numberInputs) }
  /// How many elements a row of the input `categories` has.
  var categoryCount: Int { columns.count { $0.tokens != nil } }
}

// MARK: - In files

extension TablePreprocessing {
  /// Of the file's member.
  static let version = 1

  /// As it lies in a `.keras` file.
  public var json: JSONValue {
    let targetJSON: JSONValue = [
      "name": .string(target.name), "task": .string(target.task.rawValue), "classes": target.classes.map { .array($0.map { .string($0) }) } ?? .null,
      "mean": JSONValue(target.mean), "deviation": JSONValue(target.deviation),
    ]
    let inputs: JSONValue = [
      "numbers": .array(numberNames.map { .string($0) }), "categories": .array(columns.filter { $0.tokens != nil }.map { .string($0.name) }),
      "tokens": .array(tokens.map { .string($0) }),
    ]
    return [
      "version": JSONValue(TablePreprocessing.version), "target": targetJSON, "columns": .array(columns.map(\.json)), "inputs": inputs,
    ]
  }

  /// Reads what ``json`` writes.
  /// - Throws: ``DescentError`` of kind `file`.
  public init(json: JSONValue) throws {
    func wrong(_ what: String) -> DescentError { DescentError(.file, "table: \(what)") }
    guard json["version"]?.int == TablePreprocessing.version else {
      throw wrong("is of version \(json["version"]?.shortText ?? "null"); expected \(TablePreprocessing.version)")
    }
    guard let target = json["target"], let name = target["name"]?.string, let mean = target["mean"]?.double, let deviation = target["deviation"]?.double,
      mean.isFinite, deviation.isFinite, deviation > 0, let task = target["task"]?.string.flatMap(TableTask.init), let columns = json["columns"]?.array
    else { throw wrong("its target or its columns are not described") }
    let classes = target["classes"]?.array.map { $0.compactMap(\.string) }
    guard (task == .classification) == (classes != nil), classes == nil || classes!.count == target["classes"]?.array?.count,
      classes == nil || classes!.count > 1
    else { throw wrong("its classes do not go with the task \(task.rawValue)") }
    let read = try columns.map { try TableColumn(json: $0) }
    guard Set(read.map(\.name)).count == read.count else { throw wrong("names a column twice") }
    try self.init(columns: read, target: TableTarget(name: name, classes: classes, mean: mean, deviation: deviation))
  }
}

extension TableColumn {
  var json: JSONValue {
    var object = JSONObject([("name", .string(name)), ("kind", .string(kind.rawValue))])
    switch encoding {
    case .number(let typical, let mean, let deviation, let marksMissing):
      object["typical"] = JSONValue(typical)
      object["mean"] = JSONValue(mean)
      object["deviation"] = JSONValue(deviation)
      object["marks_missing"] = .bool(marksMissing)
    case .category(let values, let marksMissing, let hasOthers):
      object["values"] = .array(values.map { .string($0) })
      object["marks_missing"] = .bool(marksMissing)
      object["has_others"] = .bool(hasOthers)
    case .date(let parts, let dayFirst, let origin, let typical, let mean, let deviation, let marksMissing):
      object["parts"] = .array(parts.map { .string($0.rawValue) })
      object["day_first"] = .bool(dayFirst)
      object["origin"] = JSONValue(origin)
      object["typical"] = JSONValue(typical)
      object["mean"] = JSONValue(mean)
      object["deviation"] = JSONValue(deviation)
      object["marks_missing"] = .bool(marksMissing)
    case .leftOut(let reason): object["left_out"] = .string(reason)
    }
    return .object(object)
  }

  init(json: JSONValue) throws {
    guard let name = json["name"]?.string, let kind = json["kind"]?.string.flatMap(ColumnKind.init) else {
      throw DescentError(.file, "table: a column has no name or no known kind")
    }
    func wrong(_ key: String) -> DescentError {
      DescentError(.file, "table: column '\(name)': '\(key)' is \(json[key]?.shortText ?? "missing")")
    }
    func number(_ key: String) throws -> Double {
      guard let value = json[key]?.double, value.isFinite else { throw wrong(key) }
      return value
    }
    func bool(_ key: String) throws -> Bool {
      guard let value = json[key]?.bool else { throw wrong(key) }
      return value
    }
    func strings(_ key: String) throws -> [String] {
      guard let list = json[key]?.array, case let texts = list.compactMap(\.string), texts.count == list.count, Set(texts.map(ByteString.init)).count == texts.count else {
        throw wrong(key)
      }
      return texts
    }
    func deviation() throws -> Double {
      let value = try number("deviation")
      guard value > 0 else { throw wrong("deviation") }
      return value
    }
    let encoding: Encoding
    switch kind {
    case _ where json["left_out"] != nil:
      guard let reason = json["left_out"]?.string else { throw wrong("left_out") }
      encoding = .leftOut(reason)
    case .number:
      encoding = .number(
        typical: try number("typical"), mean: try number("mean"), deviation: try deviation(), marksMissing: try bool("marks_missing"))
    case .category: 
      encoding = .category(values: try strings("values"), marksMissing: try bool("marks_missing"), hasOthers: try bool("has_others"))
    case .date:
      let words = try strings("parts"), parts = words.compactMap(DatePart.init)
      guard parts.count == words.count, !parts.isEmpty else { throw wrong("parts") }
      encoding = .date(
        parts: parts, dayFirst: try bool("day_first"), origin: try number("origin"), typical: try number("typical"), mean: try number("mean"),
        deviation: try deviation(), marksMissing: try bool("marks_missing"))
    case .identifier, .text, .constant: throw wrong("left_out")
    }
    self.init(name: name, kind: kind, encoding: encoding)
  }
}
