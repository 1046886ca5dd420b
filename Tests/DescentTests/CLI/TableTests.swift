import Descent
import Foundation
import TestSupport
import Testing

/// `descent` on tables whose answers are not known, or are amounts.
@Suite(.timeLimit(.minutes(5))) struct TableTests {
  private let folder = TemporaryFolder()

  private func write(_ name: String, _ header: String, rows: Int, _ row: (Int) -> String) throws -> String {
    try (header + "\n" + (0..<rows).map(row).joined(separator: "\n") + "\n").write(toFile: folder.file(name), atomically: true, encoding: .utf8)
    return folder.file(name)
  }

  @Test func `rows without an answer are predicted`() throws {
    let known = try write("known.csv", "a,kind,b", rows: 40) { "\($0),\($0 % 2 == 0 ? "cat" : "dog"),\($0 % 7)" }
    let new = try write("new.csv", "a,b", rows: 40) { "\($0),\($0 % 7)" }
    let trained = try CommandLineTool([
      "train", "--data", known, "--target", "kind", "--epochs", "1", "--verbose", "0", "--save", folder.file("m.keras"),
    ])
    #expect(trained.status == 0, "\(trained.errors)")
    let withTarget = try CommandLineTool(["predict", "--model", folder.file("m.keras"), "--data", known, "--target", "kind"])
    let without = try CommandLineTool(["predict", "--model", folder.file("m.keras"), "--data", new])
    #expect(without.status == 0 && without.output == withTarget.output && without.output.split(separator: "\n").count == 40, "\(without.errors)")
    let forgotten = try CommandLineTool(["predict", "--model", folder.file("m.keras"), "--data", known])
    #expect(forgotten.status == 1 && forgotten.errors.contains("column 'kind' has 'cat'"), "\(forgotten.errors)")
    #expect(try CommandLineTool(["evaluate", "--model", folder.file("m.keras"), "--data", known]).status == 64)
  }

  /// 12 amounts could be classes; 300 in 400 rows are none, unless the loss says so; 26 in 600 rows are.
  @Test(arguments: [(400, 12, [], "12 classes"), (400, 300, [], "1 number"), (400, 300, ["--loss", "sparse_categorical_crossentropy"], "classes"), (600, 26, [], "26 classes")] as [(Int, Int, [String], String)])
  func `whole numbers of a table are classes or amounts`(_ rows: Int, _ different: Int, _ options: [String], _ told: String) throws {
    let data = try write("t.csv", "a,y", rows: rows) { "\($0 % 9),\($0 * 7 % different).0" }
    let run = try CommandLineTool(["train", "--data", data, "--target", "y", "--epochs", "1", "--verbose", "2"] + options, in: folder.path)
    #expect(run.status == 0 && run.output.contains(told), "\(run.output)\(run.errors)")
  }
}
