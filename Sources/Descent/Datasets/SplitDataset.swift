/// How large a part of a data set is: a number of rows, or a fraction of all.
///
/// Written as a number: `800` or `0.8`.
public enum SplitSize: Sendable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  /// That many rows.
  case rows(Int)
  /// Greater than 0 and less than 1.
  case fraction(Double)

  public init(integerLiteral value: Int) { self = .rows(value) }
  public init(floatLiteral value: Double) { self = .fraction(value) }

  func rows(of total: Int, _ name: String) throws -> Int {
    switch self {
    case .rows(let count):
      guard count > 0, count < total else {
        throw DescentError(.invalidArgument, "splitDataset: \(name) is \(count); it must be from 1 to \(total - 1), or a fraction")
      }
      return count
    case .fraction(let part):
      try NumberRange.openFraction.check(name, part, "splitDataset")
      return Int((part * Double(total)).rounded(.toNearestOrEven))
    }
  }
}

/// The rows on each side of a split, chosen as `keras.utils.split_dataset` chooses them.
func splitRows(_ total: Int, leftSize: SplitSize?, rightSize: SplitSize?, shuffle: Bool, seed: UInt64?) throws -> (left: [Int], right: [Int]) {
  if leftSize == nil && rightSize == nil {
    throw DescentError(.invalidArgument, "splitDataset: one of leftSize and rightSize must be given")
  }
  if case .fraction(let left) = leftSize, case .fraction(let right) = rightSize, left + right > 1 {
    throw DescentError(.invalidArgument, "splitDataset: leftSize and rightSize add up to \(left + right); at most 1 is possible")
  }
  let given = (try leftSize?.rows(of: total, "leftSize"), try rightSize?.rows(of: total, "rightSize"))
  let left = given.0 ?? total - given.1!
  let right = given.1 ?? total - left
  guard left + right <= total else {
    throw DescentError(.invalidArgument, "splitDataset: leftSize and rightSize are \(left) and \(right) of \(total) rows")
  }
  guard left > 0, right > 0 else {
    throw DescentError(.invalidArgument, "splitDataset: of \(total) rows, \(left) and \(right) would be on the two sides; both need some")
  }
  let order = shuffle ? MersenneTwister.pythonOrder(total, seed: seed ?? nextDefaultSeed()) : Array(0..<total)
  return (Array(order[..<left]), Array(order[(total - right)...]))
}

/// Splits rows in two: `keras.utils.split_dataset` for arrays.
///
///     let (train, test) = try splitDataset([x, y], leftSize: 0.8, shuffle: true, seed: 1)
/// - Parameters:
///   - tensors: with as many rows each.
///   - leftSize: rows or fraction of the first part; nil for what `rightSize` leaves.
///   - rightSize: rows or fraction of the second part, taken from the end; nil for what `leftSize` leaves.
///   - shuffle: whether rows change places first.
///   - seed: for the order: that of Python's `random.shuffle`, as in Keras. nil for one derived from ``setRandomSeed(_:)``'s.
/// - Throws: ``DescentError`` of kind `invalidArgument` or `data`.
/// Source: <https://keras.io/api/utils/python_utils/#splitdataset-function>.
public func splitDataset(
  _ tensors: [Tensor], leftSize: SplitSize? = nil, rightSize: SplitSize? = nil, shuffle: Bool = false, seed: UInt64? = nil
) throws -> (left: [Tensor], right: [Tensor]) {
  guard let first = tensors.first, tensors.allSatisfy({ $0.rank > 0 && $0.shape[0] == first.shape.first }) else {
    throw DescentError(.data, "splitDataset: shapes are \(tensors.map(\.shape)); expected at least one tensor, with as many rows each")
  }
  let rows = try splitRows(first.shape[0], leftSize: leftSize, rightSize: rightSize, shuffle: shuffle, seed: seed)
  return (tensors.map { pickedRows(of: $0, rows.left) }, tensors.map { pickedRows(of: $0, rows.right) })
}

/// The same for one tensor.
public func splitDataset(
  _ tensor: Tensor, leftSize: SplitSize? = nil, rightSize: SplitSize? = nil, shuffle: Bool = false, seed: UInt64? = nil
) throws -> (left: Tensor, right: Tensor) {
  let (left, right) = try splitDataset([tensor], leftSize: leftSize, rightSize: rightSize, shuffle: shuffle, seed: seed)
  return (left[0], right[0])
}

/// The same for inputs and targets.
///
///     let ((xTrain, yTrain), (xTest, yTest)) = try splitDataset((x, y), leftSize: 0.8)
public func splitDataset(
  _ pair: (Tensor, Tensor), leftSize: SplitSize? = nil, rightSize: SplitSize? = nil, shuffle: Bool = false, seed: UInt64? = nil
) throws -> (left: (Tensor, Tensor), right: (Tensor, Tensor)) {
  let (left, right) = try splitDataset([pair.0, pair.1], leftSize: leftSize, rightSize: rightSize, shuffle: shuffle, seed: seed)
  return ((left[0], left[1]), (right[0], right[1]))
}

/// The same for tensors by name.
public func splitDataset(
  _ tensors: [String: Tensor], leftSize: SplitSize? = nil, rightSize: SplitSize? = nil, shuffle: Bool = false, seed: UInt64? = nil
) throws -> (left: [String: Tensor], right: [String: Tensor]) {
  let names = tensors.keys.sorted()
  let (left, right) = try splitDataset(names.map { tensors[$0]! }, leftSize: leftSize, rightSize: rightSize, shuffle: shuffle, seed: seed)
  func named(_ parts: [Tensor]) -> [String: Tensor] { Dictionary(uniqueKeysWithValues: zip(names, parts)) }
  return (named(left), named(right))
}

/// Splits the elements of a stream in two: `keras.utils.split_dataset` for a `tf.data.Dataset`.
///
/// Elements that can be asked for by number are made when they are asked for, as those of the stream itself; those of another stream are
/// gone through here, once, and kept in memory.
/// - Parameters: as those of the `splitDataset` for arrays.
/// - Throws: ``DescentError`` of kind `invalidArgument`, also for a stream that is known to have no end, and what the stream throws.
public func splitDataset<Element>(
  _ dataset: Dataset<Element>, leftSize: SplitSize? = nil, rightSize: SplitSize? = nil, shuffle: Bool = false, seed: UInt64? = nil
) throws -> (left: Dataset<Element>, right: Dataset<Element>) {
  let node = dataset.node
  guard node.isIndexed, let count = node.count else {
    if node.isEndless { throw DescentError(.invalidArgument, "splitDataset: the stream has no end; take(_:) gives it one") }
    return try splitDataset(Dataset(dataset.elements()), leftSize: leftSize, rightSize: rightSize, shuffle: shuffle, seed: seed)
  }
  let rows = try splitRows(count, leftSize: leftSize, rightSize: rightSize, shuffle: shuffle, seed: seed)
  return (Dataset(ChoiceNode(node, rows.left)), Dataset(ChoiceNode(node, rows.right)))
}
