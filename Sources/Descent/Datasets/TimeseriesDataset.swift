/// Windows over a time series, in batches: `keras.utils.timeseries_dataset_from_array`.
///
///     // The past ten steps, and the step after them.
///     let windows = try timeseriesDatasetFromArray(data, targets: later, sequenceLength: 10, batchSize: 32)
///     try windows.forEach { x, y in … }
/// - Parameters:
///   - data: [steps, …].
///   - targets: what belongs to the window that begins at each step.
///   - sequenceLength: steps in a window.
///   - sequenceStride: steps between the beginnings of windows.
///   - samplingRate: steps between the rows of a window.
///   - batchSize: windows in a batch; nil for single windows.
///   - shuffle: whether windows change places: first as Keras's do for the same seed, then in another way in each pass.
///   - seed: nil for one derived from ``setRandomSeed(_:)``'s.
///   - startIndex: earlier steps are not used.
///   - endIndex: this step and later ones are not used.
/// - Throws: ``DescentError`` of kind `invalidArgument` where Keras refuses a setting, and when targets are too few.
/// Source: <https://keras.io/api/data_loading/timeseries/>.
public func timeseriesDatasetFromArray(
  _ data: Tensor, targets: Tensor, sequenceLength: Int, sequenceStride: Int = 1, samplingRate: Int = 1, batchSize: Int? = 128,
  shuffle: Bool = false, seed: UInt32? = nil, startIndex: Int? = nil, endIndex: Int? = nil
) throws -> Dataset<(Tensor, Tensor)> {
  let windows = try TimeWindows(
    data, targets: targets, sequenceLength: sequenceLength, sequenceStride: sequenceStride, samplingRate: samplingRate,
    batchSize: batchSize, shuffle: shuffle, seed: seed, startIndex: startIndex, endIndex: endIndex)
  let rows = Dataset(count: windows.starts.count) { (windows.rows($0), rowOf(targets, windows.first + windows.starts[$0])) }
  return windows.finished(rows, batchSize: batchSize)
}

/// Windows over a time series without targets; see the other `timeseriesDatasetFromArray`.
public func timeseriesDatasetFromArray(
  _ data: Tensor, sequenceLength: Int, sequenceStride: Int = 1, samplingRate: Int = 1, batchSize: Int? = 128,
  shuffle: Bool = false, seed: UInt32? = nil, startIndex: Int? = nil, endIndex: Int? = nil
) throws -> Dataset<Tensor> {
  let windows = try TimeWindows(
    data, targets: nil, sequenceLength: sequenceLength, sequenceStride: sequenceStride, samplingRate: samplingRate,
    batchSize: batchSize, shuffle: shuffle, seed: seed, startIndex: startIndex, endIndex: endIndex)
  return windows.finished(Dataset(count: windows.starts.count) { windows.rows($0) }, batchSize: batchSize)
}

private struct TimeWindows {
  let data: Tensor
  let first: Int
  let starts: [Int]
  private let length: Int
  private let rate: Int
  private let seed: UInt32?

  init(
    _ data: Tensor, targets: Tensor?, sequenceLength: Int, sequenceStride: Int, samplingRate: Int, batchSize: Int?, shuffle: Bool, seed: UInt32?,
    startIndex: Int?, endIndex: Int?
  ) throws {
    let caller = "timeseriesDatasetFromArray"
    func fault(_ message: String) -> DescentError { DescentError(.invalidArgument, "\(caller): \(message)") }
    guard data.rank > 0, targets.map({ $0.rank > 0 }) ?? true else { throw fault("data and targets need an axis of steps") }
    let steps = data.shape[0]
    for (name, value) in [("samplingRate", samplingRate), ("sequenceStride", sequenceStride)] where value < 1 || value >= steps {
      throw fault("\(name) is \(value); it must be at least 1 and less than the \(steps) steps of the data")
    }
    try NumberRange.count.check("batchSize", batchSize, caller)
    try NumberRange.count.check("sequenceLength", sequenceLength, caller)
    try NumberRange.from(0, to: steps - 1).check("startIndex", startIndex, caller)
    try NumberRange.from(1, to: steps - 1).check("endIndex", endIndex, caller)
    if let startIndex, let endIndex, endIndex <= startIndex { throw fault("endIndex \(endIndex) is not after startIndex \(startIndex)") }
    first = startIndex ?? 0
    var count = (endIndex ?? steps) - first - ElementCount.product(sequenceLength - 1, samplingRate)
    if let targets { count = min(count, targets.shape[0]) }
    var starts = Array(stride(from: 0, to: max(0, count), by: sequenceStride))
    if let targets, let last = starts.last, first + last >= targets.shape[0] {
      throw fault("there are \(targets.shape[0]) targets, but the last window begins at step \(first + last)")
    }
    self.seed = shuffle ? seed ?? UInt32(truncatingIfNeeded: nextDefaultSeed()) : nil
    if let seed = self.seed {
      let order = MersenneTwister.numpyOrder(starts.count, seed: seed)
      starts = order.map { starts[$0] }
    }
    self.starts = starts
    self.data = data.evaluated()
    length = sequenceLength
    rate = samplingRate
  }

  func rows(_ window: Int) -> Tensor {
    pickedRows(of: data, (0..<length).map { first + starts[window] + $0 * rate })
  }

  func finished<Element>(_ rows: Dataset<Element>, batchSize: Int?) -> Dataset<Element> {
    let ordered = seed.map { rows.shuffle(seed: UInt64($0)) } ?? rows
    return batchSize.map { ordered.batch($0) } ?? ordered
  }
}
