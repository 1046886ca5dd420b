import DescentTestSupport
import Foundation
import Testing

@testable import Descent

/// Operators and elementwise functions of symbols, each of which has to be the operation of its name.
@Suite struct SymbolElementwiseTests {
  private typealias Function = (name: String, symbols: (Symbol, Symbol) throws -> Symbol, tensors: (Tensor, Tensor) -> Tensor)

  private static let constant = Tensor([0.5 as Float, -1, 2, 0.25])

  nonisolated(unsafe) private static let functions: [Function] = [
    ("a + b", { try $0 + $1 }, { $0 + $1 }),
    ("a + 0.5", { a, _ in try a + 0.5 }, { a, _ in a + 0.5 }),
    ("0.5 + a", { a, _ in try 0.5 + a }, { a, _ in 0.5 + a }),
    ("a + tensor", { a, _ in try a + constant }, { a, _ in a + constant }),
    ("a - b", { try $0 - $1 }, { $0 - $1 }),
    ("a - 0.5", { a, _ in try a - 0.5 }, { a, _ in a - 0.5 }),
    ("0.5 - a", { a, _ in try 0.5 - a }, { a, _ in 0.5 - a }),
    ("a - tensor", { a, _ in try a - constant }, { a, _ in a - constant }),
    ("a * b", { try $0 * $1 }, { $0 * $1 }),
    ("a * 0.5", { a, _ in try a * 0.5 }, { a, _ in a * 0.5 }),
    ("0.5 * a", { a, _ in try 0.5 * a }, { a, _ in 0.5 * a }),
    ("a * tensor", { a, _ in try a * constant }, { a, _ in a * constant }),
    ("a / b", { try $0 / $1 }, { $0 / $1 }),
    ("a / 0.5", { a, _ in try a / 0.5 }, { a, _ in a / 0.5 }),
    ("0.5 / a", { a, _ in try 0.5 / a }, { a, _ in 0.5 / a }),
    ("a / tensor", { a, _ in try a / constant }, { a, _ in a / constant }),
    ("a .== b", { try $0 .== $1 }, { $0 .== $1 }),
    ("a .== 0.5", { a, _ in try a .== 0.5 }, { a, _ in a .== 0.5 }),
    ("a .!= b", { try $0 .!= $1 }, { $0 .!= $1 }),
    ("a .!= 0.5", { a, _ in try a .!= 0.5 }, { a, _ in a .!= 0.5 }),
    ("a .< b", { try $0 .< $1 }, { $0 .< $1 }),
    ("a .< 0.5", { a, _ in try a .< 0.5 }, { a, _ in a .< 0.5 }),
    ("a .<= b", { try $0 .<= $1 }, { $0 .<= $1 }),
    ("a .<= 0.5", { a, _ in try a .<= 0.5 }, { a, _ in a .<= 0.5 }),
    ("a .> b", { try $0 .> $1 }, { $0 .> $1 }),
    ("a .> 0.5", { a, _ in try a .> 0.5 }, { a, _ in a .> 0.5 }),
    ("a .>= b", { try $0 .>= $1 }, { $0 .>= $1 }),
    ("a .>= 0.5", { a, _ in try a .>= 0.5 }, { a, _ in a .>= 0.5 }),
    ("-a", { a, _ in try -a }, { a, _ in -a }),
    ("a .&& b", { try ($0 .> 0) .&& ($1 .> 0) }, { ($0 .> 0) .&& ($1 .> 0) }),
    ("a .|| b", { try ($0 .> 0) .|| ($1 .> 0) }, { ($0 .> 0) .|| ($1 .> 0) }),
    ("!a", { a, _ in try !(a .> 0) }, { a, _ in .!(a .> 0) }),
    ("abs", { a, _ in try abs(a) }, { a, _ in abs(a) }),
    ("sign", { a, _ in try sign(a) }, { a, _ in sign(a) }),
    ("square", { a, _ in try square(a) }, { a, _ in square(a) }),
    ("exp", { a, _ in try exp(a) }, { a, _ in exp(a) }),
    ("expm1", { a, _ in try expm1(a) }, { a, _ in expm1(a) }),
    ("sin", { a, _ in try sin(a) }, { a, _ in sin(a) }),
    ("cos", { a, _ in try cos(a) }, { a, _ in cos(a) }),
    ("tanh", { a, _ in try tanh(a) }, { a, _ in tanh(a) }),
    ("erf", { a, _ in try erf(a) }, { a, _ in erf(a) }),
    ("floor", { a, _ in try floor(a) }, { a, _ in floor(a) }),
    ("ceil", { a, _ in try ceil(a) }, { a, _ in ceil(a) }),
    ("round", { a, _ in try round(a) }, { a, _ in round(a) }),
    ("relu", { a, _ in try relu(a) }, { a, _ in relu(a) }),
    ("sigmoid", { a, _ in try sigmoid(a) }, { a, _ in sigmoid(a) }),
    ("softplus", { a, _ in try softplus(a) }, { a, _ in softplus(a) }),
    ("stopGradient", { a, _ in try stopGradient(a) }, { a, _ in stopGradient(a) }),
    ("sqrt", { a, _ in try sqrt(abs(a) + 0.5) }, { a, _ in sqrt(abs(a) + 0.5) }),
    ("log", { a, _ in try log(abs(a) + 0.5) }, { a, _ in log(abs(a) + 0.5) }),
    ("log1p", { a, _ in try log1p(abs(a) + 0.5) }, { a, _ in log1p(abs(a) + 0.5) }),
    ("clip", { a, _ in try clip(a, -0.25, 0.5) }, { a, _ in clip(a, -0.25, 0.5) }),
    ("pow", { a, _ in try pow(abs(a) + 0.5, 1.5) }, { a, _ in pow(abs(a) + 0.5, 1.5) }),
    ("pow of both", { try pow(abs($0) + 0.5, $1) }, { pow(abs($0) + 0.5, $1) }),
    ("select", { try select($0 .> $1, $0, $1) }, { select($0 .> $1, $0, $1) }),
    ("maximum", { try maximum($0, $1) }, { maximum($0, $1) }),
    ("minimum", { try minimum($0, $1) }, { minimum($0, $1) }),
    ("maximum with number", { a, _ in try maximum(a, 0.25) }, { a, _ in maximum(a, 0.25) }),
    ("minimum with number", { a, _ in try minimum(a, 0.25) }, { a, _ in minimum(a, 0.25) }),
    ("einsum", { try einsum("ij,ij->i", $0, $1) }, { einsum("ij,ij->i", $0, $1) }),
    ("concatenate", { try concatenate([$0, $1]) }, { concatenate([$0, $1], axis: -1) }),
    ("logSoftmax", { a, _ in try a.logSoftmax() }, { a, _ in a.logSoftmax() }),
    ("squeezed", { a, _ in try a.expandingShape(at: 1).squeezed(axis: 1) }, { a, _ in a }),
    ("sum of all", { a, _ in try a + a.sum(axes: [1], keepDims: true) }, { a, _ in a + a.sum(axes: [1], keepDims: true) }),
    ("variance along an axis", { a, _ in try a.variance(axis: 1) }, { a, _ in a.variance(axes: [1]) }),
    ("std along an axis", { a, _ in try a.std(axis: 1) }, { a, _ in a.std(axes: [1]) }),
    ("max along an axis", { a, _ in try a.max(axis: 1) }, { a, _ in a.max(axes: [1]) }),
    ("min along an axis", { a, _ in try a.min(axis: 1) }, { a, _ in a.min(axes: [1]) }),
  ]

