import Optimizers
import TensorCore

extension OperationTable {
  /// What runs along an axis: sums so far, orders, choices, other arrangements.
  static let orders: [OperationDefinition] =
    along("Cumsum", hasDType: true) { input, x, axis in whole(x).cumsum(axis: axis) }
    + along("Cumprod", hasDType: true) { input, x, axis in whole(x).cumprod(axis: axis) }
    + along("Argsort", default: -1) { input, x, axis in argsort(whole(x), axis: axis) }
    + along("Sort", default: -1) { input, x, axis in
      try input.checkTable(x.shape)
      return sort(whole(x), axis: axis)
    }
    + along("Diff", argument: "a", default: -1) { input, x, axis in
      // Of so many differences nothing is left but rounding.
      let times = try input.value("n", .reckoned(through: 1000), default: 1)
      guard times >= 0, times < x.shape[axis] else {
        throw input.refusal("'n' is \(times) along axis \(axis) of rows of shape \(input.rowShape(x))")
      }
      return diff(whole(x), n: times, axis: axis)
    }
    + along("Roll") { input, x, axis in roll(x, shift: try input.value("shift", .reckoned()), axis: axis) }
    + along("Quantile") { input, x, axis in try quantile(ordered(input, x, axis), part(input), axis: axis, keepDims: input.keepDims) }
    + along("Percentile") { input, x, axis in try quantile(ordered(input, x, axis), part(input, of: 100), axis: axis, keepDims: input.keepDims) }
    + along("Trapezoid", argument: "y", default: -1) { input, y, axis in
      guard try input.optional("x", .any("null")) == nil else { throw input.refusal("the places 'x' are not known here; 'dx' says how far apart they are") }
      let distance = try input.value("dx", .anyNumber, default: 1)
      try input.checkElements(of: y, along: [axis])
      let parts = split(float(y), at: [1, max(y.shape[axis] - 1, 1)], axis: axis)
      let ends = y.shape[axis] > 1 ? (parts[0] + parts[2]) * 0.5 : parts[0] * 0
      return (ends.sum(axis: axis) + parts[1].sum(axis: axis)) * distance
    }
    + along("Median") { input, x, axis in try median(ordered(input, x, axis), axis: axis, keepDims: input.keepDims) }
    + reduction("Prod") { input, x, axes in
      let result = whole(x).prod(axes: axes, keepDims: try input.keepDims)
      return try input.dtype().map { result.cast(to: $0) } ?? result
    }
    + reduction("CountNonzero") { $1.countNonzero(axes: $2) }
    + reduction("Flip") { flip($1, axes: $2) }
    + [
      OperationDefinition("TopK", "math") { input in
        let x = try input.tensor(0), k = try input.value("k", .reckoned(), at: 1)
        // Those that need not be in order are in order, too.
        _ = try input.value("sorted", .flag, default: true)
        guard k >= 1, x.rank > 0, k <= x.shape[x.rank - 1] else {
          throw input.refusal("'k' is \(k) for rows of shape \(input.rowShape(x))")
        }
        try input.checkTable(x.shape)
        let (values, indices) = topK(whole(x), k: k)
        return [values, indices]
      },
      OperationDefinition("InTopK", "math") { input in
        let targets = try input.integers(0, "targets"), predictions = try input.floating(1, "predictions")
        let k = try input.value("k", .reckoned(), at: 2)
        guard k >= 1, targets.rank == 1, predictions.rank == 2, targets.shape[0] == predictions.shape[0] else {
          throw input.refusal("'k' must be at least 1, targets class numbers of rows and predictions a row of numbers each")
        }
        try input.checkTable(predictions.shape)
        return [inTopK(targets, predictions, k: min(k, max(predictions.shape[1], 1)))]
      },
      OperationDefinition("Digitize", "numpy") { input in
        let x = try input.floating(), given = try input.tensor(1, "bins")
        guard given.rank == 1, !given.node.isOpen, case let bins = given.doubles, bins == bins.sorted() else {
          throw input.refusal("'bins' must be numbers in ascending order")
        }
        try input.elementCount(x.shape + [bins.count])
        return [digitize(x, bins: bins)]
      },
      OperationDefinition("SearchSorted", "numpy") { input in
        let both = promoted([try input.tensor(0, "sorted_sequence"), try input.tensor(1, "values")])
        let side = try input.value("side", .choice(SearchSide.self), default: .left)
        guard both[0].rank == 1 else { throw input.refusal("a sequence of shape \(both[0].shape); expected one axis") }
        try input.elementCount(both[1].shape + both[0].shape)
        return [searchsorted(both[0], both[1], side: side)]
      },
      OperationDefinition("IsIn", "numpy") { input in
        let both = promoted([try input.tensor(0, "x1"), try input.tensor(1, "x2")])
        // It says how NumPy is to look, not what it is to find.
        _ = try input.flag("assume_unique")
        try input.elementCount(both[0].shape + [both[1].count])
        let found = (both[0].expandingShape(at: -1) .== both[1].reshaped([both[1].count])).any(axis: -1)
        return [try input.flag("invert") ? !found : found]
      },
      OperationDefinition("TakeAlongAxis", "numpy") { input in
        let x = try input.tensor(0), indices = try input.integers(1, "indices")
        let axis = try input.axis(of: x)
        var expected = x.shape
        if indices.rank == x.rank { expected[axis] = indices.shape[axis] }
        // Indices for one row or one place count for all.
        guard indices.rank == x.rank, broadcastShape(indices.shape, expected) == expected else {
          throw input.refusal("rows of shapes \(input.rowShape(x)) and \(input.rowShape(indices)) differ not only along axis \(axis)")
        }
        try input.checkTable(x.shape)
        return [takeAlongAxis(x, indices, axis: axis)]
      },
      OperationDefinition("MultiHot", "nn") { input in
        let x = try input.integers(0, "inputs"), classes = try input.classCount()
        guard x.rank >= 2 else { throw input.refusal("rows of shape \(input.rowShape(x)) have no axis of classes") }
        try input.checkElements(of: x, along: [x.rank - 1])
        try input.elementCount(x.shape + [classes])
        return [multiHot(x, classes: classes, dtype: try input.dtype() ?? .float32)]
      },
      OperationDefinition("Unstack", "core") { input in
        let x = try input.tensor(0)
        let axis = try input.axis(of: x, default: 0), count = try input.optional("num", .reckoned())
        guard axis > 0 else { throw input.refusal("axis 0 counts the rows, whose number is not known") }
        guard count ?? x.shape[axis] == x.shape[axis], x.shape[axis] <= OperationInput.greatestResultCount else {
          throw input.refusal(
            "'num' is \(count.map(String.init) ?? "null") along axis \(axis) of rows of shape \(input.rowShape(x)); at most "
              + "\(OperationInput.greatestResultCount) parts are possible")
        }
        return unstack(x, axis: axis)
      },
      OperationDefinition("Moments", "nn") { input in
        let x = try input.floating()
        guard let axes = try input.axes(of: x, "axes") else { throw input.refusal("'axes' is missing") }
        try input.refuse("synchronized", unless: false)
        let (mean, variance) = moments(x, axes: axes, keepDims: try input.keepDims)
        return [mean, variance]
      },
      OperationDefinition("Average", "numpy") { input in
        let x = try input.floating()
        let axis = try input.axis(of: x), weights = try input.optionalTensor(1, "weights", like: x)
        guard weights.map({ $0.shape == x.shape || $0.shape == [x.shape[axis]] }) ?? true else {
          throw input.refusal("weights of shape \(weights!.shape) for rows of shape \(input.rowShape(x)) along axis \(axis)")
        }
        return [average(x, axis: axis, weights: weights)]
      },
    ]

