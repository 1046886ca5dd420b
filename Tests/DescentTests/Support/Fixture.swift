import Descent
import Foundation
import Testing

/// A file of numbers that the reference implementation gave; the script that made it lies beside it.
struct Fixture {
  let json: JSONValue

  init(_ name: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Fixtures/\(name).json").standardizedFileURL
    json = try JSONValue(parsing: [UInt8](Data(contentsOf: file)), name: name)
  }

  var cases: [JSONValue] { json["cases"]?.array ?? [] }

  /// The arrays that a case names.
  func inputs(of entry: JSONValue) throws -> JSONValue {
    let name = try #require(entry["inputs"]?.string)
    return try #require(json["inputs"]?[name])
  }

  /// An array of the fixture's, as a tensor.
  static func tensor(_ value: JSONValue?, as dtype: DType? = nil) throws -> Tensor {
    let value = try #require(value)
    let shape = try #require(value["shape"]?.array).compactMap(\.int)
    let dtype = try dtype ?? #require(value["dtype"]?.string.flatMap(DType.init(rawValue:)))
    return Tensor(shape: shape, scalars: try numbers(value["values"])).cast(to: dtype)
  }

  /// A list of numbers, or a single one. NaN and infinities may be strings.
  static func numbers(_ value: JSONValue?) throws -> [Double] {
    let value = try #require(value)
    if let elements = value.array { return try elements.flatMap { try numbers($0) } }
    if let number = value.double { return [number] }
    return [try #require(value.string.flatMap(Double.init))]
  }
}

/// Fails unless all numbers agree to a relative `tolerance` (an absolute one below 1). What the reference says is NaN is not
/// compared.
func expectClose(
  _ actual: [Double], _ expected: [Double], tolerance: Double = 1e-12, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record("\(what): \(actual.count) numbers, expected \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  for (index, (a, e)) in zip(actual, expected).enumerated() where !e.isNaN && a != e {
    if !(abs(a - e) <= tolerance * max(1, abs(e))) {
      Issue.record("\(what): element \(index) is \(a), expected \(e)", sourceLocation: sourceLocation)
    }
  }
}

func expectClose(
  _ actual: Tensor, _ expected: [Double], tolerance: Double = 1e-12, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(actual.doubles, expected, tolerance: tolerance, what, sourceLocation: sourceLocation)
}

/// Fails unless the derivative of a function's sum agrees with central differences (`float64`), and so does the derivative of
/// that derivative.
func expectDerivativesMatchDifferences(
  at point: Tensor, step: Double = 1e-5, tolerance: Double = 1e-7, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation, of function: (Tensor) -> Tensor
) {
  // Weights, so that derivatives that cancel in a plain sum do not.
  func total(_ result: Tensor) -> Tensor {
    let weights = Tensor(shape: result.shape, scalars: (0..<result.count).map { 1 + 0.37 * Double(($0 * 7) % 5) })
    return (result * weights).sum()
  }
  func gradient(_ x: Tensor, of body: (Tensor) -> Tensor) -> Tensor {
    valueAndGradients(at: [x]) { total(body($0[0])) }.gradients[0]
  }
  func differences(of body: (Tensor) -> Tensor) -> [Double] {
    let start = point.doubles
    return start.indices.map { index in
      func value(_ change: Double) -> Double {
        var moved = start
        moved[index] += change
        return total(body(Tensor(shape: point.shape, scalars: moved))).item()
      }
      return (value(step) - value(-step)) / (2 * step)
    }
  }
  expectClose(
    gradient(point, of: function), differences(of: function), tolerance: tolerance, "\(what): derivative",
    sourceLocation: sourceLocation)
  let slope = { (x: Tensor) in gradient(x, of: function) }
  // The inner gradient must stay a function of x, so it is taken at the handle itself.
  let second = valueAndGradients(at: [point]) { arguments in
    total(gradients(of: total(function(arguments[0])), withRespectTo: arguments)[0])
  }.gradients[0]
  expectClose(
    second, differences(of: slope), tolerance: tolerance, "\(what): second derivative", sourceLocation: sourceLocation)
}
