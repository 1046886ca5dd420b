import Foundation
import TensorCore

/// A file of numbers that a reference implementation gave; the script that made it lies beside it.
package struct Fixture {
  package let json: JSONValue
  private let name: String

  package init(_ name: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/\(name).json").standardizedFileURL
    json = try JSONValue(parsing: [UInt8](Data(contentsOf: file)), name: name)
    self.name = name
  }

  package var cases: [JSONValue] { json["cases"]?.array ?? [] }

  /// The arrays that a case names.
  package func inputs(of entry: JSONValue) throws -> JSONValue {
    try needed(entry["inputs"]?.string.flatMap { json["inputs"]?[$0] }, "inputs of \(entry)")
  }
}

/// The value, or an error if there is none.
package func needed<Value>(_ value: Value?, _ what: @autoclosure () -> String = "a value") throws -> Value {
  guard let value else { throw DescentError(.data, "fixture: \(what()) is missing") }
  return value
}

extension JSONValue {
  /// The numbers of nested lists in order; those that are not finite are texts.
  package func numbers() throws -> [Double] {
    if let array { return try array.flatMap { try $0.numbers() } }
    if let bool { return [bool ? 1 : 0] }
    return [try needed(double ?? string.flatMap(Double.init), "a number in place of \(self)")]
  }

  package func integers() throws -> [Int] { try needed(array).map { try needed($0.int) } }

  /// An array with its shape and dtype.
  package func tensor(as dtype: DType? = nil) throws -> Tensor {
    let stored = try needed(self["dtype"]?.string.flatMap(DType.init(rawValue:)), "a dtype")
    let values = try needed(self["values"]).numbers()
    return Tensor(shape: try needed(self["shape"]).integers(), scalars: values).cast(to: dtype ?? stored)
  }
}
