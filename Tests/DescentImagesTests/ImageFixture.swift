import DescentImages
import Foundation
import TestSupport
import Testing

/// Small pictures and what Keras makes of them; the script that made them lies in `Fixtures/scripts`.
enum ImageFixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/images").path

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  static func bytes(_ name: String) throws -> [UInt8] { try ByteSource(path: path(name)).allBytes() }

  static func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

  static func cases(_ kind: String) throws -> [JSONValue] { try needed(Fixture("images").json[kind]?.array, kind) }
}

extension JSONValue {
  func text(_ key: String) throws -> String { try needed(self[key]?.string, key) }

  func choice<Choice: RawRepresentable<String>>(_ key: String) throws -> Choice { try needed(Choice(rawValue: text(key)), key) }

  func flag(_ key: String, default standard: Bool = false) -> Bool { self[key]?.bool ?? standard }

  func size(_ key: String) throws -> (height: Int, width: Int)? {
    guard self[key]?.array != nil else { return nil }
    let sizes = try Fixture.integers(self[key])
    return (sizes[0], sizes[1])
  }
}
