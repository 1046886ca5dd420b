import Foundation

/// A table of numbers with one column to predict, read from a CSV file (RFC 4180).
///
/// The first line names the columns. All columns but the target hold numbers and become ``features``. A target whose fields are all
/// numbers keeps them; any other holds class names, which are numbered in sorted order. Where most fields of the target are numbers and
/// some are not, those are taken for mistakes: an error. Fields may be quoted; line ends are LF or CRLF; empty lines are skipped. A
/// missing or non-finite value is an error that names the line and the column. A first column without a name, as pandas and R write the
/// names of rows, is left out (``leftOut``). The file is UTF-8; anything else is an error that says what it seems to be.
public struct CSVTable {
  /// `float32` [rows, columns]: all columns but the target.
  public let features: Tensor
  /// The names of the columns of ``features``.
  public let featureNames: [String]
  /// [rows]: `int32` if all are whole numbers or if they are classes, else `float32`.
  public let target: Tensor
  /// The column that is predicted.
  public let targetName: String
  /// The names of the classes 0, 1, … if the target is made of names: sorted by their UTF-8 bytes.
  public let classNames: [String]?
  /// What was not made a feature of: `the first column, which has no name`.
  public let leftOut: [String]

  /// Reads a file.
  /// - Parameters:
  ///   - path: the file.
  ///   - target: the name of the column to predict.
  /// - Throws: ``DescentError`` of kind `file` that names the file, the line and the column.
  public init(_ path: String, target: String) throws {
    let file = try MappedFile(path: path)
    self = try file.withBytes { bytes in
      try TextFileCheck.check(bytes, name: path, file: file)
      try CSVTable.checkSeparator(bytes, target, name: path)
      var reader = CSVReader(bytes: bytes, name: path)
      return try CSVTable(&reader, name: path, target: target) { file.release($0) }
    }
  }

  /// Reads a file that is in memory.
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what to call it in errors.
  ///   - target: the name of the column to predict.
  public init(_ bytes: [UInt8], name: String, target: String) throws {
    self = try bytes.withUnsafeBytes { bytes in
      try TextFileCheck.check(bytes, name: name)
      try CSVTable.checkSeparator(bytes, target, name: name)
      var reader = CSVReader(bytes: bytes, name: name)
      return try CSVTable(&reader, name: name, target: target)
    }
  }

  private init(_ reader: inout CSVReader, name: String, target: String, release: @Sendable (Range<Int>) -> Void = { _ in }) throws {
    let names = try reader.header()
    let targetColumn = try CSVTable.column(target, of: names, name: name)
    // The names or numbers of rows, which say nothing of them.
    let skipped = names[0].isEmpty && targetColumn != 0 ? 0 : nil
    leftOut = skipped == nil ? [] : ["the first column, which has no name"]
    featureNames = names.enumerated().filter { $0.offset != targetColumn && $0.offset != skipped }.map(\.element)
    guard !featureNames.isEmpty else {
      throw DescentError(.file, "\(name): has no column but the target '\(target)'")
    }
    targetName = target
    if let all = reader.numbers(names: names, target: targetColumn, skipping: skipped, release: release) {
      features = all.features
      self.target = all.targets.cast(to: all.areTargetsWhole ? .int32 : .float32).evaluated()
      classNames = nil
      return
    }
    let (values, targets) = try reader.rows(names: names, target: targetColumn, skipping: skipped)
    guard !targets.isEmpty else { throw DescentError(.file, "\(name): has a header but no rows") }
    features = Tensor(shape: [targets.count, featureNames.count], scalars: values)
    (self.target, classNames) = try CSVTable.targets(targets, reader, name: name)
  }

