import TensorCore
import TestSupport
import Testing

/// Every operation's values against NumPy's and SciPy's.
struct OperationFixtureTests {
  typealias Body = ([Tensor], JSONValue) throws -> Tensor

  private static func unary(_ function: @escaping (Tensor) -> Tensor) -> Body { { inputs, _ in function(inputs[0]) } }
  private static func binary(_ function: @escaping (Tensor, Tensor) -> Tensor) -> Body {
    { inputs, _ in function(inputs[0], inputs[1]) }
  }
  private static func reduction(_ function: @escaping (Tensor) -> ([Int]?, Bool) -> Tensor) -> Body {
    { inputs, settings in
      let axes = settings["axes"]?.isNull == false ? try Fixture.integers(settings["axes"]) : nil
      return function(inputs[0])(axes, try needed(settings["keepDims"]?.bool))
    }
  }
  private static func alongAxis(_ function: @escaping (Tensor) -> (Int) -> Tensor) -> Body {
    { inputs, settings in function(inputs[0])(try needed(settings["axis"]?.int)) }
  }
  private static func list(_ settings: JSONValue, _ name: String) throws -> [Int] { try Fixture.integers(settings[name]) }
  private static func number(_ settings: JSONValue, _ name: String) throws -> Int { try needed(settings[name]?.int) }

  private static func real(_ settings: JSONValue, _ name: String) throws -> Double {
    try needed(settings[name]?.double ?? settings[name]?.string.flatMap(Double.init))
  }

  /// Functions made of the primitives.
  nonisolated(unsafe) private static let compositions: [String: Body] = [
    "tan": unary(tan), "arcsin": unary(arcsin), "arccos": unary(arccos), "arctan": unary(arctan), "sinh": unary(sinh),
    "cosh": unary(cosh), "arcsinh": unary(arcsinh), "arccosh": unary(arccosh), "arctanh": unary(arctanh), "log2": unary(log2),
    "log10": unary(log10), "exp2": unary(exp2), "erfc": unary(erfc), "erfinv": unary(erfinv), "isNaN": unary(isNaN),
    "isInf": unary(isInf), "trunc": unary(trunc),
    "nanToNum": unary { nanToNum($0, nan: 2, positiveInfinity: 9, negativeInfinity: -7) },
    "logaddexp": binary(logaddexp), "hypot": binary(hypot), "arctan2": binary(arctan2), "floorDivide": binary(floorDivide),
    "mod": binary(mod), "cumsum": alongAxis { x in { x.cumsum(axis: $0) } }, "cumprod": alongAxis { x in { x.cumprod(axis: $0) } },
    "prod": reduction { x in { x.prod(axes: $0, keepDims: $1) } }, "argmin": alongAxis { x in { x.argmin(axis: $0) } },
    "argsort": alongAxis { x in { argsort(x, axis: $0) } }, "sort": alongAxis { x in { sort(x, axis: $0) } },
    "diff": alongAxis { x in { diff(x, axis: $0) } }, "flip": alongAxis { x in { flip(x, axis: $0) } },
    "roll": { inputs, settings in
      roll(inputs[0], shift: try number(settings, "shift"), axis: try number(settings, "axis"))
    },
    "repeatElements": { inputs, settings in
      repeatElements(inputs[0], try number(settings, "repeats"), axis: try number(settings, "axis"))
    },
    "countNonzero": reduction { x in { x.countNonzero(axes: $0, keepDims: $1) } },
    "all": reduction { x in { x.all(axes: $0, keepDims: $1) } }, "any": reduction { x in { x.any(axes: $0, keepDims: $1) } },
    "take": { inputs, settings in take(inputs[0], inputs[1], axis: try number(settings, "axis")) },
    "takeAlongAxis": { inputs, settings in takeAlongAxis(inputs[0], inputs[1], axis: try number(settings, "axis")) },
    "variance": reduction { x in { x.variance(axes: $0, keepDims: $1) } },
    "std": reduction { x in { x.std(axes: $0, keepDims: $1) } },
    "median": alongAxis { x in { median(x, axis: $0) } }, "quantile": alongAxis { x in { quantile(x, 0.3, axis: $0) } },
    "norm": { inputs, settings in inputs[0].norm(order: try real(settings, "order"), axes: [try number(settings, "axis")]) },
    "normalize": alongAxis { x in { normalize(x, axis: $0) } },
    "average": { inputs, settings in average(inputs[0], axis: try number(settings, "axis"), weights: inputs[1]) },
    "topK": { inputs, settings in topK(inputs[0], k: try number(settings, "k")).values },
    "tile": { inputs, settings in tile(inputs[0], try list(settings, "repeats")) },
    "rot90": { inputs, settings in rot90(inputs[0], k: try number(settings, "k"), axes: (1, 2)) },
    "hstack": { inputs, _ in hstack(inputs) }, "vstack": { inputs, _ in vstack(inputs) },
    "split": { inputs, settings in split(inputs[0], at: try list(settings, "indices"), axis: try number(settings, "axis"))[1] },
    "diagonal": { inputs, settings in inputs[0].diagonal(offset: try number(settings, "offset")) },
    "trace": { inputs, settings in trace(inputs[0], offset: try number(settings, "offset")) },
    "diag": { inputs, settings in diag(inputs[0], offset: try number(settings, "offset")) },
    "tril": { inputs, settings in tril(inputs[0], k: try number(settings, "k")) },
    "triu": { inputs, settings in triu(inputs[0], k: try number(settings, "k")) },
    "tensordot": { inputs, settings in tensordot(inputs[0], inputs[1], axes: try number(settings, "axes")) },
    "outer": binary(outer), "inner": binary(inner), "dot": binary(dot), "vdot": binary(vdot), "cross": binary(cross),
    "meshgrid": { inputs, settings in
      settings["indexing"]?.string == "xy" ? meshgrid(inputs)[1] : meshgrid(inputs, indexing: .ij)[0]
    },
    "linspace": { _, settings in
      Tensor.linspace(
        try real(settings, "start"), try real(settings, "stop"), count: try number(settings, "count"),
        endpoint: try needed(settings["endpoint"]?.bool), dtype: .float64)
    },
    "logspace": { _, settings in
      Tensor.logspace(try real(settings, "start"), try real(settings, "stop"), count: try number(settings, "count"), dtype: .float64)
    },
    "arange": { _, settings in
      Tensor.arange(try real(settings, "start"), try real(settings, "stop"), step: try real(settings, "step"), dtype: .float64)
    },
    "searchsorted": { inputs, settings in
      searchsorted(inputs[0], inputs[1], side: try needed(settings["side"]?.string.flatMap(SearchSide.init(rawValue:))))
    },
    "digitize": { inputs, settings in digitize(inputs[0], bins: try Fixture.numbers(settings["bins"])) },
    "bincount": { inputs, settings in
      bincount(inputs[0], weights: inputs.count > 1 ? inputs[1] : nil, length: try number(settings, "length"))
    },
    "unique": unary(unique), "nonzero": unary { nonzero($0)[1] },
    "scatter": { inputs, settings in scatter(inputs[0], inputs[1], shape: try list(settings, "shape")) },
    "scatterUpdate": { inputs, _ in scatterUpdate(inputs[0], inputs[1], inputs[2]) },
    "sliceUpdate": { inputs, settings in sliceUpdate(inputs[0], at: try list(settings, "starts"), inputs[1]) },
    "segmentSum": { inputs, settings in segmentSum(inputs[0], inputs[1], segments: try number(settings, "segments")) },
    "segmentMax": { inputs, settings in segmentMax(inputs[0], inputs[1], segments: try number(settings, "segments")) },
    "multiHot": { inputs, settings in multiHot(inputs[0], classes: try number(settings, "classes"), dtype: .float64) },
    "inTopK": { inputs, settings in inTopK(inputs[0], inputs[1], k: try number(settings, "k")) },
    "solve": binary(solve), "inv": unary(inv), "det": unary(det), "logdet": unary { slogdet($0).logarithm },
    "cholesky": unary(cholesky), "eigenvalues": unary { eigh($0).values }, "eigenvectorMagnitudes": unary { abs(eigh($0).vectors) },
    "qr": unary { qr($0).q }, "singularValues": unary { svd($0).s },
  ]

