import Descent
import DescentTestSupport
import Foundation
import Testing

/// What commands print, and what becomes of it where it cannot be written or a file would have it do something.
@Suite(.timeLimit(.minutes(20))) struct OutputTests {
  private let folder = TemporaryFolder()

  private func writeFiles() throws {
    let x = Tensor(shape: [20, 2], scalars: (0..<40).map { Float(($0 * 7) % 11) })
    try NPZ.write([("x", x), ("y", Tensor((0..<20).map { Int32($0 % 2) }))], to: folder.file("d.npz"))
    let run = try CommandLineTool(["train", "--data", "d.npz", "--epochs", "1", "--save", "m.keras"], in: folder.path)
    #expect(run.status == 0, "\(run.errors)")
  }

  private static let commands = [
    ["predict", "--model", "m.keras", "--data", "d.npz"], ["evaluate", "--model", "m.keras", "--data", "d.npz"],
    ["evaluate", "--model", "m.keras", "--data", "d.npz", "--json"], ["summary", "--model", "m.keras"],
    ["summary", "--model", "m.keras", "--json"], ["optimizers"], ["optimizers", "adam"], ["race"], ["--help"], ["--version"],
    ["train", "--help"], ["train", "--data", "d.npz", "--epochs", "2", "--out", "o"],
    ["train", "--data", "d.npz", "--epochs", "2", "--out", "p", "--verbose", "2"],
  ]

  @Test func `Output that cannot be written is a message and the status 1, for every command`() throws {
    try writeFiles()
    for arguments in OutputTests.commands {
      #expect(try CommandLineTool(arguments, in: folder.path).status == 0)
      let full = try CommandLineTool(arguments, in: folder.path, writingTo: FileHandle(forWritingAtPath: "/dev/full"))
      #expect(full.status == 1, "\(arguments)")
      #expect(full.errors.contains("standard output cannot be written: No space left on device"), "\(arguments): \(full.errors)")
      let pipe = Pipe()
      try pipe.fileHandleForReading.close()
      let closed = try CommandLineTool(arguments, in: folder.path, writingTo: pipe.fileHandleForWriting)
      #expect(closed.status == 1, "\(arguments)")
      #expect(closed.errors.contains("standard output cannot be written: Broken pipe"), "\(arguments): \(closed.errors)")
    }
    // The work is done all the same.
    #expect(FileManager.default.fileExists(atPath: folder.file("o/history.csv")))
  }

  /// Clears a screen, names a window, rings, goes back, and hides what comes after.
  private static let evil = "a\u{1B}[2J\u{1B}]0;title\u{07}\u{9B}1A\u{0B}\u{7F}\u{202E}b"

  @Test func `Text from a file never steers a terminal`() throws {
    let evil = OutputTests.evil
    let quoted = JSONValue.string(evil).text()
    try writeFiles()
    let layer = "{\"class_name\": \"Dense\", \"config\": {\"name\": \(quoted), \"units\": 2, \"activation\": \"softmax\", \"batch_input_shape\": [null, 2]}}"
    let model = "{\"class_name\": \"Sequential\", \"config\": {\"name\": \(quoted), \"layers\": [\(layer)]}"
    try writeFile(folder.file("names.json"), text: model + "}")
    let metric = "{\"class_name\": \"SparseCategoricalAccuracy\", \"config\": {\"name\": \(quoted)}}"
    try writeFile(
      folder.file("metric.json"),
      text: model + ", \"compile_config\": {\"optimizer\": \"adam\", \"loss\": \"sparse_categorical_crossentropy\", \"metrics\": [\(metric)]}}")
    try writeFile(folder.file("unknown.json"), text: "{\"class_name\": \(quoted), \"config\": {}}")
    try writeFile(folder.file("option.json"), text: model.replacing("\"units\": 2", with: "\"units\": 2, \(quoted): 1") + "}")
    try writeFile(folder.file("field.csv"), text: "a,y\n1,\(evil)\n2,1.5\n3,2.5\n4,3.5\n")
    try writeFile(folder.file("column.csv"), text: "\(evil),b,y\nx,1,0\n2,3,1\n")
    try writeFile(folder.file("classes.csv"), text: "a,y\n1,\(evil)\n2,other\n2,other\n4,\(evil)\n")
    try NPZ.write([(evil, Tensor([1] as [Float]))], to: folder.file("names.npz"))
    for (arguments, isRight) in [
      (["summary", "--model", "names.json"], true), (["summary", "--model", "names.json", "--json"], true),
      (["summary", "--model", "unknown.json"], false), (["summary", "--model", "option.json"], false),
      (["train", "--model", "metric.json", "--data", "d.npz", "--epochs", "1", "--out", "m"], true),
      (["evaluate", "--model", "metric.json", "--data", "d.npz"], true),
      (["evaluate", "--model", "metric.json", "--data", "d.npz", "--json"], true),
      (["train", "--data", "field.csv", "--target", "y"], false),
      (["train", "--data", "column.csv", "--target", "z"], false),
      (["train", "--data", "classes.csv", "--target", "y", "--epochs", "1", "--out", "c"], true),
      (["train", "--data", "names.npz"], false), (["train", "--data", "d.npz", "--optimizer", evil], false),
      (["train", "--data", "\(evil).npz"], false), (["train", "--data", "d.npz", "--out", evil, "--epochs", "1"], true),
      (["train", evil], false), ([evil], false),
    ] as [([String], Bool)] {
      let run = try CommandLineTool(arguments, in: folder.path)
      #expect((run.status == 0) == isRight, "\(arguments): \(run.errors)")
      for text in [run.output, run.errors] {
        let steering = text.unicodeScalars.filter { scalar in
          scalar != "\n" && (scalar.value < 32 || (127..<160).contains(scalar.value) || scalar == "\u{202E}")
        }
        #expect(steering.isEmpty, "\(arguments): \(steering.map(\.value))")
      }
      #expect((run.output + run.errors).contains("1B") || (run.output + run.errors).contains("001b"), "\(arguments) shows it spelled out")
    }
  }
}
