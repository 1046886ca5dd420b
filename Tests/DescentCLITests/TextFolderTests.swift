import Descent
import DescentTestSupport
import Foundation
import Testing

/// `descent` on folders of texts.
@Suite(.timeLimit(.minutes(20))) struct TextFolderTests {
  private let folder = TemporaryFolder()

  private func write(_ path: String, _ texts: [String], first: Int = 0) throws {
    try FileManager.default.createDirectory(atPath: folder.file(path), withIntermediateDirectories: true)
    for (number, text) in texts.enumerated() {
      try text.write(toFile: folder.file("\(path)/\(first + number).txt"), atomically: true, encoding: .utf8)
    }
  }

  private func tool(_ arguments: String...) throws -> CommandLineTool { try CommandLineTool(arguments, in: folder.path) }

  private func reviews(_ word: String, _ count: Int) -> [String] { (0..<count).map { "The film was \(word), scene \($0), really \(word)!" } }

  @Test func `a batch may be as large as a number can be`() throws {
    try write("reviews/good", reviews("great", 6))
    try write("reviews/bad", reviews("boring", 6))
    let trained = try tool("train", "--data", "reviews", "--epochs", "1", "--batch-size", "\(Int.max)", "--save", "reviews.keras")
    #expect(trained.status == 0, "\(trained.errors)")
    let explained = try tool("explain", "--model", "reviews.keras", "--batch-size", "\(Int.max)")
    #expect(explained.status != 0 && explained.errors.contains("are more than there is memory for"), "\(explained.errors)")
  }

  @Test func `two commands lead from a folder of texts to predictions of others`() throws {
    try write("reviews/good", reviews("great", 30))
    try write("reviews/bad", reviews("boring", 30))
    try Data([0xFF, 0x41, 0x80]).write(to: URL(fileURLWithPath: folder.file("reviews/good/broken.txt")))
    let trained = try tool("train", "--data", "reviews", "--epochs", "20", "--batch-size", "8", "--save", "reviews.keras", "--report", "r.html")
    #expect(trained.status == 0, "\(trained.errors)")
    for words in [
      "texts to train on", "2 classes, texts to train on of each: bad 24, good 2", "The texts have up to 8 words", "100.0 % right", "true class  as bad  as good",
      "descent predict --model reviews.keras --data FOLDER",
    ] { #expect(trained.output.contains(words), "\(words): \(trained.output)") }
    #expect(trained.errors.contains("1 file cannot be read and is left out: reviews/good/broken.txt: "), "\(trained.errors)")
    let page = try String(contentsOfFile: folder.file("r.html"), encoding: .utf8)
    for words in ["<title>Texts in reviews</title>", "Which class was taken for which"] { #expect(page.contains(words)) }

    try write("new/below", reviews("great", 1), first: 7)
    try write("new", ["boring, so boring"], first: 9)
    let predicted = try tool("predict", "--model", "reviews.keras", "--data", "new")
    let lines: [[String]] = predicted.output.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    #expect(predicted.status == 0 && lines.map { $0[0] } == ["file", "new/9.txt", "new/below/7.txt"], "\(predicted.output)\(predicted.errors)")
    #expect(lines.map { $0[1] } == ["class", "bad", "good"] && lines[0].suffix(2) == ["P(bad)", "P(good)"], "\(predicted.output)")
    #expect(try tool("predict", "--model", "reviews.keras", "new/9.txt", "--out", "p.npy").status == 0)
    #expect(try NPY.read(folder.file("p.npy")).shape == [1, 2])
    #expect(try tool("predict", "--model", "reviews.keras", "--data", "new/9.txt").output.contains("new/9.txt,bad,"))
    let json = try JSONValue(parsing: tool("evaluate", "--model", "reviews.keras", "--data", "reviews", "--json").output, name: "json")
    #expect(json["accuracy"]?.double == 1 && json["rows"]?.int == 60)
    let further = try tool("train", "--model", "reviews.keras", "--data", "reviews", "--epochs", "1", "--out", "run")
    #expect(further.status == 0 && further.output.contains("100.0 % right"), "\(further.errors)")
    #expect(try tool("train", "--model", "reviews.keras", "--data", "reviews", "--epochs", "1", "--out", "run", "--resume").output.contains("nothing to resume"))
    try write("more/odd", ["x"])
    #expect(try tool("evaluate", "--model", "reviews.keras", "--data", "more").errors.contains("which is none of the model's classes: bad, good"))
  }

  @Test func `what does not go together is told`() throws {
    try write("t/a", ["x", "y", "z"])
    #expect(try tool("train", "--data", "t").errors.contains("all texts are in the folder 'a'"))
    try write("t/b", ["u", "v", "w"])
    #expect(try tool("train", "--data", "t", "--image-size", "8").errors.contains("are for folders of pictures"))
    #expect(try tool("train", "--data", "t", "--task", "regression").errors.contains("a folder of texts"))
    #expect(try tool("train", "--data", "t", "--layers", "8").errors.contains("texts have a network of their own"))
    #expect(try tool("train", "--data", "t", "--loss", "mse").errors.contains("texts are of classes"))
    let model = Sequential { Dense(2, inputShape: [3]) }
    try model.toJSON().write(toFile: folder.file("m.json"), atomically: true, encoding: .utf8)
    #expect(try tool("train", "--model", "m.json", "--data", "t").errors.contains("knows no words"))
  }
}
