import TensorCore

/// How often each class was taken for each: element [i, j] counts the rows of class i that were said to be of class j. (TensorFlow:
/// `tf.math.confusion_matrix`.)
///
///     try confusionMatrix(labels, predictions.argmax(), numClasses: 10)
/// - Parameters:
///   - yTrue: class numbers, of any shape and whole numbers.
///   - yPred: the classes that were said, as many.
///   - numClasses: how many classes there are, at most 16,384; nil for one more than the greatest number, at most 4,096.
///   - sampleWeight: how much each counts; nil for 1.
/// - Returns: [classes, classes]: `int32`, or the dtype of weights that are fractions.
/// - Throws: ``DescentError`` of kind `data` when there are not as many of each, or a number is negative or not less than `numClasses`; of
///   kind `invalidArgument` when `numClasses` is no such number.
public func confusionMatrix(
  _ yTrue: Tensor, _ yPred: Tensor, numClasses: Int? = nil, sampleWeight: Tensor? = nil
) throws -> Tensor {
  func numbers(_ x: Tensor, _ name: String) throws -> [Int] {
    let numbers = x.doubles
    guard numbers.count == yTrue.count else {
      throw DescentError(.data, "confusionMatrix: \(name) has shape \(x.shape), and yTrue \(yTrue.shape); expected as many numbers")
    }
    return try numbers.map { number in
      guard let whole = Int(exactly: number), whole >= 0, whole < numClasses ?? .max else {
        let expected = numClasses.map { "0 to \($0 - 1)" } ?? "a whole number that is not negative"
        throw DescentError(.data, "confusionMatrix: \(name) has the class \(number); expected \(expected)")
      }
      return whole
    }
  }
  try NumberRange.from(1, to: 1 << 14).check("numClasses", numClasses, "confusionMatrix")
  let truth = try numbers(yTrue, "yTrue"), said = try numbers(yPred, "yPred")
  // Of numbers that are no classes at all, the square would fill the memory.
  let greatest = max(truth.max() ?? -1, said.max() ?? -1), limit = 1 << 12
  guard numClasses != nil || greatest < limit else {
    throw DescentError(.data, "confusionMatrix: there is a class \(greatest); more than \(limit) classes need numClasses")
  }
  let count = numClasses ?? greatest + 1
  var weights = [Double](repeating: 1, count: truth.count)
  if let sampleWeight {
    guard sampleWeight.count == truth.count else {
      throw DescentError(
        .data, "confusionMatrix: sampleWeight has shape \(sampleWeight.shape), and yTrue \(yTrue.shape); expected as many numbers")
    }
    weights = sampleWeight.doubles
  }
  var cells = [Double](repeating: 0, count: count * count)
  for (row, weight) in weights.enumerated() { cells[truth[row] * count + said[row]] += weight }
  return Tensor(shape: [count, count], scalars: cells).cast(to: sampleWeight.map { $0.dtype.isFloatingPoint ? $0.dtype : .int32 } ?? .int32)
}
