extension Dataset {
  /// Runs of elements that follow each other, each as a stream: `tf.data.Dataset.window`.
  ///
  ///     let windows = series.window(21, shift: 1, dropRemainder: true).flatMap { $0.batch(21) }
  ///     let pairs = windows.map { window in (window[0..<20], window[20]) }
  ///
  /// Window i has elements i · `shift`, i · `shift` + `stride`, … Rows of a table as tensors are cut without making windows of all of
  /// them by ``timeseriesDatasetFromArray(_:targets:sequenceLength:sequenceStride:samplingRate:batchSize:shuffle:seed:startIndex:endIndex:)``.
  /// - Parameters:
  ///   - size: how many elements a window has; the last ones have those that are left.
  ///   - shift: how many elements further each window begins; nil for `size`.
  ///   - stride: from one element of a window to the next.
  ///   - dropRemainder: leaves out windows that would be smaller.
  public func window(_ size: Int, shift: Int? = nil, stride: Int = 1, dropRemainder: Bool = false) -> Dataset<Dataset> {
    Dataset<Dataset>(
      "window", unless: NumberRange.count.problem("size", size) ?? NumberRange.count.problem("shift", shift) ?? NumberRange.count.problem("stride", stride),
      WindowNode(node, size: size, shift: shift ?? size, stride: stride, dropsRemainder: dropRemainder))
  }

  /// Rows of different lengths put together, each made as long as its batch's longest one: `tf.data.Dataset.padded_batch`.
  ///
  ///     let batches = sentences.paddedBatch(32)                                      // [32, longest of these 32]
  ///     let pairs = rows.paddedBatch(32, paddedShapes: [[nil], []], paddingValues: [0, -1])
  ///
  /// What is put stands behind a row's own elements, along each axis. Lists of sequences are made equally long by
  /// ``padSequences(_:maxlen:dtype:padding:truncating:value:)-([Tensor],_,_,_,_,_)``.
  /// - Parameters:
  ///   - size: how many rows; the last batch has those that are left.
  ///   - paddedShapes: the shape of each tensor of a row, in order (dictionaries by the alphabet), with nil (or −1) for an axis
  ///     that is as long as the longest of the batch; nil for all axes so.
  ///   - paddingValues: what is put into each tensor, whose fraction is dropped where it holds whole numbers; nil for 0 (`false`).
  ///   - dropRemainder: leaves out a last batch that would be smaller.
  public func paddedBatch(
    _ size: Int, paddedShapes: [[Int?]]? = nil, paddingValues: [Double]? = nil, dropRemainder: Bool = false
  ) -> Dataset {
    var layout = ElementLayout<Element>.known
    layout?.padding = RowPadding(shapes: paddedShapes, values: paddingValues)
    return Dataset(
      "paddedBatch", unless: layout == nil ? ElementLayout<Element>.mismatch : NumberRange.count.problem("size", size),
      BatchNode(node, size: size, dropsRemainder: dropRemainder, layout!))
  }

  /// Each element with its number, from 0 on: `tf.data.Dataset.enumerate`.
  public func enumerated() -> Dataset<(Int, Element)> {
    let isEndless = node.isEndless
    func numbered(_ numbers: some DatasetNode<Int>) -> Dataset<(Int, Element)> { Dataset<(Int, Element)>(ZipNode(numbers, node)) }
    if !isEndless { return numbered(IndexedNode(count: node.count ?? .max) { $0 }) }
    return numbered(SequentialNode(isEndless: true) { _ in
      var number = -1
      return ClosureIterator(skip: { number += $0 }) {
        number += 1
        return number
      }
    })
  }

  /// What a function makes of a beginning and one element after the other: `tf.data.Dataset.reduce`.
  /// - Parameters:
  ///   - initialResult: what it begins with.
  ///   - pass: which pass over the data is gone through.
  ///   - nextResult: makes the next result of the last one and an element.
  /// - Throws: what the stream or the function throws.
  public func reduce<Result>(_ initialResult: Result, pass: Int = 0, _ nextResult: (Result, Element) throws -> Result) throws -> Result {
    var result = initialResult
    try forEach(pass: pass) { result = try nextResult(result, $0) }
    return result
  }
}
