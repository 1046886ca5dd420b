import TensorCore

/// A function of tensors as a node of a graph: what `a + b` or `relu(x)` leaves of symbols. (Keras: `Operation`.)
final class OperationLayer: Layer {
  let definition: OperationDefinition
  /// The settings that Keras keeps with the operation rather than with its call.
  let settings: JSONObject

  init(_ definition: OperationDefinition, settings: JSONObject = JSONObject(), name: String? = nil) {
    self.definition = definition
    self.settings = settings
    super.init(name: name)
  }

  override var baseName: String { Layer.kerasName(ofClass: definition.className) }

  func apply(_ arguments: CallArguments) throws -> [Tensor] {
    do {
      return try definition.body(OperationInput(owner: "operation \(name)", arguments: arguments, settings: settings))
    } catch let error as DescentError {
      throw error
    }
  }
}

/// What an operation of Keras's is called, where it lives, and what it computes.
struct OperationDefinition: Sendable {
  let className: String
  let module: String
  let body: @Sendable (OperationInput) throws -> [Tensor]

  init(_ className: String, _ module: String, _ body: @escaping @Sendable (OperationInput) throws -> [Tensor]) {
    self.className = className
    self.module = "keras.src.ops." + module
    self.body = body
  }
}

/// What an operation is given: its call's arguments and its settings.
struct OperationInput {
  /// What errors call it.
  let owner: String
  let arguments: CallArguments
  let settings: JSONObject

  func refusal(_ message: String) -> DescentError { DescentError(.invalidArgument, "\(owner): \(message)") }

  private func value(_ place: Int, _ name: String) throws -> CallArguments.Value {
    if arguments.positional.indices.contains(place) { return arguments.positional[place] }
    if let value = arguments.named.first(where: { $0.name == name })?.value { return value }
    throw refusal("argument \(place + 1) ('\(name)') is missing")
  }

  /// The tensor at that place; a number becomes one that takes the dtype of what it meets.
  func tensor(_ place: Int, _ name: String = "x") throws -> Tensor {
    switch try value(place, name) {
    case .tensor(let tensor): return tensor
    case .json(let json):
      if let number = json.double { return Tensor(number: number) }
      if let bool = json.bool { return Tensor(repeating: bool ? 1 : 0, dtype: .bool) }
      if let numbers = json.array?.map(\.double), !numbers.contains(nil) {
        let isWhole = json.array!.allSatisfy { $0.int != nil && !$0.text().contains(".") }
        return isWhole ? Tensor(numbers.map { Int32($0!) }) : Tensor(numbers.map { Float($0!) })
      }
      throw refusal("argument \(place + 1) is \(json.shortText); expected a tensor or a number")
    case .list, .symbol: throw refusal("argument \(place + 1) is a list; expected a tensor")
    }
  }

  /// The tensors of a list.
  func tensors(_ place: Int, _ name: String) throws -> [Tensor] {
    let tensors = try value(place, name).tensors
    if tensors.isEmpty { throw refusal("argument \(place + 1) holds no tensor") }
    return promoted(tensors)
  }

  /// An argument that is no tensor.
  func json(_ place: Int, _ name: String) -> JSONValue { (try? value(place, name))?.json ?? settings[name] ?? .null }

  /// Two tensors in one dtype and of shapes that fit, as Keras promotes them.
  func pair(_ first: String = "x1", _ second: String = "x2") throws -> (Tensor, Tensor) {
    let both = promoted([try tensor(0, first), try tensor(1, second)])
    if broadcastShape(both[0].shape, both[1].shape) == nil {
      throw refusal("rows of shapes \(rowShape(both[0])) and \(rowShape(both[1])) do not fit each other")
    }
    return (both[0], both[1])
  }

  func rowShape(_ x: Tensor) -> [Int] { Array(x.shape.dropFirst()) }

  /// The tensor as floating-point numbers.
  func floating(_ place: Int = 0, _ name: String = "x") throws -> Tensor {
    let x = try tensor(place, name)
    return x.dtype.isFloatingPoint && !x.node.isNumber ? x : x.cast(to: .float32)
  }

  /// The setting `axis`, checked: nil for all axes.
  func axes(of x: Tensor, _ key: String = "axis") throws -> [Int]? {
    let json = settings[key] ?? .null
    if json == .null { return nil }
    guard let axes = json.int.map({ [$0] }) ?? json.array?.compactMap(\.int), !axes.isEmpty || json.array?.isEmpty == true,
      axes.allSatisfy({ $0 >= -x.rank && $0 < x.rank })
    else { throw refusal("'\(key)' is \(json.shortText), which is not of a tensor of \(x.rank) axes") }
    return axes
  }

  func axis(of x: Tensor, default standard: Int = -1, _ key: String = "axis") throws -> Int {
    let axis = try axes(of: x, key)?.first ?? standard
    return axis < 0 ? axis + x.rank : axis
  }

  var keepDims: Bool { settings["keepdims"]?.bool ?? false }

  /// A dtype by name; nil where there is none.
  func dtype(_ json: JSONValue?) throws -> DType? {
    guard let json, json != .null else { return nil }
    guard let dtype = json.string.flatMap(DType.init(rawValue:)) else { throw refusal("the dtype \(json.shortText) is not known") }
    return dtype
  }

  func ints(_ json: JSONValue) throws -> [Int] {
    if let one = json.int { return [one] }
    guard let list = json.array, list.allSatisfy({ $0.int != nil }) else { throw refusal("\(json.shortText) is no list of integers") }
    return list.compactMap(\.int)
  }
}

/// Tensors in the greatest of their dtypes, as Keras promotes them; numbers make whole numbers floating-point if they have a fraction.
func promoted(_ tensors: [Tensor]) -> [Tensor] {
  func rank(_ dtype: DType) -> Int {
    switch dtype {
    case .bool: 0
    case .uint8: 1
    case .int32: 2
    case .float32: 3
    case .float64: 4
    }
  }
  let data = tensors.filter { !$0.node.isNumber }
  guard var dtype = data.map(\.dtype).max(by: { rank($0) < rank($1) }) else { return tensors.map { $0.cast(to: .float32) } }
  for number in tensors where number.node.isNumber && !dtype.isFloatingPoint {
    if number.item() != number.item().rounded() { dtype = .float32 } else if dtype == .bool { dtype = .int32 }
  }
  return tensors.map { $0.cast(to: dtype) }
}
