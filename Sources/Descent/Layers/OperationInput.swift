import Optimizers
import TensorCore

/// What an operation is given: its call's arguments and its settings, each of them asked for by name. As with the options of a layer, what
/// nobody asked for is refused once the result is there.
final class OperationInput {
  /// What errors call it.
  let owner: String
  let arguments: CallArguments
  private let className: String
  private let given: [String: JSONValue]
  private let settings: Settings
  private(set) var askedNames: Set<String> = ["name"]
  private var takenPlaces: Set<Int> = []

  init(owner: String, className: String, arguments: CallArguments, settings: JSONObject) {
    self.owner = owner
    self.className = className
    self.arguments = arguments
    given = settings.dictionary
    self.settings = Settings(owner: owner, given: given)
  }

  func refusal(_ message: String) -> DescentError { DescentError(.invalidArgument, "\(owner): \(message)") }

  // MARK: - Arguments and settings

  /// What the call gives at that place or by that name; nil if it gives nothing.
  func argument(_ place: Int?, _ name: String) -> CallArguments.Value? {
    askedNames.insert(name)
    if let place, arguments.positional.indices.contains(place) {
      takenPlaces.insert(place)
      return arguments.positional[place]
    }
    return arguments.named.first { $0.name == name }?.value
  }

  private func json(_ key: String, at place: Int?, _ expected: String) throws -> JSONValue? {
    guard let given = argument(place, key) else { return settings[key] }
    guard let json = given.json else { throw refusal("'\(key)' is \(given.isList ? "a list of tensors" : "a tensor"); expected \(expected)") }
    return json
  }

  /// What a call's argument or else a setting of that name says.
  /// - Parameters:
  ///   - place: where the argument stands in a call; nil if it is only given by name.
  ///   - standard: what holds where neither is there.
  /// - Throws: ``DescentError`` naming operation and setting if it is missing or not of the kind.
  func value<Value>(_ key: String, _ kind: SettingKind<Value>, at place: Int? = nil, default standard: Value? = nil) throws -> Value {
    if let json = try json(key, at: place, kind.expected) { return try settings.value(of: json, key, kind) }
    if let standard { return standard }
    return try settings.value(key, kind)
  }

  /// The same, or nil where it is null or missing.
  func optional<Value>(_ key: String, _ kind: SettingKind<Value>, at place: Int? = nil) throws -> Value? {
    guard let json = try json(key, at: place, kind.expected), json != .null else { return nil }
    return try settings.value(of: json, key, kind)
  }

  /// Whether a setting is true; what is missing or null is false.
  func flag(_ key: String) throws -> Bool { try optional(key, .flag) ?? false }

  /// Refuses a setting that Keras has and Descent has not in operations, unless it is null or at a value that changes nothing.
  func refuse(_ key: String, unless harmless: JSONValue...) throws {
    guard let json = try json(key, at: nil, "null"), json != .null, !harmless.contains(json) else { return }
    throw refusal("'\(key)' is \(json.shortText), which Descent does not have in operations")
  }

  /// Those of these settings that are there, for what reads them itself.
  func given(_ keys: some Sequence<String>) -> [String: JSONValue] {
    askedNames.formUnion(keys)
    return given.filter { keys.contains($0.key) }
  }

  /// - Throws: ``DescentError`` naming an argument or a setting that nobody asked for.
  func expectNothingLeft() throws {
    if let place = arguments.positional.indices.first(where: { !takenPlaces.contains($0) }) {
      let value = arguments.positional[place].json.map(\.shortText) ?? "a tensor"
      throw refusal("argument \(place + 1) is \(value), which \(className) does not take")
    }
    let known = askedNames.sorted()
    if let argument = arguments.named.first(where: { !askedNames.contains($0.name) }) {
      throw unknownName(argument.name, what: "argument", known: known).within(owner)
    }
    // Keras may note the policy that a model's layers compute by; an operation computes in the dtype of what it is given.
    try settings.refuseOthers(than: settings["dtype"]?["class_name"] == nil ? known : known + ["dtype"])
  }

  // MARK: - Sizes

  /// Of the tensors an operation makes of one: no graph has more.
  static let greatestResultCount = 4096
  /// Of an axis whose places are written down, such as those of a table of classes: what `float32` can count.
  static let greatestTable = 1 << 24
  private static let greatestRank = 64
  /// Of all rows, which while shapes are found out are about a thousand.
  private static let greatestElementCount = 1 << 50

