import TensorCore

/// Columns of a table as tensors that a network takes, each by what is said of it. (Keras: `keras.utils.FeatureSpace`.)
///
///     let table = try TableFile("hearts.csv")
///     let space = try FeatureSpace(
///       ["age": .floatNormalized, "sex": .integerCategorical(), "thal": .stringCategorical(maxTokens: 10)], crosses: [["sex", "thal"]])
///     try space.adapt(table)
///     try model.fit(space.dataset(table, target: "target").shuffle().batch(32), epochs: 20)
///
/// or from columns in memory: `try space(["age": [61, 45], "sex": .integers([1, 0]), "thal": ["fixed", "normal"]])`. Features come in the order of their
/// names, crosses behind them, as in Keras.
///
/// Strings are data and no tensors, so a space is no layer of a model: what it makes of rows may be given to any model (`space(columns)`), or the part
/// that tensors can do becomes layers of one (``inputs()``, ``encodedFeatures()``) that takes ``preprocessed(_:)``, so that scales and places are in its file. Where
/// nothing is known of the columns, ``TableData`` finds it out.
/// Source: <https://keras.io/api/utils/feature_space/>.
public final class FeatureSpace {
  /// What results are.
  public enum OutputMode: String, Sendable, CaseIterable {
    /// One tensor, all features side by side.
    case concat
    /// A tensor for each feature, by name.
    case dict
  }

  /// What each column is, by its name.
  public let features: [String: Feature]
  /// Columns that are taken together.
  public let crosses: [Cross]
  /// Whether ``callAsFunction(_:)`` puts all features side by side.
  public let outputMode: OutputMode
  /// Those of features in order, and those of crosses in order.
  let names: [String], crossNames: [String]
  private let preprocessors: [String: FeaturePreprocessor]
  private let crossings: [String: (cross: Cross, crossing: HashedCrossing)]
  private var graph: (inputs: [Input], features: [String: Symbol])?

  /// - Parameters:
  ///   - features: what each column is, by its name.
  ///   - outputMode: ``OutputMode/concat`` for one tensor, ``OutputMode/dict`` for one of each feature.
  ///   - crosses: columns that are taken together.
  ///   - crossingDim: the bins of a cross that does not say how many.
  ///   - hashingDim: the bins of hashed features that do not say how many.
  ///   - numDiscretizationBins: the intervals of ``Feature/floatDiscretized(numBins:binBoundaries:outputMode:)`` that does not say how many.
  /// - Throws: ``DescentError`` of kind `invalidArgument` if there are no features, or they do not go together.
  public init(
    _ features: [String: Feature], outputMode: OutputMode = .concat, crosses: [Cross] = [], crossingDim: Int = 32, hashingDim: Int = 32,
    numDiscretizationBins: Int = 32
  ) throws {
    func fault(_ message: String) -> DescentError { DescentError(.invalidArgument, "FeatureSpace: \(message)") }
    guard !features.isEmpty else { throw fault("there are no features") }
    let defaults = FeatureDefaults(hashingDim: hashingDim, binCount: numDiscretizationBins)
    self.features = features
    self.outputMode = outputMode
    self.crosses = crosses
    names = inByteOrder(features.keys)
    preprocessors = try Dictionary(uniqueKeysWithValues: features.map { name, feature in (name, try FeaturePreprocessor(feature, name, defaults)) })
    var crossings: [String: (cross: Cross, crossing: HashedCrossing)] = [:]
    for cross in crosses {
      guard cross.featureNames.count > 1 else { throw fault("the cross \(cross.featureNames) is of fewer than two features") }
      for name in cross.featureNames {
        guard let feature = features[name] else { throw fault("the cross \(cross.featureNames) names '\(name)', which is no feature") }
        guard feature.isCategorical else { throw fault("the cross \(cross.featureNames) is of '\(name)', which holds numbers; categories and intervals can be crossed") }
      }
      guard features[cross.name] == nil, crossings[cross.name] == nil else { throw fault("the name '\(cross.name)' comes twice") }
      crossings[cross.name] = (cross, try HashedCrossing(numBins: cross.crossingDim ?? crossingDim))
    }
    self.crossings = crossings
    crossNames = inByteOrder(crossings.keys)
    if outputMode == .concat {
      let plain = names.first { features[$0]?.outputMode == .int } ?? crossNames.first { crossings[$0]?.cross.outputMode == .int }
      if let plain { throw fault("'\(plain)' is to stay a whole number, which cannot stand beside others in one tensor; ask for the outputMode dict") }
    }
  }

