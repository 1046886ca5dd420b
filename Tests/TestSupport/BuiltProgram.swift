import Foundation
import Testing

/// The path of a program of this package: it is built beside the tests.
package func builtProgram(_ name: String) throws -> String {
  let tests = try #require(Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" } ?? Bundle.main.executableURL)
  return tests.deletingLastPathComponent().appendingPathComponent(name).path
}
