/// The sum of arrays that lie side by side along one axis, each with zeros around, is these arrays behind one another: each element is
/// written once, where it was filled with zeros, copied and added for each of the arrays. Such a sum is what reaches a tensor that was
/// cut in parts, as the gates of a recurrent layer are.
extension SimplifiedGraph {
  mutating func sideBySide(_ a: Int, _ b: Int, _ shape: [Int], _ dtype: DType) -> Int? {
    guard case .pad(var low, var high) = values[a].operation, case .pad(let otherLow, let otherHigh) = values[b].operation else { return nil }
    let axes = shape.indices.filter { low[$0] != otherLow[$0] || high[$0] != otherHigh[$0] }
    guard axes.count == 1, let axis = axes.first else { return nil }
    let x = values[a].inputs[0], y = values[b].inputs[0]
    let isFirst = low[axis] < otherLow[axis]
    let (first, second) = isFirst ? (x, y) : (y, x)
    guard min(low[axis], otherLow[axis]) + values[first].shape[axis] == max(low[axis], otherLow[axis]) else { return nil }
    low[axis] = min(low[axis], otherLow[axis])
    high[axis] = min(high[axis], otherHigh[axis])
    var joined = values[first].shape
    joined[axis] += values[second].shape[axis]
    let all = add(.concatenate(axis: axis), parts(first, axis) + parts(second, axis), joined, dtype)
    return joined == shape ? all : add(.pad(low: low, high: high), [all], shape, dtype)
  }

  /// What a value was put together from along an axis, or the value.
  private func parts(_ index: Int, _ axis: Int) -> [Int] {
    if case .concatenate(axis) = values[index].operation { values[index].inputs } else { [index] }
  }
}
