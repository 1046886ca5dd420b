import Descent
import DescentTestSupport
import Foundation
import Testing

/// Folders of runs: who may write to them, and what `--resume` goes on with.
@Suite(.timeLimit(.minutes(20))) struct ResumeTests {
  private let folder = TemporaryFolder()

  private func writeData(_ name: String = "d.npz", shift: Float = 0) throws {
    let x = Tensor(shape: [40, 3], scalars: (0..<120).map { Float(($0 * 37) % 101) / 50 - 1 + shift })
    try NPZ.write([("x", x), ("y", Tensor((0..<40).map { Int32(($0 * 13) % 3) }))], to: folder.file(name))
  }

  private func train(_ more: String...) -> [String] { ["train", "--data", "d.npz", "--layers", "4", "--verbose", "2"] + more }

  private func tool(_ arguments: [String]) throws -> CommandLineTool { try CommandLineTool(arguments, in: folder.path) }

  private func lines(_ name: String) throws -> Int {
    try String(contentsOfFile: folder.file(name), encoding: .utf8).split(separator: "\n").count
  }

  @Test func `One run owns its folder, until its process ends however it does`() throws {
    try writeData()
    let first = try RunningTool(train("--epochs", "1000000", "--out", "both"), in: folder.path)
    first.wait(for: "Epoch 2/")
    for arguments in [train("--out", "both"), train("--out", "both", "--resume"), train("--out", "both/", "--epochs", "1")] {
      let second = try tool(arguments)
      #expect(second.status == 1)
      #expect(second.errors.contains("another run, process \(first.process.processIdentifier), is writing to it"), "\(second.errors)")
    }
    #expect(first.process.isRunning)
    _ = first.end(by: SIGKILL)
    // The lock that it has left bars nobody.
    let third = try tool(train("--epochs", "1", "--out", "both"))
    #expect(third.status == 1 && third.errors.contains("has not come to its end"), "\(third.errors)")
  }

  @Test func `Runs that begin together without a folder's name get one each`() throws {
    try writeData()
    let runs = try (0..<4).map { _ in try RunningTool(train("--epochs", "1"), in: folder.path) }
    for run in runs {
      run.wait(for: "Wrote runs/")
      run.process.waitUntilExit()
      #expect(run.process.terminationStatus == 0)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).count == 4)
  }

  @Test func `A run with anything else than the one that was begun is not gone on with`() throws {
    try writeData()
    try writeData("other.npz", shift: 0.25)
    let first = try RunningTool(train("--epochs", "1000000", "--out", "run", "--optimizer", "sgd"), in: folder.path)
    first.wait(for: "Epoch 2/")
    _ = first.end(by: SIGINT)
    #expect(first.process.terminationStatus == 130)
    let same = train("--epochs", "3", "--out", "run", "--resume", "--optimizer", "sgd")
    for (change, difference) in [
      (["--activation", "tanh"], "model.config.layers.1.config.activation was relu and is tanh"),
      (["--seed", "9"], "seed was none and is 9"), (["--data", "other.npz"], "x was float32 [40, 3], checksum"),
      (["--optimizer", "adam"], "optimizer.class_name was SGD and is Adam"), (["--learning-rate", "0.5"], "learning_rate was 0.01 and is 0.5"),
      (["--batch-size", "4"], "batch_size was 32 and is 4"), (["--metrics", "none"], "metrics was "),
      (["--validation-split", "0.25"], "validation_split was 0.0 and is 0.25"), (["--no-shuffle"], "shuffle was true and is false"),
      (["--layers", "5"], "units was 4 and is 5"),
      (["--loss", "{\"class_name\": \"SparseCategoricalCrossentropy\", \"config\": {\"from_logits\": true}}"], "was "),
    ] {
      // What comes last counts.
      let other = try tool(same + change)
      #expect(other.status == 1, "\(change): \(other.output)")
      #expect(other.errors.hasPrefix("Error: run: --resume goes on with the run that was begun there, whose "), "\(other.errors)")
      #expect(other.errors.contains(difference), "\(other.errors)")
    }
  }

  @Test func `Of a run that was killed before its first checkpoint nothing is taken from the one before`() throws {
    try writeData()
    #expect(try tool(train("--epochs", "2", "--out", "q")).status == 0)
    let old = try String(contentsOfFile: folder.file("q/history.csv"), encoding: .utf8)
    let sgd = ["--optimizer", "sgd", "--checkpoint-every", "1000000", "--out", "q"]
    let killed = try RunningTool(train("--epochs", "1000000") + sgd, in: folder.path)
    killed.wait(for: "Epoch 1/")
    let said = killed.end(by: SIGKILL)
    #expect(said.contains("The results of an earlier run in q are kept as previous-history.csv"), "\(said)")
    let again = try tool(train("--epochs", "3") + sgd + ["--resume"])
    #expect(again.status == 0 && again.errors.contains("There is no checkpoint in q; the run begins at its start"), "\(again.errors)")
    #expect(try lines("q/history.csv") == 4)
    #expect(try String(contentsOfFile: folder.file("q/previous-history.csv"), encoding: .utf8) == old)
    // The run has come to its end; another one has not.
    #expect(try tool(train("--epochs", "3") + sgd + ["--resume"]).output.contains("nothing to resume"))
    let other = try tool(train("--epochs", "3", "--out", "q", "--resume"))
    #expect(other.status == 1 && other.errors.contains("compile.optimizer.class_name was SGD and is Adam"), "\(other.errors)")
  }

  @Test func `A resume on another instruction set is told`() throws {
    try writeData()
    let first = try RunningTool(train("--epochs", "1000000", "--out", "isa"), in: folder.path)
    first.wait(for: "Epoch 2/")
    _ = first.end(by: SIGINT)
    for other in [instructionSet, "baseline"] {
      let run = try RunningTool(
        train("--epochs", "1000000", "--out", "isa", "--resume", "--checkpoint-every", "1000000"), in: folder.path,
        environment: ["DESCENT_ISA": other])
      run.wait(for: "Epoch ")
      // Killed, so that the checkpoint stays the first run's.
      let said = run.end(by: SIGKILL)
      let isTold = said.contains("was written with \(instructionSet) instructions, and this machine has \(other)")
      #expect(isTold == (other != instructionSet), "\(other): \(said)")
    }
  }

  @Test func `Places that cannot be written to are known before the first epoch`() throws {
    try writeData()
    try makeFolder(folder.file("folder.keras"))
    try writeFile(folder.file("file"), text: "")
    for (arguments, message) in [
      (["--save", "folder.keras"], "folder.keras: cannot be written: expected a file, but it is a folder"),
      (["--save", "file/m.keras"], "file/m.keras: cannot be written: file is a file; expected a folder"),
      (["--save", "/proc/m.keras"], "/proc/m.keras: cannot be written"), (["--save", "/dev/null/m.npz"], "expected a folder"),
      (["--out", "file"], "file: expected a folder"), (["--out", "/proc/none"], "/proc/none: the folder cannot be made"),
    ] {
      let run = try tool(train("--epochs", "1") + arguments)
      #expect(run.status == 1 && run.output.isEmpty, "\(arguments): \(run.output)")
      #expect(run.errors.contains(message), "\(run.errors)")
    }
    try makeFolder(folder.file("p.csv"))
    #expect(try tool(train("--epochs", "1", "--save", "m.keras")).status == 0)
    let predicted = try tool(["predict", "--model", "m.keras", "--data", "d.npz", "--out", "p.csv"])
    #expect(predicted.status == 1 && predicted.errors.contains("p.csv: cannot be written"))
  }

  @Test func `A model whose place is lost while it is trained is written elsewhere`() throws {
    try writeData()
    try makeFolder(folder.file("sub"))
    let run = try RunningTool(train("--epochs", "1000000", "--save", "sub/m.keras"), in: folder.path)
    run.wait(for: "Epoch 2/")
    rmdir(folder.file("sub"))
    try writeFile(folder.file("sub"), text: "")
    let said = run.end(by: SIGINT)
    #expect(run.process.terminationStatus == 1)
    let place = try #require(said.firstMatch(of: /it was written to (.*) instead/)?.output.1, "\(said)")
    #expect(said.contains("Error: sub"))
    #expect(try tool(["summary", "--model", String(place)]).status == 0)
  }

  @Test func `Rows for judging are checked before the first epoch`() throws {
    let x = Tensor(shape: [20, 3], scalars: (0..<60).map { Float($0 % 7) })
    let y = Tensor((0..<20).map { Int32($0 % 2) })
    for (name, arrays, message) in [
      ("a", [("x_test", Tensor.ones([5, 2])), ("y_test", Tensor.zeros([5], dtype: .int32))], "x_test, y_test: sequential takes rows of shape [3]"),
      ("b", [("x_test", Tensor.ones([5, 3])), ("y_test", Tensor.ones([5], dtype: .int32) * 6)], "x_test, y_test: y[0] is 6"),
      ("c", [("x_test", Tensor.ones([5, 3])), ("y_test", Tensor.zeros([4], dtype: .int32))], "x_test, y_test: x has 5 rows but y has 4"),
      ("d", [("x_val", Tensor.ones([5, 2])), ("y_val", Tensor.zeros([5], dtype: .int32))], "x_val, y_val: sequential takes rows of shape [3]"),
      ("e", [("x_test", Tensor.ones([5, 3]) * Tensor(Float.nan)), ("y_test", Tensor.zeros([5], dtype: .int32))], "is NaN"),
    ] as [(String, [(name: String, tensor: Tensor)], String)] {
      try NPZ.write([("x_train", x), ("y_train", y)] + arrays, to: folder.file("\(name).npz"))
      let run = try tool(["train", "--data", "\(name).npz", "--epochs", "3", "--out", "o"])
      #expect(run.status == 1 && run.output.isEmpty, "\(name): \(run.output)")
      #expect(run.errors.hasPrefix("Error: \(name).npz: ") && run.errors.contains(message), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("o")))
    }
  }
}
