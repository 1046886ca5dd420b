import Foundation
import Testing

/// The module's page, on which a newcomer looks for a function.
@Suite struct PageTests {
  @Test func `every public function is on the module's page`() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources/TensorCore").standardized
    let page = try String(contentsOf: sources.appending(path: "TensorCore.docc/TensorCore.md"), encoding: .utf8)
    // The same function under the name that a method has.
    let others: Set = ["compiled"]
    var names: Set<String> = []
    for folder in ["Operations", "Graph", ""] {
      for file in try FileManager.default.contentsOfDirectory(at: sources.appending(path: folder), includingPropertiesForKeys: nil) where file.pathExtension == "swift" {
        let text = try String(contentsOf: file, encoding: .utf8)
        for match in text.matches(of: #/^public func (\w+)[(<]/#.anchorsMatchLineEndings()) { names.insert(String(match.output.1)) }
      }
    }
    #expect(names.count > 100)
    for name in names.subtracting(others).sorted() { #expect(page.contains("- ``\(name)("), "\(name)") }
  }
}