  nonisolated(unsafe) private static let operations: [String: Body] = [
    "negate": unary { -$0 }, "abs": unary(abs), "sign": unary(sign), "sqrt": unary(sqrt), "exp": unary(exp),
    "reciprocal": unary { 1 / $0 }, "expm1": unary(expm1), "log": unary(log), "log1p": unary(log1p), "sin": unary(sin),
    "cos": unary(cos), "tanh": unary(tanh), "erf": unary(erf), "sigmoid": unary(sigmoid), "softplus": unary(softplus),
    "floor": unary(floor), "ceil": unary(ceil), "round": unary(round), "isFinite": unary(isFinite), "square": unary(square),
    "relu": unary(relu), "not": unary { !$0 },
    "add": binary(+), "subtract": binary(-), "multiply": binary(*), "divide": binary(/), "maximum": binary(maximum),
    "minimum": binary(minimum), "power": binary(pow), "equal": binary(.==), "notEqual": binary(.!=), "less": binary(.<),
    "lessOrEqual": binary(.<=), "greater": binary(.>), "greaterOrEqual": binary(.>=), "and": binary(.&&), "or": binary(.||),
    "select": { inputs, _ in select(inputs[0], inputs[1], inputs[2]) },
    "clip": { inputs, _ in clip(inputs[0], inputs[1], inputs[2]) },
    "lerp": { inputs, _ in lerp(inputs[0], inputs[1], inputs[2]) },
    "cast": { inputs, settings in
      inputs[0].cast(to: try needed(settings["dtype"]?.string.flatMap(DType.init(rawValue:))))
    },
    "sum": reduction { x in { x.sum(axes: $0, keepDims: $1) } },
    "mean": reduction { x in { x.mean(axes: $0, keepDims: $1) } },
    "max": reduction { x in { x.max(axes: $0, keepDims: $1) } },
    "min": reduction { x in { x.min(axes: $0, keepDims: $1) } },
    "argmax": alongAxis { x in { x.argmax(axis: $0) } },
    "logSumExp": alongAxis { x in { x.logSumExp(axis: $0) } },
    "softmax": alongAxis { x in { x.softmax(axis: $0) } },
    "logSoftmax": alongAxis { x in { x.logSoftmax(axis: $0) } },
    "matmul": { inputs, settings in
      matmul(
        inputs[0], inputs[1], transposeA: try needed(settings["transposeA"]?.bool),
        transposeB: try needed(settings["transposeB"]?.bool))
    },
    "reshape": { inputs, settings in inputs[0].reshaped(try list(settings, "shape")) },
    "expandShape": { inputs, settings in inputs[0].expandingShape(at: try number(settings, "axis")) },
    "broadcast": { inputs, settings in inputs[0].broadcast(to: try list(settings, "shape")) },
    "transpose": { inputs, settings in inputs[0].transposed(try list(settings, "permutation")) },
    "slice": { inputs, settings in
      inputs[0].sliced(
        starts: try list(settings, "starts"), sizes: try list(settings, "sizes"), strides: try list(settings, "strides"))
    },
    "pad": { inputs, settings in inputs[0].padded(low: try list(settings, "low"), high: try list(settings, "high")) },
    "concatenate": { inputs, settings in concatenate(inputs, axis: try number(settings, "axis")) },
    "stack": { inputs, settings in stack(inputs, axis: try number(settings, "axis")) },
    "gather": binary { $0.gathering($1) },
    "scatterAdd": { inputs, settings in inputs[0].scatterAdding(at: inputs[1], rows: try number(settings, "rows")) },
    "oneHot": { inputs, settings in inputs[0].oneHot(depth: try number(settings, "depth"), dtype: .float64) },
    "identity": { _, settings in Tensor.identity(try number(settings, "size"), dtype: .float64) },
    "range": { _, settings in Tensor.range(try number(settings, "count"), dtype: .float64) },
  ]

