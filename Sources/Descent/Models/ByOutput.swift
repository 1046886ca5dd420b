/// Something for each output of a model: by name, or in order.
///
///     try model.compile(
///       optimizer: .adam, loss: ["class": .sparseCategoricalCrossentropy, "score": "mse"], lossWeights: ["class": 1, "score": 0.2])
///     try model.compile(optimizer: .adam, loss: [.sparseCategoricalCrossentropy, nil])
public enum ByOutput<Value> {
  /// By the outputs' names.
  case named([(name: String, value: Value)])
  /// In the order of the outputs; nil for one that has none.
  case ordered([Value?])
}

extension ByOutput: Sendable where Value: Sendable {}

extension ByOutput: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  public init(arrayLiteral elements: Value?...) { self = .ordered(elements) }
  public init(dictionaryLiteral elements: (String, Value)...) { self = .named(elements.map { ($0.0, $0.1) }) }
}

extension ByOutput {
  /// Which of several lists of names of all outputs some names are of.
  static func nameList(_ given: [String], of names: [[String]]) -> [String] {
    names.first { list in given.allSatisfy(list.contains) } ?? names[0]
  }

  /// The place among the outputs of each value that is given by name, nil for a name that is no output's; none of values in order.
  /// - Parameter names: lists of names of all outputs in order, any of which may be used.
  func places(names: [[String]]) -> [Int?] {
    guard case .named(let pairs) = self else { return [] }
    let known = ByOutput.nameList(pairs.map(\.name), of: names)
    return pairs.map { known.firstIndex(of: $0.name) }
  }

  /// The value of each output, nil where it has none.
  /// - Parameters:
  ///   - names: lists of names of all outputs in order, any of which may be used.
  ///   - what: what messages call it.
  /// - Throws: ``DescentError`` for a name that is no output's, a name that comes twice, or another number of values.
  func values(names: [[String]], _ what: String) throws -> [Value?] {
    let count = names[0].count
    switch self {
    case .ordered(let values):
      guard values.count == count else {
        throw DescentError(
          .invalidArgument, "compile: \(what) has \(values.count) entries, and the model \(count) outputs: \(names[0].joined(separator: ", "))")
      }
      return values
    case .named(let pairs):
      var result = [Value?](repeating: nil, count: count)
      for ((name, value), place) in zip(pairs, places(names: names)) {
        guard let place else {
          let known = ByOutput.nameList(pairs.map(\.name), of: names)
          throw DescentError(
            .invalidArgument, "compile: \(what) names '\(name)', which is no output; the model has \(known.joined(separator: ", "))")
        }
        if result[place] != nil { throw DescentError(.invalidArgument, "compile: \(what) names '\(name)' twice") }
        result[place] = value
      }
      return result
    }
  }
}
