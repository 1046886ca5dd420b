import TensorCore

extension OperationInput {
  /// The tensor at that place; a number becomes one that takes the dtype of what it meets.
  func tensor(_ place: Int, _ name: String = "x") throws -> Tensor {
    guard let value = argument(place, name) else { throw refusal("argument \(place + 1) ('\(name)') is missing") }
    return try tensor(value, place)
  }

  /// The same in the dtype of another tensor; nil where it is null or missing.
  func optionalTensor(_ place: Int, _ name: String, like x: Tensor) throws -> Tensor? {
    guard let value = argument(place, name), value.json != .null else { return nil }
    return try tensor(value, place).cast(to: x.dtype)
  }

  /// The tensors of a list.
  func tensors(_ place: Int, _ name: String) throws -> [Tensor] {
    guard let value = argument(place, name) else { throw refusal("argument \(place + 1) ('\(name)') is missing") }
    if value.tensors.isEmpty { throw refusal("argument \(place + 1) holds no tensor") }
    return promoted(try value.elements.map { try tensor($0, place) })
  }

  private func tensor(_ value: CallArguments.Value, _ place: Int) throws -> Tensor {
    switch value {
    case .tensor(let tensor): return tensor
    case .json(let json):
      if let number = json.double { return Tensor(number: number) }
      if let bool = json.bool { return Tensor(repeating: bool ? 1 : 0, dtype: .bool) }
      if let list = json.array, case let numbers = list.compactMap(\.double), numbers.count == list.count {
        guard list.allSatisfy({ $0.int != nil && !$0.text().contains(".") }) else { return Tensor(numbers.map { Float($0) }) }
        let integers = numbers.compactMap(Int32.init(exactly:))
        guard integers.count == numbers.count else {
          throw refusal("argument \(place + 1) is \(json.shortText), not all of which is int32; Descent has no wider whole numbers")
        }
        return Tensor(integers)
      }
      throw refusal("argument \(place + 1) is \(json.shortText); expected a tensor or a number")
    case .list, .symbol: throw refusal("argument \(place + 1) is a list; expected a tensor")
    }
  }

  /// The tensor as whole numbers: places, or numbers of classes.
  func integers(_ place: Int, _ name: String) throws -> Tensor {
    let x = try tensor(place, name)
    if x.node.isNumber, Int32(exactly: x.item()) == nil { throw refusal("argument \(place + 1) is \(x.item()), which is no int32") }
    return x.cast(to: .int32)
  }

  /// Two tensors in one dtype and of shapes that fit, as Keras promotes them.
  func pair(_ first: String = "x1", _ second: String = "x2") throws -> (Tensor, Tensor) {
    let both = promoted([try tensor(0, first), try tensor(1, second)])
    guard let shape = broadcastShape(both[0].shape, both[1].shape) else {
      throw refusal("rows of shapes \(rowShape(both[0])) and \(rowShape(both[1])) do not fit each other")
    }
    try elementCount(shape)
    return (both[0], both[1])
  }

  /// The tensor as floating-point numbers.
  func floating(_ place: Int = 0, _ name: String = "x") throws -> Tensor {
    let x = try tensor(place, name)
    return x.dtype.isFloatingPoint && !x.node.isNumber ? x : x.cast(to: .float32)
  }
}

/// Tensors in the greatest of their dtypes, as Keras promotes them. A number that whole numbers do not hold, because it has a fraction or is too
/// large, makes them floating-point.
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
    let value = number.item()
    if Int32(exactly: value) == nil {
      dtype = .float32
    } else if dtype == .bool || dtype == .uint8 && UInt8(exactly: value) == nil {
      dtype = .int32
    }
  }
  return tensors.map { $0.cast(to: dtype) }
}
