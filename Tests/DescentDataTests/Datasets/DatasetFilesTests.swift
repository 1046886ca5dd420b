import DescentTestSupport
import Foundation
import Testing

@testable import Descent

/// Small files of the formats that Keras's data sets have, and what real Keras makes of them.
@Suite struct DatasetFilesTests {
  let fixture: Fixture
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Fixtures/datasets").standardizedFileURL.path

  @Test func `lines of a file are a stream, however they end and wherever pieces of the file end`() throws {
    let folder = TemporaryFolder()
    let text = "eins\n\n둘\r\nthree, \"four\n\" \nlast without an end"
    try text.write(toFile: folder.file("lines.txt"), atomically: true, encoding: .utf8)
    let expected = ["eins", "", "둘", "three, \"four", "\" ", "last without an end"]
    for size in [19, 20, 33, 1 << 20] {
      let lines = try Dataset.textLines(folder.file("lines.txt"), pieceByteCount: size)
      #expect(try lines.elements() == expected)
      #expect(try lines.skip(2).take(2).elements() == Array(expected[2..<4]))
    }
    let short = try Dataset.textLines(folder.file("lines.txt"), pieceByteCount: 4)
    #expect(failure(.file) { try short.elements() }.contains("is longer than a piece of 4 bytes"))
    try "".write(toFile: folder.file("empty.txt"), atomically: true, encoding: .utf8)
    #expect(try Dataset.textLines(folder.file("empty.txt")).elements().isEmpty)
    try "a\n".write(toFile: folder.file("one.txt"), atomically: true, encoding: .utf8)
    #expect(try Dataset.textLines(folder.file("one.txt")).elements() == ["a"])
    #expect(throws: DescentError.self) { try Dataset.textLines(folder.file("none.txt")) }
  }

  init() throws { fixture = try Fixture("datasets/expected") }

  private func weighed(_ tensor: Tensor) -> Int {
    tensor.doubles.enumerated().reduce(0) { $0 + Int($1.element) * ($1.offset % 251 + 1) }
  }

  private func expectWeighed(_ tensor: Tensor, _ value: JSONValue?) throws {
    #expect(tensor.dtype == .uint8)
    #expect(tensor.shape == (try Fixture.integers(value?["shape"])))
    #expect(weighed(tensor) == value?["weighed"]?.int)
  }

  private func expectEqual(_ tensor: Tensor, _ value: JSONValue?) throws {
    #expect(tensor.shape == (try Fixture.integers(value?["shape"])))
    #expect(tensor.doubles == (try Fixture.numbers(value?["values"])))
  }

  @Test func `MNIST is read as Keras reads it`() throws {
    let ((xTrain, yTrain), (xTest, yTest)) = try MNIST.loadData(folder: folder)
    let expected = fixture.json["mnist"]
    try expectWeighed(xTrain, expected?["x_train"])
    try expectWeighed(xTest, expected?["x_test"])
    try expectEqual(yTrain, expected?["y_train"])
    try expectEqual(yTest, expected?["y_test"])
  }

  @Test func `CIFAR-10 is read from the folder that Keras makes, with channels last`() throws {
    let (train, test) = try CIFAR10.loadData(folder: folder)
    let expected = fixture.json["cifar10"]
    try expectWeighed(train.x, expected?["train"]?["x"])
    try expectWeighed(test.x, expected?["test_batch"]?["x"])
    try expectEqual(test.y, expected?["test_batch"]?["y"])
    let labels = try (1...5).flatMap { try Fixture.numbers(expected?["data_batch_\($0)"]?["y"]?["values"]) }
    #expect(train.y.shape == [10, 1])
    #expect(train.y.doubles == labels)
  }

  @Test(arguments: [CIFAR100.LabelMode.fine, .coarse])
  func `CIFAR-100 is read from the published archive`(mode: CIFAR100.LabelMode) throws {
    let (train, test) = try CIFAR100.loadData(labelMode: mode, folder: folder)
    for (name, part) in [("train", train), ("test", test)] {
      let expected = fixture.json["cifar100"]?["\(name)_\(mode.rawValue)"]
      try expectWeighed(part.x, expected?["x"])
      try expectEqual(part.y, expected?["y"])
    }
  }

  private func rows(_ value: JSONValue?) throws -> [[Int32]] {
    try needed(value?.array).map { try Fixture.integers($0).map { Int32($0) } }
  }

  @Test(arguments: ["imdb", "reuters"])
  func `texts have Keras's words in Keras's order for each setting`(name: String) throws {
    let cases = try needed(fixture.json[name]?.array)
    #expect(cases.count > 6)
    for entry in cases {
      let settings = try needed(entry["settings"]?.object)
      func int(_ key: String, _ standard: Int?) -> Int? {
        guard let value = settings[key] else { return standard }
        return value.int
      }
      let seed = UInt32(int("seed", 113)!)
      let (train, test) =
        name == "imdb"
        ? try IMDB.loadData(
          numWords: int("num_words", nil), skipTop: int("skip_top", 0)!, maxlen: int("maxlen", nil), seed: seed,
          startChar: int("start_char", 1), oovChar: int("oov_char", 2), indexFrom: int("index_from", 3)!, folder: folder)
        : try Reuters.loadData(
          numWords: int("num_words", nil), skipTop: int("skip_top", 0)!, maxlen: int("maxlen", nil),
          testSplit: settings["test_split"]?.double ?? 0.2, seed: seed, startChar: int("start_char", 1),
          oovChar: int("oov_char", 2), indexFrom: int("index_from", 3)!, folder: folder)
      #expect(try train.x == rows(entry["x_train"]), "\(settings)")
      #expect(try test.x == rows(entry["x_test"]), "\(settings)")
      #expect(try train.y.doubles == Fixture.numbers(entry["y_train"]))
      #expect(try test.y.doubles == Fixture.numbers(entry["y_test"]))
    }
  }

