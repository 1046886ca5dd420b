/// How rows of different shapes are made equal: by elements behind their own.
struct RowPadding {
  /// The shape of each tensor of a row, nil or −1 for an axis as long as the longest; nil for all axes so.
  let shapes: [[Int?]]?
  /// What is put into each tensor; nil for 0.
  let values: [Double]?

  /// - Parameter rows: the tensors of each row.
  /// - Throws: ``DescentError`` of kind `invalidArgument` when there are not as many shapes or values as tensors, or a value does not
  ///   fit; of kind `data` when a row is longer than its shape allows, or rows differ in more than lengths.
  func padded(_ rows: [[Tensor]], _ place: String) throws -> [[Tensor]] {
    let first = rows[0]
    for (name, count) in [("paddedShapes", shapes?.count), ("paddingValues", values?.count)] {
      if let count, count != first.count {
        throw DescentError(.invalidArgument, "Dataset.paddedBatch: \(name) has \(count) parts, and a row \(first.count)")
      }
    }
    // Other numbers of tensors and other dtypes are told as those of rows without padding.
    guard rows.allSatisfy({ $0.count == first.count && zip($0, first).allSatisfy { $0.dtype == $1.dtype } }) else { return rows }
    let parts = try first.indices.map { part in
      let column = rows.map { $0[part] }
      let shape = try shape(of: column, part, place)
      let value = try first[part].dtype.number(values?[part] ?? 0, for: "Dataset.paddedBatch: paddingValues[\(part)]")
      let padding = Tensor(value).cast(to: first[part].dtype).withBytes { Array($0) }
      return column.map { $0.shape == shape ? $0 : extended($0, to: shape, with: padding) }
    }
    return rows.indices.map { row in parts.map { $0[row] } }
  }

  /// The shape that the rows of one tensor get.
  private func shape(of column: [Tensor], _ part: Int, _ place: String) throws -> [Int] {
    let given = shapes?[part].map { $0 == -1 ? nil : $0 } ?? column[0].shape.map { _ in nil }
    for (row, tensor) in column.enumerated() {
      guard tensor.rank == given.count, zip(tensor.shape, given).allSatisfy({ $0 <= $1 ?? .max }) else {
        let expected = given.map { $0.map { "at most \($0)" } ?? "any" }.joined(separator: ", ")
        throw DescentError(
          .data, "Dataset.paddedBatch: row \(row) of \(place) is \(tensor.dtype) \(tensor.shape); expected a shape of [\(expected)]")
      }
    }
    let shape = given.indices.map { axis in given[axis] ?? column.map { $0.shape[axis] }.max()! }
    var count = column.count
    for size in shape {
      count = ElementCount.product(count, size)
      guard count < ElementCount.limit else {
        throw DescentError(.invalidArgument, "Dataset.paddedBatch: \(place) would be \(column.count) rows of shape \(shape), which is too large")
      }
    }
    return shape
  }
}

/// A tensor with elements behind its own along each axis.
/// - Parameter padding: the bytes of one element.
private func extended(_ tensor: Tensor, to shape: [Int], with padding: [UInt8]) -> Tensor {
  let size = padding.count
  return Tensor(shape: shape, dtype: tensor.dtype) { target in
    for place in 0..<target.count { target[place] = padding[place % size] }
    let run = tensor.shape.last ?? 1
    guard tensor.count > 0 else { return }
    tensor.withBytes { source in
      for number in 0..<tensor.count / run {
        // The run's place on each axis but the last, from the inside out.
        var (rest, offset, step) = (number, 0, shape.last ?? 1)
        for axis in stride(from: shape.count - 2, through: 0, by: -1) {
          offset += rest % tensor.shape[axis] * step
          rest /= tensor.shape[axis]
          step *= shape[axis]
        }
        UnsafeMutableRawBufferPointer(rebasing: target[(offset * size)..<((offset + run) * size)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[(number * run * size)..<((number + 1) * run * size)]))
      }
    }
  }
}