  /// The numbers of a file in which no column is to be predicted, as of rows whose answer is not known: all columns are features.
  /// - Parameter path: the file.
  /// - Returns: `float32` [rows, columns], and the columns' names.
  /// - Throws: as ``init(_:target:)``.
  public static func features(of path: String) throws -> (features: Tensor, names: [String]) {
    let file = try MappedFile(path: path)
    return try file.withBytes { bytes in
      try TextFileCheck.check(bytes, name: path, file: file)
      try checkSeparator(bytes, nil, name: path)
      var reader = CSVReader(bytes: bytes, name: path)
      let names = try reader.header()
      let skipped = names[0].isEmpty ? 0 : nil
      let kept = names.indices.filter { $0 != skipped }.map { names[$0] }
      guard !kept.isEmpty else { throw DescentError(.file, "\(path): has no column with a name") }
      if let all = reader.numbers(names: names, target: nil, skipping: skipped, release: { file.release($0) }) { return (all.features, kept) }
      let (values, _) = try reader.rows(names: names, target: nil, skipping: skipped)
      guard !values.isEmpty else { throw DescentError(.file, "\(path): has a header but no rows") }
      return (Tensor(shape: [values.count / kept.count, kept.count], scalars: values), kept)
    }
  }

  static func column(_ target: String, of names: [String], name: String) throws -> Int {
    let places = names.indices.filter { names[$0] == target }
    if places.count > 1 { throw DescentError(.file, "\(name): the target '\(target)' names \(places.count) columns") }
    guard let place = places.first else {
      let hint = nearestName(to: target, in: names).map { "; did you mean '\($0)'?" } ?? ";"
      let shown = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
      throw DescentError(.file, "\(name): the first line names no column '\(target)'\(hint) it names \(shown)")
    }
    return place
  }

  /// Separators that are not commas, and a first line that is no header, told as what they are.
  private static func checkSeparator(_ bytes: UnsafeRawBufferPointer, _ target: String?, name: String) throws {
    let first = bytes.drop { $0 == 0x0A || $0 == 0x0D }.prefix { $0 != 0x0A && $0 != 0x0D }
    let line = String(decoding: first, as: UTF8.self)
    func parts(_ separator: String) -> [String] {
      line.components(separatedBy: separator).map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " \"'\u{FEFF}")) }
    }
    let names = parts(",")
    if let target, names.contains(target) { return }
    for (separator, word) in [(";", "';'"), ("\t", "tabs"), ("|", "'|'"), (" ", "spaces")] {
      let parts = parts(separator)
      guard parts.count > names.count, target.map(parts.contains) ?? false || (names.count == 1 && separator != " ") else { continue }
      throw DescentError(.file, "\(name): seems to be separated by \(word); expected commas")
    }
    if names.allSatisfy({ Double($0) != nil }) {
      throw DescentError(.file, "\(name): its first line holds numbers; expected the names of the columns")
    }
  }

  /// - Throws: ``DescentError`` naming the first field that is no number where most are.
  private static func targets(_ fields: [CSVReader.Field], _ reader: CSVReader, name: String) throws -> (Tensor, [String]?) {
    var numbers: [Double] = []
    numbers.reserveCapacity(fields.count)
    for field in fields {
      guard let number = reader.number(field) else { break }
      numbers.append(number)
    }
    if numbers.count == fields.count {
      let whole = numbers.compactMap { Int32(exactly: $0) }
      return (whole.count == numbers.count ? Tensor(whole) : Tensor(numbers.map { Float($0) }), nil)
    }
    let numberCount = fields.count { reader.number($0) != nil }
    if 2 * numberCount > fields.count, let odd = fields.first(where: { reader.number($0) == nil }) {
      throw reader.fault(
        at: odd,
        "the target has '\(reader.shown(odd))', which is not a number, while \(numberCount) of its \(fields.count) fields are; for classes no more than half may be numbers")
    }
    var known: [[UInt8]: Int32] = [:]
    let found = fields.map { field in
      let text = reader.text(field)
      if let number = known[text] { return number }
      let number = Int32(known.count)
      known[text] = number
      return number
    }
    let sorted = known.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    var ranks = [Int32](repeating: 0, count: sorted.count)
    for (rank, known) in sorted.enumerated() { ranks[Int(known.value)] = Int32(rank) }
    return (Tensor(found.map { ranks[Int($0)] }), sorted.map { String(decoding: $0.key, as: UTF8.self) })
  }
}