  /// Learns means and deviations, intervals and vocabularies from columns.
  /// - Parameter columns: by the features' names; each with as many values.
  /// - Throws: ``DescentError`` if a column is missing, holds what it should not, or they differ in length.
  public func adapt(_ columns: [String: FeatureValues]) throws {
    _ = try rowCount(columns)
    for name in names { try preprocessors[name]?.check(try values(name, columns)) }
    for name in names { try preprocessors[name]?.adapt(try values(name, columns)) }
    graph = nil
  }

  /// The features of rows side by side: `float32` [rows, places].
  /// - Parameter columns: by the features' names; each with as many values.
  /// - Throws: ``DescentError`` as for `adapt(_:)`, if the space is not adapted, or its output is ``OutputMode/dict``.
  public func callAsFunction(_ columns: [String: FeatureValues]) throws -> Tensor {
    guard outputMode == .concat else { throw DescentError(.state, "FeatureSpace: its outputMode is dict; ask for encoded(_:)") }
    let encoded = try encoded(columns)
    return concatenate((names + crossNames).compactMap { encoded[$0] }, axis: 1).evaluated()
  }

  /// The features of rows by name: numbers and places of one `float32` [rows, places], whole numbers `int32` [rows, 1].
  /// - Throws: ``DescentError`` as for `adapt(_:)`, or if the space is not adapted.
  public func encoded(_ columns: [String: FeatureValues]) throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (name, value) in try preprocessed(columns) {
      let value = try preprocessors[name]?.finished(value) ?? value
      result[name] = output(of: name) == .oneHot ? CategoryOutput.oneHot.encoded(value, depth: try depth(of: name), dtype: .float32) : value
    }
    return result
  }

  /// What the inputs of ``inputs()`` take: numbers as they are (`float32` [rows, 1]), categories, hashes and crosses as whole numbers (`int32` [rows, 1]).
  /// - Throws: ``DescentError`` as for ``encoded(_:)``.
  public func preprocessed(_ columns: [String: FeatureValues]) throws -> [String: Tensor] {
    _ = try rowCount(columns)
    var result: [String: Tensor] = [:], codes: [String: Tensor] = [:]
    for name in names {
      guard let preprocessor = preprocessors[name] else { continue }
      let value = try preprocessor.begun(try values(name, columns))
      result[name] = value
      if features[name]?.isCategorical == true { codes[name] = try preprocessor.finished(value) }
    }
    for (name, (cross, crossing)) in crossings {
      let columns = cross.featureNames.compactMap { codes[$0]?.cast(to: .int32).scalars(as: Int32.self) as [any CategoryValue]? }
      result[name] = try crossing(columns).reshaped([-1, 1])
    }
    return result
  }

  /// The inputs of a graph that ``encodedFeatures()`` begins with, in order: one of a number or a whole number for each feature and each cross, called after it.
  /// (Keras: `get_inputs`.)
  ///
  ///     let model = try Model(inputs: space.inputs(), outputs: Dense(1)(space.encodedFeatures()))
  ///     try model.fit(space.preprocessed(columns), y)
  /// - Throws: ``DescentError`` of kind `state` if the space is not adapted.
  public func inputs() throws -> [Input] { try built().inputs }

  /// All features side by side as a graph makes them of ``inputs()``. (Keras: `get_encoded_features`.)
  /// - Throws: ``DescentError`` of kind `state` if the space is not adapted, or its output is ``OutputMode/dict``.
  public func encodedFeatures() throws -> Symbol {
    guard outputMode == .concat else { throw DescentError(.state, "FeatureSpace: its outputMode is dict; ask for encodedFeaturesByName()") }
    let symbols = try built().features
    let parts = (names + crossNames).compactMap { symbols[$0] }
    return parts.count == 1 ? parts[0] : try Concatenate(name: "features")(parts)
  }

  /// Each feature as a graph makes it of ``inputs()``.
  /// - Throws: ``DescentError`` of kind `state` if the space is not adapted.
  public func encodedFeaturesByName() throws -> [String: Symbol] { try built().features }

  private func built() throws -> (inputs: [Input], features: [String: Symbol]) {
    if let graph { return graph }
    var inputs: [Input] = [], symbols: [String: Symbol] = [:]
    for name in names + crossNames {
      let isNumber = preprocessors[name]?.takesNumbers == true
      let input = Input(shape: [1], name: name, dtype: isNumber ? .float32 : .int32)
      inputs.append(input)
      let value = try preprocessors[name]?.finished(input) ?? input.symbol
      symbols[name] = output(of: name) == .oneHot ? try CategoryEncoding(try depth(of: name), outputMode: .multiHot, name: "\(name)_places")(value) : value
    }
    graph = (inputs, symbols)
    return (inputs, symbols)
  }

  /// The texts of a looked-up feature by their numbers; nil for other features. (Keras: `preprocessors[name].get_vocabulary()`.)
  public func vocabulary(of name: String) -> [String]? { preprocessors[name]?.vocabulary }

  /// How many values a feature or a cross has as whole numbers.
  private func depth(of name: String) throws -> Int { try crossings[name]?.crossing.numBins ?? preprocessors[name]?.depth() ?? 1 }

  private func output(of name: String) -> FeatureOutput { crossings[name]?.cross.outputMode ?? features[name]?.outputMode ?? .float }

  private func values(_ name: String, _ columns: [String: FeatureValues]) throws -> FeatureValues {
    guard let values = columns[name] else {
      throw DescentError(.data, "FeatureSpace: the column '\(name)' is missing; there are \(columns.keys.sorted().joined(separator: ", "))")
    }
    return values
  }

  private func rowCount(_ columns: [String: FeatureValues]) throws -> Int {
    if let extra = inByteOrder(columns.keys).first(where: { features[$0] == nil }) {
      throw DescentError(.data, "FeatureSpace: the column '\(extra)' is no feature; there are \(names.joined(separator: ", "))")
    }
    let count = try values(names[0], columns).count
    for name in names where try values(name, columns).count != count {
      throw DescentError(.data, "FeatureSpace: the column '\(name)' has \(try values(name, columns).count) values; expected \(count), as '\(names[0])' has")
    }
    if count == 0 { throw DescentError(.data, "FeatureSpace: the columns have no values") }
    return count
  }
}