  /// What has a middle element, and one below which a part of the others lies.
  private static func ordered(_ input: OperationInput, _ x: Tensor, _ axis: Int) throws -> Tensor {
    try input.checkElements(of: x, along: [axis])
    try input.checkTable(x.shape)
    return float(x)
  }

  /// The part of the elements that a quantile has below it.
  static func part(_ input: OperationInput, of whole: Double = 1) throws -> Double {
    let part = try input.value("q", .anyNumber, at: 1), method = try input.value("method", .text, default: "linear")
    guard (0...whole).contains(part), method == "linear" else {
      throw input.refusal("'q' must be a number from 0 to \(Int(whole)), and 'method' linear")
    }
    return part / whole
  }

  /// An operation along one axis, which Keras's setting `axis` names.
  /// - Parameters:
  ///   - argument: what Keras calls the tensor.
  ///   - standard: the axis where none is said.
  ///   - hasDType: whether a setting names the dtype of the result.
  static func along(
    _ name: String, argument: String = "x", default standard: Int? = nil, hasDType: Bool = false,
    body: @escaping @Sendable (OperationInput, Tensor, Int) throws -> Tensor
  ) -> [OperationDefinition] {
    [
      OperationDefinition(name, "numpy") { input in
        let x = try input.tensor(0, argument)
        let result = try body(input, x, input.axis(of: x, default: standard))
        return [try hasDType ? input.dtype().map { result.cast(to: $0) } ?? result : result]
      }
    ]
  }
}

