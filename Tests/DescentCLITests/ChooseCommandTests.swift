import DescentTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(20))) struct ChooseCommandTests {
  /// Three classes by four numbers.
  private func writeData(in folder: String) throws {
    let x = SmallData.x().doubles, labels = SmallData.labels.doubles
    let rows = (0..<60).map { row in x[(4 * row)..<(4 * row + 4)].map { "\($0)" }.joined(separator: ",") + ",\(["a", "b", "c"][Int(labels[row])])" }
    try (["p,q,r,s,kind"] + rows).joined(separator: "\n").write(toFile: folder + "/d.csv", atomically: true, encoding: .utf8)
  }

  @Test func `Ctrl-C keeps what is finished, and what goes on is what was never interrupted`() throws {
    try withTemporaryFolder { folder in
      try writeData(in: folder)
      func arguments(_ out: String) -> [String] {
        [
          "choose", "--data", "d.csv", "--target", "kind", "--layers", "5", "--candidate", "sgd:momentum=0.9", "--candidate", "adam", "--epochs", "20",
          "--trials", "3", "--seeds", "3", "--out", out,
        ]
      }
      let first = try RunningTool(arguments("a"), in: folder)
      first.wait(for: "defaults sgd")
      _ = first.end(by: SIGINT)
      #expect(first.process.terminationStatus == 130)
      #expect(!FileManager.default.fileExists(atPath: folder + "/a/report.html"))
      for out in ["a", "b"] { #expect(try CommandLineTool(arguments(out), in: folder).status == 0) }
      // All but the seconds.
      func runs(_ out: String) throws -> [[Substring]] {
        try String(contentsOfFile: "\(folder)/\(out)/trials.csv", encoding: .utf8).split(separator: "\n").map { line in
          let fields = line.split(separator: ",", omittingEmptySubsequences: false)
          return Array(fields.dropLast(4)) + fields.suffix(3)
        }
      }
      let (gone, whole) = (try runs("a"), try runs("b"))
      #expect(gone == whole && whole.count > 10)
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/a/recommended.json")) == Data(contentsOf: URL(fileURLWithPath: folder + "/b/recommended.json")))
    }
  }

  @Test func `the command writes its page and its recommendation, and goes on where it was`() throws {
    try withTemporaryFolder { folder in
      try writeData(in: folder)
      let arguments = [
        "choose", "--data", "d.csv", "--target", "kind", "--layers", "5", "--candidate", "fast=sgd:momentum=0.9", "--candidate", "adam", "--epochs", "2",
        "--trials", "3", "--seeds", "3", "--out", "which",
      ]
      let first = try CommandLineTool(arguments, in: folder)
      #expect(first.status == 0, "\(first.errors)")
      for name in ["report.html", "trials.csv", "trials.jsonl", "recommended.json"] {
        #expect(FileManager.default.fileExists(atPath: "\(folder)/which/\(name)"), "\(name)")
      }
      let second = try CommandLineTool(arguments + ["--quiet"], in: folder)
      #expect(second.status == 0 && first.output.contains(second.output.split(separator: "\n")[0]))
      let other = try CommandLineTool(arguments + ["--batch-size", "7"], in: folder)
      #expect(other.status == 1 && other.errors.contains("batch_size was 32 and is 7"))
      let train = try CommandLineTool(
        ["train", "--data", "d.csv", "--target", "kind", "--layers", "5", "--optimizer", "which/recommended.json", "--epochs", "2", "--verbose", "0", "--out", "r"], in: folder)
      #expect(train.status == 0, "\(train.errors)")
      #expect(try CommandLineTool(arguments + ["--budget-epochs", "2"], in: folder).status != 0)
    }
  }
}
