@testable import Descent
import DescentTestSupport
import Foundation
import Testing

/// Numbers of a file that several threads read.
@Suite struct CSVBlocksTests {
  private func numbers(_ text: String, target: Int? = nil, skipping skipped: Int? = nil, blockSize: Int) throws -> CSVReader.Numbers? {
    try Array(text.utf8).withUnsafeBytes { bytes in
      var reader = CSVReader(bytes: bytes, name: "f")
      let names = try reader.header()
      return reader.numbers(names: names, target: target, skipping: skipped, blockSize: blockSize) { _ in }
    }
  }

  /// As people and programs write them.
  private static let spellings = [
    "0", "-0.5", "12", "1234567", "12345678", "-7654321.7654321", "0.00000001", "3.4028e38", " 4 ", "+9", "1e-5", "123456789.123", "0.1", "-.25", "5.", "9007199254740993",
    "0.30000000000000004", "99999999", "00012.50", "1.2345678",
  ]

  @Test func `each number is the nearest one, wherever parts of the file meet`() throws {
    for (end, last) in [("\n", "\n"), ("\r\n", ""), ("\n\n", "\n"), ("\r", "\r")] {
      let rows = (0..<97).map { row in (0..<3).map { Self.spellings[(row * 7 + $0 * 11) % Self.spellings.count] } }
      let text = "a,b,c" + end + rows.map { $0.joined(separator: ",") }.joined(separator: end) + last
      let expected = try rows.map { row in try row.map { try needed(Double($0.trimmingCharacters(in: .whitespaces))) } }
      for size in [1, 16, 100, 1_000, 1 << 20] {
        let all = try #require(try numbers(text, blockSize: size))
        #expect(all.features.scalars(as: Float.self) == expected.flatMap { $0.map { Float($0) } }, "\(size)")
        let parts = try #require(try numbers(text, target: 1, skipping: 0, blockSize: size))
        #expect(parts.features.scalars(as: Float.self) == expected.map { Float($0[2]) } && parts.targets.doubles == expected.map { $0[1] } && !parts.areTargetsWhole)
      }
    }
    let whole = try #require(try numbers("a,b\n1,2\n3,-4\n", target: 1, blockSize: 4))
    #expect(whole.areTargetsWhole && whole.targets.doubles == [2, -4])
  }

  @Test func `lines that end otherwise only far into the file are lines`() throws {
    let count = 50_000
    let text = "a,b\n" + String(repeating: "1,-2\n\n", count: count) + String(repeating: "3,4\r\n", count: count) + String(repeating: "\r\r5,6", count: count)
    for size in [1 << 16, 1 << 22] {
      let all = try #require(try numbers(text, target: 1, blockSize: size))
      let expected: [Double] = [-2, 4, 6].flatMap { [Double](repeating: $0, count: count) }
      #expect(all.features.shape == [3 * count, 1] && all.targets.doubles == expected, "\(size)")
    }
  }

  @Test func `what needs a closer look is left to it`() throws {
    for text in ["a,b\n1,x\n", "a,b\n1,\n", "a,b\n1\n", "a,b\n1,2,3\n", "a,b\n1,\"2\"\n", "a,b\n1,1e39\n", "a,b\n", "a,b\n1,2\n3,nan\n", "a,b\n1,2\n3,4 5\n", "a,b\n1-2,3\n", "a,b\n1.2.3,4\n"] {
      for size in [1, 1_000] { #expect(try numbers(text + "", blockSize: size) == nil, "\(text)") }
    }
  }
}
