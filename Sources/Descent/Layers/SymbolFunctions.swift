import TensorCore

// Operators and functions of tensors for symbols: each leaves a node in the graph that Keras's files know by name. What does not
// fit throws a `DescentError` that names the operation and the shapes of the rows.

extension Symbol {
  /// The results of one of Keras's operations.
  static func applying(
    _ className: String, _ positional: [CallArguments.Value], _ settings: [(key: String, value: JSONValue)] = []
  ) throws -> [Symbol] {
    guard let definition = OperationTable.definition(className) else {
      throw DescentError(.invalidArgument, "operation \(className): Descent does not have it in graphs")
    }
    let operation = OperationLayer(definition, settings: JSONObject(settings))
    return try LayerCall(operation, CallArguments(positional: positional)).outputs
  }

  static func only(
    _ className: String, _ positional: [CallArguments.Value], _ settings: [(key: String, value: JSONValue)] = []
  ) throws -> Symbol { try applying(className, positional, settings)[0] }
}

extension Symbolic {
  var value: CallArguments.Value { .symbol(symbol) }

  func reduced(_ className: String, _ axes: [Int]?, _ keepDims: Bool) throws -> Symbol {
    try Symbol.only(
      className, [value],
      [("axis", axes.map { JSONValue.intOrList($0) } ?? .null), ("keepdims", .bool(keepDims))])
  }
}

private func number(_ value: Double) -> CallArguments.Value { .json(JSONValue(value)) }

// MARK: - Operators

/// In a graph: a + b, element by element; shapes are stretched as NumPy does.
public func + (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("Add", [a.value, b.value]) }
/// In a graph: a − b, element by element; shapes are stretched as NumPy does.
public func - (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("Subtract", [a.value, b.value]) }
/// In a graph: a · b, element by element; shapes are stretched as NumPy does.
public func * (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("Multiply", [a.value, b.value]) }
/// In a graph: a / b, element by element; shapes are stretched as NumPy does.
public func / (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("TrueDivide", [a.value, b.value]) }
/// In a graph: a + b, element by element; shapes are stretched as NumPy does.
public func + (a: some Symbolic, b: Double) throws -> Symbol { try Symbol.only("Add", [a.value, number(b)]) }
/// In a graph: a − b, element by element; shapes are stretched as NumPy does.
public func - (a: some Symbolic, b: Double) throws -> Symbol { try Symbol.only("Subtract", [a.value, number(b)]) }
/// In a graph: a · b, element by element; shapes are stretched as NumPy does.
public func * (a: some Symbolic, b: Double) throws -> Symbol { try Symbol.only("Multiply", [a.value, number(b)]) }
/// In a graph: a / b, element by element; shapes are stretched as NumPy does.
public func / (a: some Symbolic, b: Double) throws -> Symbol { try Symbol.only("TrueDivide", [a.value, number(b)]) }
/// In a graph: a + b, element by element; shapes are stretched as NumPy does.
public func + (a: Double, b: some Symbolic) throws -> Symbol { try Symbol.only("Add", [number(a), b.value]) }
/// In a graph: a − b, element by element; shapes are stretched as NumPy does.
public func - (a: Double, b: some Symbolic) throws -> Symbol { try Symbol.only("Subtract", [number(a), b.value]) }
/// In a graph: a · b, element by element; shapes are stretched as NumPy does.
public func * (a: Double, b: some Symbolic) throws -> Symbol { try Symbol.only("Multiply", [number(a), b.value]) }
/// In a graph: a / b, element by element; shapes are stretched as NumPy does.
public func / (a: Double, b: some Symbolic) throws -> Symbol { try Symbol.only("TrueDivide", [number(a), b.value]) }
/// In a graph: a + b, element by element; shapes are stretched as NumPy does.
@_disfavoredOverload
public func + (a: some Symbolic, b: Tensor) throws -> Symbol { try Symbol.only("Add", [a.value, .tensor(b)]) }
/// In a graph: a − b, element by element; shapes are stretched as NumPy does.
@_disfavoredOverload
public func - (a: some Symbolic, b: Tensor) throws -> Symbol { try Symbol.only("Subtract", [a.value, .tensor(b)]) }
/// In a graph: a · b, element by element; shapes are stretched as NumPy does.
@_disfavoredOverload
public func * (a: some Symbolic, b: Tensor) throws -> Symbol { try Symbol.only("Multiply", [a.value, .tensor(b)]) }
/// In a graph: a / b, element by element; shapes are stretched as NumPy does.
@_disfavoredOverload
public func / (a: some Symbolic, b: Tensor) throws -> Symbol { try Symbol.only("TrueDivide", [a.value, .tensor(b)]) }
/// In a graph: −a, element by element.
public prefix func - (a: some Symbolic) throws -> Symbol { try Symbol.only("Negative", [a.value]) }

