import DescentTestSupport
import Foundation
import Testing

@testable import Descent

/// Utilities on rows, compared with real Keras, NumPy and Python.
@Suite struct DataUtilitiesTests {
  let fixture: Fixture

  init() throws { fixture = try Fixture("datasets/expected") }

  private func expectEqual(_ tensor: Tensor, _ value: JSONValue?, tolerance: Double = 0, _ note: String = "") throws {
    #expect(tensor.shape == (try Fixture.integers(value?["shape"])), "\(note)")
    let expected = try Fixture.numbers(value?["values"])
    let off = zip(tensor.doubles, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(off <= tolerance, "\(note)")
  }

  @Test func `sequences are padded as Keras pads them`() throws {
    let cases = try needed(fixture.json["pad_sequences"]?.array)
    #expect(cases.count == 108)
    for entry in cases {
      let data = try needed(entry["data"]?.array)
      let dtype = try needed(entry["dtype"]?.string.flatMap(DType.init(rawValue:)))
      let padding = try needed(entry["padding"]?.string.flatMap(SequenceEnd.init(rawValue:)))
      let truncating = try needed(entry["truncating"]?.string.flatMap(SequenceEnd.init(rawValue:)))
      let value = try needed(entry["value"]?.double)
      let isVectors = data[0].array?.first?.array != nil
      let result =
        isVectors
        ? try padSequences(
          try data.map { row in Tensor(shape: [row.array!.count, 2], scalars: try Fixture.numbers(row)) },
          maxlen: entry["maxlen"]?.int, dtype: dtype, padding: padding, truncating: truncating, value: value)
        : try padSequences(
          try data.map { try Fixture.numbers($0) }, maxlen: entry["maxlen"]?.int, dtype: dtype, padding: padding,
          truncating: truncating, value: value)
      #expect(result.dtype == dtype)
      try expectEqual(result, entry["result"], tolerance: 0, "\(entry)")
    }
    #expect(throws: DescentError.self) { try padSequences([[Int32(1)]], maxlen: 0) }
    let words: [[Int]] = [[7], [1, 2, 3]]
    #expect(try padSequences(words, padding: .post).doubles == [7, 0, 0, 1, 2, 3] && padSequences(words).dtype == .int32)
    #expect(throws: DescentError.self) { try padSequences([[Int.max]]) }
    #expect(throws: DescentError.self) { try padSequences([[3e10]]) }
  }

  @Test func `classes become rows with a one`() throws {
    for entry in try needed(fixture.json["to_categorical"]?.array) {
      try expectEqual(
        toCategorical(Fixture.tensor(entry["x"]), numClasses: entry["num_classes"]?.int), entry["result"], tolerance: 0, "\(entry)")
    }
    #expect(try toCategorical([1, 0]).doubles == [0, 1, 1, 0])
    #expect(throws: DescentError.self) { try toCategorical(Tensor([] as [Int32])) }
    #expect(try toCategorical(Tensor([] as [Int32]), numClasses: 4).shape == [0, 4])
    for bad in [[-1.0], [0.5], [3.0], [.nan]] { #expect(throws: DescentError.self) { try toCategorical(Tensor(bad), numClasses: 3) } }
  }

  @Test func `vectors are normalized as Keras does`() throws {
    for entry in try needed(fixture.json["normalize"]?.array) {
      let x = try Fixture.tensor(entry["x"])
      try expectEqual(
        normalize(x, axis: needed(entry["axis"]?.int), order: needed(entry["order"]?.double)), entry["result"], tolerance: 1e-12,
        "\(entry)")
    }
  }

  @Test func `a seed gives NumPy's order`() throws {
    for entry in try needed(fixture.json["numpy_orders"]?.array) {
      let order = try Fixture.integers(entry["order"])
      #expect(MersenneTwister.numpyOrder(order.count, seed: UInt32(entry["seed"]!.int!)) == order)
    }
  }

  @Test func `rows are split as Keras and Python's shuffle do`() throws {
    for entry in try needed(fixture.json["split_dataset"]?.array) {
      func size(_ key: String) -> SplitSize? {
        guard let value = entry[key], !value.isNull else { return nil }
        return value.int.map { .rows($0) } ?? .fraction(value.double!)
      }
      let rows = Tensor((0..<(try needed(entry["total"]?.int))).map { Int32($0) })
      let (left, right) = try splitDataset(
        [rows, rows.cast(to: .float64)], leftSize: size("left"), rightSize: size("right"), shuffle: entry["shuffle"]!.bool!,
        seed: entry["seed"]?.int.map { UInt64($0) })
      for tensor in left { #expect(tensor.doubles == (try Fixture.numbers(entry["left_rows"])), "\(entry)") }
      for tensor in right { #expect(tensor.doubles == (try Fixture.numbers(entry["right_rows"])), "\(entry)") }
    }
    let x = Tensor([1.0, 2, 3])
    for (left, right) in [(nil, nil), (3, nil), (1.0, nil), (0.8, 0.3), (2, 2), (0.1, nil)] as [(SplitSize?, SplitSize?)] {
      #expect(throws: DescentError.self) { try splitDataset([x], leftSize: left, rightSize: right) }
    }
  }

  @Test func `what no memory holds is refused`() throws {
    let told = "more than this machine's memory holds"
    for length in [Int.max, 1 << 45] {
      #expect(failure(.invalidArgument) { _ = try padSequences([[1], [2]], maxlen: length) }.contains(told))
      #expect(failure(.invalidArgument) { _ = try padSequences([Tensor([1.0]), Tensor([2.0])], maxlen: length) }.contains(told))
    }
    for mode in [LookupOutput.multiHot, .oneHot] {
      let lookup = try StringLookup(maxTokens: 1 << 42, vocabulary: ["a"], outputMode: mode, padToMaxTokens: true)
      #expect(failure(.invalidArgument) { _ = try lookup(["a"]) }.contains(told))
    }
  }
}
