import TensorCore

/// ``BatchSource``s are trained on as they are: each batch is made on another thread while the one before is worked on, as those of a
/// ``Dataset``.
extension Model {
  /// `fit` on batches by number. (Keras: `Model.fit` of a `PyDataset`.)
  /// - Parameters: as those of the `fit` of streams.
  @discardableResult
  public func fit(
    _ batches: some BatchSource, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: (any DataStream)? = nil, classWeight: [Int: Double]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil,
    validationSteps: Int? = nil, validationFrequency: ValidationFrequency = 1, group: (any ProcessGroup)? = nil, shards: Int? = nil,
    shardOptimizerState: Bool = false
  ) throws -> History {
    try fit(
      Dataset(batches), epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: validationData, classWeight: classWeight,
      initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
      validationFrequency: validationFrequency, group: group, shards: shards, shardOptimizerState: shardOptimizerState)
  }

  /// `fit` on batches by number, judged on others.
  @discardableResult
  public func fit(
    _ batches: some BatchSource, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: some BatchSource, classWeight: [Int: Double]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil,
    validationSteps: Int? = nil, validationFrequency: ValidationFrequency = 1
  ) throws -> History {
    try fit(
      Dataset(batches), epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: Dataset(validationData),
      classWeight: classWeight, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
      validationFrequency: validationFrequency)
  }

  /// `fit` on batches by number, judged on rows in memory.
  @discardableResult
  public func fit(
    _ batches: some BatchSource, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: (x: any ModelData, y: any ModelData), validationSampleWeight: (any ModelData)? = nil,
    classWeight: [Int: Double]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil, validationSteps: Int? = nil,
    validationBatchSize: Int = 32, validationFrequency: ValidationFrequency = 1
  ) throws -> History {
    try fit(
      Dataset(batches), epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: validationData,
      validationSampleWeight: validationSampleWeight, classWeight: classWeight, initialEpoch: initialEpoch,
      stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps, validationBatchSize: validationBatchSize,
      validationFrequency: validationFrequency)
  }

  /// Loss and metrics on batches by number.
  @discardableResult
  public func evaluate(
    _ batches: some BatchSource, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = []
  ) throws -> Scores {
    try evaluate(Dataset(batches), verbose: verbose, steps: steps, callbacks: callbacks)
  }

  /// What the model computes for the rows of batches by number.
  public func predict(
    _ batches: some BatchSource, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = []
  ) throws -> Tensor {
    try predict(Dataset(batches), verbose: verbose, steps: steps, callbacks: callbacks)
  }
}
