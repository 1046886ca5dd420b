import TensorCore

/// How a feature or a cross of a ``FeatureSpace`` is given out. (Keras: `output_mode`.)
public enum FeatureOutput: String, Sendable, CaseIterable {
  /// A whole number.
  case int
  /// A place for each value, with 1 at the place of the own.
  case oneHot = "one_hot"
  /// A number.
  case float
}

extension FeatureSpace {
  /// What a column of a ``FeatureSpace`` is. (Keras: the types of features of `FeatureSpace`.)
  public struct Feature: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
      case float, normalized
      case rescaled(scale: Double, offset: Double)
      case discretized(numBins: Int?, boundaries: [Double]?)
      case integers(maxTokens: Int?, numOOVIndices: Int)
      case strings(maxTokens: Int?, numOOVIndices: Int)
      case hashedIntegers(numBins: Int?), hashedStrings(numBins: Int?)
    }

    let kind: Kind
    /// How it is given out.
    public let outputMode: FeatureOutput

    /// Numbers as they are. (Keras: `float`.)
    public static let float = Feature(kind: .float, outputMode: .float)
    /// Numbers less their mean and divided by their deviation, by ``Normalization``. (Keras: `float_normalized`.)
    public static let floatNormalized = Feature(kind: .normalized, outputMode: .float)

    /// Numbers times `scale` plus `offset`, by ``Rescaling``. (Keras: `float_rescaled`.)
    public static func floatRescaled(scale: Double = 1, offset: Double = 0) -> Feature { Feature(kind: .rescaled(scale: scale, offset: offset), outputMode: .float) }

    /// The intervals in which numbers lie, by ``Discretization``. (Keras: `float_discretized`.)
    /// - Parameters:
    ///   - numBins: how many there are; nil for the space's.
    ///   - binBoundaries: where they meet; nil to learn them.
    ///   - outputMode: whole numbers or places of one.
    public static func floatDiscretized(numBins: Int? = nil, binBoundaries: [Double]? = nil, outputMode: FeatureOutput = .oneHot) -> Feature {
      Feature(kind: .discretized(numBins: numBins, boundaries: binBoundaries), outputMode: outputMode)
    }

    /// Whole numbers that stand for something, by ``IntegerLookup``. (Keras: `integer_categorical`.)
    /// - Parameters:
    ///   - maxTokens: how many there are at most, with those outside the vocabulary; nil for all.
    ///   - numOOVIndices: over how many those outside the vocabulary are spread.
    ///   - outputMode: whole numbers or places of one.
    public static func integerCategorical(maxTokens: Int? = nil, numOOVIndices: Int = 1, outputMode: FeatureOutput = .oneHot) -> Feature {
      Feature(kind: .integers(maxTokens: maxTokens, numOOVIndices: numOOVIndices), outputMode: outputMode)
    }

    /// Texts that stand for something, by ``StringLookup``. (Keras: `string_categorical`.)
    /// - Parameters:
    ///   - maxTokens: how many there are at most, with those outside the vocabulary; nil for all.
    ///   - numOOVIndices: over how many those outside the vocabulary are spread.
    ///   - outputMode: whole numbers or places of one.
    public static func stringCategorical(maxTokens: Int? = nil, numOOVIndices: Int = 1, outputMode: FeatureOutput = .oneHot) -> Feature {
      Feature(kind: .strings(maxTokens: maxTokens, numOOVIndices: numOOVIndices), outputMode: outputMode)
    }

    /// Whole numbers spread over bins, by ``Hashing``. (Keras: `integer_hashed`.)
    /// - Parameters:
    ///   - numBins: how many bins there are; nil for the space's.
    ///   - outputMode: whole numbers or places of one.
    public static func integerHashed(numBins: Int? = nil, outputMode: FeatureOutput = .oneHot) -> Feature {
      Feature(kind: .hashedIntegers(numBins: numBins), outputMode: outputMode)
    }

    /// Texts spread over bins, by ``Hashing``. (Keras: `string_hashed`.)
    /// - Parameters:
    ///   - numBins: how many bins there are; nil for the space's.
    ///   - outputMode: whole numbers or places of one.
    public static func stringHashed(numBins: Int? = nil, outputMode: FeatureOutput = .oneHot) -> Feature {
      Feature(kind: .hashedStrings(numBins: numBins), outputMode: outputMode)
    }

    /// A type with its defaults by Keras's `name`: `float_normalized`.
    /// - Throws: ``DescentError`` of kind `invalidArgument` with the names there are.
    public init(named name: String) throws {
      let all: [(String, Feature)] = [
        ("float", .float), ("float_normalized", .floatNormalized), ("float_rescaled", .floatRescaled()), ("float_discretized", .floatDiscretized()),
        ("integer_categorical", .integerCategorical()), ("string_categorical", .stringCategorical()), ("integer_hashed", .integerHashed()),
        ("string_hashed", .stringHashed()),
      ]
      guard let found = all.first(where: { $0.0 == name }) else {
        let hint = nearestName(to: name, in: all.map(\.0)).map { "; did you mean '\($0)'?" } ?? ";"
        throw DescentError(.invalidArgument, "there is no type of feature '\(name)'\(hint) there are \(all.map(\.0).joined(separator: ", "))")
      }
      self = found.1
    }

    init(kind: Kind, outputMode: FeatureOutput) {
      self.kind = kind
      self.outputMode = outputMode
    }

    /// Whether it becomes a whole number on its way.
    var isCategorical: Bool {
      switch kind {
      case .float, .normalized, .rescaled: false
      default: true
      }
    }
  }

  /// Features of a ``FeatureSpace`` that are taken together, by a hash of what they are. (Keras: `FeatureSpace.cross`.)
  public struct Cross: Sendable, Equatable, ExpressibleByArrayLiteral {
    /// At least two.
    public let featureNames: [String]
    /// How many bins there are; nil for the space's.
    public let crossingDim: Int?
    /// Whole numbers or places of one.
    public let outputMode: FeatureOutput

    /// - Parameters:
    ///   - featureNames: at least two.
    ///   - crossingDim: how many bins there are; nil for the space's.
    ///   - outputMode: whole numbers or places of one.
    public init(_ featureNames: [String], crossingDim: Int? = nil, outputMode: FeatureOutput = .oneHot) {
      self.featureNames = featureNames
      self.crossingDim = crossingDim
      self.outputMode = outputMode
    }

    public init(arrayLiteral elements: String...) { self.init(elements) }

    /// What the result is called: the names with `_X_` between them.
    public var name: String { featureNames.joined(separator: "_X_") }
  }
}

