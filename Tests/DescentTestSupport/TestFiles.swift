import Descent
import Foundation
@_exported import TestSupport
import Testing

/// Files that other programs made; see Tests/Fixtures/scripts/data_files.py.
package enum TestFiles {
  package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/files").path

  package static func path(_ name: String) -> String { "\(folder)/\(name)" }

  package static func bytes(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The arrays that are in a file, by name.
  package static func expected(_ file: String) throws -> [(name: String, shape: [Int], values: [Double])] {
    let all = try JSONValue(parsing: bytes("expected.json"), name: "expected.json")
    return try #require(all[file]?.object).members.map { name, array in
      (name, (array["shape"]?.array ?? []).compactMap(\.int), (array["values"]?.array ?? []).compactMap(\.double))
    }
  }
}

/// Runs `body` with the path of an empty folder that is removed afterwards.
package func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("descent-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

/// The message of the ``DescentError`` that `body` throws.
package func failure<Result>(_ kind: DescentError.Kind = .file, _ body: () throws -> Result) -> String {
  do {
    _ = try body()
    Issue.record("nothing was thrown")
  } catch let error as DescentError {
    #expect(error.kind == kind)
    return error.message
  } catch {
    Issue.record("not a DescentError: \(error)")
  }
  return ""
}

/// Broken copies of a file: cut off, bits flipped, numbers made huge, parts taken out, doubled or put in.
package func forEachMutation(of original: [UInt8], count: Int, seed: UInt64, _ body: ([UInt8]) throws -> Void) rethrows {
  var random = SeededGenerator(seed: seed)
  for _ in 0..<count {
    var bytes = original
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      guard let place = bytes.indices.randomElement(using: &random) else { break }
      let end = min(bytes.count, place + Int.random(in: 1...16, using: &random))
      switch Int.random(in: 0..<7, using: &random) {
      case 0: bytes.removeSubrange(place...)
      case 1, 2: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 3: bytes[place] = [0, 0xFF, 0x7F, 0x80].randomElement(using: &random)!
      case 4: for index in place..<end { bytes[index] = 0xFF }
      case 5: bytes.removeSubrange(place..<end)
      default: bytes.insert(contentsOf: bytes[place..<end], at: place)
      }
    }
    try body(bytes)
  }
}

/// Tries a reader on broken copies of a file: each is read to something no larger than the file allows, or refused with an error
/// that names it.
package func expectRobust(_ original: [UInt8], count: Int = 600, seed: UInt64 = 1, _ read: ([UInt8]) throws -> [Tensor]) {
  forEachMutation(of: original, count: count, seed: seed) { bytes in
    do {
      let elements = try read(bytes).reduce(0) { $0 + $1.count }
      #expect(elements <= 1032 * bytes.count)
    } catch let error as DescentError {
      #expect(error.message.hasPrefix("mutant"))
    } catch {
      Issue.record("not a DescentError: \(error)")
    }
  }
}