  @Test func `Values are num pys`() throws {
    let cases = try Fixture("operations").cases
    #expect(cases.count > 600)
    var seen: Set<String> = []
    for entry in cases {
      let name = try needed(entry["operation"]?.string)
      seen.insert(name)
      let body = try needed(Self.operations[name] ?? Self.compositions[name], name)
      let settings = try needed(entry["settings"])
      let inputs = try needed(entry["inputs"]?.array).map { try Fixture.tensor($0) }
      let output = try needed(entry["output"])
      let expected = try Fixture.numbers(output["values"])
      let result = try body(inputs, settings)
      let what = "\(name) \(settings) of \(inputs.map(\.shape))"
      #expect(try result.shape == Fixture.integers(output["shape"]), "\(what)")
      #expect(result.dtype.rawValue == output["dtype"]?.string, "\(what)")
      let tolerance = Self.compositions[name] == nil ? 1e-14 : 1e-12
      expectSame(result.doubles, expected, relative: tolerance, least: name.hasSuffix("1p") || name == "expm1" ? 0 : 1e-3, what)
      // The same in `float32`, which the inputs are exact in.
      if inputs.contains(where: { $0.dtype == .float64 }) {
        let single = try body(inputs.map { $0.dtype == .float64 ? $0.cast(to: .float32) : $0 }, settings)
        let tolerance = Self.compositions[name] == nil ? 1e-6 : 2e-5
        expectSame(single.doubles, expected.map { Double(Float($0)) }, relative: tolerance, least: 1, "\(what) in float32")
      }
    }
    #expect(seen == Set(Self.operations.keys).union(Self.compositions.keys))
  }

  /// NaN where NaN is expected, infinity where infinity, and elsewhere a small difference relative to the number, or to `least`
  /// if that is greater.
  private func expectSame(_ actual: [Double], _ expected: [Double], relative: Double, least: Double, _ what: String) {
    #expect(actual.count == expected.count, "\(what)")
    for (index, (a, e)) in zip(actual, expected).enumerated() {
      let isSame = a == e || (a.isNaN && e.isNaN) || Swift.abs(a - e) <= relative * Swift.max(Swift.abs(e), least)
      if !isSame { Issue.record("\(what): element \(index) is \(a), expected \(e)") }
    }
  }

  /// 1/64 + 2/64 + … + 5000/64 is exact in `float64`, and so is every partial sum.
  @Test func `Long sums are exact where they can be`() {
    let x = (Tensor.range(5000, dtype: .float64) + 1) / 64
    let expected: Double = 5000.0 * 5001 / 128
    #expect(x.sum().item() == expected)
    let ones = Tensor.ones([1 << 25])
    #expect(ones.sum().item() == Double(1 << 25), "a sum of float32 that went one by one would stop at 2²⁴")
  }
}
