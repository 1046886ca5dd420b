import TensorCore

/// A table made ready to train on: its columns looked at, its rows split, and what the training rows teach put into a ``TablePreprocessing``.
///
///     let data = try TableData(TableFile("cars.csv"), target: "price")
///     let model = try data.preprocessing.network(hidden: [64, 32])
///     try data.preprocessing.compile(model)
///     try model.fit(data.training.x, data.training.y, epochs: 100, validationData: data.validation.map { ($0.x, $0.y!) })
///     try model.save("cars.keras")
///
/// Kinds of columns, scales, typical values and categories come from the training rows alone: other rows change nothing of them. Rows without an answer
/// are left out. The file is read three times, and only its numbers are kept.
public struct TableData: Sendable {
  /// What was learned.
  public let preprocessing: TablePreprocessing
  /// What the training rows hold, in the file's order.
  public let summaries: [ColumnSummary]
  /// The rows to train on, in the file's order.
  public let training: TableRows
  /// The rows to judge the network on while it is trained; nil if there are none.
  public let validation: TableRows?
  /// The rows to test it on at the end; nil if there are none.
  public let test: TableRows?
  /// How many training rows are of each class; nil for a number.
  public let classCounts: [Int]?
  /// What the target's values are in short, and why they were taken so: `3 classes: …`.
  public let targetDescription: String
  /// What is strange about the table.
  public let remarks: [String]

  /// - Parameters:
  ///   - file: the table.
  ///   - target: the column to predict.
  ///   - options: what is asked for beyond the defaults.
  /// - Throws: ``DescentError`` if there is no such column, the target says nothing, or there are too few rows.
  public init(_ file: TableFile, target: String, options: TableOptions = TableOptions()) throws {
    let targetPlace = try file.place(of: target, role: "the target")
    try options.check(file, target: target)
    var scan = TargetScan(name: target, fileName: file.name)
    try file.forEachRow { try scan.add($1, targetPlace) }
    let answers = try scan.answers(options.task)
    let parts = options.parts(answers)
    try TableData.check(parts, file, options)

    // What training rows hold.
    let columns = file.columnNames.indices.filter { $0 != targetPlace }
    let looks = try TableData.looks(file, columns, parts, answers, options)
    var learned: [TableColumn] = [], summaries: [ColumnSummary] = []
    for (column, (scan, relation)) in zip(columns, looks) {
      let name = file.columnNames[column]
      var (own, remarks, values) = try naming(file.name) { try TableColumn.learned(name, scan, options) }
      if own.isUsed, let remark = relation.remark(target, different: scan.different) { remarks.append(remark) }
      learned.append(own)
      let reason: String? = if case .leftOut(let reason) = own.encoding { reason } else { nil }
      summaries.append(
        ColumnSummary(
          name: name, kind: own.kind, missing: scan.missing, odd: own.kind == .number ? scan.oddCount : 0, values: values, leftOut: reason,
          remarks: remarks))
    }
    let (targetColumn, counts) = answers.target(target, trainingRows: parts)
    if let lonely = counts?.firstIndex(of: 0) {
      throw DescentError(.data, "\(file.name): no training row has the target '\(targetColumn.classes?[lonely] ?? "")'")
    }
    preprocessing = try naming(file.name) { try TablePreprocessing(columns: learned, target: targetColumn) }
    self.summaries = summaries
    classCounts = counts
    targetDescription = answers.description

    let writer = try TableRowWriter(preprocessing, file, withTarget: true, withIdentifiers: false)
    let rows = try writer.rows(parts: parts, count: 3, isTraining: true)
    training = rows[0]
    let others = rows[1...].map { $0 }
    validation = others[0].count > 0 ? others[0] : nil
    test = others[1].count > 0 ? others[1] : nil
    remarks = file.remarks + answers.remarks
  }