/// In a graph: whether elements are equal, element by element; shapes are stretched as NumPy does.
public func .== (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("Equal", [a.value, b.value]) }
/// In a graph: whether elements differ, element by element; shapes are stretched as NumPy does.
public func .!= (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("NotEqual", [a.value, b.value]) }
/// In a graph: whether a < b, element by element; shapes are stretched as NumPy does.
public func .< (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("Less", [a.value, b.value]) }
/// In a graph: whether a ≤ b, element by element; shapes are stretched as NumPy does.
public func .<= (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("LessEqual", [a.value, b.value]) }
/// In a graph: whether a > b, element by element; shapes are stretched as NumPy does.
public func .> (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("Greater", [a.value, b.value]) }
/// In a graph: whether a ≥ b, element by element; shapes are stretched as NumPy does.
public func .>= (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("GreaterEqual", [a.value, b.value]) }
/// In a graph: whether elements are equal, element by element; shapes are stretched as NumPy does.
public func .== (a: some Symbolic, b: Double) throws -> Symbol { try Symbol.only("Equal", [a.value, number(b)]) }
/// In a graph: whether elements differ, element by element; shapes are stretched as NumPy does.
public func .!= (a: some Symbolic, b: Double) throws -> Symbol { try Symbol.only("NotEqual", [a.value, number(b)]) }
/// In a graph: whether a < b, element by element; shapes are stretched as NumPy does.
public func .< (a: some Symbolic, b: Double) throws -> Symbol { try Symbol.only("Less", [a.value, number(b)]) }
/// In a graph: whether a ≤ b, element by element; shapes are stretched as NumPy does.
public func .<= (a: some Symbolic, b: Double) throws -> Symbol { try Symbol.only("LessEqual", [a.value, number(b)]) }
/// In a graph: whether a > b, element by element; shapes are stretched as NumPy does.
public func .> (a: some Symbolic, b: Double) throws -> Symbol { try Symbol.only("Greater", [a.value, number(b)]) }
/// In a graph: whether a ≥ b, element by element; shapes are stretched as NumPy does.
public func .>= (a: some Symbolic, b: Double) throws -> Symbol { try Symbol.only("GreaterEqual", [a.value, number(b)]) }
/// In a graph: whether both are true, element by element; shapes are stretched as NumPy does.
public func .&& (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("LogicalAnd", [a.value, b.value]) }
/// In a graph: whether one is true, element by element; shapes are stretched as NumPy does.
public func .|| (a: some Symbolic, b: some Symbolic) throws -> Symbol { try Symbol.only("LogicalOr", [a.value, b.value]) }
/// In a graph: the opposite of each truth, element by element.
public prefix func ! (a: some Symbolic) throws -> Symbol { try Symbol.only("LogicalNot", [a.value]) }

// MARK: - Functions of one symbol