// MARK: - For symbols

extension Symbolic {
  fileprivate func along(_ className: String, _ axis: Int, _ settings: [(key: String, value: JSONValue)] = []) throws -> Symbol {
    try Symbol.only(className, [value], [("axis", JSONValue(axis))] + settings)
  }

  /// The sums of the first elements along an axis. (Keras: `ops.cumsum`.)
  public func cumsum(axis: Int) throws -> Symbol { try along("Cumsum", axis, [("dtype", .null)]) }
  /// The products of the first elements along an axis. (Keras: `ops.cumprod`.)
  public func cumprod(axis: Int) throws -> Symbol { try along("Cumprod", axis, [("dtype", .null)]) }
  /// Where the least element along an axis stands, the first of several. (Keras: `ops.argmin`.)
  public func argmin(axis: Int = -1) throws -> Symbol { try reduced("Argmin", [axis], false) }
  /// The product of the elements along an axis. (Keras: `ops.prod`.)
  public func prod(axis: Int, keepDims: Bool = false) throws -> Symbol { try reduced("Prod", [axis], keepDims) }
  /// Whether all elements along an axis are true, or other than zero. (Keras: `ops.all`.)
  public func all(axis: Int, keepDims: Bool = false) throws -> Symbol { try reduced("All", [axis], keepDims) }
  /// Whether any element along an axis is true, or other than zero. (Keras: `ops.any`.)
  public func any(axis: Int, keepDims: Bool = false) throws -> Symbol { try reduced("Any", [axis], keepDims) }
  /// How many elements along an axis are not zero. (Keras: `ops.count_nonzero`.)
  public func countNonzero(axis: Int) throws -> Symbol { try along("CountNonzero", axis) }
  /// log Σ eˣ along an axis, without overflow in between. (Keras: `ops.logsumexp`.)
  public func logSumExp(axis: Int = -1, keepDims: Bool = false) throws -> Symbol { try reduced("Logsumexp", [axis], keepDims) }
  /// The Euclidean norm of the vectors along an axis. (Keras: `ops.norm`.)
  public func norm(axis: Int, keepDims: Bool = false) throws -> Symbol {
    try Symbol.only("Norm", [value], [("ord", .null), ("axis", JSONValue(axis)), ("keepdims", .bool(keepDims))])
  }
}

/// The elements along an axis in ascending order. (Keras: `ops.sort`.)
public func sort(_ x: some Symbolic, axis: Int = -1) throws -> Symbol { try x.along("Sort", axis) }
/// Where the elements of an ascending order along an axis come from. (Keras: `ops.argsort`.)
public func argsort(_ x: some Symbolic, axis: Int = -1) throws -> Symbol { try x.along("Argsort", axis) }
/// The differences of neighbours along an axis, `n` times over. (Keras: `ops.diff`.)
public func diff(_ x: some Symbolic, n: Int = 1, axis: Int = -1) throws -> Symbol { try x.along("Diff", axis, [("n", JSONValue(n))]) }
/// The elements `shift` places further along an axis; those that leave its end come in at its start. (Keras: `ops.roll`.)
public func roll(_ x: some Symbolic, shift: Int, axis: Int) throws -> Symbol { try x.along("Roll", axis, [("shift", JSONValue(shift))]) }
/// The elements along an axis in the opposite order. (Keras: `ops.flip`.)
public func flip(_ x: some Symbolic, axis: Int) throws -> Symbol { try x.along("Flip", axis) }
/// The element in the middle of the order along an axis, or the mean of both that are. (Keras: `ops.median`.)
public func median(_ x: some Symbolic, axis: Int, keepDims: Bool = false) throws -> Symbol {
  try x.along("Median", axis, [("keepdims", .bool(keepDims))])
}
/// The number below which the part `q` of the elements along an axis lies, interpolated on a line. (Keras: `ops.quantile`.)
public func quantile(_ x: some Symbolic, _ q: Double, axis: Int, keepDims: Bool = false) throws -> Symbol {
  try Symbol.only(
    "Quantile", [x.value, .json(JSONValue(q))],
    [("axis", JSONValue(axis)), ("method", "linear"), ("keepdims", .bool(keepDims))])
}

