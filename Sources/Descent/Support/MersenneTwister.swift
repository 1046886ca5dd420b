/// MT19937 (Matsumoto & Nishimura, 1998), seeded and used as NumPy's legacy `RandomState` and as Python's `random` do: the same seed
/// gives the shuffles that Keras's data sets and utilities are known for.
package struct MersenneTwister {
  private var words: [UInt32]
  private var place = 624

  /// As `numpy.random.RandomState(seed)`.
  init(numpySeed seed: UInt32) { words = MersenneTwister.spread(seed) }

  /// As `random.seed(seed)` of Python.
  package init(pythonSeed seed: UInt64) {
    words = MersenneTwister.spread(19_650_218)
    let key = seed >> 32 == 0 ? [UInt32(truncatingIfNeeded: seed)] : [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)]
    var i = 1
    func wrap() { if i == 624 { (words[0], i) = (words[623], 1) } }
    for step in 0..<624 {
      let j = step % key.count
      words[i] = (words[i] ^ ((words[i - 1] ^ (words[i - 1] >> 30)) &* 1_664_525)) &+ key[j] &+ UInt32(j)
      i += 1
      wrap()
    }
    for _ in 0..<623 {
      words[i] = (words[i] ^ ((words[i - 1] ^ (words[i - 1] >> 30)) &* 1_566_083_941)) &- UInt32(i)
      i += 1
      wrap()
    }
    words[0] = 0x8000_0000
  }

  private static func spread(_ seed: UInt32) -> [UInt32] {
    var words = [seed]
    for i in 1..<624 { words.append(1_812_433_253 &* (words[i - 1] ^ (words[i - 1] >> 30)) &+ UInt32(i)) }
    return words
  }

  mutating func next() -> UInt32 {
    if place == 624 {
      for i in 0..<624 {
        let mixed = words[i] & 0x8000_0000 | words[(i + 1) % 624] & 0x7FFF_FFFF
        words[i] = words[(i + 397) % 624] ^ (mixed >> 1) ^ (mixed & 1 == 0 ? 0 : 0x9908_B0DF)
      }
      place = 0
    }
    var word = words[place]
    place += 1
    word ^= word >> 11
    word ^= word << 7 & 0x9D2C_5680
    word ^= word << 15 & 0xEFC6_0000
    return word ^ (word >> 18)
  }

  /// A number from 0 to 1, without 1: what `random.random()` of Python and `random_sample` of NumPy give.
  package mutating func nextDouble() -> Double {
    let (high, low) = (next() >> 5, next() >> 6)
    return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
  }

  /// 0 ..< `count` in the order that `RandomState(seed).shuffle(numpy.arange(count))` leaves.
  package static func numpyOrder(_ count: Int, seed: UInt32) -> [Int] {
    var generator = MersenneTwister(numpySeed: seed)
    return generator.nextNumPyOrder(count)
  }

  /// The order that the generator's next `shuffle(numpy.arange(count))` leaves.
  mutating func nextNumPyOrder(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      // The smallest number of ones that covers the range; what lies beyond is drawn again.
      let mask = UInt32.max >> UInt32(UInt32(last).leadingZeroBitCount)
      var drawn: UInt32
      repeat { drawn = next() & mask } while Int(drawn) > last
      order.swapAt(last, Int(drawn))
    }
    return order
  }

  /// 0 ..< `count` in the order that `random.seed(seed); random.shuffle(list(range(count)))` leaves.
  static func pythonOrder(_ count: Int, seed: UInt64) -> [Int] {
    var generator = MersenneTwister(pythonSeed: seed)
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      let bits = UInt32(32 - UInt32(last + 1).leadingZeroBitCount)
      var drawn: UInt32
      repeat { drawn = generator.next() >> (32 - bits) } while Int(drawn) > last
      order.swapAt(last, Int(drawn))
    }
    return order
  }
}
