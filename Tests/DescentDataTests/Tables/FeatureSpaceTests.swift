import Descent
import DescentTestSupport
import Testing

/// Columns as tensors, beside Keras's FeatureSpace.
@Suite struct FeatureSpaceTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture("feature-space") }

  private func columns(_ key: String, _ names: some Collection<String>) throws -> [String: FeatureValues] {
    let all = try needed(fixture.json[key]?.array)
    return try Dictionary(uniqueKeysWithValues: names.map { name in
      let values = try needed(all.first { $0["name"]?.string == name }?["values"]?.array)
      if values[0].string != nil { return (name, .strings(values.compactMap(\.string))) }
      return (name, name == "size" || name == "code" ? .integers(values.compactMap(\.int)) : .numbers(values.compactMap(\.double)))
    })
  }

  private func feature(_ json: JSONValue) throws -> FeatureSpace.Feature {
    let word = try needed(json.array?[0].string), settings = try needed(json.array?[1])
    let output = settings["output_mode"]?.string.flatMap(FeatureOutput.init) ?? .oneHot
    let bins = settings["num_bins"]?.int, outside = settings["num_oov_indices"]?.int ?? 1, most = settings["max_tokens"]?.int
    return switch word {
    case "float_rescaled": .floatRescaled(scale: settings["scale"]?.double ?? 1, offset: settings["offset"]?.double ?? 0)
    case "float_discretized": .floatDiscretized(numBins: bins, outputMode: output)
    case "integer_categorical": .integerCategorical(maxTokens: most, numOOVIndices: outside, outputMode: output)
    case "string_categorical": .stringCategorical(maxTokens: most, numOOVIndices: outside, outputMode: output)
    case "integer_hashed": .integerHashed(numBins: bins, outputMode: output)
    case "string_hashed": .stringHashed(numBins: bins, outputMode: output)
    default: try FeatureSpace.Feature(named: word)
    }
  }

  private func space(_ entry: JSONValue) throws -> FeatureSpace {
    let features = try needed(entry["features"]?.object).members.map { ($0, try feature($1)) }
    let crosses = try needed(entry["crosses"]?.array).map { cross in
      FeatureSpace.Cross(
        try needed(cross["feature_names"]?.array).compactMap(\.string), crossingDim: cross["crossing_dim"]?.int,
        outputMode: cross["output_mode"]?.string.flatMap(FeatureOutput.init) ?? .oneHot)
    }
    let config = entry["config"]
    return try FeatureSpace(
      Dictionary(uniqueKeysWithValues: features), outputMode: config?["output_mode"]?.string.flatMap(FeatureSpace.OutputMode.init) ?? .concat, crosses: crosses,
      crossingDim: config?["crossing_dim"]?.int ?? 32, hashingDim: config?["hashing_dim"]?.int ?? 32, numDiscretizationBins: config?["num_discretization_bins"]?.int ?? 32)
  }

  private func expect(_ tensor: Tensor?, _ json: JSONValue?, _ what: String) throws {
    let tensor = try #require(tensor)
    #expect(tensor.shape == json?["shape"]?.array?.compactMap(\.int), "\(what)")
    let values = try Fixture.numbers(json?["values"])
    #expect(zip(tensor.doubles, values).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) } && values.count == tensor.count, "\(what): \(tensor.doubles) \(values)")
  }

  @Test func `a column that is wrong leaves the others as they were`() throws {
    let space = try FeatureSpace(["age": .floatNormalized, "size": .floatNormalized, "thal": .stringCategorical()])
    let first: [String: FeatureValues] = ["age": .numbers([1, 3]), "size": .numbers([2, 4]), "thal": .strings(["a", "b"])]
    try space.adapt(first)
    let before = try space(first).doubles
    for (name, values) in [("thal", FeatureValues.integers([1, 2])), ("size", .numbers([1, .nan])), ("size", .strings(["x", "y"]))] {
      var columns = first
      columns["age"] = .numbers([100, 200])
      columns[name] = values
      #expect(failure(.data) { try space.adapt(columns) }.hasPrefix("FeatureSpace: '\(name)'"))
      #expect(try space(first).doubles == before)
    }
  }

  @Test func `a text among numbers does not make classes of them`() throws {
    let space = try FeatureSpace(["age": .float])
    func table(_ answers: [String]) throws -> TableFile {
      try TableFile(Array(("age,y\n" + answers.enumerated().map { "\($0.offset),\($0.element)\n" }.joined()).utf8), name: "t.csv")
    }
    let said = failure(.file) { try space.dataset(table(["1", "2", "12x", "4"]), target: "y") }
    #expect(said.contains("the target 'y' has '12x', which is not a number, while 3 of its 4 values are"))
    #expect(try space.dataset(table(["1", "2", "12x", "4"]), target: "y", classNames: ["1", "2", "4", "12x"]).elements().map { $0.1.doubles[0] } == [0, 1, 3, 2])
    #expect(try space.dataset(table(["1", "a", "b", "1"]), target: "y").elements().map { $0.1.doubles[0] } == [0, 1, 2, 0])
  }

  @Test func `special tokens leave room for others`() throws {
    #expect(failure(.invalidArgument) { try FeatureSpace(["a": .stringCategorical(maxTokens: 2, numOOVIndices: 3)]) }
      == "StringLookup: maxTokens is 2; expected at least 3, as there are so many special tokens")
  }

  @Test func `all types of features and crosses are as in Keras, also as parts of a graph`() throws {
    #expect(fixture.cases.count == 14)
    for entry in fixture.cases {
      let what = try needed(entry["features"]).text()
      let space = try space(entry), names = space.features.keys
      try space.adapt(columns("columns", names))
      let asked = try columns("asked", names)
      let model: Model
      if space.outputMode == .concat {
        try expect(space(asked), entry["encoded"], what)
        model = try Model(inputs: space.inputs(), outputs: space.encodedFeatures())
        try expect(model.predict(space.preprocessed(asked), verbose: 0), entry["encoded"], what)
      } else {
        let encoded = try space.encoded(asked)
        for (name, value) in try needed(entry["encoded"]?.object).members {
          try expect(encoded[name], value, "\(what) \(name)")
          if name == "code" || name == "town_X_code" { #expect(encoded[name]?.dtype == .int32) }
        }
        #expect(try Set(encoded.keys) == Set(needed(entry["encoded"]?.object).keys))
        #expect(failure(.state) { try space(asked) }.contains("outputMode is dict"))
      }
    }
  }

  @Test func `one line from a table to rows that a model trains on`() throws {
    let text = "kind,weight,age,price\n" + (0..<60).map { "\(["cat", "dog", "bird"][$0 % 3]),\(Double($0 % 7) + 0.5),\($0 % 5),\(["cheap", "dear"][($0 % 3) / 2])" }.joined(separator: "\n")
    let table = try TableFile(Array(text.utf8), name: "pets.csv")
    let space = try FeatureSpace(["kind": .stringCategorical(), "weight": .floatNormalized, "age": .integerCategorical()], crosses: [["kind", "age"]], crossingDim: 8)
    try space.adapt(table)
    #expect(space.vocabulary(of: "kind") == ["[UNK]", "dog", "cat", "bird"] && space.vocabulary(of: "weight") == nil)
    let rows = try space.dataset(table, target: "price")
    let elements = try rows.elements()
    #expect(rows.count == 60 && elements[5].0.shape == [6 + 4 + 1 + 8] && elements.prefix(3).map { $0.1.doubles[0] } == [0, 0, 1])
    #expect(try table.classNames(of: "price") == ["cheap", "dear"])
    let model = Sequential(seed: 1) { Dense(1, activation: .sigmoid) }
    try model.compile(optimizer: Adam(learningRate: 0.1), loss: .binaryCrossentropy, metrics: [.accuracy])
    try model.fit(rows.batch(20), epochs: 20, verbose: 0)
    #expect(try model.evaluate(rows.batch(20), verbose: 0)["accuracy"] == 1)
    // The layers within the model: scales and places are in its file.
    let graph = try Model(inputs: space.inputs(), outputs: Dense(1, activation: .sigmoid)(space.encodedFeatures()), seed: 1)
    try graph.compile(optimizer: Adam(learningRate: 0.1), loss: .binaryCrossentropy)
    try graph.fit(space.dataset(byName: table, target: "price", preprocessed: true).batch(20), epochs: 2, verbose: 0)
    #expect(graph.layers.contains { $0 is Normalization } && graph.layers.count { $0 is CategoryEncoding } == 3)
    // A price that is a number stays one.
    #expect(try space.dataset(TableFile(Array("kind,weight,age,price\ncow,1,2,2.5\n".utf8), name: "p.csv"), target: "price").elements()[0].1.doubles == [2.5])
  }

  @Test func `what does not fit is refused`() throws {
    let refused: [([String: FeatureSpace.Feature], [FeatureSpace.Cross], String)] = [
      ([:], [], "there are no features"), (["a": .stringHashed()], [["a", "b"]], "names 'b', which is no feature"), (["a": .float, "b": .stringHashed()], [["a", "b"]], "is of 'a', which holds numbers"),
      (["a": .stringHashed()], [["a"]], "fewer than two"), (["a": .stringCategorical(outputMode: .int)], [], "'a' is to stay a whole number"),
      (["a": .stringCategorical(outputMode: .float)], [], "expected int or one_hot"), (["a": .floatDiscretized(numBins: 0)], [], "numBins is 0"),
      (["a": .stringHashed(), "b": .stringHashed()], [["a", "b"], ["a", "b"]], "comes twice"), (["a": .stringHashed(numBins: 0)], [], "numBins is 0"),
    ]
    for (features, crosses, message) in refused {
      let found = failure(.invalidArgument) { try FeatureSpace(features, crosses: crosses) }
      #expect(found.contains(message), "\(found)")
    }
    #expect(failure(.invalidArgument) { try FeatureSpace.Feature(named: "float_normalised") }.contains("did you mean 'float_normalized'?"))
    let space = try FeatureSpace(["n": .floatNormalized, "s": .stringCategorical(), "d": .floatDiscretized(numBins: 2)])
    #expect(failure(.state) { try space(["n": [1], "s": ["a"], "d": [1]]) } != "")
    let wrong: [([String: FeatureValues], String)] = [
      (["n": [1.5, 2], "s": ["a", "b"]], "the column 'd' is missing"), (["n": [1], "s": ["a", "b"], "d": [1]], "has 2 values; expected 1"),
      (["n": [1], "s": [2], "d": [1]], "'s' is to hold texts"), (["n": ["a"], "s": ["b"], "d": [1]], "'n' is to hold numbers"),
      (["n": [1], "s": ["b"], "d": [1], "x": [1]], "'x' is no feature"), (["n": [], "s": [], "d": []], "have no values"),
    ]
    for (columns, message) in wrong {
      let found = failure(.data) { try space.adapt(columns) }
      #expect(found.contains(message), "\(found)")
    }
    let whole = try FeatureSpace(["c": .integerHashed(numBins: 4)])
    #expect(failure(.data) { try whole(["c": [1.5]]) }.contains("whole numbers; it has 1.5"))
    func table(_ text: String) throws -> TableFile { try TableFile(Array(text.utf8), name: "t.csv") }
    #expect(failure { try whole.columns(of: table("c,y\n1,2\n1.5,2\n")) } == "t.csv: line 3: the feature 'c' is '1.5'; expected a whole number (TableData fills in what is missing)")
    #expect(failure { try whole.columns(of: table("c,y\n1,2\n,2\n")) }.contains("line 3: the feature 'c' is missing"))
    #expect(failure { try whole.columns(of: table("d,y\n1,2\n")) }.contains("no column 'c' (a feature)"))
    #expect(failure { try whole.dataset(table("c,y\n1,2\n2,NA\n"), target: "y") }.contains("the target 'y' is missing"))
    #expect(failure(.data) { try whole.dataset(table("c,y\n1,a\n2,b\n"), target: "y", classNames: ["a"]) }.contains("row 2: the target 'y' is 'b'"))
  }
}
