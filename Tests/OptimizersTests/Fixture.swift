import Foundation
import Optimizers
import Testing

/// Values made by other libraries; the scripts that made them lie beside them.
enum Fixture {
  static func load(_ name: String) throws -> JSONValue {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/optimizers/\(name).json")
    return try JSONValue(parsing: [UInt8](Data(contentsOf: url)), name: name)
  }
}

extension JSONValue {
  /// Numbers of nested lists in order; fixtures write those that are not finite as texts.
  var numbers: [Double] {
    if let array { return array.flatMap(\.numbers) }
    if let double { return [double] }
    return string.flatMap { Double($0) }.map { [$0] } ?? []
  }
}

/// The greatest difference, relative to the size of the numbers.
func relativeDifference(_ found: [Double], _ expected: [Double]) -> Double {
  if found.count != expected.count { return .infinity }
  var greatest = 0.0
  for (a, b) in zip(found, expected) where a != b && !(a.isNaN && b.isNaN) {
    greatest = max(greatest, abs(a - b) / max(abs(a), abs(b), 1e-3))
    if a.isNaN || b.isNaN { return .infinity }
  }
  return greatest
}
