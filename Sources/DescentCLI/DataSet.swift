import Descent

/// What there is to train on and to judge by.
struct DataSet {
  struct Part {
    let x: any ModelInput
    let y: Tensor

    var count: Int { x.stored.shape.first ?? 0 }
  }

  /// What is to be predicted.
  enum Task: Equatable {
    /// Numbers of classes.
    case classes(Int)
    /// Numbers, so many a row.
    case numbers(Int)
  }

  let name: String
  let train: Part
  var validation: Part?
  var test: Part?
  var classNames: [String]?
  /// What of a table is not used.
  var leftOut: [String] = []

  init(name: String, _ images: (train: LabelledImages, test: LabelledImages)) {
    self.name = name
    train = Part(x: images.train.images, y: images.train.labels)
    test = Part(x: images.test.images, y: images.test.labels)
  }

  init(_ table: CSVTable, name: String) {
    self.name = name
    train = Part(x: table.features, y: table.target)
    classNames = table.classNames
    leftOut = table.leftOut
  }

  /// Reads an `.npz` file with `x` and `y`, `x_val` and `y_val`, `x_test` and `y_test`.
  init(archive path: String) throws {
    let archive = try NPZ(path)
    let names = Set(archive.names)
    func part(_ x: String, _ y: String) throws -> Part? {
      guard names.contains(x) || names.contains(y) else { return nil }
      let targets = try archive.tensor(y)
      // Truths are the classes 0 and 1.
      return Part(x: try archive.tensor(x), y: targets.dtype == .bool ? targets.cast(to: .uint8).evaluated() : targets)
    }
    name = path
    let plain = try part("x", "y")
    let alternative = try part("x_train", "y_train")
    if plain != nil && alternative != nil {
      throw DescentError(.file, "\(path): has both x, y and x_train, y_train; which to train on is not clear")
    }
    guard let train = plain ?? alternative else {
      throw DataSet.noArrays("x and y to train on", in: archive, path)
    }
    self.train = train
    validation = try part("x_val", "y_val")
    test = try part("x_test", "y_test")
  }

  /// The error for arrays that are missing, or are there under other names.
  static func noArrays(_ wanted: String, in archive: NPZ, _ path: String) -> DescentError {
    let names = archive.names
    let advice = names.contains { ["x", "y", "arr"].contains($0.prefix { $0 != "_" }.lowercased()) && $0 != $0.lowercased() || $0.hasPrefix("arr_") }
      ? "; name them as in numpy.savez(\"d.npz\", x=x, y=y)" : ""
    return DescentError(
      .file, "\(path): has no arrays \(wanted); it has \(names.isEmpty ? "none" : names.joined(separator: ", "))\(advice)")
  }

  /// Refuses before training what would be refused after it.
  func check(_ model: Sequential) throws {
    for (part, names) in [(validation, "x_val, y_val"), (test, "x_test, y_test")] {
      if let part { try naming(name) { try model.check(part.x, part.y, names) } }
    }
  }

  /// Whole numbers from 0 on are classes, unless there are far too many.
  func task() throws -> Task {
    let y = train.y
    let row = train.x.stored.shape.dropFirst()
    if row.contains(0) { throw DescentError(.data, "\(name): x has the shape \(train.x.stored.shape): its rows hold no numbers") }
    guard y.rank > 0 else { throw DescentError(.data, "\(name): y is a single number; expected one for each row of x") }
    let width = y.shape.dropFirst().reduce(1, *)
    if let classNames { return .classes(classNames.count) }
    guard !y.dtype.isFloatingPoint, width == 1, y.count > 0 else { return .numbers(width) }
    let values = y.doubles
    let greatest = values.max()!
    return values.min()! >= 0 && greatest < Double(DataSet.greatestClassCount) ? .classes(Int(greatest) + 1) : .numbers(width)
  }

  private static let greatestClassCount = 10_000
}

extension DataSet {
  /// The shape of a row of input.
  var rowShape: [Int] { Array(train.x.stored.shape.dropFirst()) }

  /// One line on what there is.
  func description(_ task: Task) -> String {
    let row = train.x.stored.shape.dropFirst()
    let shape = row.isEmpty ? "number" : row.map(String.init).joined(separator: " × ")
    var parts = ["\(grouped(train.count)) rows of \(shape)"]
    if let validation { parts.append("\(grouped(validation.count)) for validation") }
    if let test { parts.append("\(grouped(test.count)) for testing") }
    let aim =
      switch task {
      case .classes(let count): "\(grouped(count)) classes" + names(count)
      case .numbers(let count): "\(grouped(count)) \(count == 1 ? "number" : "numbers") to predict"
      }
    let rest = leftOut.isEmpty ? "" : "; left out: \(leftOut.joined(separator: ", "))"
    return "\(name): \(parts.joined(separator: ", ")); \(aim)\(rest)"
  }

  private func names(_ count: Int) -> String {
    guard let classNames else {
      return count > 20 ? ", as the targets are whole numbers (--loss mean_squared_error to predict a number)" : ""
    }
    if count > 20 { return "" }
    return " (" + classNames.enumerated().map { "\($0.offset) \($0.element)" }.joined(separator: ", ") + ")"
  }
}

/// 60,000 for 60000.
func grouped(_ number: Int) -> String {
  let digits = String(abs(number))
  var text = ""
  for (place, digit) in digits.enumerated() {
    if place > 0 && (digits.count - place) % 3 == 0 { text += "," }
    text.append(digit)
  }
  return number < 0 ? "-" + text : text
}
