import Descent
import DescentTestSupport
import Testing

/// Categories as numbers, beside Keras's.
@Suite struct HashingTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture("hashing") }

  private func list(_ name: String) throws -> [JSONValue] { try needed(fixture.json[name]?.array) }
  private func strings(_ json: JSONValue?) throws -> [String] { try needed(json?.array).map { try needed($0.string) } }
  private func numbers(_ json: JSONValue?) throws -> [Int] { try needed(json?.array).map { try needed($0.int) } }

  private func expect(_ tensor: Tensor, _ json: JSONValue?, _ what: String) throws {
    let shape = try needed(json?["shape"]?.array).compactMap(\.int)
    #expect(tensor.shape == shape, "\(what)")
    let values = try Fixture.numbers(json?["values"])
    #expect(zip(tensor.doubles, values).allSatisfy { abs($0 - $1) <= 1e-6 * max(1, abs($1)) } && values.count == tensor.count, "\(what): \(tensor.doubles) \(values)")
  }

  @Test func `whole numbers are looked up as Keras does`() throws {
    for entry in try list("lookups") {
      let config = try needed(entry["config"]), what = config.text()
      let layer = try IntegerLookup(
        maxTokens: config["max_tokens"]?.int, numOOVIndices: config["num_oov_indices"]?.int ?? 1, maskToken: config["mask_token"]?.int,
        oovToken: config["oov_token"]?.int ?? -1, vocabulary: config["vocabulary"].map { try numbers($0) }, idfWeights: config["idf_weights"].map { try Fixture.numbers($0) },
        outputMode: needed(LookupOutput(rawValue: config["output_mode"]?.string ?? "int")), padToMaxTokens: config["pad_to_max_tokens"]?.bool ?? false)
      if config["vocabulary"] == nil { try layer.adapt(numbers(fixture.json["numbers"])) }
      #expect(try layer.vocabulary() == numbers(entry["vocabulary"]), "\(what)")
      #expect(layer.vocabularySize == entry["size"]?.int, "\(what)")
      let asked = try numbers(entry["asked"])
      try expect(layer(asked), entry["row"], what)
      try expect(layer(asked.map { [$0] }), entry["column"], what)
      try expect(layer([Array(asked[0..<2]), Array(asked[2..<4])]), entry["pairs"], what)
    }
    #expect(try list("lookups").count == 13)
    let codes = try IntegerLookup(vocabulary: [5, 9])
    #expect(try codes.integers(codes([9, 7, 5])) == [9, -1, 5])
    #expect(throws: DescentError.self) { _ = try IntegerLookup()([1]) }
    #expect(throws: DescentError.self) { _ = try IntegerLookup(numOOVIndices: 0, vocabulary: [1])([2]) }
  }

  @Test func `values are hashed into the bins of Keras`() throws {
    for entry in try list("hashes") {
      let config = try needed(entry["config"]), what = config.text()
      let salt = config["salt"].flatMap { salt in salt.int.map { [$0, $0] } ?? salt.array?.compactMap(\.int) }
      let layer = try Hashing(
        numBins: needed(config["num_bins"]?.int), maskValue: config["mask_value"].flatMap { $0.string ?? $0.int.map(String.init) },
        salt: salt.map { (UInt64($0[0]), UInt64($0[1])) }, outputMode: needed(CategoryOutput(rawValue: config["output_mode"]?.string ?? "int")))
      func check<Value: CategoryValue>(_ values: [Value], _ forms: JSONValue?) throws {
        guard let forms, forms != .null else { return }
        try expect(layer(values), forms["row"], what)
        try expect(layer(values.map { [$0] }), forms["column"], what)
        try expect(layer([Array(values[0..<2]), Array(values[2..<4])]), forms["pairs"], what)
      }
      try check(strings(fixture.json["words"]), entry["words"])
      try check(numbers(fixture.json["asked"]), entry["numbers"])
    }
    #expect(try list("hashes").count == 11)
    #expect(throws: DescentError.self) { _ = try Hashing(numBins: 0) }
    #expect(throws: DescentError.self) { _ = try Hashing(numBins: 2)([["a"], ["a", "b"]]) }
  }

  @Test func `combinations are hashed into the bins of Keras`() throws {
    for entry in try list("crossings") {
      let config = try needed(entry["config"]), columns = try needed(entry["columns"]?.array), what = entry.text()
      let layer = try HashedCrossing(
        numBins: needed(config["num_bins"]?.int), outputMode: needed(CategoryOutput(rawValue: config["output_mode"]?.string ?? "int")))
      let isText = columns.map { $0[0]?.string != nil }
      let result =
        switch isText {
        case [true, true]: try layer(strings(columns[0]), strings(columns[1]))
        case [true, false]: try layer(strings(columns[0]), numbers(columns[1]))
        case [false, false, true]: try layer([numbers(columns[0]), numbers(columns[1]), strings(columns[2])])
        default: try layer(numbers(columns[0]), numbers(columns[1]))
        }
      try expect(result, entry["row"], what)
    }
    #expect(try list("crossings").count == 5)
    #expect(throws: DescentError.self) { _ = try HashedCrossing(numBins: 3)([["a"]]) }
    #expect(throws: DescentError.self) { _ = try HashedCrossing(numBins: 3)(["a"], [1, 2]) }
    #expect(throws: DescentError.self) { _ = try HashedCrossing(numBins: 3, outputMode: .count) }
  }
}
