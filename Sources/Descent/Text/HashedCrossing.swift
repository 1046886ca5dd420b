import TensorCore

/// Values of several columns together as numbers of bins: each combination has one, by a hash. (Keras: `keras.layers.HashedCrossing`.)
///
///     let crossing = try HashedCrossing(numBins: 5)
///     try crossing(["A", "B", "A", "B", "A"], [101, 101, 101, 102, 102])     // [1, 4, 1, 1, 3]
///
/// Strings are data and no tensors, so this is no layer of a model, but a step before it.
/// Source: <https://keras.io/api/layers/preprocessing_layers/categorical/hashed_crossing/>.
public struct HashedCrossing: Sendable {
  /// How many bins there are.
  public let numBins: Int
  /// Numbers, or rows with a one at the place of each.
  public let outputMode: CategoryOutput

  /// - Parameters:
  ///   - numBins: how many bins there are.
  ///   - outputMode: ``CategoryOutput/int`` or ``CategoryOutput/oneHot``.
  /// - Throws: ``DescentError`` for a number of bins that is none, and for other forms.
  public init(numBins: Int, outputMode: CategoryOutput = .int) throws {
    try NumberRange.from(1, to: Int(Int32.max)).check("numBins", numBins, "HashedCrossing")
    guard outputMode == .int || outputMode == .oneHot else {
      throw DescentError(.invalidArgument, "HashedCrossing: outputMode is \(outputMode.rawValue); expected int or oneHot")
    }
    self.numBins = numBins
    self.outputMode = outputMode
  }

  /// The bin of a combination of values.
  /// - Parameter numbers: ``CategoryValue/crossedNumber`` of each.
  private func bin(of numbers: [UInt64]) -> Int {
    // TensorFlow's default key.
    Int(numbers.reduce(0xDE_CAFC_AFFE) { concatenated($0, $1) } % UInt64(numBins))
  }

  /// Bins `int32` [values], or one-hot rows `float32` [values, bins].
  /// - Throws: ``DescentError`` if the columns differ in length.
  public func callAsFunction<First: CategoryValue, Second: CategoryValue>(_ first: [First], _ second: [Second]) throws -> Tensor {
    try bins([first.map(\.crossedNumber), second.map(\.crossedNumber)])
  }

  /// The same of any number of columns.
  /// - Parameter columns: at least two, with as many values each.
  /// - Throws: ``DescentError`` if there are fewer columns, or they differ in length.
  public func callAsFunction(_ columns: [[any CategoryValue]]) throws -> Tensor { try bins(columns.map { $0.map(\.crossedNumber) }) }

  private func bins(_ numbers: [[UInt64]]) throws -> Tensor {
    guard numbers.count > 1 else { throw DescentError(.data, "HashedCrossing: \(numbers.count) columns are given; expected two or more") }
    if let other = numbers.firstIndex(where: { $0.count != numbers[0].count }) {
      throw DescentError(.data, "HashedCrossing: column \(other) has \(numbers[other].count) values; expected \(numbers[0].count) as column 0 has")
    }
    let bins = Tensor(numbers[0].indices.map { row in Int32(bin(of: numbers.map { $0[row] })) })
    return outputMode == .int ? bins : bins.oneHot(depth: numBins, dtype: .float32)
  }

  /// TensorFlow's fingerprint of two fingerprints. Source: `FingerprintCat64` of <https://github.com/tensorflow/tensorflow>.
  private func concatenated(_ first: UInt64, _ second: UInt64) -> UInt64 {
    let factor: UInt64 = 0xC6A4_A793_5BD1_E995
    func mixed(_ value: UInt64) -> UInt64 { value ^ value >> 47 }
    var result = first ^ factor
    result ^= mixed(second &* factor) &* factor
    result = result &* factor
    result = mixed(result) &* factor
    return mixed(result)
  }
}
