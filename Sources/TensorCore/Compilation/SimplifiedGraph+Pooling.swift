/// Adding a bias and max(x, 0) grow with their argument and are the same at all places of a window, so the greatest element of a window is
/// found before them: the result is the same to the bit, and what they give, and what reaches it, need not be in memory at the larger size.
/// In the derivative, elements of a window that only rounding made equal are told apart.
extension SimplifiedGraph {
  mutating func simplified(_ pooling: Pooling, _ part: Pooling.Part, _ inputs: [Int], _ shape: [Int], _ dtype: DType) -> Int? {
    switch part {
    case .chosen where inputs[0] == inputs[1]:
      guard let (function, inner, number) = growing(inputs[0]) else { return nil }
      let greatest = add(.pooling(pooling, .chosen), [inner, inner], shape, dtype)
      return add(.binary(function), [greatest, resized(number, shape, dtype)], shape, dtype)
    case .placed:
      guard let (function, inner, _) = growing(inputs[0]) else { return nil }
      // Where max(x, 0) makes different elements equal, nothing is placed.
      guard function == .add || isNothing(inputs[1], whereNotAbove: inputs[0], pooling) else { return nil }
      return add(.pooling(pooling, .placed), [inner, inputs[1]], shape, dtype)
    default:
      return nil
    }
  }

  /// What was placed, where the places' own elements are greater than a number, and nothing elsewhere: each window's value is placed whole or
  /// not at all.
  mutating func simplifiedChoice(_ condition: Int, _ chosen: Int, _ other: Int, _ shape: [Int], _ dtype: DType) -> Int? {
    guard fill(other) == 0, case .pooling(let pooling, .placed) = values[chosen].operation, case .binary(.less) = values[condition].operation,
      let number = fill(values[condition].inputs[0]), values[condition].inputs[1] == values[chosen].inputs[0]
    else { return nil }
    let x = values[chosen].inputs[0], placed = values[chosen].inputs[1]
    let small = values[placed].shape
    let greatest = add(.pooling(pooling, .chosen), [x, x], small, dtype)
    let isAbove = add(.binary(.less), [add(.fill(number), [], small, dtype), greatest], small, .bool)
    let kept = add(.select, [isAbove, placed, add(.fill(0), [], small, dtype)], small, dtype)
    return add(.pooling(pooling, .placed), [x, kept], shape, dtype)
  }

  /// All that was placed, added up: each value is placed once.
  mutating func simplifiedSum(_ input: Int, axes: [Int], _ shape: [Int], _ dtype: DType) -> Int? {
    guard case .pooling(_, .placed) = values[input].operation, (1..<(values[input].shape.count - 1)).allSatisfy(axes.contains) else { return nil }
    return add(.reduce(.sum, axes: axes), [values[input].inputs[1]], shape, dtype)
  }

  /// A value as a function that grows with another value, and a number for each channel.
  private func growing(_ index: Int) -> (BinaryFunction, inner: Int, number: Int)? {
    guard case .binary(let function) = values[index].operation, function == .add || function == .maximum else { return nil }
    let inputs = values[index].inputs
    if isNumber(inputs[1]) { return (function, inputs[0], inputs[1]) }
    if isNumber(inputs[0]) { return (function, inputs[1], inputs[0]) }
    return nil
  }

  /// Whether a value differs from channel to channel only.
  private func isNumber(_ index: Int) -> Bool {
    switch values[index].operation {
    case .fill: true
    case .broadcast: values[values[index].inputs[0]].shape.dropLast().allSatisfy { $0 == 1 }
    default: false
    }
  }

  /// Such a value for an array of another size.
  private mutating func resized(_ index: Int, _ shape: [Int], _ dtype: DType) -> Int {
    add(values[index].operation, values[index].inputs, shape, dtype)
  }

  /// Whether values of windows are zero wherever the greatest element is not above the number that `x` is the maximum with.
  private mutating func isNothing(_ index: Int, whereNotAbove x: Int, _ pooling: Pooling) -> Bool {
    guard let (_, _, number) = growing(x), let least = fill(number), case .select = values[index].operation,
      fill(values[index].inputs[2]) == 0
    else { return false }
    let condition = values[values[index].inputs[0]]
    guard case .binary(.less) = condition.operation, fill(condition.inputs[0]) == least else { return false }
    return condition.inputs[1] == add(.pooling(pooling, .chosen), [x, x], values[index].shape, values[x].dtype)
  }
}