/// In a graph: |x|, element by element.
public func abs(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Absolute", [x.value]) }
/// In a graph: −1, 0 or 1, element by element.
public func sign(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Sign", [x.value]) }
/// In a graph: x², element by element.
public func square(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Square", [x.value]) }
/// In a graph: √x, element by element.
public func sqrt(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Sqrt", [x.value]) }
/// In a graph: eˣ, element by element.
public func exp(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Exp", [x.value]) }
/// In a graph: eˣ − 1, element by element.
public func expm1(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Expm1", [x.value]) }
/// In a graph: the natural logarithm, element by element.
public func log(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Log", [x.value]) }
/// In a graph: log(1 + x), element by element.
public func log1p(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Log1p", [x.value]) }
/// In a graph: the sine, of radians, element by element.
public func sin(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Sin", [x.value]) }
/// In a graph: the cosine, of radians, element by element.
public func cos(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Cos", [x.value]) }
/// In a graph: the hyperbolic tangent, element by element.
public func tanh(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Tanh", [x.value]) }
/// In a graph: the error function, element by element.
public func erf(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Erf", [x.value]) }
/// In a graph: the greatest whole number that is not greater, element by element.
public func floor(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Floor", [x.value]) }
/// In a graph: the least whole number that is not less, element by element.
public func ceil(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Ceil", [x.value]) }
/// In a graph: the nearest whole number, even ones where two are equally near, element by element.
public func round(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Round", [x.value], [("decimals", 0)]) }
/// In a graph: max(x, 0), element by element.
public func relu(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Relu", [x.value]) }
/// In a graph: 1 / (1 + e⁻ˣ), element by element.
public func sigmoid(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Sigmoid", [x.value]) }
/// In a graph: log(1 + eˣ), element by element.
public func softplus(_ x: some Symbolic) throws -> Symbol { try Symbol.only("Softplus", [x.value]) }
/// In a graph: x, as a constant for derivatives, element by element.
public func stopGradient(_ x: some Symbolic) throws -> Symbol { try Symbol.only("StopGradient", [x.value], [("variable", .null)]) }
/// In a graph: x between two limits, element by element.
public func clip(_ x: some Symbolic, _ low: Double, _ high: Double) throws -> Symbol {
  try Symbol.only("Clip", [x.value], [("x_min", JSONValue(low)), ("x_max", JSONValue(high))])
}
/// In a graph: a to the power of b, element by element.
public func pow(_ a: some Symbolic, _ b: Double) throws -> Symbol { try Symbol.only("Power", [a.value, number(b)]) }
/// In a graph: a to the power of b, element by element.
public func pow(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Power", [a.value, b.value]) }

// MARK: - Functions of several

/// `condition ? a : b`, element by element. (Keras: `ops.where`.)
public func select(_ condition: some Symbolic, _ a: some Symbolic, _ b: some Symbolic) throws -> Symbol {
  try Symbol.only("Where", [condition.value, a.value, b.value])
}

/// The matrix product of the last two axes.
public func matmul(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Matmul", [a.value, b.value]) }

/// Products summed as an equation says.
public func einsum(_ equation: String, _ operands: any Symbolic...) throws -> Symbol {
  try Symbol.only("Einsum", operands.map { .symbol($0.symbol) }, [("subscripts", .string(equation))])
}

/// Symbols of one shape side by side along a new axis. Axis 0 counts the rows: what is stacked along it, as it is by default, is to lose
/// that axis again before a layer or the model's end takes it for rows. (Keras: `ops.stack`.)
public func stack(_ symbols: [any Symbolic], axis: Int = 0) throws -> Symbol {
  try Symbol.only("Stack", [.list(symbols.map { .symbol($0.symbol) })], [("axis", JSONValue(axis))])
}

/// The parts of a symbol along an axis, equal ones. Axis 0, the default, counts the rows, which are to be so many that they can be
/// divided; the parts of a row lie along the others. (Keras: `ops.split`.)
public func split(_ x: some Symbolic, _ sections: Int, axis: Int = 0) throws -> [Symbol] {
  try Symbol.applying("Split", [x.value], [("indices_or_sections", JSONValue(sections)), ("axis", JSONValue(axis))])
}

/// The parts of a symbol along an axis between ascending indices; axis 0, the default, counts the rows. (Keras: `ops.split` with a list.)
public func split(_ x: some Symbolic, at indices: [Int], axis: Int = 0) throws -> [Symbol] {
  try Symbol.applying("Split", [x.value], [("indices_or_sections", .ints(indices)), ("axis", JSONValue(axis))])
}

/// The sum of all, as ``Add`` computes it. (Keras: `keras.layers.add`.)
public func add(_ inputs: [any Symbolic]) throws -> Symbol { try Add()(inputs) }
/// The first minus the second. (Keras: `keras.layers.subtract`.)
public func subtract(_ inputs: [any Symbolic]) throws -> Symbol { try Subtract()(inputs) }
/// The product of all. (Keras: `keras.layers.multiply`.)
public func multiply(_ inputs: [any Symbolic]) throws -> Symbol { try Multiply()(inputs) }
/// The mean of all. (Keras: `keras.layers.average`.)
public func average(_ inputs: [any Symbolic]) throws -> Symbol { try Average()(inputs) }
/// The greatest of all. (Keras: `keras.layers.maximum`.)
public func maximum(_ inputs: [any Symbolic]) throws -> Symbol { try Maximum()(inputs) }
/// The smallest of all. (Keras: `keras.layers.minimum`.)
public func minimum(_ inputs: [any Symbolic]) throws -> Symbol { try Minimum()(inputs) }
/// In a graph: the greater of two, element by element.
public func maximum(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Maximum", [a.value, b.value]) }
/// In a graph: the less of two, element by element.
public func minimum(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Minimum", [a.value, b.value]) }
/// In a graph: the greater of two, element by element.
public func maximum(_ a: some Symbolic, _ b: Double) throws -> Symbol { try Symbol.only("Maximum", [a.value, number(b)]) }
/// In a graph: the less of two, element by element.
public func minimum(_ a: some Symbolic, _ b: Double) throws -> Symbol { try Symbol.only("Minimum", [a.value, number(b)]) }
/// One after another along an axis, as ``Concatenate`` puts them. (Keras: `keras.layers.concatenate`.)
public func concatenate(_ inputs: [any Symbolic], axis: Int = -1) throws -> Symbol { try Concatenate(axis: axis)(inputs) }
/// The sum of products along axes, as ``Dot`` computes it. (Keras: `keras.layers.dot`.)
public func dot(_ inputs: [any Symbolic], axes: [Int] = [-1], normalize: Bool = false) throws -> Symbol {
  try Dot(axes: axes, normalize: normalize)(inputs)
}

/// In a graph: more elements before and after each axis; axis 0, which counts the rows, gets none. (Keras: `ops.pad`.)
/// - Parameters:
///   - x: of any shape.
///   - width: how many before and after each axis: `[(0, 0), (1, 2)]`.
///   - mode: what they are.
///   - constantValue: the number for ``PaddingMode/constant``.
public func pad(_ x: some Symbolic, _ width: [(Int, Int)], mode: PaddingMode = .constant, constantValue: Double = 0) throws -> Symbol {
  var operands = [x.value]
  if constantValue != 0 { operands.append(number(constantValue)) }
  return try Symbol.only(
    "Pad", operands, [("pad_width", .array(width.map { .ints([$0.0, $0.1]) })), ("mode", .string(mode.rawValue))])
}

// MARK: - Methods

extension Symbolic {
  /// The mean along axes, all of them if nil; with `keepDims` they stay, with size 1.
  public func mean(axes: [Int]? = nil, keepDims: Bool = false) throws -> Symbol { try reduced("Mean", axes, keepDims) }
  /// The mean along an axis; with `keepDims` the axis stays, with size 1.
  public func mean(axis: Int, keepDims: Bool = false) throws -> Symbol { try reduced("Mean", [axis], keepDims) }
  /// The sum along axes, all of them if nil; with `keepDims` they stay, with size 1.
  public func sum(axes: [Int]? = nil, keepDims: Bool = false) throws -> Symbol { try reduced("Sum", axes, keepDims) }
  /// The sum along an axis; with `keepDims` the axis stays, with size 1.
  public func sum(axis: Int, keepDims: Bool = false) throws -> Symbol { try reduced("Sum", [axis], keepDims) }
  /// The greatest element along an axis; with `keepDims` the axis stays, with size 1.
  public func max(axis: Int, keepDims: Bool = false) throws -> Symbol { try reduced("Max", [axis], keepDims) }
  /// The least element along an axis; with `keepDims` the axis stays, with size 1.
  public func min(axis: Int, keepDims: Bool = false) throws -> Symbol { try reduced("Min", [axis], keepDims) }
  /// The greatest element along axes, all of them if nil; with `keepDims` they stay, with size 1.
  public func max(axes: [Int]? = nil, keepDims: Bool = false) throws -> Symbol { try reduced("Max", axes, keepDims) }
  /// The least element along axes, all of them if nil; with `keepDims` they stay, with size 1.
  public func min(axes: [Int]? = nil, keepDims: Bool = false) throws -> Symbol { try reduced("Min", axes, keepDims) }
  /// The variance along axes, all of them if nil; with `keepDims` they stay, with size 1.
  public func variance(axes: [Int]? = nil, keepDims: Bool = false) throws -> Symbol { try reduced("Var", axes, keepDims) }
  /// The standard deviation along axes, all of them if nil; with `keepDims` they stay, with size 1.
  public func std(axes: [Int]? = nil, keepDims: Bool = false) throws -> Symbol { try reduced("Std", axes, keepDims) }
  /// The variance along an axis; with `keepDims` the axis stays, with size 1.
  public func variance(axis: Int, keepDims: Bool = false) throws -> Symbol { try reduced("Var", [axis], keepDims) }
  /// The standard deviation along an axis; with `keepDims` the axis stays, with size 1.
  public func std(axis: Int, keepDims: Bool = false) throws -> Symbol { try reduced("Std", [axis], keepDims) }
  /// The place of the greatest element along an axis.
  public func argmax(axis: Int = -1) throws -> Symbol { try reduced("Argmax", [axis], false) }
  /// eˣ / Σ eˣ along an axis.
  public func softmax(axis: Int = -1) throws -> Symbol { try Symbol.only("Softmax", [value], [("axis", JSONValue(axis))]) }
  /// log(eˣ / Σ eˣ) along an axis.
  public func logSoftmax(axis: Int = -1) throws -> Symbol { try Symbol.only("LogSoftmax", [value], [("axis", JSONValue(axis))]) }

  /// The same elements in another shape, rows included: −1 for their number.
  public func reshaped(_ shape: [Int]) throws -> Symbol { try Symbol.only("Reshape", [value], [("newshape", .ints(shape))]) }

  /// With the axes in another order, with axis 0 counting the rows.
  public func transposed(_ axes: [Int]) throws -> Symbol { try Symbol.only("Transpose", [value], [("axes", .ints(axes))]) }

  /// With an axis of size 1 before that one. (Keras: `ops.expand_dims`.)
  public func expandingShape(at axis: Int) throws -> Symbol { try Symbol.only("ExpandDims", [value], [("axis", JSONValue(axis))]) }

  /// Without an axis of size 1. (Keras: `ops.squeeze`.)
  public func squeezed(axis: Int) throws -> Symbol { try Symbol.only("Squeeze", [value], [("axis", JSONValue(axis))]) }

  /// With axes of size 1 stretched to a shape of as many axes, rows included: −1 for their number, and for a size that stays. (Keras:
  /// `ops.broadcast_to`.)
  /// - Throws: ``DescentError`` if another size would have to change.
  public func broadcast(to shape: [Int]) throws -> Symbol {
    let own = symbol.shape, row = Array(shape.dropFirst())
    guard shape.first == -1, own.count == row.count, zip(own, row).allSatisfy({ $1 == -1 || $0 == $1 || $0 == 1 && $1 >= 1 }) else {
      throw DescentError(.invalidArgument, "broadcast: rows of shape \(own.text) do not stretch to the shape \(shape); it begins with -1, the number of rows")
    }
    return try tile(self, [1] + zip(own, row).map { $0 == 1 && $1 > 1 ? $1 : 1 })
  }

  /// The numbers in another dtype.
  public func cast(to dtype: DType) throws -> Symbol { try Symbol.only("Cast", [value], [("dtype", .string("\(dtype)"))]) }

  /// For each number of a class a row with a 1 at its place.
  public func oneHot(depth: Int, dtype: DType = .float32) throws -> Symbol {
    try Symbol.only(
      "OneHot", [value],
      [("num_classes", JSONValue(depth)), ("axis", -1), ("dtype", .string("\(dtype)")), ("sparse", false)])
  }

  /// A part: `x[.all, .at(0)]` is the first of each row's elements. (Keras: `x[:, 0]`.)
  public subscript(_ places: AxisPlace...) -> Symbol {
    get throws {
      let key = JSONValue.array(places.map(\.json))
      return try Symbol.only("GetItem", [value, .json(key)])
    }
  }
}

extension AxisPlace {
  fileprivate var json: JSONValue {
    func slice(_ start: JSONValue, _ stop: JSONValue, _ step: JSONValue = nil) -> JSONValue {
      ["class_name": "__slice__", "config": ["start": start, "stop": stop, "step": step]]
    }
    func optional(_ value: Int?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
    switch self {
    case .all: return slice(nil, nil)
    case .at(let place): return JSONValue(place)
    case .range(let range): return slice(JSONValue(range.lowerBound), JSONValue(range.upperBound))
    case .strided(let start, let stop, let step): return slice(optional(start), optional(stop), JSONValue(step))
    case .newAxis: return .null
    }
  }
}
