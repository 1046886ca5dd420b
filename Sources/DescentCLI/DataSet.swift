import Descent
import DescentImages

/// What there is to train on and to judge by.
struct DataSet {
  struct Part {
    let x: any ModelData
    let y: any ModelData

    /// The number of rows.
    var count: Int { firstInput?.stored.shape.first ?? 0 }

    /// The only input, or one of several.
    var firstInput: (any ModelInput)? {
      switch x.parts {
      case .one(let input): input
      case .several(let inputs): inputs.first
      case .named(let inputs): inputs.min { $0.key < $1.key }?.value
      }
    }

    /// The targets of a model of one output.
    var onlyTarget: Tensor? {
      guard case .one(let y) = y.parts else { return nil }
      return y as? Tensor
    }

    /// Whether there is one input and one target.
    var isPlain: Bool {
      if case .one = x.parts, onlyTarget != nil { return true }
      return false
    }
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
  /// Whether the rows come from a table, where whole numbers may be classes or amounts.
  private(set) var isTable = false
  /// What columns become, of a table that was looked at.
  private(set) var table: TablePreprocessing?
  /// What becomes of pictures in files.
  private(set) var images: ImagePreprocessing?
  /// What becomes of texts in files.
  private(set) var texts: TextPreprocessing?
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
    isTable = true
  }

  /// The rows of a table that was looked at.
  init(_ table: TableData, name: String) {
    func part(_ rows: TableRows) -> Part { Part(x: rows.x, y: rows.y ?? Tensor.zeros([0])) }
    self.name = name
    train = part(table.training)
    validation = table.validation.map(part)
    test = table.test.map(part)
    classNames = table.preprocessing.target.classes
    self.table = table.preprocessing
    isTable = true
  }

  /// The files of a folder, whose classes have names.
  init(
    name: String, train: Part, validation: Part?, test: Part?, classNames: [String]?, images: ImagePreprocessing? = nil,
    texts: TextPreprocessing? = nil
  ) {
    self.name = name
    self.train = train
    self.validation = validation
    self.test = test
    self.classNames = classNames
    self.images = images
    self.texts = texts
  }

  /// Reads an `.npz` file with `x` and `y`, `x_val` and `y_val`, `x_test` and `y_test`; several inputs are `x_NAME`, several targets
  /// `y_NAME`, likewise `x_val_NAME` and so on.
  init(archive path: String) throws {
    let archive = try NPZ(path)
    func part(_ x: String, _ y: String) throws -> Part? {
      let inputs = try DataSet.arrays(x, in: archive), targets = try DataSet.arrays(y, in: archive)
      if inputs == nil && targets == nil { return nil }
      guard let inputs, let targets else {
        throw DescentError(.file, "\(path): has no array \(inputs == nil ? x : y); it has \(archive.names.joined(separator: ", "))")
      }
      // Truths are the classes 0 and 1.
      if let truths = targets as? Tensor, truths.dtype == .bool { return Part(x: inputs, y: truths.cast(to: .uint8).evaluated()) }
      return Part(x: inputs, y: targets)
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
  func check(_ model: Model) throws {
    for (part, names) in [(validation, "x_val, y_val"), (test, "x_test, y_test")] {
      if let part { try naming(name) { try model.check(part.x, part.y, names) } }
    }
  }

  /// The array of that name, or those of that name with others behind it; nil if there are none.
  static func arrays(_ name: String, in archive: NPZ) throws -> (any ModelData)? {
    if archive.names.contains(name) { return try archive.tensor(name) }
    let prefix = name + "_"
    let parts = name.count > 1 ? [] : ["train", "val", "test"]
    let names = archive.names.filter { array in
      guard array.hasPrefix(prefix) else { return false }
      let rest = array.dropFirst(prefix.count)
      return !parts.contains { rest == $0 || rest.hasPrefix($0 + "_") }
    }
    if names.isEmpty { return nil }
    return Dictionary(uniqueKeysWithValues: try names.map { (String($0.dropFirst(prefix.count)), try archive.tensor($0)) })
  }

  /// Whole numbers from 0 on are classes, unless there are far too many; in a table, where prices and counts are whole numbers too,
  /// unless there are more than ``greatestTableClassCount`` different ones, of which fewer than ten rows each have the same.
  /// - Parameter loss: the one that was chosen, which may say that they are classes.
  func task(loss: Loss?) throws -> Task {
    guard let y = train.onlyTarget else {
      throw DescentError(.data, "\(name): holds several targets, which only a compiled model of several outputs can be trained on; give --model")
    }
    if let row = train.firstInput?.stored.shape.dropFirst(), row.contains(0) {
      throw DescentError(.data, "\(name): x has the shape \(train.firstInput!.stored.shape): its rows hold no numbers")
    }
    guard y.rank > 0 else { throw DescentError(.data, "\(name): y is a single number; expected one for each row of x") }
    let width = y.shape.dropFirst().reduce(1, *)
    if let classNames { return .classes(classNames.count) }
    guard !y.dtype.isFloatingPoint, width == 1, y.count > 0 else { return .numbers(width) }
    let values = y.doubles
    let greatest = values.max()!
    if isTable && loss?.className != Loss.sparseCategoricalCrossentropy.className {
      let different = Set(values).count
      if different > DataSet.greatestTableClassCount && 10 * different > values.count { return .numbers(width) }
    }
    return values.min()! >= 0 && greatest < Double(DataSet.greatestClassCount) ? .classes(Int(greatest) + 1) : .numbers(width)
  }

  private static let greatestClassCount = 10_000
  private static let greatestTableClassCount = 20
}

extension DataSet {
  /// The shape of a row of input.
  var rowShape: [Int] { Array((train.firstInput?.stored.shape ?? []).dropFirst()) }

  /// One line on what there is.
  /// - Parameter task: nil where a model of several inputs or outputs says what the arrays mean.
  func description(_ task: Task?) -> String {
    let row = rowShape
    let shape = !train.isPlain ? "several arrays" : row.isEmpty ? "number" : row.map(String.init).joined(separator: " × ")
    var parts = ["\(grouped(train.count)) rows of \(shape)"]
    if let validation { parts.append("\(grouped(validation.count)) for validation") }
    if let test { parts.append("\(grouped(test.count)) for testing") }
    let aim =
      switch task {
      case .classes(let count)?: "; \(grouped(count)) classes" + names(count)
      case .numbers(let count)?: "; \(grouped(count)) \(count == 1 ? "number" : "numbers") to predict" + amounts
      case nil: ""
      }
    let rest = leftOut.isEmpty ? "" : "; left out: \(leftOut.joined(separator: ", "))"
    return "\(name): \(parts.joined(separator: ", "))\(aim)\(rest)"
  }

  /// Where whole numbers of a table are not taken for classes.
  private var amounts: String {
    guard isTable, classNames == nil, let y = train.onlyTarget, !y.dtype.isFloatingPoint else { return "" }
    return ", as so many different whole numbers are no classes (--loss sparse_categorical_crossentropy if they are)"
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
