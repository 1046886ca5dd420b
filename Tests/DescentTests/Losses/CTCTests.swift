import Descent
import DescentTestSupport
import Foundation
import Testing

/// Sequences of labels against Keras and PyTorch.
@Suite struct CTCTests {
  private let fixture = try! Fixture("ctc")

  private func logits(_ entry: JSONValue) throws -> Tensor {
    try Fixture.pattern(Fixture.integers(entry["shape"]), salt: needed(entry["salt"]?.int)) * 3
  }

  private func integers(_ value: JSONValue?) throws -> Tensor { Tensor(try Fixture.integers(value).map(Int32.init)) }

  private func labels(_ value: JSONValue?) throws -> Tensor {
    let rows = try needed(value?.array).map { try Fixture.integers($0) }
    return Tensor(shape: [rows.count, rows[0].count], scalars: rows.flatMap { $0.map(Int32.init) })
  }

  private func loss(_ entry: JSONValue, of x: Tensor) throws -> Tensor {
    ctcLoss(
      try labels(entry["target"]), x, targetLength: try integers(entry["target_length"]), outputLength: try integers(entry["output_length"]),
      maskIndex: try needed(entry["mask_index"]?.int))
  }

  @Test func `losses and derivatives are Keras's and PyTorch's`() throws {
    let torch = try Fixture("ctc-torch").cases
    let cases = try needed(fixture.json["losses"]?.array)
    try #require(cases.count == 6 && torch.count == 6)
    for (number, entry) in cases.enumerated() {
      let x = try logits(entry)
      let values = try loss(entry, of: x)
      expectClose(values, try Fixture.numbers(entry["values"]), tolerance: 1e-10, "case \(number)")
      let gradient = gradients(of: (values * Tensor([1.0, 2, 3])).sum(), withRespectTo: [x])[0]
      expectClose(gradient, try Fixture.numbers(entry["gradient"]), tolerance: 1e-10, "case \(number): derivative")
      let rowSize = x.count / 3
      for row in 0..<3 {
        guard let expected = torch[number]["values"]?[row]?.double else { continue }
        expectClose(values[row..<(row + 1)], [expected], tolerance: 1e-10, "case \(number), row \(row)")
        let expectedGradient = try Fixture.numbers(torch[number]["gradients"]?[row])
        expectClose(
          Array(gradient.doubles[(row * rowSize)..<((row + 1) * rowSize)]), expectedGradient, tolerance: 1e-10,
          "case \(number), row \(row): PyTorch's derivative")
      }
    }
  }

  @Test func `derivatives match differences`() throws {
    let entry = try needed(fixture.json["losses"]?.array?[1])
    expectDerivativesMatchDifferences(at: try logits(entry), tolerance: 1e-6) { try! loss(entry, of: $0) }
  }

  @Test func `the loss is the sum over all ways to say the labels`() {
    // Two steps, one label: said in both, in the first or in the second.
    let p = [[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]]
    let inBoth = p[0][1] * p[1][1], inFirst = p[0][1] * p[1][0], inSecond = p[0][0] * p[1][1]
    let ways = inBoth + inFirst + inSecond
    let x = log(Tensor(shape: [1, 2, 3], scalars: p[0] + p[1]))
    let one = Tensor([Int32(1)])
    let value = ctcLoss(Tensor(shape: [1, 1], scalars: [Int32(1)]), x, targetLength: one, outputLength: one * 2)
    expectClose(value, [-Foundation.log(ways)])
    let none = ctcLoss(Tensor.zeros([1, 0], dtype: .int32), x, targetLength: one * 0, outputLength: one * 2)
    expectClose(none, [-Foundation.log(p[0][0] * p[1][0])])
  }

  @Test func `the class is Keras's, in files too`() throws {
    let entry = try needed(fixture.json["classes"]?.array?[0])
    let (x, y) = (try logits(entry), try labels(entry["target"]))
    expectClose([Loss.ctc(target: y, prediction: x).item()], [try needed(entry["value"]?.double)], tolerance: 1e-10)
    let weighted = Loss.ctc.reducing(by: .sum)(target: y, prediction: x, sampleWeight: Tensor([0.5, 2, 1])).item()
    expectClose([weighted], [try needed(entry["weighted"]?.double)], tolerance: 1e-10)
    let json = try needed(entry["json"])
    #expect(try Loss(json: json).json()["config"] == json["config"])
    #expect(try Loss(json: "ctc").name == "ctc")
  }