  @Test func `word numbers are read`() throws {
    #expect(try IMDB.wordIndex(folder: folder) == ["the": 1, "café": 20, "a \"quoted\" one": 3])
    #expect(try Reuters.wordIndex(folder: folder)["café"] == 20)
    #expect(Reuters.labelNames.count == 46)
  }

  @Test(arguments: ["boston_housing", "california_housing"])
  func `houses are shuffled and split as Keras does`(name: String) throws {
    for entry in try needed(fixture.json[name]?.array) {
      let settings = try needed(entry["settings"]?.object)
      let seed = UInt32(settings["seed"]?.int ?? 113)
      let split = settings["test_split"]?.double ?? 0.2
      let (train, test) =
        name == "boston_housing"
        ? try BostonHousing.loadData(testSplit: split, seed: seed, folder: folder)
        : try CaliforniaHousing.loadData(
          version: settings["version"]?.string == "small" ? .small : .large, testSplit: split, seed: seed, folder: folder)
      #expect(train.x.shape == (try Fixture.integers(entry["x_train"])))
      #expect(test.x.shape == (try Fixture.integers(entry["x_test"])))
      #expect(Array(train.x.doubles.prefix(3 * train.x.shape[1])) == (try Fixture.numbers(entry["first"])))
      try expectEqual(train.y, entry["y_train"])
      try expectEqual(test.y, entry["y_test"])
    }
  }

  @Test func `what is nowhere is named with its checksum and where people get it`() throws {
    let empty = TemporaryFolder()
    let calls: [(String, () throws -> Void)] = [
      ("mnist.npz", { _ = try MNIST.loadData(folder: empty.path) }),
      ("cifar-10-python.tar.gz", { _ = try CIFAR10.loadData(folder: empty.path) }),
      ("cifar-100-python.tar.gz", { _ = try CIFAR100.loadData(folder: empty.path) }),
      ("imdb.npz", { _ = try IMDB.loadData(folder: empty.path) }),
      ("reuters.npz", { _ = try Reuters.loadData(folder: empty.path) }),
      ("boston_housing.npz", { _ = try BostonHousing.loadData(folder: empty.path) }),
      ("california_housing.npz", { _ = try CaliforniaHousing.loadData(folder: empty.path) }),
    ]
    for (name, call) in calls {
      let error = try #require(throws: DescentError.self) { try call() }
      #expect(error.kind == .file)
      for part in [name, "SHA-256", "https://", empty.path] { #expect(error.message.contains(part), "\(error)") }
    }
    #expect(throws: DescentError.self) { try BostonHousing.loadData(testSplit: 1, folder: folder) }
  }

  @Test func `a pickle that asks for a call is refused`() throws {
    let bytes = try ByteSource(path: folder + "/hostile.pickle").allBytes()
    let error = try #require(throws: DescentError.self) { try Pickle(bytes, name: "hostile") }
    #expect(error.message.contains("os.system"))
  }

  @Test func `a pickle cut or changed anywhere is an error or another value, never a crash`() throws {
    let bytes = try ByteSource(path: folder + "/cifar-10-batches-py-target/cifar-10-batches-py/test_batch").allBytes()
    for end in stride(from: 0, to: bytes.count, by: 97) {
      #expect(throws: DescentError.self) { try Pickle(Array(bytes[..<end]), name: "cut") }
    }
    var generator = SplitMix64(state: 1)
    for _ in 0..<2000 {
      var changed = bytes
      let place = Int.random(in: 0..<250, using: &generator)
      changed[place] = UInt8.random(in: 0...255, using: &generator)
      if let pickle = try? Pickle(changed, name: "changed") {
        _ = try? pickle.tensor(pickle[pickle.root, "data"])
        _ = try? pickle.sequences(pickle[pickle.root, "labels"])
      }
    }
    // A list in itself, ten thousand deep, and one list named a thousand times.
    let deep = [0x80, 2] + [UInt8](repeating: UInt8(ascii: "]"), count: 10_000) + [UInt8](repeating: UInt8(ascii: "a"), count: 9_999)
    let pickle = try Pickle(deep + [UInt8(ascii: ".")], name: "deep")
    #expect(throws: DescentError.self) { try pickle.sequences(pickle.root) }
    var many: [UInt8] = [0x80, 2] + Array("]q\0](K\u{1}K\u{2}K\u{3}K\u{4}K\u{5}K\u{6}eq\u{1}0](".utf8)
    for _ in 0..<1000 { many += Array("h\u{1}".utf8) }
    many += Array("e.".utf8)
    // What the first list leaves on the stack is thrown away.
    let shared = try? Pickle(many, name: "shared")
    if let shared { #expect(throws: DescentError.self) { try shared.sequences(shared.root) } }
  }
}
