import TensorCore

/// `validationData` in every form that `fit` takes for training, whatever it trains on: rows in memory, with weights too, a ``Dataset`` or
/// another stream, and any sequence of batches.
extension Model {
  /// `fit` on rows in memory, judged on a stream of batches: from its beginning after each epoch, or `validationSteps` batches of it.
  ///
  ///     try model.fit(x, y, epochs: 10, validationData: try Dataset(xVal, yVal).batch(256))
  /// - Parameters: as those of the `fit` with rows as `validationData`.
  @discardableResult
  public func fit(
    _ x: any ModelData, _ y: (any ModelData)? = nil, batchSize: Int = 32, epochs: Int = 1, verbose: Verbosity = .auto,
    callbacks: [Callback] = [], validationData: some DataStream, shuffle: Bool = true, classWeight: [Int: Double]? = nil,
    sampleWeight: (any ModelData)? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil, validationSteps: Int? = nil,
    validationFrequency: ValidationFrequency = 1, group: (any ProcessGroup)? = nil, shards: Int? = nil,
    shardOptimizerState: Bool = false
  ) throws -> History {
    try GroupRun.telling(group, shards: shards, spreadsOptimizerState: shardOptimizerState, "fit") { sharing in
      try fit(
        x, y, batchSize: batchSize, epochs: epochs, verbose: verbose, callbacks: callbacks, validationSplit: 0,
        validation: .stream(validationData), shuffle: shuffle, classWeight: classWeight, sampleWeight: sampleWeight,
        initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps, validationBatchSize: nil,
        validationFrequency: validationFrequency, in: sharing)
    }
  }

  /// `fit` on rows in memory, judged on a sequence of batches.
  @_disfavoredOverload
  @discardableResult
  public func fit(
    _ x: any ModelData, _ y: (any ModelData)? = nil, batchSize: Int = 32, epochs: Int = 1, verbose: Verbosity = .auto,
    callbacks: [Callback] = [], validationData: some Sequence, shuffle: Bool = true, classWeight: [Int: Double]? = nil,
    sampleWeight: (any ModelData)? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil, validationSteps: Int? = nil,
    validationFrequency: ValidationFrequency = 1
  ) throws -> History {
    try fit(
      x, y, batchSize: batchSize, epochs: epochs, verbose: verbose, callbacks: callbacks,
      validationData: SequenceStream(batches: validationData), shuffle: shuffle, classWeight: classWeight, sampleWeight: sampleWeight,
      initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
      validationFrequency: validationFrequency)
  }

  /// `fit` on rows in memory, judged on rows with weights: Keras's `validation_data=(x, y, w)`.
  @discardableResult
  public func fit(
    _ x: any ModelData, _ y: (any ModelData)? = nil, batchSize: Int = 32, epochs: Int = 1, verbose: Verbosity = .auto,
    callbacks: [Callback] = [], validationData: (x: any ModelData, y: any ModelData, sampleWeight: any ModelData), shuffle: Bool = true,
    classWeight: [Int: Double]? = nil, sampleWeight: (any ModelData)? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil,
    validationSteps: Int? = nil, validationBatchSize: Int? = nil, validationFrequency: ValidationFrequency = 1, group: (any ProcessGroup)? = nil,
    shards: Int? = nil, shardOptimizerState: Bool = false
  ) throws -> History {
    try fit(
      x, y, batchSize: batchSize, epochs: epochs, verbose: verbose, callbacks: callbacks,
      validationData: (validationData.x, validationData.y), validationSampleWeight: validationData.sampleWeight, shuffle: shuffle,
      classWeight: classWeight, sampleWeight: sampleWeight, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch,
      validationSteps: validationSteps, validationBatchSize: validationBatchSize, validationFrequency: validationFrequency, group: group, shards: shards,
      shardOptimizerState: shardOptimizerState)
  }

