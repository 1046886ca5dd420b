import Descent
import DescentTestSupport
import Foundation
import Testing

/// `descent` on saved models: the fixtures are Keras's.
@Suite(.timeLimit(.minutes(20))) struct ModelFileTests {
  private let folder = TemporaryFolder()
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/keras-files").path

  private var model: String { ModelFileTests.fixtures + "/adam.keras" }

  private func expected() throws -> JSONValue {
    try JSONValue(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: ModelFileTests.fixtures + "/expected.json"))))
  }

  private func writeData() throws -> String {
    let expected = try expected()
    let x = try #require(expected["x"]?["values"]?.array).compactMap(\.double).map { Float($0) }
    let y = try #require(expected["y"]?.array).compactMap(\.int).map { Int32($0) }
    try NPZ.write([("x", Tensor(shape: [10, 3, 2], scalars: x)), ("y", Tensor(y))], to: folder.file("d.npz"))
    return folder.file("d.npz")
  }

  @Test func `summary prints the layers, and with --json the description`() throws {
    let summary = try CommandLineTool(["summary", "--model", model])
    #expect(summary.status == 0 && summary.output.contains("hidden") && summary.output.contains("Dense") && summary.output.contains("43"))
    let json = try CommandLineTool(["summary", "--model", model, "--json"])
    #expect(try JSONValue(parsing: json.output)["class_name"]?.string == "Sequential")
    try json.output.write(toFile: folder.file("model.json"), atomically: true, encoding: .utf8)
    #expect(try CommandLineTool(["summary", "--model", folder.file("model.json")]).output.contains("hidden"))
  }

  @Test func `predict writes what Keras predicts, in each kind of file`() throws {
    let data = try writeData()
    let theirs = try #require(try expected()["models"]?["adam"]?["predictions"]?["values"]?.array).compactMap(\.double)
    for name in ["p.npy", "p.npz", "p.csv"] {
      let run = try CommandLineTool(["predict", "--model", model, "--data", data, "--out", folder.file(name)])
      #expect(run.status == 0, "\(run.errors)")
    }
    expectClose(try NPY.read(folder.file("p.npy")), theirs, tolerance: 1e-6)
    expectClose(try NPZ(folder.file("p.npz")).tensor("y"), theirs, tolerance: 1e-6)
    let printed = try CommandLineTool(["predict", "--model", model, "--data", data]).output
    #expect(try printed == String(contentsOfFile: folder.file("p.csv"), encoding: .utf8))
    expectClose(printed.split { ",\n".contains($0) }.compactMap { Double($0) }, theirs, tolerance: 1e-6)
  }

  @Test func `train goes on from a file as Keras does, and saves the result`() throws {
    let data = try writeData()
    let record = try #require(try expected()["models"]?["adam"])
    let run = try CommandLineTool([
      "train", "--model", model, "--data", data, "--no-shuffle", "--batch-size", "4", "--epochs", "2", "--verbose", "0", "--save",
      folder.file("out.keras"), "--out", folder.file("run"),
    ])
    #expect(run.status == 0, "\(run.errors)")
    let lines = try String(contentsOfFile: folder.file("run/history.csv"), encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",").map(String.init)
    }
    let column = try #require(lines.first?.firstIndex(of: "loss"))
    let losses = lines.dropFirst().compactMap { Double($0[column]) }
    expectClose(losses, try #require(record["losses"]?.array).compactMap(\.double), tolerance: 1e-5)
    let scores = try CommandLineTool(["evaluate", "--model", folder.file("out.keras"), "--data", data, "--json"])
    #expect(try JSONValue(parsing: scores.output)["loss"]?.double.map { $0 < losses[1] * 1.1 } == true)
    let mse = try CommandLineTool(["evaluate", "--model", model, "--data", data, "--json", "--loss", "sparse_categorical_crossentropy", "--metrics", "none"])
    #expect(try JSONValue(parsing: mse.output).object?.keys == ["loss"])
  }

  @Test func `train makes a new model from a description`() throws {
    let data = try writeData()
    let json = try CommandLineTool(["summary", "--model", model, "--json"]).output
    try json.write(toFile: folder.file("model.json"), atomically: true, encoding: .utf8)
    for name in ["a.weights.h5", "b.weights.h5", "c.safetensors"] {
      let run = try CommandLineTool([
        "train", "--model", folder.file("model.json"), "--data", data, "--seed", "5", "--epochs", "2", "--verbose", "0", "--optimizer",
        "sgd:momentum=0.9", "--loss", "sparse_categorical_crossentropy", "--save", folder.file(name),
      ])
      #expect(run.status == 0, "\(run.errors)")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("a.weights.h5"))) == Data(contentsOf: URL(fileURLWithPath: folder.file("b.weights.h5"))))
    #expect(try SafeTensors(folder.file("c.safetensors")).names.sorted() == ["dense/bias", "dense/kernel", "hidden/bias", "hidden/kernel"])
  }

  @Test func `What cannot be is said`() throws {
    let data = try writeData()
    for (arguments, expected) in [
      (["train", "--model", model, "--layers", "3", "--data", data], "--model brings its layers"),
      (["train", "--model", "model.txt", "--data", data], "expected a file ending in .json, .keras, .h5 or .hdf5"),
      (["train", "--model", "missing.keras", "--data", data], "missing.keras"),
      (["train", "--data", data, "--save", "model.pt"], "expected a file ending in"),
      (["predict", "--model", model, "--data", data, "--out", "p.txt"], "expected a file ending in .npy, .npz or .csv"),
      (["summary", "--model", ModelFileTests.fixtures + "/lambda.keras"], "Lambda layer"),
    ] {
      let run = try CommandLineTool(arguments)
      #expect(run.status != 0 && run.errors.contains(expected), "\(arguments): \(run.errors)")
    }
    let summary = try CommandLineTool(["summary", "--model", ModelFileTests.fixtures + "/conv2d.keras"])
    #expect(summary.status == 0 && summary.output.contains("(Conv2D)"))
    // The same model in both of Keras's forms.
    let forms = try ["keras", "h5"].map { try CommandLineTool(["summary", "--model", ModelFileTests.fixtures + "/recurrent.\($0)"]) }
    #expect(forms[0].status == 0 && forms[0].output == forms[1].output, "\(forms[1].errors)")
  }
}
