import Foundation
import KerasFiles
import TestSupport
import Testing

/// Files made by Keras; the script that made them lies in `Fixtures/scripts`.
enum Fixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/keras-files").path

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  static func bytes(_ name: String) throws -> [UInt8] { try ByteSource(path: path(name)).allBytes() }

  static func expected() throws -> JSONValue { try JSONValue(parsing: bytes("expected.json"), name: "expected.json") }

  /// The data that Keras trained on.
  static func data() throws -> (x: Tensor, y: Tensor) {
    let expected = try expected()
    let labels = try #require(expected["y"]?.array).compactMap(\.int).map { Int32($0) }
    return (try tensor(try #require(expected["x"])), Tensor(labels))
  }

  static func tensor(_ json: JSONValue) throws -> Tensor {
    let shape = try #require(json["shape"]?.array).compactMap(\.int)
    return Tensor(shape: shape, scalars: try #require(json["values"]?.array).compactMap(\.double)).cast(to: .float32)
  }

  static func tensors(_ json: JSONValue?) throws -> [Tensor] { try #require(json?.array).map(tensor) }
}

/// The greatest difference between elements, by the greatest element; of all arrays the worst.
func apart(_ ours: [Tensor], _ theirs: [Tensor]) -> Double {
  guard ours.map(\.shape) == theirs.map(\.shape) else { return .infinity }
  return zip(ours, theirs).map { a, b in
    let (a, b) = (a.doubles, b.doubles)
    let scale = b.map(abs).max() ?? 0
    let difference = zip(a, b).map { abs($0 - $1) }.max() ?? 0
    return scale > 0 ? difference / scale : difference
  }.max() ?? 0
}


/// Runs `body` with the path of an empty folder that is removed afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let folder = TemporaryFolder()
  try body(folder.path)
}
