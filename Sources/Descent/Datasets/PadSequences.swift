/// Which end of a sequence.
public enum SequenceEnd: String, Sendable {
  /// Its beginning.
  case pre
  /// Its end.
  case post
}

/// Makes sequences equally long: `keras.utils.pad_sequences`.
///
///     try padSequences([[1], [2, 3], [4, 5, 6]])               // [[0, 0, 1], [0, 2, 3], [4, 5, 6]]
///     try padSequences([[1], [2, 3], [4, 5, 6]], maxlen: 2)    // [[0, 1], [2, 3], [5, 6]]
/// - Parameters:
///   - sequences: lists of numbers.
///   - maxlen: their length after; nil for that of the longest.
///   - dtype: of the result; fractions are dropped where it holds whole numbers.
///   - padding: where `value` is put into shorter ones.
///   - truncating: where longer ones lose elements.
///   - value: what is put.
/// - Returns: [sequences, maxlen].
/// - Throws: ``DescentError`` of kind `invalidArgument` when `maxlen` is not positive, or a number does not fit `dtype`.
/// Source: <https://keras.io/api/data_loading/timeseries/#padsequences-function>.
public func padSequences<Scalar: NumericTensorScalar>(
  _ sequences: [[Scalar]], maxlen: Int? = nil, dtype: DType = .int32, padding: SequenceEnd = .pre, truncating: SequenceEnd = .pre,
  value: Double = 0
) throws -> Tensor {
  let length = try paddedLength(sequences.map(\.count), maxlen, dtype: dtype)
  let value = try dtype.number(value, for: "padSequences")
  func filled<Result: NumericTensorScalar>(_: Result.Type, _ convert: (Scalar) throws -> Result) throws -> Tensor {
    var all = [Result](repeating: Result(converting: value), count: sequences.count * length)
    for (row, sequence) in sequences.enumerated() {
      let kept = truncating == .pre ? sequence.suffix(length) : sequence.prefix(length)
      var place = row * length + (padding == .pre ? length - kept.count : 0)
      for element in kept {
        all[place] = try convert(element)
        place += 1
      }
    }
    return Tensor(shape: [sequences.count, length], scalars: all)
  }
  switch dtype {
  case .float32: return try filled(Float.self) { Float($0.asDouble) }
  case .float64: return try filled(Double.self) { $0.asDouble }
  case .int32: return try filled(Int32.self) { Int32(try dtype.number($0.asDouble, for: "padSequences")) }
  case .uint8: return try filled(UInt8.self) { UInt8(try dtype.number($0.asDouble, for: "padSequences")) }
  case .bool: throw DescentError(.invalidArgument, "padSequences: dtype is bool; float32, float64, int32 and uint8 can be")
  }
}

/// Makes sequences of Swift's own whole numbers equally long.
/// - Parameters: as those of the other `padSequences`.
/// - Returns: [sequences, maxlen].
/// - Throws: ``DescentError`` of kind `invalidArgument` when `maxlen` is not positive, or a number does not fit `dtype`.
public func padSequences(
  _ sequences: [[Int]], maxlen: Int? = nil, dtype: DType = .int32, padding: SequenceEnd = .pre, truncating: SequenceEnd = .pre,
  value: Double = 0
) throws -> Tensor {
  // Every whole number that a tensor holds is a float64, and those that are not are refused as it is.
  try padSequences(
    sequences.map { $0.map { Double($0) } }, maxlen: maxlen, dtype: dtype, padding: padding, truncating: truncating, value: value)
}

/// Makes sequences of rows equally long: `keras.utils.pad_sequences` for elements that are not single numbers.
/// - Parameters:
///   - sequences: tensors [length, …] of one dtype that agree but in their length; it becomes the dtype of the result unless
///     another is given.
///   - maxlen: as that of the other `padSequences`.
///   - dtype: as that of the other `padSequences`.
///   - padding: as that of the other `padSequences`.
///   - truncating: as that of the other `padSequences`.
///   - value: as that of the other `padSequences`.
/// - Returns: [sequences, maxlen, …].
/// - Throws: ``DescentError`` of kind `invalidArgument` or, when shapes differ, `data`.
public func padSequences(
  _ sequences: [Tensor], maxlen: Int? = nil, dtype: DType? = nil, padding: SequenceEnd = .pre, truncating: SequenceEnd = .pre,
  value: Double = 0
) throws -> Tensor {
  guard let first = sequences.first(where: { $0.rank > 0 && $0.shape[0] > 0 }) ?? sequences.first else {
    throw DescentError(.invalidArgument, "padSequences: there is no sequence")
  }
  for (index, sequence) in sequences.enumerated() {
    guard sequence.rank > 0, sequence.shape[0] == 0 || sequence.shape.dropFirst() == first.shape.dropFirst() else {
      throw DescentError(
        .data, "padSequences: sequence \(index) has shape \(sequence.shape); expected [length] + \(Array(first.shape.dropFirst()))")
    }
  }
  let dtype = dtype ?? first.dtype
  let length = try paddedLength(sequences.map { $0.shape[0] }, maxlen, steps: Array(first.shape.dropFirst()), dtype: dtype)
  let value = try dtype.number(value, for: "padSequences")
  let stepShape = Array(first.shape.dropFirst()), stepSize = stepShape.reduce(1, *)
  func padded<Scalar: TensorScalar>(with value: Scalar) -> Tensor {
    var all = [Scalar](repeating: value, count: sequences.count * length * stepSize)
    for (row, sequence) in sequences.enumerated() where sequence.shape[0] > 0 {
      let kept = min(length, sequence.shape[0])
      let from = (truncating == .pre ? sequence.shape[0] - kept : 0) * stepSize
      let to = (row * length + (padding == .pre ? length - kept : 0)) * stepSize
      let scalars: [Scalar] = sequence.cast(to: dtype).scalars()
      all.replaceSubrange(to..<(to + kept * stepSize), with: scalars[from..<(from + kept * stepSize)])
    }
    return Tensor(shape: [sequences.count, length] + stepShape, scalars: all)
  }
  return switch dtype {
  case .float32: padded(with: Float(value))
  case .float64: padded(with: value)
  case .int32: padded(with: Int32(value))
  case .uint8: padded(with: UInt8(value))
  case .bool: padded(with: value != 0)
  }
}

/// - Parameter steps: the shape of an element of a sequence.
private func paddedLength(_ lengths: [Int], _ maxlen: Int?, steps: [Int] = [], dtype: DType) throws -> Int {
  try NumberRange.count.check("maxlen", maxlen, "padSequences")
  let length = maxlen ?? lengths.max() ?? 0
  guard ElementCount.fitsMemory([lengths.count, length] + steps, bytes: dtype.byteCount) else {
    throw DescentError(
      .invalidArgument, "padSequences: \(dtype) of shape \([lengths.count, length] + steps) is more than this machine's memory holds")
  }
  return length
}

extension DType {
  /// A number as elements hold it: without its fraction where they are whole numbers.
  /// - Parameter caller: what errors say that it is for.
  /// - Throws: ``DescentError`` of kind `invalidArgument` if they cannot hold it.
  func number(_ value: Double, for caller: String) throws -> Double {
    let fits =
      switch self {
      case .float32, .float64: true
      case .int32: Int32(exactly: value.rounded(.towardZero)) != nil
      case .uint8, .bool: UInt8(exactly: value.rounded(.towardZero)) != nil
      }
    guard fits else { throw DescentError(.invalidArgument, "\(caller): \(value) does not fit \(self)") }
    return isFloatingPoint ? value : value.rounded(.towardZero)
  }
}
