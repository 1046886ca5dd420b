import DescentTestSupport
import Foundation
import Testing

@testable import Descent

/// A Python that has TensorBoard, named by the environment variable PYTHON.
private enum TensorBoardPython {
  static let path: String? = ProcessInfo.processInfo.environment["PYTHON"].flatMap { path in
    (try? run(path, ["-c", "import tensorboard.backend.event_processing.event_accumulator"]))?.status == 0 ? path : nil
  }

  static func run(_ path: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}

@Suite struct TensorBoardTests {
  /// Where there is one, as the tests of several processes run where there is an MPI; elsewhere the reader here does, against Keras's files.
  @Test(.enabled(if: TensorBoardPython.path != nil)) func `TensorBoard's own reader finds the numbers of the history`() throws {
    try withTemporaryFolder { folder in
      let model = try SmallData.model(metrics: [.accuracy])
      let board = TensorBoard(logDirectory: folder, histogramFrequency: 1, writesImages: true)
      let history = try model.fit(SmallData.x(), SmallData.labels, batchSize: 10, epochs: 3, verbose: 0, callbacks: [board], validationSplit: 0.2)
      let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/scripts/check_tensorboard.py").path
      let found = try TensorBoardPython.run(try needed(TensorBoardPython.path), [script, folder])
      #expect(found.status == 0)
      for (part, prefix) in [("train", ""), ("validation", "val_")] {
        let lines = found.output.components(separatedBy: folder + "/" + part + "\n").last?.split(separator: "\n") ?? []
        for name in ["loss", "accuracy"] {
          let line = try needed(lines.first { $0.hasPrefix("  epoch_\(name): scalars, 3 values, the last at step 2: ") })
          let number = try needed(Double(line.split(separator: " ").last.map(String.init) ?? ""))
          #expect(abs(number - history[prefix + name][2]) < 1e-6, "\(part) \(name)")
        }
      }
      #expect(found.output.contains("graph: "))
    }
  }

  @Test func `the checksum is Castagnoli's`() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
  }

