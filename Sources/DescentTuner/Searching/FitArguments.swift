import Descent
import TensorCore

/// What a search was asked to train each model with: the arguments of `fit`, which a ``HyperModel`` may change on their way.
///
///     func fit(_ hp: HyperParameters, _ model: Model, _ arguments: FitArguments) throws -> TrialResult {
///       var arguments = arguments
///       arguments.batchSize = try hp.choice("batch_size", [16, 32, 64])
///       return .history(try arguments.fit(model))
///     }
///
/// Properties are called as the arguments of `Model.fit`, have their defaults, and mean what they mean there.
public struct FitArguments {
  /// What is trained on, or judged on.
  public enum Data {
    /// Rows in memory, with their targets.
    case rows(x: any ModelData, y: (any ModelData)?)
    /// Batches, as of a `Dataset`.
    case stream(any DataStream)
  }

  /// What is trained on.
  public var data: Data
  /// What is judged on after each epoch; nil for a part of the rows (``validationSplit``) or nothing.
  public var validationData: Data?
  /// Rows a step; of streams their batches' own.
  public var batchSize = 32
  /// The epoch at which to end. ``Hyperband`` decides it itself.
  public var epochs = 1
  /// What is printed.
  public var verbose = Verbosity.auto
  /// What is told of the training. Those of a search are the same objects for all trials, and have to begin anew in `onTrainBegin`, as Descent's do;
  /// of a `TensorBoard` or `BackupAndRestore` each execution has a copy with a folder of its own.
  public var callbacks: [Callback] = []
  /// The part of the rows to judge on; not of streams.
  public var validationSplit = 0.0
  /// Weights of the rows that are judged on; not of streams.
  public var validationSampleWeight: (any ModelData)?
  /// Whether rows are put in a new order before each epoch; streams have their own order.
  public var shuffle = true
  /// How much rows of a class count.
  public var classWeight: [Int: Double]?
  /// How much each row counts; not of streams.
  public var sampleWeight: (any ModelData)?
  /// The epoch to begin with. ``Hyperband`` decides it itself.
  public var initialEpoch = 0
  /// Batches an epoch; nil for all.
  public var stepsPerEpoch: Int?
  /// Batches a validation; nil for all.
  public var validationSteps: Int?
  /// Rows that are judged at once; nil for ``batchSize``.
  public var validationBatchSize: Int?
  /// Epochs from one validation to the next.
  public var validationFrequency: ValidationFrequency = 1

  /// Rows in memory.
  /// - Parameters:
  ///   - x: the rows.
  ///   - y: their targets; nil for a model that knows what to do without.
  public init(_ x: any ModelData, _ y: (any ModelData)? = nil) { data = .rows(x: x, y: y) }

  /// Batches.
  /// - Parameter batches: a stream of them; each trial goes through it from its beginning.
  public init(_ batches: some DataStream) { data = .stream(batches) }

  /// Trains a model.
  /// - Throws: what `Model.fit` does, and ``DescentError`` for an argument that streams have no use for.
  public func fit(_ model: Model) throws -> History {
    try refuseUnused()
    switch (data, validationData) {
    case (.rows(let x, let y), .stream(let validation)?):
      return try model.fit(
        x, y, batchSize: batchSize, epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: validation, shuffle: shuffle,
        classWeight: classWeight, sampleWeight: sampleWeight, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch,
        validationSteps: validationSteps, validationFrequency: validationFrequency)
    case (.rows(let x, let y), _):
      return try model.fit(
        x, y, batchSize: batchSize, epochs: epochs, verbose: verbose, callbacks: callbacks, validationSplit: validationSplit,
        validationData: try validationRows(), validationSampleWeight: validationSampleWeight, shuffle: shuffle, classWeight: classWeight,
        sampleWeight: sampleWeight, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
        validationBatchSize: validationBatchSize, validationFrequency: validationFrequency)
    case (.stream(let batches), .rows?):
      return try model.fit(
        batches, epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: try validationRows()!,
        validationSampleWeight: validationSampleWeight, classWeight: classWeight, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch,
        validationSteps: validationSteps, validationBatchSize: validationBatchSize ?? batchSize, validationFrequency: validationFrequency)
    case (.stream(let batches), .stream(let validation)?):
      return try fit(model, batches, validation)
    case (.stream(let batches), nil):
      return try fit(model, batches, nil)
    }
  }

  private func fit(_ model: Model, _ batches: some DataStream, _ validation: (any DataStream)?) throws -> History {
    try model.fit(
      batches, epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: validation, classWeight: classWeight,
      initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps, validationFrequency: validationFrequency)
  }

  private func validationRows() throws -> (x: any ModelData, y: any ModelData)? {
    guard case .rows(let x, let y)? = validationData else { return nil }
    guard let y else { throw DescentError(.invalidArgument, "search: validationData has rows without targets") }
    return (x, y)
  }

  /// What `Model.fit` for such data has no argument for.
  private func refuseUnused() throws {
    func isStream(_ data: Data?) -> Bool { if case .stream? = data { true } else { false } }
    let isJudgedOnStream = isStream(validationData ?? data)
    let unused = [
      ("validationSplit", (isStream(data) || isJudgedOnStream) && validationSplit != 0), ("sampleWeight", isStream(data) && sampleWeight != nil),
      ("validationSampleWeight", isJudgedOnStream && validationSampleWeight != nil),
      ("validationBatchSize", isJudgedOnStream && validationBatchSize != nil),
    ]
    if let (name, _) = unused.first(where: \.1) {
      throw DescentError(.invalidArgument, "search: \(name) is for rows in memory, but the data are a stream")
    }
  }
}
