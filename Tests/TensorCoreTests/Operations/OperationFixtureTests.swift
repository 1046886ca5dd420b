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

  @Test func valuesAreNumPys() throws {
    let cases = try Fixture("operations").cases
    #expect(cases.count > 300)
    var seen: Set<String> = []
    for entry in cases {
      let name = try needed(entry["operation"]?.string)
      seen.insert(name)
      let body = try needed(Self.operations[name], name)
      let settings = try needed(entry["settings"])
      let inputs = try needed(entry["inputs"]?.array).map { try Fixture.tensor($0) }
      let output = try needed(entry["output"])
      let expected = try Fixture.numbers(output["values"])
      let result = try body(inputs, settings)
      let what = "\(name) \(settings) of \(inputs.map(\.shape))"
      #expect(try result.shape == Fixture.integers(output["shape"]), "\(what)")
      #expect(result.dtype.rawValue == output["dtype"]?.string, "\(what)")
      expectSame(result.doubles, expected, relative: 1e-14, least: name.hasSuffix("1p") || name == "expm1" ? 0 : 1e-3, what)
      // The same in `float32`, which the inputs are exact in.
      if inputs.contains(where: { $0.dtype == .float64 }) {
        let single = try body(inputs.map { $0.dtype == .float64 ? $0.cast(to: .float32) : $0 }, settings)
        expectSame(single.doubles, expected.map { Double(Float($0)) }, relative: 1e-6, least: 1, "\(what) in float32")
      }
    }
    #expect(seen == Set(Self.operations.keys))
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
  @Test func longSumsAreExactWhereTheyCanBe() {
    let x = (Tensor.range(5000, dtype: .float64) + 1) / 64
    #expect(x.sum().item() == 5000.0 * 5001 / 128)
    let ones = Tensor.ones([1 << 25])
    #expect(ones.sum().item() == Double(1 << 25), "a sum of float32 that went one by one would stop at 2²⁴")
  }
}
