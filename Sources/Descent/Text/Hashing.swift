import TensorCore

/// A value of a category that can be hashed: a string or a whole number.
public protocol CategoryValue: Sendable {
  /// The text that is hashed: a number's decimal digits.
  var hashedText: String { get }
  /// What ``HashedCrossing`` combines: the fingerprint of a string, a number itself.
  var crossedNumber: UInt64 { get }
}

extension String: CategoryValue {
  public var hashedText: String { self }
  public var crossedNumber: UInt64 { fingerprint64(self) }
}

extension Int: CategoryValue {
  public var hashedText: String { String(self) }
  public var crossedNumber: UInt64 { UInt64(bitPattern: Int64(self)) }
}

extension Int32: CategoryValue {
  public var hashedText: String { String(self) }
  public var crossedNumber: UInt64 { UInt64(bitPattern: Int64(self)) }
}

/// Strings or whole numbers as numbers of bins, by a hash and without a vocabulary. (Keras: `keras.layers.Hashing`.)
///
///     let bins = try Hashing(numBins: 3)
///     try bins(["A", "B", "C", "D", "E"])     // [1, 0, 1, 1, 2]
///
/// Strings are data and no tensors, so this is no layer of a model, but a step before it.
/// Source: <https://keras.io/api/layers/preprocessing_layers/categorical/hashing/>.
public struct Hashing: Sendable {
  /// How many bins there are.
  public let numBins: Int
  /// What stands for nothing: it has bin 0 for itself. nil if there is no such value.
  public let maskValue: String?
  /// The key of SipHash-2-4, by which values are hashed then; nil for FarmHash's 64-bit fingerprint.
  public let salt: (UInt64, UInt64)?
  /// Numbers, or rows of zeros and ones, or of counts.
  public let outputMode: CategoryOutput

  /// - Parameters:
  ///   - numBins: how many bins there are.
  ///   - maskValue: what stands for nothing; a number is given by its digits.
  ///   - salt: the key of SipHash-2-4; nil for FarmHash's 64-bit fingerprint.
  ///   - outputMode: numbers, or rows of zeros and ones, or of counts.
  /// - Throws: ``DescentError`` for a number of bins that is none.
  public init(numBins: Int, maskValue: String? = nil, salt: (UInt64, UInt64)? = nil, outputMode: CategoryOutput = .int) throws {
    try NumberRange.from(1, to: Int(Int32.max)).check("numBins", numBins, "Hashing")
    self.numBins = numBins
    self.maskValue = maskValue
    self.salt = salt
    self.outputMode = outputMode
  }

  /// The same with one number for both halves of the key.
  /// - Parameters:
  ///   - numBins: how many bins there are.
  ///   - maskValue: what stands for nothing; a number is given by its digits.
  ///   - salt: both halves of the key of SipHash-2-4.
  ///   - outputMode: numbers, or rows of zeros and ones, or of counts.
  /// - Throws: ``DescentError`` for a number of bins that is none.
  public init(numBins: Int, maskValue: String? = nil, salt: UInt64, outputMode: CategoryOutput = .int) throws {
    try self.init(numBins: numBins, maskValue: maskValue, salt: (salt, salt), outputMode: outputMode)
  }

  /// The bin of a value.
  public func bin(of value: some CategoryValue) -> Int {
    let text = value.hashedText
    let isMasked = maskValue != nil && numBins > 1
    if isMasked && text == maskValue { return 0 }
    let hash = salt.map { sipHash64(text, key: $0) } ?? fingerprint64(text)
    return Int(hash % UInt64(isMasked ? numBins - 1 : numBins)) + (isMasked ? 1 : 0)
  }

  /// Bins `int32` [values], one-hot rows `float32` [values, bins], or one row [bins] of what occurs.
  public func callAsFunction(_ values: [some CategoryValue]) throws -> Tensor {
    let bins = Tensor(values.map { Int32(bin(of: $0)) })
    switch outputMode {
    case .int: return bins
    case .oneHot: return bins.oneHot(depth: numBins, dtype: .float32)
    case .multiHot, .count:
      guard !values.isEmpty else { return Tensor.zeros([numBins]) }
      return outputMode.encoded(bins.reshaped([1, values.count]), depth: numBins, dtype: .float32).reshaped([numBins])
    }
  }

  /// Bins `int32` [rows, values of each], one-hot rows behind them (instead of an axis of size 1), or a row for each of what occurs.
  /// - Throws: ``DescentError`` if rows differ in length.
  public func callAsFunction(_ rows: [[some CategoryValue]]) throws -> Tensor {
    let width = rows.first?.count ?? 0
    if let other = rows.firstIndex(where: { $0.count != width }) {
      throw DescentError(.data, "Hashing: row \(other) has \(rows[other].count) values; expected \(width) as row 0 has")
    }
    let bins = Tensor(shape: [rows.count, width], scalars: rows.flatMap { $0.map { Int32(bin(of: $0)) } })
    if width == 0 && (outputMode == .multiHot || outputMode == .count) { return Tensor.zeros([rows.count, numBins]) }
    return outputMode.encoded(bins, depth: numBins, dtype: .float32)
  }
}