  @Test func `operators and functions of symbols are those of tensors`() throws {
    let a = Input(shape: [4], name: "a"), b = Input(shape: [4], name: "b")
    let rows = [Fixture.pattern([3, 4], salt: 1, dtype: .float32), Fixture.pattern([3, 4], salt: 2, dtype: .float32)]
    // Some elements are equal, and some lie between whole numbers, on both sides of zero.
    let x = [rows[0] * 1.5, select(rows[1] .> 0, rows[0] * 1.5, rows[1])]
    for function in SymbolElementwiseTests.functions {
      let result = try function.symbols(a.symbol, b.symbol), expected = function.tensors(x[0], x[1])
      // One of the two may have no part in it.
      let model = try Model(inputs: [a, b], outputs: [result, (a + b).cast(to: .float32)])
      let found = try model.predictAll(x, verbose: 0).tensors[0]
      #expect(found.shape == expected.shape && found.dtype == expected.dtype, "\(function.name)")
      expectClose(found, expected.doubles, tolerance: 1e-6, function.name)
      let read = try Model.fromJSON(try model.toJSON()).predictAll(x, verbose: 0).tensors[0]
      #expect(read.doubles == found.doubles, "\(function.name)")
    }
  }

  @Test func `every function of symbols is called by a test`() throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent()
    let layers = tests.appending(path: "../../../Sources/Descent/Layers").standardized
    let called = ["SymbolElementwiseTests.swift", "SymbolOperationTests.swift", "SymbolLikesTests.swift"]
      .compactMap { try? String(contentsOf: tests.appending(path: $0), encoding: .utf8) }.joined()
    let source = try String(contentsOf: layers.appending(path: "SymbolFunctions.swift"), encoding: .utf8)
    var count = 0
    for match in source.matches(of: #/public (?:prefix )?func (\w+)[(<]/#) {
      count += 1
      #expect(called.contains(match.output.1 + "("), "\(match.output.1)")
    }
    #expect(count > 60)
  }
}
