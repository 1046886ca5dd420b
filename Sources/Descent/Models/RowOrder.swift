import TensorCore

/// The order in which a pass over the data visits its rows.
package enum RowOrder {
  /// 0 ..< `count` in an order that depends on the seed and the number of the pass alone: the Fisher–Yates shuffle from the last
  /// place down, with SplitMix64 seeded by both, taking ⌊r · n / 2⁶⁴⌋ of each 64-bit number r.
  package static func shuffled(_ count: Int, seed: UInt64, pass: Int) -> Tensor {
    var order = Array(0..<Int32(count))
    var generator = SplitMix64(state: mixed(seed ^ 0x5348_5546_464C_4500, UInt64(pass)))
    var last = count - 1
    while last > 0 {
      let other = Int(generator.next().multipliedFullWidth(by: UInt64(last + 1)).high)
      order.swapAt(last, other)
      last -= 1
    }
    return Tensor(order)
  }

  static func inOrder(_ count: Int) -> Tensor { Tensor.range(count) }
}
