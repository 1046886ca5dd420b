// Streams of the rows of tensors.

extension Dataset {
  /// The rows of the tensors in `whole`.
  private init(rowsOf whole: Element, _ name: String) throws {
    guard let layout = ElementLayout<Element>.known else {
      throw DescentError(.invalidArgument, "Dataset.\(name): \(ElementLayout<Element>.mismatch)")
    }
    let count = try layout.rowCount(whole, "Dataset")
    let tensors = layout.tensors(whole)
    tensors.forEach { $0.evaluated() }
    self.init(
      IndexedNode(count: count, batch: { rows in layout.rebuilt(whole, tensors.map { pickedRows(of: $0, rows) }) }) { row in
        layout.row(row, of: whole)
      })
  }

  /// The rows of tensors that belong together: a pair or a triple of tensors, or tensors by name.
  ///
  ///     try Dataset(rows: (["age": age, "picture": pictures], prices))
  /// - Parameter rows: the tensors, with rows on axis 0.
  /// - Throws: ``DescentError`` of kind `data` when they do not have as many rows each.
  public init(rows: Element) throws { try self.init(rowsOf: rows, "init(rows:)") }
}

extension Dataset where Element == Tensor {
  /// The rows of `x`, which lie on its axis 0.
  /// - Throws: ``DescentError`` of kind `data` when it has no axis.
  public init(_ x: Tensor) throws { try self.init(rows: x) }

  /// 0, 1, … `count` − 1 as `int32` tensors without axes.
  public static func range(_ count: Int) -> Dataset { range(0, count) }

  /// `start`, `start` + `step`, … before `stop` as `int32` tensors without axes; with a negative step downwards.
  public static func range(_ start: Int, _ stop: Int, _ step: Int = 1) -> Dataset {
    let fits = Int32(exactly: start) != nil && Int32(exactly: stop) != nil
    return Dataset(
      "range", unless: step == 0 ? "the step is 0" : fits ? nil : "\(start) to \(stop) are no numbers of int32",
      IndexedNode(count: stride(from: start, to: stop, by: step).underestimatedCount) { Tensor(Int32(start + $0 * step)) })
  }
}

extension Dataset where Element == (Tensor, Tensor) {
  /// Pairs of rows: inputs and targets.
  /// - Parameters:
  ///   - x: the inputs, with rows on axis 0.
  ///   - y: a target for each, likewise.
  /// - Throws: ``DescentError`` of kind `data` when there is not one of each.
  public init(_ x: Tensor, _ y: Tensor) throws { try self.init(rows: (x, y)) }
}

extension Dataset where Element == ([String: Tensor], Tensor) {
  /// Pairs of rows: inputs by name and targets.
  /// - Parameters:
  ///   - x: the inputs, each with rows on axis 0.
  ///   - y: a target for each row, likewise.
  /// - Throws: ``DescentError`` of kind `data` when there is not one of each.
  public init(_ x: [String: Tensor], _ y: Tensor) throws { try self.init(rows: (x, y)) }
}

extension Dataset where Element == ([Tensor], Tensor) {
  /// Pairs of rows: several inputs and targets.
  /// - Parameters:
  ///   - x: the inputs, each with rows on axis 0.
  ///   - y: a target for each row, likewise.
  /// - Throws: ``DescentError`` of kind `data` when there is not one of each.
  public init(_ x: [Tensor], _ y: Tensor) throws { try self.init(rows: (x, y)) }
}

extension Dataset where Element == (Tensor, Tensor, Tensor) {
  /// Triples of rows: inputs, targets and weights.
  /// - Parameters:
  ///   - x: the inputs, with rows on axis 0.
  ///   - y: a target for each, likewise.
  ///   - sampleWeight: a weight for each, likewise: what its loss is multiplied by; or one for each step of each.
  /// - Throws: ``DescentError`` of kind `data` when there is not one of each.
  public init(_ x: Tensor, _ y: Tensor, sampleWeight: Tensor) throws { try self.init(rows: (x, y, sampleWeight)) }
}