/// What a ``FeatureSpace`` takes where a feature says nothing.
struct FeatureDefaults {
  let hashingDim: Int, binCount: Int
}

/// What makes tensors of a feature's values, in two steps: what needs strings or whole numbers of any size, and what layers do.
struct FeaturePreprocessor {
  private enum Step {
    case none
    case layer(Layer)
    case integers(IntegerLookup)
    case strings(StringLookup)
    case hash(Hashing, ofStrings: Bool)
  }

  private let name: String
  private let step: Step

  init(_ feature: FeatureSpace.Feature, _ name: String, _ defaults: FeatureDefaults) throws {
    self.name = name
    let layerName = "\(name)_preprocessor"
    func check(_ count: Int?, _ what: String) throws { try NumberRange.count.check(what, count, "FeatureSpace: '\(name)'") }
    guard feature.isCategorical ? feature.outputMode != .float : feature.outputMode == .float else {
      throw DescentError(.invalidArgument, "FeatureSpace: '\(name)': outputMode is \(feature.outputMode.rawValue); expected int or one_hot")
    }
    switch feature.kind {
    case .float: step = .none
    case .normalized: step = .layer(Normalization(name: layerName))
    case .rescaled(let scale, let offset): step = .layer(Rescaling(scale, offset: offset, name: layerName))
    case .discretized(let count, let boundaries):
      try check(count ?? defaults.binCount, "numBins")
      step = .layer(boundaries.map { Discretization(binBoundaries: $0, name: layerName) } ?? Discretization(numBins: count ?? defaults.binCount, name: layerName))
    case .integers(let maxTokens, let count): step = .integers(try IntegerLookup(maxTokens: maxTokens, numOOVIndices: count))
    case .strings(let maxTokens, let count): step = .strings(try StringLookup(maxTokens: maxTokens, numOOVIndices: count))
    case .hashedIntegers(let count): step = .hash(try Hashing(numBins: count ?? defaults.hashingDim), ofStrings: false)
    case .hashedStrings(let count): step = .hash(try Hashing(numBins: count ?? defaults.hashingDim), ofStrings: true)
    }
  }

  /// Whether the first step gives numbers.
  var takesNumbers: Bool {
    switch step {
    case .none, .layer: true
    default: false
    }
  }