  @Test func `the values written are Keras's`() throws {
    let fixture = try Fixture("tensorboard").json
    let x = Tensor(shape: [10, 4], scalars: (0..<40).map { (place: Int) -> Double in -1 + 2 * Double(place) / 39 }).cast(to: .float32).evaluated()
    let y = Tensor(shape: [10, 1], scalars: (0..<10).map { Float($0 % 2) })
    for item in try #require(fixture["cases"]?.array) {
      let isAll = item["arguments"]?.string == "all"
      let rows = try withTemporaryFolder { folder -> [[String]] in
        let model = Sequential(name: "m") {
          Dense(3, inputShape: [4], name: "a")
          Dense(1, name: "b")
        }
        try model.compile(optimizer: SGD(learningRate: 0.1), loss: "mse", metrics: ["mae"])
        let callback = isAll
          ? TensorBoard(
            logDirectory: folder, histogramFrequency: 1, writesImages: true, writesStepsPerSecond: true, updateFrequency: .batch)
          : TensorBoard(logDirectory: folder)
        try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, callbacks: [callback], validationData: (x, y))
        return try ["train", "validation"].flatMap { part in
          try EventReader.values(in: "\(folder)/\(part)").map { value in
            [part, value.tag, value.plugin, "\(value.step)", "\(value.type)", "\(value.shape)"]
          }
        }
      }
      let expected = try #require(item["rows"]?.array).map { (row: JSONValue) -> [String] in
        let sizes: [Int] = (row[5]?.array ?? []).compactMap(\.int)
        return (0..<5).map { (place: Int) -> String in row[place]?.string ?? row[place]?.text() ?? "" } + ["\(sizes)"]
      }
      func inOrder(_ rows: [[String]]) -> [[String]] { rows.sorted { $0.joined(separator: " ") < $1.joined(separator: " ") } }
      #expect(inOrder(rows) == inOrder(expected))
    }
  }

  @Test func `numbers are those of the history`() throws {
    try withTemporaryFolder { folder in
      let model = try SmallData.model(metrics: [.accuracy])
      let board = TensorBoard(logDirectory: folder, updateFrequency: .batches(3))
      let history = try model.fit(
        SmallData.x(), SmallData.labels, batchSize: 10, epochs: 2, verbose: 0, callbacks: [board], validationSplit: 0.2)
      let train = try EventReader.values(in: folder + "/train"), validation = try EventReader.values(in: folder + "/validation")
      func numbers(_ values: [EventReader.Value], _ tag: String) -> [Double] { values.filter { $0.tag == tag }.map(\.scalar) }
      for (tag, values, name) in [("epoch_loss", train, "loss"), ("epoch_accuracy", train, "accuracy"), ("epoch_loss", validation, "val_loss")] {
        #expect(numbers(values, tag) == history[name].map { Double(Float($0)) })
      }
      let rate = Double(Float(0.01))
      #expect(numbers(train, "epoch_learning_rate") == [rate, rate])
      // 5 batches an epoch: the third, the sixth, the ninth.
      #expect(train.filter { $0.tag == "batch_loss" }.map(\.step) == [3, 6, 9])
      let json = try #require(train.first { $0.tag == "keras" }?.strings.first)
      #expect(try JSONValue(parsing: json, name: "keras")["class_name"]?.string == "Sequential")
    }
  }

  @Test func `an epoch that is resumed has the speed of its rest`() throws {
    try withTemporaryFolder { folder in
      struct Cut: Error {}
      for cut in [4, nil] {
        let cutter = LambdaCallback(onTrainBatchEnd: { batch, _ in if batch + 1 == cut { throw Cut() } })
        let board = TensorBoard(logDirectory: folder, writesStepsPerSecond: true)
        do {
          try SmallData.model().fit(
            SmallData.x(), SmallData.labels, batchSize: 10, verbose: 0,
            callbacks: [board, cutter, BackupAndRestore(folder + "/b", saveFrequency: .batches(1))])
        } catch is Cut {}
      }
      let speeds = try EventReader.values(in: folder + "/train").filter { $0.tag == "epoch_steps_per_second" }.map(\.scalar)
      // Three steps, and not six since the machine was started.
      #expect(speeds.count == 1 && speeds[0] > 1, "\(speeds)")
    }
  }

  @Test func `histograms count every number once`() {
    let values = (0..<1000).map { Foundation.sin(Double($0)) }
    let rows = EventFile.buckets(values)
    #expect(rows.count == 30 && rows.reduce(0) { $0 + $1.count } == 1000)
    for row in rows.dropLast() { #expect(row.count == Double(values.filter { $0 >= row.left && $0 < row.right }.count)) }
    #expect(EventFile.buckets([2, 2, .nan]).last.map { $0.left == 2 && $0.right == 2 && $0.count == 2 } == true)
    #expect(EventFile.buckets([]).count == 30)
  }

  @Test func `pictures are PNG files of bytes`() throws {
    let png = PNGWriter.bytes([0, 128, 255, 7, 8, 9], width: 3, height: 2, channels: 1)
    #expect(Array(png[1...3]) == Array("PNG".utf8) && Array(png[16..<24]) == [0, 0, 0, 3, 0, 0, 0, 2])
    // Length of the data, its rows behind two bytes of zlib and five of a stored block.
    let start = 33 + 8 + 7
    #expect(Array(png[start..<(start + 8)]) == [0, 0, 128, 255, 0, 7, 8, 9])
  }

  @Test func `embeddings are written for the projector`() throws {
    try withTemporaryFolder { folder in
      let model = Sequential {
        Embedding(4, 2, name: "words")
        Flatten()
        Dense(1)
      }
      let x = Tensor(shape: [4, 2], scalars: [0, 1, 2, 3, 3, 2, 1, 0] as [Int32]), y = Tensor(shape: [4, 1], scalars: [0, 1, 0, 1] as [Float])
      try model.build(rows: [2])
      try model.compile(optimizer: .sgd, loss: "mse")
      try writeFile(folder + "/words.tsv", text: "a\nb\nc\nd\n")
      let board = TensorBoard(logDirectory: folder, embeddingsFrequency: 1, embeddingsMetadata: ["words": "words.tsv"])
      try model.fit(x, y, verbose: 0, callbacks: [board])
      // All in one folder with files of events: the projector reads nothing outside of it, and looks in no other.
      func read(_ name: String) throws -> String { try String(contentsOfFile: folder + "/train/" + name, encoding: .utf8) }
      let text = try read("projector_config.pbtxt")
      #expect(text.contains("tensor_path: \"keras_embedding-words.tsv\"") && text.contains("metadata_path: \"keras_embedding-words-metadata.tsv\""))
      #expect(try read("keras_embedding-words.tsv").split(separator: "\n").map { $0.split(separator: "\t").count } == [2, 2, 2, 2])
      #expect(try read("keras_embedding-words-metadata.tsv") == "a\nb\nc\nd\n")
      let missing = TensorBoard(logDirectory: folder, embeddingsFrequency: 1, embeddingsMetadata: "missing.tsv")
      #expect(failure(.file) { try model.fit(x, y, verbose: 0, callbacks: [missing]) }.contains("missing.tsv"))
      let wrong = TensorBoard(logDirectory: folder, embeddingsFrequency: 1, embeddingsMetadata: ["letters": "a"])
      #expect(failure(.invalidArgument) { try model.fit(x, y, verbose: 0, callbacks: [wrong]) }.contains("letters"))
    }
  }

  @Test func `weights are pictures with 0 in the middle`() throws {
    try withTemporaryFolder { folder in
      let model = Sequential { Dense(3, inputShape: [2], name: "a") }
      try model.compile(optimizer: SGD(learningRate: 0), loss: "mse")
      try model.setWeights([Tensor(shape: [2, 3], scalars: [0, 0.5, -0.5, 0.25, -0.125, 0] as [Float]), Tensor(shape: [3], scalars: [0, 0, 0] as [Float])])
      let board = TensorBoard(logDirectory: folder, histogramFrequency: 1, writesImages: true)
      try model.fit(Tensor(shape: [2, 2], scalars: [1, 2, 3, 4] as [Float]), Tensor(shape: [2, 3], scalars: [Float](repeating: 0, count: 6)), verbose: 0, callbacks: [board])
      let images = try EventReader.values(in: folder + "/train").filter { $0.plugin == "images" }
      let kernel = try #require(images.first { $0.tag.hasSuffix("kernel/image") }), bias = try #require(images.first { $0.tag.hasSuffix("bias/image") })
      // Behind width and height the file, of which the rows lie behind 48 bytes, each behind its filter.
      #expect(kernel.strings[0] == "3" && kernel.strings[1] == "2")
      #expect(Array(kernel.bytes[2][48..<56]) == [0, 128, 255, 0, 0, 191, 96, 128])
      #expect(bias.strings[0] == "3" && Array(bias.bytes[2][48..<52]) == [0, 128, 128, 128])
    }
  }

  @Test func `the layers are a graph of operations`() throws {
    try withTemporaryFolder { folder in
      let inner = Sequential(name: "inner") {
        Dense(3, inputShape: [4], name: "a")
        Dense(2, name: "b")
      }
      let input = Input(shape: [4], name: "in"), side = Dense(2, name: "side")
      let joined = try Add(name: "join")([inner(input), side(input)])
      let model = try Model(inputs: input, outputs: Dense(1, name: "out")(joined))
      try model.compile(optimizer: .sgd, loss: "mse")
      try model.fit(Tensor.zeros([4, 4]), Tensor.zeros([4, 1]), verbose: 0, callbacks: [TensorBoard(logDirectory: folder)])
      let nodes = try #require(EventReader.graphs(in: folder + "/train").first)
      #expect(nodes.map { "\($0.name): \($0.operation) of \($0.inputs.joined(separator: ", "))" } == [
        "in: InputLayer of ", "inner/a: Dense of in", "inner/b: Dense of inner/a", "side: Dense of in", "join: Add of inner/b, side", "out: Dense of join",
      ])
    }
  }

  @Test func `profiling is refused`() throws {
    let model = try SmallData.model()
    let board = TensorBoard(logDirectory: "nowhere", profileBatch: 2)
    #expect(failure(.invalidArgument) { try model.fit(SmallData.x(), SmallData.labels, verbose: 0, callbacks: [board]) }.contains("profileBatch"))
  }
}