  /// The rows of a table, prepared as was learned from another: to train a network further.
  /// - Parameters:
  ///   - file: the table.
  ///   - preprocessing: what was learned.
  ///   - options: how the rows are split.
  /// - Throws: ``DescentError`` if a column is missing, or an answer was not seen.
  public init(_ file: TableFile, preparedBy preprocessing: TablePreprocessing, options: TableOptions = TableOptions()) throws {
    let target = preprocessing.target
    let targetPlace = try file.place(of: target.name, role: "the target")
    if options.features != nil || !options.dropped.isEmpty || !options.kinds.isEmpty {
      throw DescentError(.invalidArgument, "\(file.name): the model knows what its columns are; features, columns left out and kinds cannot be chosen anew")
    }
    if let task = options.task, task != target.task {
      throw DescentError(.invalidArgument, "\(file.name): the model is for \(target.task.rawValue), not \(task.rawValue)")
    }
    try options.check(file, target: target.name)
    var scan = TargetScan(name: target.name, fileName: file.name)
    try file.forEachRow { try scan.add($1, targetPlace) }
    let answers = try scan.answers(target.task)
    let parts = options.parts(answers)
    try TableData.check(parts, file, options)
    let writer = try TableRowWriter(preprocessing, file, withTarget: true, withIdentifiers: false)
    let rows = try writer.rows(parts: parts, count: 3)
    self.preprocessing = preprocessing
    summaries = []
    classCounts = target.classes.map { names in
      let numbers = rows[0].y?.scalars(as: Int32.self) ?? []
      return names.indices.map { place in numbers.count { $0 == Int32(place) } }
    }
    targetDescription = answers.description
    training = rows[0]
    validation = rows[1].count > 0 ? rows[1] : nil
    test = rows[2].count > 0 ? rows[2] : nil
    remarks = file.remarks + answers.remarks + rows[0].remarks
  }

  /// What training rows hold, column by column: several threads go through the file, each for columns of its own.
  private static func looks(
    _ file: TableFile, _ columns: [Int], _ parts: [UInt8], _ answers: TableAnswers, _ options: TableOptions
  ) throws -> [(ColumnScan, TargetRelation)] {
    let count = max(1, min(ProcessorCount.available, columns.count, 8))
    let groups = try concurrently(count) { group in
      let own = stride(from: group, to: columns.count, by: count).map { columns[$0] }
      var scans = own.map { ColumnScan(hasNames: options.kinds[file.columnNames[$0]] == .category) }
      var relations = own.map { _ in TargetRelation() }
      try file.forEachRow { number, row in
        guard parts[number] == 0 else { return }
        for place in own.indices {
          scans[place].add(row, own[place], number: number)
          relations[place].add(row, own[place], answers, number)
        }
      }
      return zip(scans, relations).map { ($0, $1) }
    }
    return columns.indices.map { groups[$0 % count][$0 / count] }
  }

  private static func check(_ parts: [UInt8], _ file: TableFile, _ options: TableOptions) throws {
    let counts = (0..<3).map { part in parts.count { $0 == UInt8(part) } }
    if counts[0] == 0 { throw DescentError(.data, "\(file.name): \(parts.count) rows leave none to train on") }
    if options.trainingPart < 1 && counts[1] == 0 && options.validationPart ?? 1 > 0 {
      throw DescentError(.data, "\(file.name): \(counts.reduce(0, +)) rows leave none to validate on; train on all of them with a part of 1")
    }
  }

  /// How much the rows of each class are to count so that all classes count the same: rows / (classes · rows of the class). (scikit-learn: `balanced`.)
  public var balancedClassWeights: [Int: Double]? {
    guard let classCounts else { return nil }
    let total = classCounts.reduce(0, +)
    return Dictionary(uniqueKeysWithValues: classCounts.enumerated().filter { $0.element > 0 }.map { place, count in
      (place, Double(total) / Double(classCounts.count * count))
    })
  }
}

extension TableOptions {
  /// Which part each row is in; those without an answer are in none.
  func parts(_ answers: TableAnswers) -> [UInt8] {
    StratifiedSplit.parts((0..<answers.count).map(answers.group), training: trainingPart, validation: validationPart, seed: seed)
  }
}
