/// What the target's fields hold, row by row.
struct TargetScan {
  private let name: String, fileName: String
  private var numbers: [Double] = []
  private var codes: [Int32] = []
  private var texts = ByteTable()
  private var missing = 0
  private var oddCount = 0
  private var oddFault: DescentError?
  private static let greatestClassCount = 10_000

  init(name: String, fileName: String) {
    self.name = name
    self.fileName = fileName
  }

  mutating func add(_ row: TableRow, _ column: Int) throws {
    var number = Double.nan
    var code: Int32 = -1
    switch row.value(column) {
    case .missing: missing += 1
    case .number(let value):
      number = value
      code = self.code(row, column)
    case .text:
      code = self.code(row, column)
      oddCount += 1
      if oddFault == nil { oddFault = row.fault(column, "the target '\(name)' has '\(TableColumn.shown(row.text(column)))', which is not a number") }
    }
    numbers.append(number)
    codes.append(code)
  }

  /// The number of the text; one more than there are for those past the greatest number of classes.
  private mutating func code(_ row: TableRow, _ column: Int) -> Int32 {
    row.withText(column) { text in
      if let place = texts.place(of: text) { return Int32(place) }
      if texts.count <= TargetScan.greatestClassCount { texts.add(text) }
      return Int32(texts.count - 1)
    }
  }

  /// - Parameter asked: what is predicted; nil to tell it by the values: whole numbers are numbers unless there are at most two different ones, or at
  ///   most ``TableAnswers/greatestNumberedClassCount`` in at least ten rows each on average.
  /// - Throws: ``DescentError`` if the values do not go with that, or are all one.
  func answers(_ asked: TableTask?) throws -> TableAnswers {
    let present = numbers.count - missing
    guard present > 0 else { throw DescentError(.data, "\(fileName): the target '\(name)' has no values") }
    let numberCount = present - oddCount
    let different = texts.count
    // 1 and 1.0 are one number.
    let values = oddCount == 0 && different <= TargetScan.greatestClassCount ? Set(numbers.lazy.filter { !$0.isNaN }) : []
    let isWhole = oddCount == 0 && numbers.allSatisfy { $0.isNaN || $0 == $0.rounded() }
    if oddCount > 0 && asked != .classification && (2 * numberCount > present || asked == .regression), let oddFault {
      throw DescentError(
        .file, "\(oddFault.message), while \(numberCount) of its \(present) values are; take it out, mark it as missing (NA), or ask for classes (--task classification)")
    }
    let areFew = isWhole && !values.isEmpty && (values.count <= 2 || (values.count <= TableAnswers.greatestNumberedClassCount && present >= 10 * values.count))
    let task = asked ?? (oddCount > 0 || areFew ? .classification : .regression)
    var remarks = missing == 0 ? [] : ["\(missing) row\(missing == 1 ? " has" : "s have") no '\(name)' and \(missing == 1 ? "is" : "are") left out"]
    if values.count == 1 || (oddCount > 0 && different == 1) {
      throw DescentError(.data, "\(fileName): the target '\(name)' is the same in every row; there is nothing to learn")
    }
    guard task == .classification else {
      let shown = "\(TableColumn.shortNumber(numbers.lazy.filter { !$0.isNaN }.min() ?? 0)) to \(TableColumn.shortNumber(numbers.lazy.filter { !$0.isNaN }.max() ?? 0))"
      let hint = isWhole && asked == nil && different < present / 2 ? "; \(different) different whole numbers are taken for a number (--task classification if they are classes)" : ""
      return TableAnswers(values: .numbers(numbers), count: numbers.count, classes: nil, remarks: remarks, description: "a number, \(shown)\(hint)")
    }
    guard different <= TargetScan.greatestClassCount, 2 * different <= present || different <= 2 else {
      throw DescentError(
        .data,
        "\(fileName): the target '\(name)' holds \(different > TargetScan.greatestClassCount ? "more than \(TargetScan.greatestClassCount)" : String(different)) different values in \(present) rows, too many for classes"
          + (oddCount == 0 ? "; --task regression predicts a number" : "; is it the right column?"))
    }
    // Numbers of classes in the order of the numbers, names in that of their bytes.
    let names: [String], ranks: [Int32]
    if oddCount == 0 {
      let sorted = values.sorted()
      names = sorted.map { TableColumn.exactNumber($0) }
      let place = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($0.element, Int32($0.offset)) })
      ranks = numbers.map { place[$0] ?? -1 }
    } else {
      let order = texts.texts.indices.sorted { texts.texts[$0].lexicographicallyPrecedes(texts.texts[$1]) }
      var rankOfCode = [Int32](repeating: 0, count: order.count)
      for (rank, code) in order.enumerated() { rankOfCode[code] = Int32(rank) }
      names = order.map { String(decoding: texts.texts[$0], as: UTF8.self) }
      ranks = codes.map { $0 < 0 ? -1 : rankOfCode[Int($0)] }
    }
    let rare = names.indices.filter { rank in ranks.count { $0 == Int32(rank) } < 2 }
    if !rare.isEmpty { remarks.append("of \(rare.prefix(3).map { "'\(names[$0])'" }.joined(separator: ", "))\(rare.count > 3 ? " and \(rare.count - 3) more classes" : "") there is one row only") }
    let shown = names.prefix(6).map { TableColumn.shown($0) }.joined(separator: ", ") + (names.count > 6 ? ", …" : "")
    let hint = oddCount == 0 && asked == nil ? "; as whole numbers so few are taken for classes (--task regression for a number)" : ""
    return TableAnswers(
      values: .classes(ranks), count: numbers.count, classes: names, remarks: remarks, description: "\(names.count) classes: \(shown)\(hint)")
  }
}

