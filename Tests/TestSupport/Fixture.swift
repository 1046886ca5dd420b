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

  /// The numbers of nested lists in order, or a single one; those that are not finite are texts.
  package static func numbers(_ value: JSONValue?) throws -> [Double] {
    let value = try needed(value, "a list of numbers")
    if let array = value.array { return try array.flatMap { try numbers($0) } }
    if let bool = value.bool { return [bool ? 1 : 0] }
    return [try needed(value.double ?? value.string.flatMap(Double.init), "a number in place of \(value)")]
  }

  package static func integers(_ value: JSONValue?) throws -> [Int] {
    try needed(value?.array, "a list of integers").map { try needed($0.int, "an integer in place of \($0)") }
  }

  /// An array with its shape and dtype (`float64` if it has none).
  package static func tensor(_ value: JSONValue?, as dtype: DType? = nil) throws -> Tensor {
    let stored = value?["dtype"]?.string.flatMap(DType.init(rawValue:)) ?? .float64
    let values = try numbers(value?["values"])
    return Tensor(shape: try integers(value?["shape"]), scalars: values).cast(to: dtype ?? stored)
  }
}

/// The value, or an error if there is none.
package func needed<Value>(_ value: Value?, _ what: @autoclosure () -> String = "a value") throws -> Value {
  guard let value else { throw DescentError(.data, "fixture: \(what()) is missing") }
  return value
}

extension Fixture {
  /// Numbers that look random and are not stored: `pattern` of `scripts/fixturelib.py` gives the same.
  package static func pattern(
    _ shape: [Int], salt: Int, from low: Int = -128, to high: Int = 128, over denominator: Double = 64, dtype: DType = .float64
  ) -> Tensor {
    let numbers = (0..<shape.reduce(1, *)).map { index -> Double in
      var h = UInt32(truncatingIfNeeded: index) &* 0x9E37_79B1 &+ UInt32(truncatingIfNeeded: salt) &* 0x85EB_CA77 &+ 1
      h ^= h >> 15
      h &*= 0x2C1B_3C6D
      h ^= h >> 12
      h &*= 0x297A_2D39
      h ^= h >> 15
      return Double(low + Int(h) % (high - low + 1)) / denominator
    }
    return Tensor(shape: shape, scalars: numbers).cast(to: dtype)
  }

  /// A value in which parts that come more than once stand in the file's table `shared`; `sharing` of `scripts/fixturelib.py` puts them
  /// there.
  package func resolved(_ value: JSONValue?) throws -> JSONValue {
    let table = json["shared"]?.array ?? []
    func resolve(_ value: JSONValue) throws -> JSONValue {
      switch value {
      case .array(let elements): return .array(try elements.map(resolve))
      case .object(let object):
        if object.members.count == 1, let place = object["&"]?.int { return try resolve(table[place]) }
        return .object(JSONObject(try object.members.map { ($0.key, try resolve($0.value)) }))
      default: return value
      }
    }
    return try resolve(needed(value))
  }
}

/// The message of the error that `body` throws.
package func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch let error as DescentError {
    return error.message
  } catch {
    return "something else was thrown: \(error)"
  }
}
