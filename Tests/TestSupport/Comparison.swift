import TensorCore
import Testing

/// Fails unless all numbers agree to a relative `tolerance` (an absolute one below 1). What is expected to be NaN is not compared.
package func expectClose(
  _ actual: [Double], _ expected: [Double], tolerance: Double = 1e-12, _ what: String = "", fileID: String = #fileID,
  filePath: String = #filePath, line: Int = #line, column: Int = #column
) {
  let location = SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column)
  guard actual.count == expected.count else {
    Issue.record("\(what): \(actual.count) numbers, expected \(expected.count)", sourceLocation: location)
    return
  }
  for (index, (a, e)) in zip(actual, expected).enumerated() where !e.isNaN && a != e {
    if !(Swift.abs(a - e) <= tolerance * max(1, Swift.abs(e))) {
      Issue.record("\(what): element \(index) is \(a), expected \(e)", sourceLocation: location)
    }
  }
}

package func expectClose(
  _ actual: Tensor, _ expected: [Double], tolerance: Double = 1e-12, _ what: String = "", fileID: String = #fileID,
  filePath: String = #filePath, line: Int = #line, column: Int = #column
) {
  expectClose(
    actual.doubles, expected, tolerance: tolerance, what, fileID: fileID, filePath: filePath, line: line, column: column)
}

/// Fails unless the derivative of a function agrees with central differences (`float64`), and so does the derivative of that
/// derivative.
package func expectDerivativesMatchDifferences(
  at points: [Tensor], step: Double = 1e-5, tolerance: Double = 1e-7, _ what: String = "", fileID: String = #fileID,
  filePath: String = #filePath, line: Int = #line, column: Int = #column, of function: ([Tensor]) -> Tensor
) {
  // Weights, so that derivatives that cancel in a plain sum do not.
  func total(_ result: Tensor) -> Tensor {
    let weights = Tensor(shape: result.shape, scalars: (0..<result.count).map { 1 + 0.37 * Double(($0 * 7) % 5) })
    return (result * weights).sum()
  }
  func totalGradient(_ arguments: [Tensor], _ target: Int) -> Tensor {
    gradients(of: total(function(arguments)), withRespectTo: [arguments[target]])[0]
  }
  func differences(_ argument: Int, of body: ([Tensor]) -> Tensor) -> [Double] {
    let start = points[argument].doubles
    return start.indices.map { index in
      func value(_ change: Double) -> Double {
        var moved = start
        moved[index] += change
        var arguments = points
        arguments[argument] = Tensor(shape: points[argument].shape, scalars: moved)
        return total(body(arguments)).item()
      }
      return (value(step) - value(-step)) / (2 * step)
    }
  }
  func compare(_ actual: Tensor, _ expected: [Double], _ part: String) {
    expectClose(
      actual, expected, tolerance: tolerance, "\(what): \(part)", fileID: fileID, filePath: filePath, line: line,
      column: column)
  }
  for target in points.indices {
    let first = valueAndGradients(at: points) { total(function($0)) }.gradients[target]
    compare(first, differences(target, of: function), "derivative \(target)")
    let second = valueAndGradients(at: points) { total(totalGradient($0, target)) }.gradients
    for other in points.indices {
      compare(second[other], differences(other) { totalGradient($0, target) }, "second derivative \(target), \(other)")
    }
  }
}

package func expectDerivativesMatchDifferences(
  at point: Tensor, step: Double = 1e-5, tolerance: Double = 1e-7, _ what: String = "", fileID: String = #fileID,
  filePath: String = #filePath, line: Int = #line, column: Int = #column, of function: (Tensor) -> Tensor
) {
  expectDerivativesMatchDifferences(
    at: [point], step: step, tolerance: tolerance, what, fileID: fileID, filePath: filePath, line: line, column: column
  ) { function($0[0]) }
}