/// The `k` greatest elements of the last axis and their indices.
public func topK(_ x: some Symbolic, k: Int) throws -> (values: Symbol, indices: Symbol) {
  let results = try Symbol.applying("TopK", [x.value], [("k", JSONValue(k)), ("sorted", true)])
  return (results[0], results[1])
}

/// Whether the target, a class number a row, is among the `k` greatest of its row of predictions.
public func inTopK(_ targets: some Symbolic, _ predictions: some Symbolic, k: Int) throws -> Symbol {
  try Symbol.only("InTopK", [targets.value, predictions.value], [("k", JSONValue(k))])
}

/// In which of the intervals between `bins` each element lies.
public func digitize(_ x: some Symbolic, bins: [Double]) throws -> Symbol {
  try Symbol.only("Digitize", [x.value, .tensor(Tensor(bins))])
}

/// The elements that indices of the same rank choose along an axis. (Keras: `ops.take_along_axis`.)
public func takeAlongAxis(_ x: some Symbolic, _ indices: some Symbolic, axis: Int = -1) throws -> Symbol {
  try Symbol.only("TakeAlongAxis", [x.value, indices.value], [("axis", JSONValue(axis))])
}

/// Slices along an axis chosen by indices.
public func take(_ x: some Symbolic, _ indices: Tensor, axis: Int) throws -> Symbol {
  try Symbol.only("Take", [x.value, .tensor(indices)], [("axis", JSONValue(axis))])
}

/// Slices along an axis chosen by the whole numbers that another symbol stands for, whose axes stand in its place: along axis 0, which
/// counts the rows, of x `[rows, d…]` and indices `[rows, k…]` rows `[k…, d…]`. (Keras: `ops.take`.)
public func take(_ x: some Symbolic, _ indices: some Symbolic, axis: Int) throws -> Symbol {
  try Symbol.only("Take", [x.value, indices.value], [("axis", JSONValue(axis))])
}

/// 1 at each class that occurs in the last axis, 0 elsewhere.
public func multiHot(_ x: some Symbolic, classes: Int, dtype: DType = .float32) throws -> Symbol {
  try Symbol.only(
    "MultiHot", [x.value],
    [("num_classes", JSONValue(classes)), ("axis", -1), ("dtype", .string("\(dtype)")), ("sparse", false)])
}

/// The parts of size 1 along an axis, without it.
public func unstack(_ x: some Symbolic, axis: Int) throws -> [Symbol] {
  try Symbol.applying("Unstack", [x.value], [("num", .null), ("axis", JSONValue(axis))])
}

/// Mean and variance over axes.
public func moments(_ x: some Symbolic, axes: [Int], keepDims: Bool = false) throws -> (mean: Symbol, variance: Symbol) {
  let results = try Symbol.applying(
    "Moments", [x.value], [("axes", .ints(axes)), ("keepdims", .bool(keepDims)), ("synchronized", false)])
  return (results[0], results[1])
}

/// x divided by the norm of the vectors along an axis, or by `epsilon` where that is greater: 10⁻⁷ if nil. (Keras: `ops.normalize`.)
public func normalize(_ x: some Symbolic, axis: Int = -1, epsilon: Double? = nil) throws -> Symbol {
  try x.along("Normalize", axis, [("order", 2), ("epsilon", epsilon.map { JSONValue($0) } ?? .null)])
}

/// The weighted mean along an axis.
public func average(_ x: some Symbolic, axis: Int, weights: Tensor? = nil) throws -> Symbol {
  var operands = [x.value]
  if let weights { operands.append(.tensor(weights)) }
  return try Symbol.only("Average", operands, [("axis", JSONValue(axis))])
}

/// The elements several times over, along each axis; axis 0 counts the rows.
public func tile(_ x: some Symbolic, _ repeats: [Int]) throws -> Symbol { try Symbol.only("Tile", [x.value], [("repeats", .ints(repeats))]) }

/// Each element several times along an axis.
public func repeatElements(_ x: some Symbolic, _ repeats: Int, axis: Int) throws -> Symbol {
  try x.along("Repeat", axis, [("repeats", JSONValue(repeats))])
}