  @Test func `a model learns to say labels`() throws {
    let x = Fixture.pattern([8, 6, 3], salt: 5, dtype: .float32)
    let numbers: [Int32] = [1, 2, 3, 0, 2, 3, 1, 0, 3, 1, 2, 0, 1, 2, 3, 0]
    let y = Tensor(shape: [8, 2], scalars: numbers)
    let model = Sequential(seed: 1) { GRU(16, returnSequences: true, inputShape: [6, 3]); Dense(4) }
    try model.compile(optimizer: .adam(learningRate: 0.02), loss: "ctc")
    let losses = try model.fit(x, y, batchSize: 8, epochs: 60, verbose: 0)["loss"]
    let (first, last) = (try needed(losses.first), try needed(losses.last))
    #expect(last < 0.3 * first)
    let lengths = Tensor(repeating: 6, shape: [8], dtype: .int32)
    let said = ctcDecode(try model.predict(x, verbose: 0), sequenceLengths: lengths).labels[0..<1, 0..<8, 0..<2]
    let right = zip(said.doubles, y.doubles).filter { max($0, 0) == $1 }.count
    #expect(right >= 12)
    #expect(throws: DescentError.self) { try model.fit(x, y + 3, epochs: 1, verbose: 0) }
    #expect(throws: DescentError.self) { try model.fit(x, y[0..<8, 0..<1].reshaped([8]), epochs: 1, verbose: 0) }
    #expect(throws: DescentError.self) { try model.fit(x, y, epochs: 1, verbose: 0, classWeight: [1: 2]) }
  }

  @Test func `labels are found as by Keras`() throws {
    let cases = try needed(fixture.json["decodes"]?.array)
    try #require(cases.count == 8)
    for (number, entry) in cases.enumerated() {
      let options = try needed(entry["options"]?.object)
      let strategy: CTCDecoding = options["strategy"] == "beam_search"
        ? .beamSearch(beamWidth: try needed(options["beam_width"]?.int), topPaths: try needed(options["top_paths"]?.int))
        : .greedy(mergeRepeated: options["merge_repeated"] != false)
      let x = try logits(entry)
      let (labels, scores) = ctcDecode(
        x, sequenceLengths: try integers(entry["lengths"]), strategy: strategy, maskIndex: options["mask_index"]?.int ?? 0)
      let paths = try needed(entry["paths"]?.int)
      #expect(labels.shape == [paths, 3, x.shape[1]] && labels.dtype == .int32 && scores.shape == [3, paths])
      let expected = try needed(entry["scores"]?.array).map { $0.double ?? -.infinity }
      for (found, expected) in zip(scores.doubles, expected) {
        #expect(found == expected || abs(found - expected) < 1e-10, "case \(number): a score of \(found), Keras has \(expected)")
      }
      // What there is no path for has labels of no meaning in Keras.
      let wanted = try Fixture.numbers(entry["labels"])
      for path in 0..<paths {
        for row in 0..<3 where expected[row * paths + path] > -.infinity {
          let range = ((path * 3 + row) * x.shape[1])..<((path * 3 + row + 1) * x.shape[1])
          #expect(Array(labels.doubles[range]) == Array(wanted[range]), "case \(number), path \(path), row \(row)")
        }
      }
    }
  }

  @Test func `a row without steps has no labels`() {
    let x = Fixture.pattern([2, 3, 4], salt: 1, dtype: .float32)
    let none = Tensor.zeros([2], dtype: .int32)
    for strategy in [CTCDecoding.greedy(), .beamSearch()] {
      let (labels, scores) = ctcDecode(x, sequenceLengths: none, strategy: strategy)
      #expect(labels.doubles == [Double](repeating: -1, count: 6) && scores.doubles == [0, 0] && scores.dtype == .float32)
    }
  }
}