/// The order of the characters' numbers, as Python sorts.
private func inByteOrder(_ names: some Sequence<String>) -> [String] { names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

/// The values of a column.
public enum FeatureValues: Sendable, Equatable {
  /// Numbers.
  case numbers([Double])
  /// Whole numbers.
  case integers([Int])
  /// Texts.
  case strings([String])

  /// How many there are.
  public var count: Int {
    switch self {
    case .numbers(let values): values.count
    case .integers(let values): values.count
    case .strings(let values): values.count
    }
  }
}

extension FeatureValues: ExpressibleByArrayLiteral {
  /// A number or a text.
  public enum Element: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    /// A whole number.
    case integer(Int)
    /// A number.
    case number(Double)
    /// A text.
    case string(String)

    public init(floatLiteral value: Double) { self = .number(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(stringLiteral value: String) { self = .string(value) }

    var text: String {
      switch self {
      case .integer(let value): String(value)
      case .number(let value): String(value)
      case .string(let value): value
      }
    }
  }

  /// Whole numbers if all are such, numbers if all are numbers, else texts.
  public init(arrayLiteral elements: Element...) {
    let integers = elements.compactMap { if case .integer(let value) = $0 { value } else { nil } }
    let numbers: [Double] = elements.compactMap {
      switch $0 {
      case .integer(let value): Double(value)
      case .number(let value): value
      case .string: nil
      }
    }
    self =
      integers.count == elements.count ? .integers(integers)
      : numbers.count == elements.count ? .numbers(numbers) : .strings(elements.map(\.text))
  }
}
