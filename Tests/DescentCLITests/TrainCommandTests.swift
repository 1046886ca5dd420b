import Descent
import DescentTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(20))) struct TrainCommandTests {
  /// Two classes that a line parts.
  private func data(_ path: String, extra: [(name: String, tensor: Tensor)] = []) throws {
    var random = SeededGenerator(seed: 5)
    let points = (0..<40).map { _ in [Float.random(in: -1...1, using: &random), Float.random(in: -1...1, using: &random)] }
    let classes = points.map { UInt8($0[0] > $0[1] ? 1 : 0) }
    try NPZ.write([("x", Tensor(points)), ("y", Tensor(classes))] + extra, to: path)
  }

  private func train(_ arguments: String..., in folder: String) throws -> CommandLineTool {
    try CommandLineTool(["train"] + arguments, in: folder)
  }

  @Test func `Help has examples`() throws {
    let tool = try CommandLineTool(["train", "--help"])
    #expect(tool.status == 0)
    #expect(tool.output.contains("descent train --data flowers.csv --target species --save flowers.keras"))
    #expect(try CommandLineTool(["--help"]).output.contains("train"))
  }

  @Test func archive() throws {
    try withTemporaryFolder { folder in
      try data(folder + "/d.npz")
      let tool = try train(
        "--data", "d.npz", "--epochs", "3", "--layers", "6", "--optimizer", "sgd:momentum=0.9", "--learning-rate", "0.1", "--out",
        "out", in: folder)
      #expect(tool.status == 0)
      #expect(tool.errors == "")
      #expect(tool.output.contains("d.npz: 40 rows of 2; 2 classes"))
      #expect(tool.output.contains("Wrote out/history.csv and out/weights.npz"))
      let history = try String(contentsOfFile: folder + "/out/history.csv", encoding: .utf8).split(separator: "\n")
      #expect(history.count == 4)
      // An archive says itself what to validate on; nothing is split off.
      #expect(history[0] == "epoch,accuracy,loss")
      let weights = try NPZ.read(folder + "/out/weights.npz")
      #expect(weights.map(\.tensor.shape) == [[2, 6], [6], [6, 2], [2]])
      #expect(weights.allSatisfy { $0.tensor.doubles.allSatisfy(\.isFinite) })
    }
  }

  @Test func `Seeds decide`() throws {
    try withTemporaryFolder { folder in
      try data(folder + "/d.npz")
      func weights(_ seed: String, _ out: String) throws -> Data {
        let tool = try train("--data", "d.npz", "--epochs", "1", "--seed", seed, "--out", out, "--verbose", "0", in: folder)
        #expect(tool.status == 0)
        #expect(tool.output == "")
        return try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(out)/weights.npz"))
      }
      let first = try weights("7", "a")
      #expect(try weights("7", "b") == first)
      #expect(try weights("8", "c") != first)
    }
  }

  @Test func `Validation and test data`() throws {
    try withTemporaryFolder { folder in
      let x = Tensor([[0.5, -0.5], [-0.5, 0.5]] as [[Float]])
      let y = Tensor([1, 0] as [UInt8])
      try data(folder + "/d.npz", extra: [("x_val", x), ("y_val", y), ("x_test", x), ("y_test", y)])
      let tool = try train("--data", "d.npz", "--epochs", "1", "--out", "out", in: folder)
      #expect(tool.output.contains("40 rows of 2, 2 for validation, 2 for testing"))
      #expect(tool.output.contains("Test: "))
      let refused = try train("--data", "d.npz", "--validation-split", "0.1", in: folder)
      #expect(refused.status == 1)
      #expect(refused.errors.contains("d.npz: holds x_val and y_val"))
    }
  }

  @Test func table() throws {
    try withTemporaryFolder { folder in
      let rows = (0..<20).map { "\($0 % 2),\(Double($0) / 20),\($0 % 2 == 0 ? "yes" : "no")" }
      try ("a,b,answer\n" + rows.joined(separator: "\n")).write(toFile: folder + "/t.csv", atomically: true, encoding: .utf8)
      let classes = try train("--data", "t.csv", "--target", "answer", "--epochs", "1", in: folder)
      #expect(classes.output.contains("2 classes: no, yes"))
      #expect(classes.output.contains("Wrote runs/"))
      let folders = try FileManager.default.contentsOfDirectory(atPath: folder + "/runs")
      #expect(folders.count == 1)
      try "a,b\n1,0.5\n3,1.5\n2,2\n".write(toFile: folder + "/n.csv", atomically: true, encoding: .utf8)
      let numbers = try train(
        "--data", "n.csv", "--target", "b", "--epochs", "2", "--batch-size", "all", "--validation-split", "0", "--layers", "none",
        "--metrics", "none", "--out", "n", in: folder)
      #expect(numbers.output.contains("a number, 0.5 to 2"))
      #expect(try String(contentsOfFile: folder + "/n/history.csv", encoding: .utf8).hasPrefix("epoch,loss\n"))
      #expect(try NPZ.read(folder + "/n/weights.npz").map(\.tensor.shape).contains([1, 1]))
    }
  }

  @Test(arguments: [
    (["--optimizer", "adma"], 64, "did you mean 'adam'"), (["--loss", "mean_squared_eror"], 64, "did you mean 'mean_squared_error'"),
    (["--metrics", "acuracy"], 64, "did you mean 'accuracy'"), (["--activation", "rleu"], 64, "did you mean 'relu'"),
    (["--data", "nowhere"], 1, "expected fashion-mnist, an existing folder of pictures, of texts or of IDX files"),
    (["--data", "missing.csv", "--target", "x"], 1, "missing.csv: cannot be opened: No such file or directory"),
    (["--data", "missing.csv"], 1, "missing.csv: cannot be opened"), (["--data", "missing.npz", "--target", "x"], 64, "--target names a column of a table"),
    (["--data", "broken.npz"], 1, "broken.npz: is not a zip file"), (["--epochs", "0"], 64, "must be at least 1"),
    (["--batch-size", "none"], 64, "invalid for '--batch-size"), (["--layers", "3,0"], 64, "invalid for '--layers"),
    (["--validation-split", "1"], 64, "less than 1"), (["--learning-rate=-1"], 64, "at least 0"),
    (["--learning-rate", "1", "--optimizer", "adam:learning_rate=2"], 64, "Leave one out"),
    (["--data", "d.npz", "--out", "broken.npz"], 1, "expected a folder, but it is a file"), (["--data", "labels.npz"], 1, "40 rows"),
  ])
  func refusals(_ arguments: [String], _ status: Int32, _ message: String) throws {
    try withTemporaryFolder { folder in
      try data(folder + "/d.npz")
      try data(folder + "/labels.npz")
      try NPZ.write([("x", Tensor.zeros([40, 2])), ("y", Tensor([1, 0] as [UInt8]))], to: folder + "/labels.npz")
      try "no archive".write(toFile: folder + "/broken.npz", atomically: true, encoding: .utf8)
      let tool = try CommandLineTool(["train"] + arguments, in: folder)
      #expect(tool.status == status)
      #expect(tool.errors.contains(message))
      #expect(tool.errors.contains("Usage: descent train") == (status == 64))
      #expect(tool.output == "" || arguments.contains("labels.npz"))
      // Nothing was left behind.
      let runs = try? FileManager.default.contentsOfDirectory(atPath: folder + "/runs")
      #expect(runs ?? [] == [])
    }
  }
}
