import TensorCore

/// What has to be done to texts before a network sees them, and what the network's classes are called.
///
/// A `.keras` file keeps it (``Model/texts``): the vectorization as the first layer, as Keras has it, so that Keras reads such files and
/// Descent reads those that Keras wrote of models whose input is strings.
public struct TextPreprocessing {
  /// How a text becomes a row of numbers.
  public let vectorize: TextVectorization
  /// The names of the classes in the order of their numbers; nil if they are not known.
  public let classNames: [String]?

  /// Such a description.
  /// - Parameters:
  ///   - vectorize: how a text becomes a row of numbers.
  ///   - classNames: the names of the classes in the order of their numbers: at least two, all different; nil if they are not known.
  /// - Throws: ``DescentError`` of kind `invalidArgument` for fewer than two classes, or two of one name.
  public init(_ vectorize: TextVectorization, classNames: [String]? = nil) throws {
    if let classNames, classNames.count < 2 || Set(classNames).count != classNames.count {
      throw DescentError(.invalidArgument, "texts are of the classes \(classNames); expected at least two different ones")
    }
    self.vectorize = vectorize
    self.classNames = classNames
  }

  /// Of the file's member.
  private static let version = 1

  /// What lies in a `.keras` file beside the vectorization; nil if there is nothing to keep.
  package var json: JSONValue? {
    classNames.map { ["version": JSONValue(TextPreprocessing.version), "class_names": .array($0.map { .string($0) })] }
  }

  /// Reads what ``json`` writes.
  /// - Throws: ``DescentError`` of kind `file`.
  package static func classNames(json: JSONValue) throws -> [String] {
    guard json["version"]?.int == version else { throw DescentError(.file, "texts: 'version' is \(json["version"]?.shortText ?? "missing")") }
    guard let names = json["class_names"]?.array, case let texts = names.compactMap(\.string), texts.count == names.count else {
      throw DescentError(.file, "texts: 'class_names' is \(json["class_names"]?.shortText ?? "missing")")
    }
    return texts
  }

  /// A small network for such texts: each word has 32 numbers of its own, 64 filters look at three words in a row, the greatest of what each finds in a
  /// text goes through dropout, and a softmax gives the probability of each class. (Kim, 2014.)
  ///
  /// ``Model/texts`` of the network is this, so that its `.keras` file holds all that is needed to predict.
  /// - Parameter seed: for the initial weights, the order of rows and what is drawn in training; nil for one derived from ``setRandomSeed(_:)``'s.
  /// - Throws: ``DescentError`` if texts do not become numbers of words, or classes have no names.
  public func network(seed: UInt64? = nil) throws -> Sequential {
    let (shape, dtype) = vectorize.rowShape
    guard dtype == .int32, let classNames else {
      throw DescentError(.state, "network: it is for texts of named classes whose words become numbers (outputMode int)")
    }
    let model = Sequential([Input(shape: shape, dtype: .int32)], seed: seed)
    model.add(Embedding(vectorize.vocabularySize, 32, name: "words"))
    model.add(Conv1D(64, 3, padding: .same, activation: .relu, name: "phrases"))
    model.add(GlobalMaxPooling1D(name: "greatest"))
    model.add(Dropout(0.3, name: "dropout"))
    model.add(Dense(classNames.count, activation: .softmax, name: "classes"))
    model.texts = self
    return model
  }
}

extension Model {
  /// What the texts become for this model.
  /// - Throws: ``DescentError`` of kind `state` for a model without ``texts``.
  package func vectorized(_ texts: [String], _ caller: String) throws -> Tensor {
    guard let preprocessing = self.texts else {
      throw DescentError(.state, "\(caller): \(name) knows nothing of texts; give it a vectorization: model.texts = try TextPreprocessing(vectorize)")
    }
    return try preprocessing.vectorize(texts)
  }

  /// What the model says of texts: they become rows of numbers by ``texts`` first. (Keras: `predict` of a model that begins with a
  /// `TextVectorization`.)
  /// - Parameters:
  ///   - texts: a row each.
  ///   - batchSize: rows of a step.
  ///   - verbose: what is printed.
  /// - Throws: ``DescentError`` of kind `state` for a model without ``texts``; else as for rows of numbers.
  public func predict(_ texts: [String], batchSize: Int = 32, verbose: Verbosity = .auto) throws -> Tensor {
    try predict(vectorized(texts, "predict"), batchSize: batchSize, verbose: verbose)
  }

  /// Judges the model on texts: they become rows of numbers by ``texts`` first.
  /// - Parameters:
  ///   - texts: a row each.
  ///   - y: as many rows of targets.
  ///   - batchSize: rows of a step.
  ///   - verbose: what is printed.
  ///   - sampleWeight: how much each row counts.
  /// - Throws: ``DescentError`` of kind `state` for a model without ``texts``; else as for rows of numbers.
  @discardableResult
  public func evaluate(
    _ texts: [String], _ y: any ModelData, batchSize: Int = 32, verbose: Verbosity = .auto, sampleWeight: (any ModelData)? = nil
  ) throws -> Scores {
    try evaluate(vectorized(texts, "evaluate"), y, batchSize: batchSize, verbose: verbose, sampleWeight: sampleWeight)
  }

  /// Trains the model on texts: they become rows of numbers by ``texts`` first.
  /// - Parameters:
  ///   - texts: a row each.
  ///   - y: as many rows of targets.
  ///   - batchSize: rows of a step.
  ///   - epochs: passes over the rows.
  ///   - verbose: what is printed.
  ///   - callbacks: what is done on the way.
  ///   - validationSplit: the part of the rows, from the end, to validate on.
  ///   - validationData: texts and targets to validate on, in place of a part.
  ///   - shuffle: whether rows are in a new order in each pass.
  ///   - classWeight: how much the rows of each class count.
  ///   - sampleWeight: how much each row counts.
  /// - Throws: ``DescentError`` of kind `state` for a model without ``texts``; else as for rows of numbers.
  @discardableResult
  public func fit(
    _ texts: [String], _ y: any ModelData, batchSize: Int = 32, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationSplit: Double = 0, validationData: (x: [String], y: any ModelData)? = nil, shuffle: Bool = true, classWeight: [Int: Double]? = nil,
    sampleWeight: (any ModelData)? = nil
  ) throws -> History {
    let validation = try validationData.map { (x: try vectorized($0.x, "fit") as any ModelData, y: $0.y) }
    return try fit(
      vectorized(texts, "fit") as any ModelData, y, batchSize: batchSize, epochs: epochs, verbose: verbose, callbacks: callbacks,
      validationSplit: validationSplit, validationData: validation, shuffle: shuffle, classWeight: classWeight, sampleWeight: sampleWeight)
  }
}
