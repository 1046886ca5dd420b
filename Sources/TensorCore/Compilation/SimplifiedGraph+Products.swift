/// Matrix products whose results are only read with their axes in another order: attention's heads, between one product and the next.
extension SimplifiedGraph {
  /// For each product that all who read it read with its axes in the same order, that order.
  private func commonOrders() -> [Int: [Int]] {
    var orders: [Int: [Int]?] = [:]
    for value in values {
      for input in value.inputs {
        guard case .matrixProduct = values[input].operation else { continue }
        guard case .transpose(let order) = value.operation, orders[input, default: order] == order else {
          orders[input] = .some(nil)
          continue
        }
        orders[input] = order
      }
    }
    for output in outputs where orders[output] != nil { orders[output] = .some(nil) }
    return orders.compactMapValues { $0 }
  }

  /// Where rows are read as the last axis, the transpose is computed: Bᵀ Aᵀ instead of A B.
  mutating func turnProducts() {
    var isTurned: Set<Int> = []
    for (index, order) in commonOrders() where order.last == order.count - 2 {
      guard case .matrixProduct(let transposeA, let transposeB) = values[index].operation else { continue }
      isTurned.insert(index)
      let rank = order.count
      values[index].operation = .matrixProduct(transposeA: !transposeB, transposeB: !transposeA)
      values[index].inputs.reverse()
      values[index].shape.swapAt(rank - 2, rank - 1)
    }
    if isTurned.isEmpty { return }
    for index in values.indices {
      guard case .transpose(let order) = values[index].operation, isTurned.contains(values[index].inputs[0]) else { continue }
      let (rows, columns) = (order.count - 2, order.count - 1)
      values[index].operation = .transpose(order.map { $0 == rows ? columns : $0 == columns ? rows : $0 })
    }
  }

  /// In which order of its axes a product's result is best kept in memory, where that is not its own.
  func ordersOfProducts() -> [Int: [Int]] {
    commonOrders().filter { index, order in
      let shape = values[index].shape
      if order == Array(shape.indices) { return false }
      let layout = StridedLayout(contiguous: order.map { shape[$0] }).transposed(inversePermutation(of: order))
      return MatrixLayout(layout).map { !$0.isTransposed } ?? false
    }
  }
}
