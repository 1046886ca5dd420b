/// Class numbers as rows with a one at the class: `keras.utils.to_categorical`.
///
///     try toCategorical(Tensor([0, 2, 1]), numClasses: 3)    // [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
/// - Parameters:
///   - x: whole numbers of any shape; a last axis of size 1 is dropped.
///   - numClasses: how many classes; nil for the greatest number and one.
///   - dtype: of the result.
/// - Returns: the shape of `x` with an axis of `numClasses` after it.
/// - Throws: ``DescentError`` of kind `data` when an element is not a whole number from 0 to `numClasses` − 1. (NumPy counts −1 from
///   the end; here it is an error.)
/// Source: <https://keras.io/api/utils/python_utils/#tocategorical-function>.
public func toCategorical(_ x: Tensor, numClasses: Int? = nil, dtype: DType = .float32) throws -> Tensor {
  let values = x.doubles
  if values.isEmpty, numClasses == nil {
    throw DescentError(.data, "toCategorical: x is empty and numClasses is not given, so that nothing says how many classes there are")
  }
  let greatest = values.max() ?? -1
  guard let width = numClasses ?? Int(exactly: greatest.rounded(.towardZero) + 1), width > 0, width <= 1 << 24 else {
    throw DescentError(.data, "toCategorical: numClasses is \(numClasses.map(String.init) ?? "not given, and x ends at \(greatest)")")
  }
  if let place = values.firstIndex(where: { value in Int(exactly: value).map { !(0..<width).contains($0) } ?? true }) {
    throw DescentError(
      .data, "toCategorical: element \(place) is \(values[place]); expected whole numbers from 0 to \(width - 1)")
  }
  let shape = x.rank > 1 && x.shape.last == 1 ? Array(x.shape.dropLast()) : x.shape
  return x.reshaped(shape).cast(to: .int32).oneHot(depth: width, dtype: dtype).evaluated()
}

/// Class numbers in a list, as rows with a one at the class.
public func toCategorical(_ x: [Int], numClasses: Int? = nil, dtype: DType = .float32) throws -> Tensor {
  try toCategorical(Tensor(x.map { Double($0) }), numClasses: numClasses, dtype: dtype)
}