  /// The number of elements of a shape that is to be made, rows included.
  /// - Throws: ``DescentError`` if no machine could hold so many.
  @discardableResult
  func elementCount(_ shape: [Int]) throws -> Int {
    var count = 1
    for size in shape {
      // Of an empty tensor, too, the other sizes are multiplied with each other somewhere.
      let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
      guard size >= 0, !overflow, product <= OperationInput.greatestElementCount, shape.count <= OperationInput.greatestRank else {
        throw refusal("a tensor of shape \(shape.prefix(OperationInput.greatestRank)) is too large, or has too many axes")
      }
      count = product
    }
    return shape.contains(0) ? 0 : count
  }

  /// Refuses a tensor that no machine could hold, or whose rows none could, as those of layers.
  func checkSize(_ shape: [Int]) throws {
    try elementCount(shape)
    _ = try ModelBuilder.elementCount(Array(shape.dropFirst()), of: "\(owner): a row")
  }

  /// Refuses a tensor whose places along an axis are too many to be written down.
  func checkTable(_ shape: [Int]) throws {
    if let size = shape.first(where: { $0 > OperationInput.greatestTable }) {
      throw refusal("an axis of \(size) places; at most \(OperationInput.greatestTable) can be numbered")
    }
  }

  /// Refuses axes, all of them if nil, along which there is nothing to choose from.
  func checkElements(of x: Tensor, along axes: [Int]? = nil) throws {
    if let axis = (axes ?? Array(x.shape.indices)).first(where: { x.shape[$0] == 0 }) {
      throw refusal("axis \(axis) of rows of shape \(rowShape(x)) is empty")
    }
  }

  func rowShape(_ x: Tensor) -> [Int] { Array(x.shape.dropFirst()) }

  // MARK: - What many operations have

  /// Axes, counted from the front; nil for all of them.
  /// - Parameter standard: the axes where none are said.
  func axes(of x: Tensor, default standard: [Int]? = nil, _ key: String = "axis") throws -> [Int]? {
    try value(key, SettingKind<[Int]>.reckonedList().orNull, default: .some(standard)).map { try places($0, key, x) }
  }

  /// One axis, counted from the front.
  /// - Parameter standard: the axis where none is said; null is none in any case.
  func axis(of x: Tensor, default standard: Int? = nil, _ key: String = "axis") throws -> Int {
    guard let axis = try value(key, SettingKind<Int>.reckoned().orNull, default: .some(standard)) else {
      throw refusal("'\(key)' is none: the rows would become one")
    }
    return try places([axis], key, x)[0]
  }

  private func places(_ axes: [Int], _ key: String, _ x: Tensor) throws -> [Int] {
    let own = axes.map { $0 < 0 ? $0 + x.rank : $0 }
    let text = axes.count == 1 ? "\(axes[0])" : "\(axes)"
    guard own.allSatisfy(x.shape.indices.contains) else { throw refusal("'\(key)' is \(text), which is not of a tensor of \(x.rank) axes") }
    guard Set(own).count == own.count else { throw refusal("'\(key)' is \(text), which names an axis twice") }
    return own
  }

  var keepDims: Bool { get throws { try value("keepdims", .flag, default: false) } }

  /// How many classes a row of zeros and ones has places for.
  func classCount() throws -> Int {
    guard try value("axis", .reckoned(), default: -1) == -1 else { throw refusal("'axis' must be -1") }
    try refuse("sparse", unless: false)
    return try value("num_classes", .reckoned(from: 1, through: OperationInput.greatestTable), at: 1)
  }

  /// A dtype by name; nil where there is none.
  func dtype(at place: Int? = nil) throws -> DType? { try optional("dtype", .dtype, at: place) }

  /// The body's errors with what they are about.
  func naming<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as DescentError { throw refusal(error.message) }
  }
}

extension SettingKind<Int> {
  /// An integer within what can be reckoned with: no tensor has so long an axis, and sums of several do not overflow.
  static func reckoned(from low: Int = -(1 << 40), through high: Int = 1 << 40) -> SettingKind {
    SettingKind(low == -high ? "an integer between ±\(high)" : "an integer from \(low) to \(high)") { json in json.int.flatMap { $0 >= low && $0 <= high ? $0 : nil } }
  }
}

extension SettingKind<[Int]> {
  /// One such integer or a list of them.
  static func reckonedList(from low: Int = -(1 << 40)) -> SettingKind {
    SettingKind<Int>.reckoned(from: low).oneOrList(of: "such integers")
  }
}

extension SettingKind<JSONValue> {
  /// Anything, for what says itself what is wrong with it.
  static func any(_ expected: String) -> SettingKind { SettingKind(expected) { $0 } }
}

extension SettingKind<DType> {
  /// A dtype by its name, or the policy of it.
  static var dtype: SettingKind {
    SettingKind("the name of a dtype: bool, uint8, int32, float32 or float64") { json in
      (json["config"]?["name"] ?? json).string.flatMap(DType.init(rawValue:))
    }
  }
}