/// A plain reader of TensorBoard's files, which checks the checksums bit by bit.
enum EventReader {
  struct Value {
    let tag: String
    let plugin: String
    let step: Int
    let type: Int
    let shape: [Int]
    var scalar = Double.nan
    var strings: [String] { bytes.map { String(decoding: $0, as: UTF8.self) } }
    var bytes: [[UInt8]] = []
  }

  /// A node of a graph.
  struct Node {
    let name: String
    let operation: String
    let inputs: [String]
  }

  static func values(in folder: String) throws -> [Value] {
    try events(in: folder).flatMap { event in
      let step = event[2]?.first.map { Int(number($0[...])) } ?? 0
      return (event[5] ?? []).flatMap { summary in (fields(summary)[1] ?? []).map { value(fields($0), step) } }
    }
  }

  /// The graphs of operations.
  static func graphs(in folder: String) throws -> [[Node]] {
    try events(in: folder).flatMap { $0[4] ?? [] }.map { graph in
      (fields(graph)[1] ?? []).map { node in
        let parts = fields(node)
        func texts(_ field: Int) -> [String] { (parts[field] ?? []).map { String(decoding: $0, as: UTF8.self) } }
        return Node(name: texts(1).first ?? "", operation: texts(2).first ?? "", inputs: texts(3))
      }
    }
  }

