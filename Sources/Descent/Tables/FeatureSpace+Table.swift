import TensorCore

extension FeatureSpace {
  /// Learns means and deviations, intervals and vocabularies from the columns of a table.
  /// - Throws: ``DescentError`` naming a column that is missing, or the line of a value that does not go with its column.
  public func adapt(_ table: TableFile) throws { try adapt(columns(of: table)) }

  /// The features' columns of a table; others are passed over.
  ///
  /// A number that is missing is an error: a space has no value for it. A text that is missing is an empty one.
  /// - Throws: ``DescentError`` naming a column that is missing, or the line of a value that does not go with its column.
  public func columns(of table: TableFile) throws -> [String: FeatureValues] { try read(table, target: nil).columns }

  /// The rows of a table as a network takes them, [places] each.
  /// - Throws: ``DescentError`` as for ``columns(of:)``, if the space is not adapted, or its output is ``OutputMode/dict``.
  public func dataset(_ table: TableFile) throws -> Dataset<Tensor> { try Dataset(self(columns(of: table))) }

  /// The rows of a table with their answers, as a network takes them: features [places], and a `float32` number, or the `int32` number of a class where the
  /// target holds texts.
  ///
  ///     try model.fit(space.dataset(table, target: "price").shuffle().batch(32), epochs: 20)
  /// - Parameters:
  ///   - table: the file.
  ///   - target: the column of the answers.
  ///   - classNames: what the classes 0, 1, … are called; nil for the texts of this table in the order of their bytes (``TableFile/classNames(of:)``).
  /// - Throws: ``DescentError`` as for ``columns(of:)``, if an answer is missing or of no class, if the space is not adapted, or its output is ``OutputMode/dict``.
  public func dataset(_ table: TableFile, target: String, classNames: [String]? = nil) throws -> Dataset<(Tensor, Tensor)> {
    let rows = try read(table, target: target, classNames: classNames)
    return try Dataset(self(rows.columns), rows.answers)
  }

  /// The same with the features of a row by name, for a network with several inputs: for ``OutputMode/dict``, or for one of ``inputs()``.
  /// - Parameters:
  ///   - table: the file.
  ///   - target: the column of the answers.
  ///   - classNames: what the classes 0, 1, … are called; nil for the texts of this table in the order of their bytes.
  ///   - preprocessed: whether values are as ``inputs()`` take them, not as ``encoded(_:)`` gives them.
  public func dataset(
    byName table: TableFile, target: String, classNames: [String]? = nil, preprocessed: Bool = false
  ) throws -> Dataset<([String: Tensor], Tensor)> {
    let rows = try read(table, target: target, classNames: classNames)
    let tensors = try preprocessed ? self.preprocessed(rows.columns) : encoded(rows.columns)
    return try Dataset(rows: (tensors, rows.answers))
  }

  private func read(_ table: TableFile, target: String?, classNames: [String]? = nil) throws -> (columns: [String: FeatureValues], answers: Tensor) {
    let names = features.keys.sorted()
    let places = try names.map { try table.place(of: $0, role: "a feature") }
    let targetPlace = try target.map { try table.place(of: $0, role: "the target") }
    let kinds = names.map { features[$0]?.kind ?? .float }
    var numbers = [[Double]](repeating: [], count: names.count), integers = [[Int]](repeating: [], count: names.count)
    var strings = [[String]](repeating: [], count: names.count)
    var answers: [Double] = [], texts: [String] = []
    var hasTexts = classNames != nil
    var oddFault: DescentError?
    try table.forEachRow { _, row in
      for (place, column) in places.enumerated() {
        switch kinds[place] {
        case .float, .normalized, .rescaled, .discretized:
          guard case .number(let number) = row.value(column) else { throw FeatureSpace.fault(row, column, names[place], "a number") }
          numbers[place].append(number)
        case .integers, .hashedIntegers:
          guard case .number(let number) = row.value(column), let whole = Int(exactly: number) else {
            throw FeatureSpace.fault(row, column, names[place], "a whole number")
          }
          integers[place].append(whole)
        case .strings, .hashedStrings: strings[place].append(row.text(column))
        }
      }
      guard let targetPlace, let target else { return }
      switch row.value(targetPlace) {
      case .missing: throw row.fault(targetPlace, "the target '\(target)' is missing")
      case .number(let number): answers.append(number)
      case .text:
        hasTexts = true
        if oddFault == nil { oddFault = row.fault(targetPlace, "the target '\(target)' has '\(TableColumn.shown(row.text(targetPlace)))', which is not a number") }
      }
      texts.append(row.text(targetPlace))
    }
    if classNames == nil, let oddFault, 2 * answers.count > texts.count {
      throw DescentError(.file, "\(oddFault.message), while \(answers.count) of its \(texts.count) values are; for classes no more than half may be numbers, or give classNames")
    }
    var columns: [String: FeatureValues] = [:]
    for (place, name) in names.enumerated() {
      columns[name] = switch kinds[place] {
      case .float, .normalized, .rescaled, .discretized: .numbers(numbers[place])
      case .integers, .hashedIntegers: .integers(integers[place])
      case .strings, .hashedStrings: .strings(strings[place])
      }
    }
    guard let target, hasTexts else { return (columns, Tensor(answers.map { Float($0) })) }
    let known = classNames ?? TableFile.ordered(texts)
    let numberOfClass = Dictionary(known.enumerated().map { ($0.element, Int32($0.offset)) }, uniquingKeysWith: { first, _ in first })
    let classes = try texts.enumerated().map { number, text in
      guard let place = numberOfClass[text] else {
        throw DescentError(.data, "\(table.name): row \(number + 1): the target '\(target)' is '\(TableColumn.shown(text))', which is none of the classes \(known.prefix(10).joined(separator: ", "))")
      }
      return place
    }
    return (columns, Tensor(classes))
  }

  private static func fault(_ row: TableRow, _ column: Int, _ name: String, _ expected: String) -> DescentError {
    let text = row.text(column)
    let found = if case .missing = row.value(column) { "is missing" } else { "is '\(TableColumn.shown(text))'" }
    return row.fault(column, "the feature '\(name)' \(found); expected \(expected) (TableData fills in what is missing)")
  }
}

extension TableFile {
  /// The different texts of a column, in the order of their bytes.
  /// - Throws: ``DescentError`` of kind `file` if there is no such column, or a row is broken.
  public func classNames(of column: String) throws -> [String] { TableFile.ordered(try texts(of: [column]).map { $0[0] }) }

  static func ordered(_ texts: [String]) -> [String] { Set(texts).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
}
