import Descent
import DescentTestSupport
import Foundation
import Testing

/// `descent` on a model of two inputs and two outputs that Keras made and trained (`Fixtures/scripts/keras_graph_files.py`).
@Suite(.timeLimit(.minutes(20))) struct SeveralInputsTests {
  private let folder = TemporaryFolder()
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path
  private let model = SeveralInputsTests.fixtures + "/keras-files/graph.keras"
  private let record: JSONValue

  init() throws {
    record = try JSONValue(
      parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: SeveralInputsTests.fixtures + "/graph-files.json"))), name: "graph-files.json")
    try writeData("d.npz")
  }

  private func tensor(_ json: JSONValue) throws -> Tensor {
    let shape = try #require(json["shape"]?.array).compactMap(\.int)
    let tensor = Tensor(shape: shape, scalars: try #require(json["values"]?.array).compactMap(\.double))
    return tensor.cast(to: json["dtype"]?.string == "int32" ? .int32 : .float32)
  }

  /// - Parameter names: what to call the arrays `x_a`, `x_ids`, `y_p` and `y_q`; nil leaves one out.
  private func writeData(_ file: String, _ name: (String) -> String? = { $0 }) throws {
    var arrays: [(String, Tensor)] = []
    for key in ["x", "y"] {
      for (part, json) in try #require(record[key]?.object).members {
        if let name = name("\(key)_\(part)") { arrays.append((name, try tensor(json))) }
      }
    }
    try NPZ.write(arrays, to: folder.file(file))
  }

  private func predictions(_ key: String) throws -> [[Double]] {
    try #require(record[key]?.array).map { try tensor($0).doubles }
  }

  @Test func `predict writes an array for each output`() throws {
    let run = try CommandLineTool(["predict", "--model", model, "--data", folder.file("d.npz"), "--out", folder.file("p.npz")])
    #expect(run.status == 0, "\(run.errors)")
    let archive = try NPZ(folder.file("p.npz"))
    #expect(archive.names.sorted() == ["y_p", "y_q"])
    for (name, expected) in zip(["y_p", "y_q"], try predictions("predict")) { expectClose(try archive.tensor(name), expected, tolerance: 1e-5, name) }
    // The other kinds hold one array.
    let other = try CommandLineTool(["predict", "--model", model, "--data", folder.file("d.npz"), "--out", folder.file("p.csv")])
    #expect(other.status != 0 && other.errors.contains("p, q") && other.errors.contains(".npz"), "\(other.errors)")
  }

  @Test func `evaluate --json has Keras's names and numbers`() throws {
    let run = try CommandLineTool(["evaluate", "--model", model, "--data", folder.file("d.npz"), "--batch-size", "4", "--json"])
    #expect(run.status == 0, "\(run.errors)")
    let scores = try #require(JSONValue(parsing: run.output).object)
    let expected = try #require(record["evaluate"]?.object)
    #expect(Set(scores.keys) == Set(expected.keys))
    for (name, value) in expected.members { expectClose([scores[name]?.double ?? .nan], [value.double!], tolerance: 1e-5, name) }
  }

  @Test func `train goes on as Keras does, and its model is read again`() throws {
    let run = try CommandLineTool([
      "train", "--model", model, "--data", folder.file("d.npz"), "--no-shuffle", "--batch-size", "4", "--epochs", "1", "--verbose", "0",
      "--save", folder.file("out.keras"), "--out", folder.file("run"),
    ])
    #expect(run.status == 0, "\(run.errors)")
    let lines = try String(contentsOfFile: folder.file("run/history.csv"), encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",").map(String.init)
    }
    for (name, values) in try #require(record["next_epoch"]?.object).members {
      let column = try #require(lines.first?.firstIndex(of: name), "\(name)")
      expectClose([Double(lines[1][column]) ?? .nan], values.array?.compactMap(\.double) ?? [], tolerance: 2e-5, name)
    }
    #expect(try CommandLineTool(["predict", "--model", folder.file("out.keras"), "--data", folder.file("d.npz"), "--out", folder.file("p.npz")]).status == 0)
    for (name, expected) in zip(["y_p", "y_q"], try predictions("next_predict")) {
      expectClose(try NPZ(folder.file("p.npz")).tensor(name), expected, tolerance: 1e-5, name)
    }
  }

  @Test func `summary prints the connections`() throws {
    let run = try CommandLineTool(["summary", "--model", model])
    #expect(run.status == 0 && run.output.contains("Connected to") && run.output.contains("shared"), "\(run.output)")
    let drawn = try CommandLineTool(["summary", "--model", model, "--plot", folder.file("m.svg")])
    #expect(drawn.status == 0 && FileManager.default.fileExists(atPath: folder.file("m.svg")), "\(drawn.errors)")
  }

  @Test(arguments: [
    ("x_ids", nil, "'ids'"), ("x_ids", "x_other", "'other'"), ("x_a", "x", "a, ids"), ("y_q", nil, "'q'"), ("y_q", "y_r", "'r'"),
  ] as [(String, String?, String)])
  func `arrays that are missing or have other names are told before training`(_ array: String, _ name: String?, _ told: String) throws {
    try writeData("wrong.npz") { $0 == array ? name : $0 }
    for command in ["train", "evaluate"] {
      let run = try CommandLineTool([command, "--model", model, "--data", folder.file("wrong.npz")], in: folder.path)
      #expect(run.status == 1 && run.errors.contains(told) && run.errors.contains("wrong.npz"), "\(command): \(run.errors)")
    }
  }

  /// What is not asked for stays: the losses of both outputs, and their weights.
  @Test func `evaluate without metrics comes to the same losses`() throws {
    func scores(_ more: String...) throws -> JSONValue {
      let run = try CommandLineTool(["evaluate", "--model", model, "--data", folder.file("d.npz"), "--json"] + more)
      #expect(run.status == 0, "\(run.errors)")
      return try JSONValue(parsing: run.output, name: "scores")
    }
    let all = try scores(), bare = try scores("--metrics", "none")
    let names = try #require(bare.object).members.map(\.key)
    #expect(names.contains("loss") && names.allSatisfy { $0.hasSuffix("loss") })
    for name in names { #expect(bare[name] == all[name], "\(name)") }
    let refused = try CommandLineTool(["evaluate", "--model", model, "--data", folder.file("d.npz"), "--metrics", "mae"])
    #expect(refused.status == 64 && refused.errors.contains("--metrics is for models of one output"), "\(refused.errors)")
  }
}
