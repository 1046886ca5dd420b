import Descent

extension Tuner {
  /// A search on rows in memory. (KerasTuner: `tuner.search`.) The arguments are those of `Model.fit`.
  /// - Parameters:
  ///   - x: the rows.
  ///   - y: their targets.
  ///   - batchSize: rows a step.
  ///   - epochs: the epoch at which each training ends. ``Hyperband`` decides it itself.
  ///   - verbose: `.silent` prints nothing of the search either.
  ///   - callbacks: what is told of each training. They are the same objects for all trials; a `TensorBoard` writes to a folder of its own for each.
  ///   - validationSplit: the part of the rows to judge on.
  ///   - validationData: other rows to judge on.
  ///   - shuffle: whether rows are put in a new order before each epoch.
  ///   - classWeight: how much rows of a class count.
  ///   - sampleWeight: how much each row counts.
  ///   - stepsPerEpoch: batches an epoch; nil for all.
  ///   - validationSteps: batches a validation; nil for all.
  ///   - validationBatchSize: rows that are judged at once; nil for `batchSize`.
  ///   - validationFrequency: after which epochs is validated: every so many (`2`), or those of a list (`[1, 5, 10]`).
  /// - Throws: as ``search(_:)``.
  public func search(
    _ x: any ModelData, _ y: (any ModelData)? = nil, batchSize: Int = 32, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationSplit: Double = 0, validationData: (x: any ModelData, y: any ModelData)? = nil, shuffle: Bool = true, classWeight: [Int: Double]? = nil,
    sampleWeight: (any ModelData)? = nil, stepsPerEpoch: Int? = nil, validationSteps: Int? = nil, validationBatchSize: Int? = nil,
    validationFrequency: ValidationFrequency = 1
  ) throws {
    var arguments = FitArguments(x, y)
    arguments.batchSize = batchSize
    arguments.epochs = epochs
    arguments.verbose = verbose
    arguments.callbacks = callbacks
    arguments.validationSplit = validationSplit
    arguments.validationData = validationData.map { .rows(x: $0.x, y: $0.y) }
    arguments.shuffle = shuffle
    arguments.classWeight = classWeight
    arguments.sampleWeight = sampleWeight
    arguments.stepsPerEpoch = stepsPerEpoch
    arguments.validationSteps = validationSteps
    arguments.validationBatchSize = validationBatchSize
    arguments.validationFrequency = validationFrequency
    try search(arguments)
  }

  /// A search on batches, such as those of a `Dataset`. (KerasTuner: `tuner.search`.) ``FitArguments`` has what else there is: batches judged on rows, rows on
  /// batches.
  /// - Parameters:
  ///   - batches: what is trained on.
  ///   - epochs: the epoch at which each training ends. ``Hyperband`` decides it itself.
  ///   - verbose: `.silent` prints nothing of the search either.
  ///   - callbacks: what is told of each training. They are the same objects for all trials; a `TensorBoard` writes to a folder of its own for each.
  ///   - validationData: what is judged on.
  ///   - classWeight: how much rows of a class count.
  ///   - stepsPerEpoch: batches an epoch; nil for all.
  ///   - validationSteps: batches a validation; nil for all.
  ///   - validationFrequency: after which epochs is validated: every so many (`2`), or those of a list (`[1, 5, 10]`).
  /// - Throws: as ``search(_:)``.
  public func search(
    _ batches: some DataStream, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [], validationData: (any DataStream)? = nil,
    classWeight: [Int: Double]? = nil, stepsPerEpoch: Int? = nil, validationSteps: Int? = nil, validationFrequency: ValidationFrequency = 1
  ) throws {
    var arguments = FitArguments(batches)
    arguments.epochs = epochs
    arguments.verbose = verbose
    arguments.callbacks = callbacks
    arguments.validationData = validationData.map { .stream($0) }
    arguments.classWeight = classWeight
    arguments.stepsPerEpoch = stepsPerEpoch
    arguments.validationSteps = validationSteps
    arguments.validationFrequency = validationFrequency
    try search(arguments)
  }
}
