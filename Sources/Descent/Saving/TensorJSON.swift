import TensorCore

/// Tensors within JSON, as Keras writes constants: `{"class_name": "__numpy__", "config": {"value": [[1, 2]], "dtype": "float32"}}`.
enum TensorJSON {
  /// The names of the classes that stand for a tensor.
  static let classNames = ["__tensor__", "__numpy__"]

  static func object(_ tensor: Tensor, className: String) -> JSONValue {
    ["class_name": .string(className), "config": ["value": nested(tensor), "dtype": .string("\(tensor.dtype)")]]
  }

  private static func nested(_ tensor: Tensor) -> JSONValue {
    let numbers = tensor.doubles.map { tensor.dtype.isFloatingPoint ? JSONValue($0) : JSONValue(Int($0)) }
    func nested(_ shape: ArraySlice<Int>, from start: Int) -> JSONValue {
      guard let size = shape.first else { return numbers[start] }
      let inner = shape.dropFirst(), length = inner.reduce(1, *)
      return .array((0..<size).map { nested(inner, from: start + $0 * length) })
    }
    return nested(tensor.shape[...], from: 0)
  }

  /// The tensor that the `config` of such an object tells.
  /// - Throws: ``DescentError`` of kind `file` if it is none, or of a kind that there is not, that says where it stands.
  static func tensor(config: JSONValue?, _ place: String) throws -> Tensor {
    guard let value = config?["value"], let dtype = config?["dtype"]?.string.flatMap(dtype) else {
      let kind = config?["dtype"]?.shortText ?? "without a dtype"
      throw DescentError(.file, "\(place) an array of a kind that Descent has not: \(kind)")
    }
    return try tensor(numbers: value, dtype, place)
  }

  /// The tensor of numbers in lists, all of one length at each depth.
  /// - Throws: ``DescentError`` of kind `file` if they are not that, that says where they stand.
  static func tensor(numbers value: JSONValue, _ dtype: DType, _ place: String) throws -> Tensor {
    var shape: [Int] = [], numbers: [Double] = []
    func read(_ json: JSONValue, _ depth: Int) throws {
      guard let list = json.array else {
        guard depth == shape.count, let number = json.double ?? json.bool.map({ $0 ? 1 : 0 }) else {
          throw DescentError(.file, "\(place) an array that is none")
        }
        numbers.append(number)
        return
      }
      if depth == shape.count && numbers.isEmpty { shape.append(list.count) }
      guard depth < shape.count, shape[depth] == list.count else { throw DescentError(.file, "\(place) an array that is none") }
      for element in list { try read(element, depth + 1) }
    }
    try read(value, 0)
    func fits(_ number: Double) -> Bool {
      switch dtype {
      case .int32: Int32(exactly: number) != nil
      case .uint8: UInt8(exactly: number) != nil
      case .bool: number == 0 || number == 1
      default: true
      }
    }
    if let wrong = numbers.first(where: { !fits($0) }) {
      throw DescentError(.file, "\(place) an array that holds \(wrong), which is no \(dtype)\(dtype == .int32 ? "; Descent has no wider whole numbers" : "")")
    }
    return Tensor(shape: shape, scalars: numbers).cast(to: dtype)
  }

  /// The dtype that holds the numbers of a constant: NumPy's whole numbers are `int64` unless a program says otherwise.
  static func dtype(_ name: String) -> DType? {
    switch name {
    case "int8", "int16", "int64", "uint16", "uint32", "uint64": .int32
    case "float16", "bfloat16": .float32
    default: DType(rawValue: name)
    }
  }
}