  private static func events(in folder: String) throws -> [[Int: [[UInt8]]]] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("events") }.sorted()
    return try names.flatMap { try events(Array(Data(contentsOf: URL(fileURLWithPath: folder + "/" + $0)))) }
  }

  private static func events(_ bytes: [UInt8]) throws -> [[Int: [[UInt8]]]] {
    var place = 0, events: [[Int: [[UInt8]]]] = [], count = 0
    while place < bytes.count {
      let length = Array(bytes[place..<(place + 8)])
      #expect(number(bytes[(place + 8)..<(place + 12)]) == UInt64(masked(length)))
      let size = Int(number(length[...]))
      let record = Array(bytes[(place + 12)..<(place + 12 + size)])
      #expect(number(bytes[(place + 12 + size)..<(place + 16 + size)]) == UInt64(masked(record)))
      place += 16 + size
      let event = fields(record)
      if count == 0 { #expect(event[3]?.first.map { String(decoding: $0, as: UTF8.self) } == "brain.Event:2") }
      count += 1
      events.append(event)
    }
    return events
  }

  private static func value(_ parts: [Int: [[UInt8]]], _ step: Int) -> Value {
    let tensor = fields(parts[8]?.first ?? []), plugin = fields(fields(parts[9]?.first ?? [])[1]?.first ?? [])
    let sizes = (fields(tensor[2]?.first ?? [])[2] ?? []).map { fields($0)[1]?.first.map { Int(number($0[...])) } ?? 0 }
    var value = Value(
      tag: String(decoding: parts[1]?.first ?? [], as: UTF8.self), plugin: String(decoding: plugin[1]?.first ?? [], as: UTF8.self),
      step: step, type: Int(number((tensor[1]?.first ?? [])[...])), shape: sizes)
    if let bits = tensor[5]?.first { value.scalar = Double(Float(bitPattern: UInt32(number(bits[...])))) }
    value.bytes = tensor[8] ?? []
    return value
  }

  /// The fields of a message: those of whole numbers and of fixed width as their bytes, least first.
  private static func fields(_ bytes: [UInt8]) -> [Int: [[UInt8]]] {
    var place = 0, result: [Int: [[UInt8]]] = [:]
    func varint() -> UInt64 {
      var value: UInt64 = 0, shift: UInt64 = 0
      while true {
        let byte = bytes[place]
        place += 1
        value |= UInt64(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { return value }
      }
    }
    while place < bytes.count {
      let key = varint()
      var size = 0
      switch key & 7 {
      case 0:
        let value = varint()
        result[Int(key >> 3), default: []].append((0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) })
        continue
      case 1: size = 8
      case 5: size = 4
      default: size = Int(varint())
      }
      result[Int(key >> 3), default: []].append(Array(bytes[place..<(place + size)]))
      place += size
    }
    return result
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  private static func masked(_ bytes: [UInt8]) -> UInt32 {
    var rest: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      for bit in 0..<8 {
        let isSet = (rest ^ UInt32(byte >> bit)) & 1 == 1
        rest = rest >> 1 ^ (isSet ? 0x82F6_3B78 : 0)
      }
    }
    let sum = ~rest
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}
