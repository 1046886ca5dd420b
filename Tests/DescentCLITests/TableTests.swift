import Descent
import DescentTestSupport
import Foundation
import Testing

/// `descent` on tables.
@Suite(.timeLimit(.minutes(20))) struct TableTests {
  private let folder = TemporaryFolder()

  private func write(_ name: String, _ header: String, rows: Int, _ row: (Int) -> String) throws {
    try (header + "\n" + (0..<rows).map(row).joined(separator: "\n") + "\n").write(toFile: folder.file(name), atomically: true, encoding: .utf8)
  }

  private func tool(_ arguments: String...) throws -> CommandLineTool { try CommandLineTool(arguments, in: folder.path) }

  @Test func `two commands lead from a table to predictions of other rows`() throws {
    try write("pets.csv", "id,weight,fur,kind", rows: 80) { row in
      row % 2 == 0 ? "p\(row),\(4 + row % 3),\(row % 6 == 0 ? "short" : "long"),cat" : "p\(row),\(20 + row % 9),\(row % 5 == 0 ? "short" : "long"),dog"
    }
    let trained = try tool("train", "--data", "pets.csv", "--target", "kind", "--epochs", "40", "--save", "pets.keras")
    #expect(trained.status == 0 && trained.errors.isEmpty, "\(trained.errors)")
    for words in ["64 rows to train on, 16 to validate on", "2 classes: cat, dog", "left out: is different in every row", "scaled", "2 places", "100.0 % right", "New rows are predicted by"] {
      #expect(trained.output.contains(words), "\(words): \(trained.output)")
    }
    // Other columns' order, decimal commas, another separator, no answers.
    try write("new.csv", "fur;extra;weight;id", rows: 4) { "long;1,5;\($0 < 2 ? "4,5" : "25,5");n\($0)" }
    let picture = try tool("predict", "--model", "pets.keras", "cat.png")
    #expect(picture.status != 0 && picture.errors.contains("cat.png: holds no table, and pets.keras was trained on the columns of one"), "\(picture.errors)")
    let predicted = try tool("predict", "--model", "pets.keras", "--data", "new.csv")
    let lines: [[String]] = predicted.output.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    #expect(predicted.status == 0 && lines.map { $0[0] } == ["id", "n0", "n1", "n2", "n3"], "\(predicted.output)")
    #expect(lines.map { $0[1] } == ["kind", "cat", "cat", "dog", "dog"], "\(predicted.output)")
    #expect(lines[0].suffix(2) == ["P(cat)", "P(dog)"] && predicted.errors.contains("the column 'extra' is not looked at"), "\(predicted.errors)")
    #expect(try tool("predict", "--model", "pets.keras", "--data", "new.csv", "--out", "p.csv").status == 0)
    #expect(try String(contentsOfFile: folder.file("p.csv"), encoding: .utf8) == predicted.output)
    #expect(try tool("predict", "--model", "pets.keras", "--data", "new.csv", "--out", "p.npy").status == 0)
    #expect(try NPY.read(folder.file("p.npy")).shape == [4, 2])
    let judged = try tool("evaluate", "--model", "pets.keras", "--data", "pets.csv")
    #expect(judged.status == 0 && judged.output.contains("100.0 % right") && judged.output.contains("true class  as cat  as dog"), "\(judged.output)")
    let json = try JSONValue(parsing: tool("evaluate", "--model", "pets.keras", "--data", "pets.csv", "--json").output, name: "json")
    #expect(json["accuracy"]?.double == 1 && json["confusion"]?[0]?[0]?.int == 40)
    try write("lacking.csv", "weight", rows: 3) { "\($0)" }
    let lacking = try tool("predict", "--model", "pets.keras", "--data", "lacking.csv")
    #expect(lacking.status == 1 && lacking.errors.contains("lacking.csv: has no column 'fur'"), "\(lacking.errors)")
    #expect(try tool("evaluate", "--model", "pets.keras", "--data", "new.csv").errors.contains("has no column 'kind' (the target)"))
    #expect(try tool("predict", "--model", "pets.keras", "--data", "new.csv", "--target", "fur").status == 64)
    // Training goes on from the file.
    let further = try tool("train", "--model", "pets.keras", "--data", "pets.csv", "--epochs", "1", "--save", "again.keras")
    #expect(further.status == 0 && further.output.contains("100.0 % right"), "\(further.errors)")
  }

  @Test func `a number is predicted in its own units, beside the mean`() throws {
    try write("houses.csv", "area,price", rows: 100) { "\(40 + $0),\(100_000 + 3_000 * $0)" }
    let trained = try tool("train", "--data", "houses.csv", "--target", "price", "--epochs", "60", "--out", "run")
    #expect(trained.status == 0 && trained.output.contains("a number, 100000 to 397000") && trained.output.contains("always the mean"), "\(trained.output)\(trained.errors)")
    #expect(trained.output.contains("goes up and down with 'price' almost exactly") && trained.output.contains("descent predict --model run/model.keras --data FILE"))
    try write("new.csv", "area", rows: 1) { _ in "90" }
    let lines = try tool("predict", "--model", "run/model.keras", "--data", "new.csv").output.split(separator: "\n")
    let price = try #require(lines.last.flatMap { Double($0) })
    #expect(lines.count == 2 && lines[0] == "price" && abs(price - 250_000) < 20_000, "\(lines)")
    try write("noise.csv", "a,y", rows: 100) { "\($0 * 37 % 101),\($0 * 53 % 97)" }
    let noise = try tool("train", "--data", "noise.csv", "--target", "y", "--epochs", "200", "--layers", "64,64", "--out", "noise")
    #expect(noise.output.contains("The model is no better than the mean"), "\(noise.output)")
  }

  private static let options: [([String], Int32, String)] = [
    (["--task", "classification"], 0, "12 classes"), (["--task", "regression"], 0, "a number, 0 to 11"), (["--loss", "mse"], 0, "a number"), ([], 0, "12 classes"),
    (["--drop", "b", "--types", "a=category"], 0, "left out: dropped as asked"), (["--features", "b"], 0, "not among the features"),
    (["--split", "0.5,0.25"], 0, "to test on"), (["--split", "1"], 0, "Training: y of 240 rows"), (["--class-weight", "balanced"], 0, "right"), (["--validation-split", "0.5"], 0, "120 to validate on"),
    (["--split", "0.5", "--validation-split", "0.5"], 64, "leave one out"), (["--split", "2"], 64, "--split is '2'"), (["--types", "a=color"], 64, "expected column=kind"),
    (["--types", "a"], 64, "expected column=kind"), (["--drop", "c"], 1, "has no column 'c'"), (["--class-weight", "balanced", "--task", "regression"], 1, "is for classes"),
    (["--loss", "categorical_crossentropy"], 1, "expected sparse_categorical_crossentropy"), (["--decimal-mark", ";"], 64, "expected '.' or ','"),
    (["--separator", "ab"], 64, "a single character"), (["--encoding", "nonsense"], 1, "'nonsense' is not known"), (["--target", "z"], 1, "has no column 'z'"),
  ]

  @Test(arguments: options)
  func `options decide what is made of a table`(_ options: [String], _ status: Int32, _ words: String) throws {
    try write("t.csv", "a,b,y", rows: 240) { "\($0 % 9),\($0 % 5).5,\($0 * 7 % 12)" }
    let target = options.contains("--target") ? [] : ["--target", "y"]
    let run = try CommandLineTool(["train", "--data", "t.csv", "--epochs", "1", "--save", "m.keras"] + target + options, in: folder.path)
    #expect(run.status == status && (run.output + run.errors).contains(words), "\(run.output)\(run.errors)")
  }

  @Test func `tables that are written in other ways are read`() throws {
    func train(_ name: String, _ target: String, _ options: String...) throws -> CommandLineTool {
      try CommandLineTool(["train", "--data", name, "--target", target, "--epochs", "1", "--save", "m.keras"] + options, in: folder.path)
    }
    try write("semi.csv", "a;b;y", rows: 40) { "\($0),5;\($0 % 7);\($0 % 2)" }
    #expect(try train("semi.csv", "y").output.contains("separated by semicolons, decimal commas"))
    try write("tab.tsv", "a\tb\ty", rows: 40) { "\($0)\t\($0 % 7)\t\($0 % 2)" }
    #expect(try train("tab.tsv", "y").output.contains("separated by tabs"))
    try write("old.data", "1.5 2 yes", rows: 39) { "\($0).5   \($0 % 7) \($0 % 2 == 0 ? "yes" : "no")" }
    let headless = try train("old.data", "column3")
    #expect(headless.status == 0 && headless.output.contains("called column1 to column3"), "\(headless.errors)")
    #expect(try train("semi.csv", "column3", "--no-header", "--separator", ";").errors.contains("which is not a number"))
    let other = try tool("train", "--data", "fashion-mnist", "--drop", "a")
    #expect(other.status == 64 && other.errors.contains("are for tables"))
  }

  @Test func `a run on a table is resumed`() throws {
    try write("t.csv", "a,y", rows: 60) { "\($0 % 9),\($0 % 7).5" }
    #expect(try tool("train", "--data", "t.csv", "--target", "y", "--epochs", "2", "--out", "o").status == 0)
    #expect(try tool("train", "--data", "t.csv", "--target", "y", "--epochs", "2", "--out", "o", "--resume").output.contains("nothing to resume"))
    let other = try tool("train", "--data", "t.csv", "--target", "y", "--epochs", "2", "--out", "o", "--resume", "--seed", "3")
    #expect(other.status == 1 && other.errors.contains("seed"), "\(other.errors)")
  }

  @Test func `a page tells how a run went`() throws {
    try write("t.csv", "a,b,<kind>,y", rows: 120) { "\($0 % 9),\($0 * 31 % 17),\($0 % 3 == 0 ? "x" : "z"),\($0 % 9 > 4 ? "high" : "l<o>w")" }
    let run = try tool("train", "--data", "t.csv", "--target", "y", "--epochs", "20", "--save", "m.keras", "--report", "r.html")
    #expect(run.status == 0 && run.output.contains("The page on the run is r.html"), "\(run.errors)")
    let page = try String(contentsOfFile: folder.file("r.html"), encoding: .utf8)
    let words = [
      "<title>y from t.csv</title>", "How good it is: Validation, 24 rows", "Which class was taken for which", "<th>as l&lt;o&gt;w</th>", "&lt;kind&gt;", "What the network makes use of",
      "when a column's values change places among the rows", "<svg", "accuracy", "96 rows to train on",
    ]
    for word in words { #expect(page.contains(word), "\(word)") }
    // Nothing of the table is taken for HTML, no file or address is needed, and what is opened is closed.
    #expect(!page.contains("l<o>w") && !page.contains("<kind>") && !page.contains("http://") && !page.contains("https://") && !page.contains("<script"))
    for tag in ["table", "div", "svg", "figure", "p", "h2"] {
      let opened = page.components(separatedBy: "<\(tag)>").count + page.components(separatedBy: "<\(tag) ").count - 2
      #expect(opened == page.components(separatedBy: "</\(tag)>").count - 1, "\(tag)")
    }
    try write("n.csv", "a,y", rows: 60) { "\($0 * 7 % 31),\($0 * 7 % 31 * 2).5" }
    #expect(try tool("train", "--data", "n.csv", "--target", "y", "--epochs", "2", "--save", "n.keras", "--report", "n.html").status == 0)
    let numbers = try String(contentsOfFile: folder.file("n.html"), encoding: .utf8)
    for word in ["MAE", "R²", "always the mean", "prediction by true value"] { #expect(numbers.contains(word), "\(word)") }
    #expect(try tool("train", "--data", "n.csv", "--target", "y", "--report", "r.pdf").errors.contains("expected a file ending in .html"))
  }

  /// A model from a file keeps what is not asked for: its optimizer with what that remembers, its loss, its metrics.
  @Test func `training goes on from a file with other metrics or another loss`() throws {
    try write("houses.csv", "area,price", rows: 40) { "\(40 + $0),\(100_000 + 3_000 * $0)" }
    let trained = try tool(
      "train", "--data", "houses.csv", "--target", "price", "--optimizer", "sgd:momentum=0.5,learning_rate=0.03125", "--epochs", "4", "--save", "a.keras", "--verbose", "0")
    #expect(trained.status == 0, "\(trained.errors)")
    let first = try Sequential.load(folder.file("a.keras")), steps = try #require(first.optimizerState?.iterations)
    for (options, loss, metric) in [
      (["--metrics", "mean_squared_error"], "mean_squared_error", "mean_squared_error"), (["--loss", "huber"], "huber_loss", first.metrics[0].name),
      (["--metrics", "none", "--learning-rate", "0.015625"], "mean_squared_error", nil),
    ] as [([String], String, String?)] {
      let further = try CommandLineTool(
        ["train", "--model", "a.keras", "--data", "houses.csv", "--epochs", "4", "--save", "b.keras", "--verbose", "0"] + options, in: folder.path)
      #expect(further.status == 0, "\(further.errors)")
      let model = try Sequential.load(folder.file("b.keras"))
      #expect((model.optimizer as? SGD)?.momentum == 0.5, "\(options)")
      #expect(try model.learningRate == (options.count == 4 ? 0.015625 : 0.03125))
      #expect(model.optimizerState?.iterations == 2 * steps && model.loss?.name == loss && model.metrics.map(\.name) == [metric].compactMap { $0 })
    }
    let other = try tool("train", "--model", "a.keras", "--data", "houses.csv", "--optimizer", "adam", "--epochs", "4", "--save", "b.keras", "--verbose", "0")
    #expect(other.status == 0, "\(other.errors)")
    let model = try Sequential.load(folder.file("b.keras"))
    #expect(model.optimizer is Adam && model.optimizerState?.iterations == steps && model.metrics.map(\.name) == first.metrics.map(\.name))
  }

  @Test(arguments: [
    ["find-rate", "--learning-rate", "0.1"], ["predict", "--model", "m.keras", "--data", "t.csv", "a.jpg"], ["plot", "run", "--terminal", "--svg", "x.svg"],
    ["plot", "run", "--terminal", "--title", "t"], ["explain", "--optimizer", "adam", "--batch-size", "8"], ["explain", "--optimizer", "adam", "--length", "8"],
    ["train", "--plot", "--verbose", "0"],
  ])
  func `options of which one is of no use beside the other are refused`(arguments: [String]) throws {
    let run = try CommandLineTool(arguments, in: folder.path)
    let told = arguments.filter { $0.hasPrefix("--") }.suffix(2).contains { run.errors.contains($0) }
    #expect(run.status == 64 && told, "\(run.errors)")
  }

  @Test func `how a table is written is for models that know columns`() throws {
    let model = Sequential { Dense(1, inputShape: [2]) }
    try model.compile(optimizer: .sgd, loss: .meanSquaredError)
    try model.save(folder.file("plain.keras"))
    try write("t.csv", "a,b,y", rows: 4) { "\($0),1,2" }
    for more in [["--separator", ","], ["--no-header"]] {
      for command in ["predict", "evaluate", "train"] {
        let run = try CommandLineTool([command, "--model", "plain.keras", "--data", "t.csv", "--target", "y"] + more, in: folder.path)
        #expect(run.status == 1 && run.errors.contains("this one knows no columns"), "\(command): \(run.errors)")
      }
    }
    let drawn = try tool("summary", "--model", "plain.keras", "--json", "--plot", "m.svg")
    #expect(drawn.status == 0 && drawn.output.contains("\"class_name\"") && FileManager.default.fileExists(atPath: folder.file("m.svg")))
  }
}