/// The target of all rows.
struct TableAnswers {
  enum Values {
    /// NaN where it is missing.
    case numbers([Double])
    /// −1 where it is missing.
    case classes([Int32])
  }

  static let greatestNumberedClassCount = 20

  let values: Values
  let count: Int
  let classes: [String]?
  let remarks: [String]
  let description: String

  /// What rows of are split alike: the class; nil for a row without an answer.
  func group(_ row: Int) -> Int32? {
    switch values {
    case .numbers(let numbers): numbers[row].isNaN ? nil : 0
    case .classes(let classes): classes[row] < 0 ? nil : classes[row]
    }
  }

  /// What the training rows say of the target, and how many of them are of each class.
  func target(_ name: String, trainingRows parts: [UInt8]) -> (TableTarget, [Int]?) {
    switch values {
    case .numbers(let numbers):
      var count = 0.0, mean = 0.0, squares = 0.0
      for (row, value) in numbers.enumerated() where parts[row] == 0 {
        count += 1
        let difference = value - mean
        mean += difference / count
        squares += difference * (value - mean)
      }
      let deviation = (squares / max(count, 1)).squareRoot()
      return (TableTarget(name: name, classes: nil, mean: mean, deviation: deviation > 0 ? deviation : 1), nil)
    case .classes(let ranks):
      var counts = [Int](repeating: 0, count: classes?.count ?? 0)
      for (row, rank) in ranks.enumerated() where parts[row] == 0 { counts[Int(rank)] += 1 }
      return (TableTarget(name: name, classes: classes, mean: 0, deviation: 1), counts)
    }
  }
}

/// Whether a column says the same as the target: then it may be known only when the answer is.
struct TargetRelation {
  private var rows = 0
  private var meanX = 0.0, meanY = 0.0, xx = 0.0, yy = 0.0, xy = 0.0
  private var isNumeric = true
  private var texts = ByteTable(), classOfText: [Int32] = [], isFunction = true, hasClasses = false
  private var classesSeen: Set<Int32> = []
  /// Rows after that are not looked at.
  private static let greatestRowCount = 20_000
  private static let greatestTextCount = 100

  mutating func add(_ row: TableRow, _ column: Int, _ answers: TableAnswers, _ number: Int) {
    guard rows < TargetRelation.greatestRowCount, isNumeric || isFunction else { return }
    switch answers.values {
    case .numbers(let numbers):
      guard isNumeric, case .number(let x) = row.value(column) else {
        if case .text = row.value(column) { isNumeric = false }
        return
      }
      rows += 1
      let y = numbers[number], count = Double(rows)
      let dx = x - meanX, dy = y - meanY
      meanX += dx / count
      meanY += dy / count
      xx += dx * (x - meanX)
      yy += dy * (y - meanY)
      xy += dx * (y - meanY)
    case .classes(let classes):
      guard isFunction else { return }
      hasClasses = true
      rows += 1
      let own = classes[number]
      classesSeen.insert(own)
      row.withText(column) { text in
        if let place = texts.place(of: text) {
          if classOfText[place] != own { isFunction = false }
        } else if texts.count < TargetRelation.greatestTextCount {
          texts.add(text)
          classOfText.append(own)
        } else {
          isFunction = false
        }
      }
    }
  }

  /// - Parameter different: the column's different values.
  func remark(_ target: String, different: Int) -> String? {
    guard rows >= 10 else { return nil }
    let advice = "is it known before '\(target)' is? If not, leave it out (--drop)"
    if hasClasses {
      guard isFunction, classesSeen.count > 1, texts.count <= max(4, rows / 5) else { return nil }
      return "tells '\(target)' without exception; \(advice)"
    }
    guard isNumeric, xx > 0, yy > 0 else { return nil }
    return xy * xy / (xx * yy) > 0.9998 ? "goes up and down with '\(target)' almost exactly; \(advice)" : nil
  }
}
