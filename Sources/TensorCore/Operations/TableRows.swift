/// Some rows of a table instead of all: how a step costs nothing for the rows it does not touch.
extension Tensor {
  /// The distinct ones among row numbers (`int32`, of any shape) that a table of `limit` rows has.
  /// - Returns: `rows`, as long a vector as there are indices: the distinct rows in ascending order, then −1s, which name no row;
  ///   and `places`, a vector too: where in `rows` each index is, or −1 for one that is out of range.
  package func distinctRows(of limit: Int) -> (rows: Tensor, places: Tensor) {
    if dtype != .int32 { programmingError("distinctRows: the indices are \(dtype), not int32") }
    let found = Tensor(.distinctRows(limit: limit), [reshaped([count])], shape: [2, count], dtype: .int32)
    return (found[0..<1].reshaped([count]), found[1..<2].reshaped([count]))
  }

  /// This table with other rows in some places: row i of `values` at `indices[i]` (`int32`, a vector). An index that is out of
  /// range replaces nothing.
  ///
  /// Assigned to the variable that the table is the value of, it writes those rows and nothing else, if whoever reads the old
  /// value can do so before.
  /// - Precondition: the indices that are in range differ from one another; where they do not, either row may stay.
  package func replacingRows(at indices: Tensor, with values: Tensor) -> Tensor {
    if rank == 0 { programmingError("replacingRows: a tensor without axes has no rows") }
    if indices.dtype != .int32 { programmingError("replacingRows: the indices are \(indices.dtype), not int32") }
    guard indices.rank == 1, values.dtype == dtype, values.shape == indices.shape + shape.dropFirst() else {
      programmingError(
        "replacingRows: \(values.dtype) \(values.shape) cannot be put in the place of rows \(indices.shape) of \(dtype) \(shape)")
    }
    return indices.count == 0 ? self : Tensor(.replaceRows, [self, indices, values], shape: shape, dtype: dtype)
  }

  /// A table whose rows are zero but for some, if the tensor was made as one: what is added at which row (`int32`, a vector). The
  /// derivative of rows chosen by ``gathering(_:)`` is such a table.
  package var scatteredRows: (values: Tensor, indices: Tensor)? {
    guard case .scatterAdd = node.operation else { return nil }
    return (Tensor(node.inputs[0]), Tensor(node.inputs[1]))
  }
}

extension Variable {
  /// Replaces some rows of the value: row i of `values` goes to `indices[i]` (`int32`, a vector), and an index that is out of range
  /// changes nothing. Inside a compiled function this is part of each run, and costs nothing for the other rows.
  /// - Precondition: as of ``Tensor/replacingRows(at:with:)``.
  package func assignRows(at indices: Tensor, _ values: Tensor) {
    assign(self.value.replacingRows(at: indices, with: values))
  }
}