  /// - Throws: ``DescentError`` if ``adapt(_:)`` cannot learn from values; nothing has learned yet then.
  func check(_ values: FeatureValues) throws {
    switch step {
    case .none, .hash: break
    case .layer(let layer):
      let numbers = try numbers(values)
      let isCut = (layer as? Discretization)?.numBins != nil
      if let odd = numbers.first(where: { layer is Normalization ? !Float($0).isFinite : isCut && $0.isNaN }) {
        throw DescentError(.data, "FeatureSpace: '\(name)' has \(odd), which has no mean and lies in no interval")
      }
    case .integers: _ = try integers(values)
    case .strings: _ = try strings(values)
    }
  }

  /// Learns from values, in batches of 32 as Keras does, on which quantiles depend.
  /// - Throws: ``DescentError`` if the feature does not hold such values.
  func adapt(_ values: FeatureValues) throws {
    switch step {
    case .none, .hash: break
    case .layer(let layer):
      let numbers = try numbers(values)
      let batches = stride(from: 0, to: numbers.count, by: 32).lazy.map { start in
        let rows = numbers[start..<min(start + 32, numbers.count)]
        return Tensor(shape: [rows.count, 1], scalars: rows.map { Float($0) })
      }
      if let layer = layer as? Normalization { try layer.adapt(batches: batches) }
      if let layer = layer as? Discretization, layer.numBins != nil { try layer.adapt(batches: batches) }
    case .integers(let lookup): try lookup.adapt(try integers(values))
    case .strings(let lookup): try lookup.adapt(try strings(values))
    }
  }

  /// The first step: `float32` numbers, or `int32` numbers of categories, [rows, 1].
  func begun(_ values: FeatureValues) throws -> Tensor {
    switch step {
    case .none, .layer:
      let numbers = try numbers(values)
      return Tensor(shape: [numbers.count, 1], scalars: numbers.map { Float($0) })
    case .integers(let lookup): return try lookup(try integers(values)).reshaped([-1, 1])
    case .strings(let lookup): return try lookup(try strings(values)).reshaped([-1, 1])
    case .hash(let hashing, let ofStrings):
      return try (ofStrings ? hashing(try strings(values)) : hashing(try integers(values))).reshaped([-1, 1])
    }
  }

  /// The second.
  func finished(_ value: Tensor) throws -> Tensor {
    guard case .layer(let layer) = step else { return value }
    try check(layer)
    return try layer(value)
  }

  /// The second in a graph; nil where there is none.
  func finished(_ value: Input) throws -> Symbol? {
    guard case .layer(let layer) = step else { return nil }
    try check(layer)
    return try layer(value)
  }

  private func check(_ layer: Layer) throws {
    if let layer = layer as? Normalization, layer.mean == nil { throw notAdapted }
    if let layer = layer as? Discretization, layer.binBoundaries == nil { throw notAdapted }
  }

  private var notAdapted: DescentError { DescentError(.state, "FeatureSpace: '\(name)' knows nothing of its values yet; call adapt first") }

  /// How many whole numbers there are.
  func depth() throws -> Int {
    switch step {
    case .none: return 1
    case .layer(let layer):
      // Keras has a place for each interval that was asked for, whether there are so many or not.
      guard let layer = layer as? Discretization else { return 1 }
      return try layer.numBins ?? (layer.binBoundaries.map { $0.count + 1 } ?? { throw notAdapted }())
    case .integers(let lookup): return lookup.vocabularySize
    case .strings(let lookup): return lookup.vocabularySize
    case .hash(let hashing, _): return hashing.numBins
    }
  }

  var vocabulary: [String]? {
    switch step {
    case .integers(let lookup): lookup.vocabulary().map(String.init)
    case .strings(let lookup): lookup.vocabulary()
    default: nil
    }
  }

  // MARK: - Values of the kind that is needed

  private func numbers(_ values: FeatureValues) throws -> [Double] {
    switch values {
    case .numbers(let values): values
    case .integers(let values): values.map(Double.init)
    case .strings: throw wrong(values, "numbers")
    }
  }

  private func integers(_ values: FeatureValues) throws -> [Int] {
    switch values {
    case .integers(let values): return values
    case .numbers(let numbers):
      return try numbers.map { number in
        guard let whole = Int(exactly: number) else { throw DescentError(.data, "FeatureSpace: '\(name)' is to hold whole numbers; it has \(number)") }
        return whole
      }
    case .strings: throw wrong(values, "whole numbers")
    }
  }

  private func strings(_ values: FeatureValues) throws -> [String] {
    guard case .strings(let values) = values else { throw wrong(values, "texts") }
    return values
  }

  private func wrong(_ values: FeatureValues, _ expected: String) -> DescentError {
    let found = if case .strings = values { "texts" } else { "numbers" }
    return DescentError(.data, "FeatureSpace: '\(name)' is to hold \(expected); it has \(found)")
  }
}
