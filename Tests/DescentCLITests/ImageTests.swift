import Descent
import DescentTestSupport
import Foundation
import Testing

/// `descent` on folders of pictures.
@Suite(.timeLimit(.minutes(20))) struct ImageTests {
  private let folder = TemporaryFolder()

  /// Pictures whose upper or lower half is light, with some noise.
  private func write(_ path: String, _ count: Int, isUpper: Bool, channels: Int = 3, size: (height: Int, width: Int) = (8, 10), first: Int = 0) throws {
    try FileManager.default.createDirectory(atPath: folder.file(path), withIntermediateDirectories: true)
    for number in first..<(first + count) {
      var pixels: [UInt8] = []
      for y in 0..<size.height {
        for place in 0..<(size.width * channels) {
          pixels.append(UInt8(((y < size.height / 2) == isUpper ? 180 : 30) + (number * 31 + y * 17 + place * 7) % 40))
        }
      }
      let bytes = PNGWriter.bytes(pixels, width: size.width, height: size.height, channels: channels)
      try Data(bytes).write(to: URL(fileURLWithPath: folder.file("\(path)/\(number).png")))
    }
  }

  private func tool(_ arguments: String...) throws -> CommandLineTool { try CommandLineTool(arguments, in: folder.path) }

  @Test func `two commands lead from a folder of pictures to predictions of others`() throws {
    try write("lights/up", 40, isUpper: true)
    try write("lights/down", 40, isUpper: false)
    try "nothing".write(toFile: folder.file("lights/up/broken.png"), atomically: true, encoding: .utf8)
    try write("lights", 1, isUpper: true)
    let trained = try tool("train", "--data", "lights", "--epochs", "8", "--batch-size", "8", "--save", "lights.keras", "--report", "r.html")
    #expect(trained.status == 0, "\(trained.errors)")
    for words in [
      "64 pictures to train on, 16 to validate on", "2 classes, pictures to train on of each: down 32, up 32", "of 10 × 8 pixels; they are taken as they are, in colors",
      "mirrored (left and right)", "100.0 % right", "true class  as down  as up", "descent predict --model lights.keras --data FOLDER",
    ] { #expect(trained.output.contains(words), "\(words): \(trained.output)") }
    #expect(trained.errors.contains("1 file cannot be read and is left out: lights/up/broken.png: is no picture") && trained.errors.contains("1 picture lies beside"), "\(trained.errors)")
    try "도시,y\n서울,1\n".write(toFile: folder.file("t.csv"), atomically: true, encoding: .utf8)
    let table = try tool("predict", "--model", "lights.keras", "--data", "t.csv")
    #expect(table.status != 0 && table.errors.contains("t.csv: is a table, and lights.keras was trained on pictures"), "\(table.errors)")
    let page = try String(contentsOfFile: folder.file("r.html"), encoding: .utf8)
    for words in ["<title>Pictures in lights</title>", "No picture is taken for another class", "Which class was taken for which", "Validation, 16 pictures"] { #expect(page.contains(words)) }

    try write("new/below", 2, isUpper: true, size: (16, 20), first: 7)
    try write("new", 1, isUpper: false, first: 9)
    let predicted = try tool("predict", "--model", "lights.keras", "--data", "new")
    let lines: [[String]] = predicted.output.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    #expect(predicted.status == 0 && lines.map { $0[0] } == ["file", "new/9.png", "new/below/7.png", "new/below/8.png"], "\(predicted.output)\(predicted.errors)")
    #expect(lines.map { $0[1] } == ["class", "down", "up", "up"] && lines[0].suffix(2) == ["P(down)", "P(up)"], "\(predicted.output)")
    #expect(try tool("predict", "--model", "lights.keras", "--data", "new", "--out", "p.csv").status == 0)
    #expect(try String(contentsOfFile: folder.file("p.csv"), encoding: .utf8) == predicted.output)
    #expect(try tool("predict", "--model", "lights.keras", "new/below", "new/9.png", "--out", "p.npy").status == 0)
    #expect(try NPY.read(folder.file("p.npy")).shape == [3, 2])
    #expect(try tool("predict", "--model", "lights.keras", "--data", "new/9.png").output.contains("new/9.png,down,"))
    let json = try JSONValue(parsing: tool("evaluate", "--model", "lights.keras", "--data", "lights", "--json").output, name: "json")
    #expect(json["accuracy"]?.double == 1 && json["confusion"]?[0]?[0]?.int == 40 && json["rows"]?.int == 80)
    // Training goes on from the file, and is resumed.
    let further = try tool("train", "--model", "lights.keras", "--data", "lights", "--epochs", "1", "--out", "run")
    #expect(further.status == 0 && further.output.contains("100.0 % right"), "\(further.errors)")
    #expect(try tool("train", "--model", "lights.keras", "--data", "lights", "--epochs", "1", "--out", "run", "--resume").output.contains("nothing to resume"))
    try write("more/left", 3, isUpper: true)
    try write("more/up", 3, isUpper: true)
    #expect(try tool("evaluate", "--model", "lights.keras", "--data", "more").errors.contains("the folder 'left' is of a class of its own, which is none of the model's classes: down, up"))
  }

  @Test func `a model of one's own takes pictures of its size`() throws {
    try write("g/train/a", 12, isUpper: true, channels: 1)
    try write("g/train/b", 12, isUpper: false, channels: 1)
    try write("g/test/a", 3, isUpper: true, channels: 1)
    let model = Sequential {
      Rescaling(1.0 / 255, inputShape: [6, 5, 1])
      Flatten()
      Dense(1, activation: .sigmoid)
    }
    try model.toJSON().write(toFile: folder.file("m.json"), atomically: true, encoding: .utf8)
    let trained = try tool("train", "--model", "m.json", "--data", "g", "--epochs", "1", "--save", "m.keras", "--class-weight", "balanced")
    #expect(trained.status == 0 && trained.output.contains("each is made 5 × 6, without colors") && trained.output.contains("binary_crossentropy"), "\(trained.output)\(trained.errors)")
    #expect(trained.output.contains("19 pictures to train on, 5 to validate on, 3 to test on") && trained.output.contains("Test: class of 3 pictures"), "\(trained.output)")
    // One that knows of no classes: numbers are their names.
    try NPZ.write([("x", Tensor.zeros([8, 6, 5, 1])), ("y", Tensor((0..<8).map { Int32($0 % 2) }))], to: folder.file("d.npz"))
    #expect(try tool("train", "--model", "m.json", "--data", "d.npz", "--loss", "binary_crossentropy", "--epochs", "1", "--save", "plain.keras").status == 0)
    let plain = try tool("predict", "--model", "plain.keras", "--data", "g/test")
    #expect(plain.status == 0 && plain.output.hasPrefix("file,class,P(0),P(1)\ng/test/a/0.png,") && plain.errors.contains("does not know what its classes are called"), "\(plain.errors)")
    #expect(try tool("evaluate", "--model", "plain.keras", "--data", "g").output.contains("class of 3 pictures"))
    #expect(try tool("train", "--model", "m.json", "--data", "g", "--image-size", "7").errors.contains("the model takes pictures of 6 × 5"))
    #expect(try tool("train", "--model", "m.json", "--data", "g", "--color-mode", "rgb").errors.contains("the model takes grayscale"))
  }

  private static let options: [([String], Int32, String)] = [
    (["--image-size", "6,12", "--split", "0.5,0.25"], 0, "each is made 12 × 6, in colors (another shape is stretched)"), (["--color-mode", "grayscale", "--keep-aspect-ratio"], 0, "taken as they are, without colors"),
    (["--augmentation", "none"], 0, "2 classes"), (["--augmentation", "brightness,translation,contrast"], 0, "made up to 10 % lighter or darker"), (["--split", "1"], 0, "Training: class of 16 pictures"),
    (["--interpolation", "nearest"], 0, "right"), (["--augmentation", "twist"], 64, "--augmentation has 'twist'; expected some of flip"), (["--image-size", "0"], 64, "--image-size"),
    (["--image-size", "20000"], 1, "expected sides of 1 to 16384"), (["--color-mode", "pink"], 64, "pink"), (["--task", "regression"], 64, "are for tables"), (["--target", "a"], 64, "a column of a table"),
    (["--layers", "3"], 64, "are for networks of dense layers"), (["--loss", "mse"], 64, "is for numbers"), (["--data", "empty"], 1, "has no folders with pictures"), (["--data", "one"], 1, "all pictures are in the folder 'a'"),
  ]

  @Test(arguments: options)
  func `options decide what is made of pictures`(_ options: [String], _ status: Int32, _ words: String) throws {
    try write("p/a", 8, isUpper: true)
    try write("p/b", 8, isUpper: false)
    try write("one/a", 2, isUpper: true)
    try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: true)
    let data = options.contains("--data") ? [] : ["--data", "p"]
    let run = try CommandLineTool(["train", "--epochs", "1", "--save", "m.keras"] + data + options, in: folder.path)
    #expect(run.status == status && (run.output + run.errors).replacingOccurrences(of: "\n", with: " ").contains(words), "\(run.output)\(run.errors)")
  }

  @Test func `options for pictures are for pictures`() throws {
    #expect(try tool("train", "--image-size", "8").errors.contains("are for folders of pictures"))
    try write("p/a", 1, isUpper: true)
    #expect(try tool("find-rate", "--data", "p").errors.contains("all pictures are in the folder 'a'"))
  }

  @Test func `optimizers are compared and rates are tried on pictures, too`() throws {
    try write("p/a", 12, isUpper: true)
    try write("p/b", 12, isUpper: false)
    let rate = try tool("find-rate", "--data", "p", "--steps", "12", "--batch-size", "4")
    #expect(rate.status == 0, "\(rate.errors)")
    let choice = try tool(
      "choose", "--data", "p", "--candidate", "adam", "--candidate", "sgd", "--epochs", "9", "--trials", "2", "--seeds", "2", "--out", "which")
    #expect(choice.status == 0 && choice.output.contains("2 classes") && FileManager.default.fileExists(atPath: folder.file("which/report.html")), "\(choice.output)\(choice.errors)")
    #expect(try tool("choose", "--data", "p", "--layers", "3").errors.contains("are for networks of dense layers"))
  }
}
