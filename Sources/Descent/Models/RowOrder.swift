import TensorCore

/// The order in which a pass over the data visits its rows.
package enum RowOrder {
  /// 0 ..< `count` in an order that depends on the seed and the number of the pass alone: the Fisher–Yates shuffle from the last
  /// place down, with SplitMix64 seeded by both, taking ⌊r · n / 2⁶⁴⌋ of each 64-bit number r.
  package static func shuffled(_ count: Int, seed: UInt64, pass: Int) -> Tensor {
    Tensor(shuffledOrder(count, seed: seed, pass: pass))
  }

  static func inOrder(_ count: Int) -> Tensor { Tensor.range(count) }
}
