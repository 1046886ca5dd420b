import Descent
import DescentTestSupport
import Foundation
import Testing

/// Files that users have, given to the commands.
@Suite(.timeLimit(.minutes(20))) struct FileKindsTests {
  private let folder = TemporaryFolder()

  private func tool(_ arguments: String...) throws -> CommandLineTool { try CommandLineTool(arguments, in: folder.path) }

  private let x = Tensor(shape: [20, 3], scalars: (0..<60).map { Float(($0 * 7) % 11) })

  @Test func `Labels of each dtype train, or are refused with the file's name`() throws {
    let flags = (0..<20).map { ($0 * 7) % 3 == 0 }
    let arrays: [(String, Tensor)] = [
      ("bool", Tensor(flags)), ("uint8", Tensor(flags.map { UInt8($0 ? 1 : 0) })), ("int32", Tensor(flags.map { Int32($0 ? 1 : 0) })),
      ("float32", Tensor(flags.map { Float($0 ? 1 : 0) })), ("float64", Tensor(flags.map { $0 ? 1.0 : 0 })),
    ]
    for (name, y) in arrays {
      try NPZ.write([("x", x), ("y", y), ("x_test", x), ("y_test", y)], to: folder.file("\(name).npz"))
      for loss in ["sparse_categorical_crossentropy", "binary_crossentropy", "mse"] {
        let run = try tool("train", "--data", "\(name).npz", "--loss", loss, "--epochs", "1", "--save", "m.keras", "--verbose", "0")
        let isRight = run.status == 0 || (run.status == 1 && run.errors.hasPrefix("Error: \(name).npz: "))
        #expect(isRight, "\(name) \(loss): \(run.status) \(run.errors)")
        #expect(run.status == 0 || name.hasPrefix("float"), "\(name) \(loss): \(run.errors)")
        if run.status == 0 { #expect(try tool("evaluate", "--model", "m.keras", "--data", "\(name).npz").status == 0, "\(name) \(loss)") }
      }
    }
  }

  @Test func `Endings in capitals are the same`() throws {
    try NPZ.write([("x", x), ("y", Tensor((0..<20).map { Int32($0 % 2) }))], to: folder.file("D.NPZ"))
    #expect(try tool("train", "--data", "D.NPZ", "--epochs", "1", "--save", "M.KERAS").status == 0)
    try writeFile(folder.file("M.JSON"), text: tool("summary", "--model", "M.KERAS", "--json").output)
    #expect(try tool("summary", "--model", "M.JSON").status == 0)
    for ending in ["NPY", "NPZ", "CSV", "Csv"] {
      #expect(try tool("predict", "--model", "M.KERAS", "--data", "D.NPZ", "--out", "P.\(ending)").status == 0, "\(ending)")
    }
    for ending in ["WEIGHTS.H5", "SAFETENSORS", "NPZ"] {
      #expect(try tool("train", "--data", "D.NPZ", "--epochs", "1", "--save", "W.\(ending)").status == 0, "\(ending)")
    }
  }

  @Test(arguments: [
    (["train", "--data", "d.npz.gz"], 64, "it is compressed"), (["train", "--data", "d.xlsx"], 64, "save it as .csv"),
    (["train", "--data", "d.npy"], 64, "a single array has no y"), (["train", "--data", "m.keras"], 64, "it is a model"),
    (["train", "--data", "upper.npz"], 1, "upper.npz: has no arrays x and y to train on; it has X, Y; name them as in numpy.savez"),
    (["train", "--data", "unnamed.npz"], 1, "it has arr_0, arr_1; name them as in numpy.savez"),
    (["train", "--data", "others.npz"], 1, "it has images, labels"),
    (["train", "--data", "empty.npz"], 1, "empty.npz: x has the shape [5, 0]: its rows hold no numbers"),
    (["train", "--data", "one.npz"], 1, "one.npz: all targets are of one class"),
    (["train", "--data", "nothing.csv"], 1, "nothing.csv: cannot be opened: No such file"),
    (["train", "--data", "table.csv"], 64, "needs --target"), (["train", "--data", "table.csv", "--target", "z"], 1, "table.csv: has no column 'z'"),
    (["trian"], 64, "did you mean 'train'?"), (["nonsense"], 64, "there are train, evaluate, predict"),
    (["summary", "--model", "m.txt"], 64, "Usage: descent summary"), (["evaluate", "--model", "m.txt"], 64, "Usage: descent evaluate"),
    (["predict", "--model", "m.txt"], 64, "Usage: descent predict"), (["train", "--model", "m.txt"], 64, "Usage: descent train"),
    (["evaluate", "--model", "m.keras", "--loss", "mze"], 64, "Usage: descent evaluate"), (["optimizers", "adma"], 64, "Usage: descent optimizers"),
    (["race", "--function", "rosenbrok"], 64, "Usage: descent race"), (["summary", "--model", "none.keras"], 1, "none.keras: cannot be opened"),
  ] as [([String], Int32, String)])
  func `What is refused is told by its cause, with one rule for the status`(_ arguments: [String], _ status: Int32, _ words: String) throws {
    let y = Tensor((0..<20).map { Int32($0 % 2) })
    try NPZ.write([("X", x), ("Y", y)], to: folder.file("upper.npz"))
    try NPZ.write([("arr_0", x), ("arr_1", y)], to: folder.file("unnamed.npz"))
    try NPZ.write([("images", x), ("labels", y)], to: folder.file("others.npz"))
    try NPZ.write([("x", Tensor.zeros([5, 0])), ("y", Tensor.zeros([5], dtype: .int32))], to: folder.file("empty.npz"))
    try NPZ.write([("x", x), ("y", Tensor.zeros([20], dtype: .int32))], to: folder.file("one.npz"))
    try writeFile(folder.file("table.csv"), text: "a,y\n" + (0..<20).map { "\($0),\($0 % 2)\n" }.joined())
    let run = try CommandLineTool(arguments, in: folder.path)
    #expect(run.status == status && run.output.isEmpty, "\(run.output)")
    #expect(run.errors.hasPrefix("Error: ") && run.errors.contains(words), "\(run.errors)")
    #expect(run.errors.contains("Usage: descent") == (status == 64), "\(run.errors)")
    #expect(status == 64 || run.errors.hasPrefix("Error: \(arguments[2])"), "\(run.errors)")
  }

  @Test func `Training that went wrong is remarked on`() throws {
    try NPZ.write([("x", x), ("y", Tensor((0..<20).map { Float($0) / 10 }))], to: folder.file("n.npz"))
    let wild = try tool("train", "--data", "n.npz", "--optimizer", "sgd", "--learning-rate", "1000", "--epochs", "2", "--save", "w.npz")
    #expect(wild.status == 0 && wild.errors.contains("the learning rate may be too high"), "\(wild.errors)")
    let calm = try tool("train", "--data", "n.npz", "--epochs", "3", "--save", "w.npz")
    #expect(calm.status == 0 && calm.errors.isEmpty, "\(calm.errors)")
  }

  @Test func `An optimizer around another has the inner one that its page names`() throws {
    try NPZ.write([("x", x), ("y", Tensor((0..<20).map { Int32($0 % 2) }))], to: folder.file("d.npz"))
    for name in ["lookahead", "sam", "cautious", "lossscaleoptimizer"] {
      let run = try tool("train", "--data", "d.npz", "--optimizer", name, "--epochs", "1", "--verbose", "0", "--save", "w.npz")
      #expect(run.status == 0, "\(name): \(run.errors)")
    }
  }
}