  /// `fit` on a stream, judged on rows in memory after each epoch.
  ///
  ///     try model.fit(batches, epochs: 10, validationData: (xVal, yVal))
  /// - Parameters: as those of the `fit` with a stream as `validationData`; `validationSampleWeight` says how much each row of
  ///   `validationData` counts, and `validationBatchSize` how many are judged at once.
  @discardableResult
  public func fit(
    _ batches: some DataStream, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: (x: any ModelData, y: any ModelData), validationSampleWeight: (any ModelData)? = nil,
    classWeight: [Int: Double]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil, validationSteps: Int? = nil,
    validationBatchSize: Int = 32, validationFrequency: ValidationFrequency = 1, group: (any ProcessGroup)? = nil, shards: Int? = nil,
    shardOptimizerState: Bool = false
  ) throws -> History {
    try GroupRun.telling(group, shards: shards, spreadsOptimizerState: shardOptimizerState, "fit") { sharing in
      try fit(
        stream: batches, epochs: epochs, verbose: verbose, callbacks: callbacks,
        validation: .rows(x: validationData.x, y: validationData.y, sampleWeight: validationSampleWeight), classWeight: classWeight,
        initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
        validationBatchSize: validationBatchSize, validationFrequency: validationFrequency, in: sharing)
    }
  }

  /// `fit` on a stream, judged on rows with weights: Keras's `validation_data=(x, y, w)`.
  @discardableResult
  public func fit(
    _ batches: some DataStream, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: (x: any ModelData, y: any ModelData, sampleWeight: any ModelData), classWeight: [Int: Double]? = nil,
    initialEpoch: Int = 0, stepsPerEpoch: Int? = nil, validationSteps: Int? = nil, validationBatchSize: Int = 32,
    validationFrequency: ValidationFrequency = 1
  ) throws -> History {
    try fit(
      batches, epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: (validationData.x, validationData.y),
      validationSampleWeight: validationData.sampleWeight, classWeight: classWeight, initialEpoch: initialEpoch,
      stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps, validationBatchSize: validationBatchSize,
      validationFrequency: validationFrequency)
  }

  /// `fit` on a stream, judged on a sequence of batches.
  @_disfavoredOverload
  @discardableResult
  public func fit(
    _ batches: some DataStream, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: some Sequence, classWeight: [Int: Double]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil,
    validationSteps: Int? = nil, validationFrequency: ValidationFrequency = 1
  ) throws -> History {
    try fit(
      batches, epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: SequenceStream(batches: validationData),
      classWeight: classWeight, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
      validationFrequency: validationFrequency)
  }

  /// `fit` on a sequence of batches, judged on rows in memory.
  @_disfavoredOverload
  @discardableResult
  public func fit(
    _ batches: some Sequence, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: (x: any ModelData, y: any ModelData), validationSampleWeight: (any ModelData)? = nil,
    classWeight: [Int: Double]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil, validationSteps: Int? = nil,
    validationBatchSize: Int = 32, validationFrequency: ValidationFrequency = 1
  ) throws -> History {
    try fit(
      SequenceStream(batches: batches), epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: validationData,
      validationSampleWeight: validationSampleWeight, classWeight: classWeight, initialEpoch: initialEpoch,
      stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps, validationBatchSize: validationBatchSize,
      validationFrequency: validationFrequency)
  }

  /// `fit` on a sequence of batches, judged on rows with weights.
  @_disfavoredOverload
  @discardableResult
  public func fit(
    _ batches: some Sequence, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: (x: any ModelData, y: any ModelData, sampleWeight: any ModelData), classWeight: [Int: Double]? = nil,
    initialEpoch: Int = 0, stepsPerEpoch: Int? = nil, validationSteps: Int? = nil, validationBatchSize: Int = 32,
    validationFrequency: ValidationFrequency = 1
  ) throws -> History {
    try fit(
      SequenceStream(batches: batches), epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: validationData,
      classWeight: classWeight, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
      validationBatchSize: validationBatchSize, validationFrequency: validationFrequency)
  }

  /// `fit` on a sequence of batches, judged on another.
  @_disfavoredOverload
  @discardableResult
  public func fit(
    _ batches: some Sequence, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: some Sequence, classWeight: [Int: Double]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil,
    validationSteps: Int? = nil, validationFrequency: ValidationFrequency = 1
  ) throws -> History {
    try fit(
      SequenceStream(batches: batches), epochs: epochs, verbose: verbose, callbacks: callbacks,
      validationData: SequenceStream(batches: validationData), classWeight: classWeight, initialEpoch: initialEpoch,
      stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps, validationFrequency: validationFrequency)
  }
}
