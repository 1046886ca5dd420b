/// SipHash-2-4 of a text's bytes, the hash with a key by which TensorFlow, and so Keras, spreads strings over buckets.
/// Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF" (2012), <https://www.aumasson.jp/siphash/siphash.pdf>.
func sipHash64(_ text: String, key: (UInt64, UInt64)) -> UInt64 {
  let bytes = Array(text.utf8)
  var v0 = key.0 ^ 0x736F_6D65_7073_6575, v1 = key.1 ^ 0x646F_7261_6E64_6F6D
  var v2 = key.0 ^ 0x6C79_6765_6E65_7261, v3 = key.1 ^ 0x7465_6462_7974_6573
  func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
  func rounds(_ count: Int) {
    for _ in 0..<count {
      v0 = v0 &+ v1
      v1 = rotated(v1, 13) ^ v0
      v0 = rotated(v0, 32)
      v2 = v2 &+ v3
      v3 = rotated(v3, 16) ^ v2
      v0 = v0 &+ v3
      v3 = rotated(v3, 21) ^ v0
      v2 = v2 &+ v1
      v1 = rotated(v1, 17) ^ v2
      v2 = rotated(v2, 32)
    }
  }
  func take(_ word: UInt64) {
    v3 ^= word
    rounds(2)
    v0 ^= word
  }
  let wholeCount = bytes.count / 8 * 8
  for start in stride(from: 0, to: wholeCount, by: 8) {
    take((0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) })
  }
  // The rest, with the number of bytes in the highest.
  take((wholeCount..<bytes.count).reduce(UInt64(bytes.count & 0xFF) << 56) { $0 | UInt64(bytes[$1]) << UInt64(8 * ($1 - wholeCount)) })
  v2 ^= 0xFF
  rounds(4)
  return v0 ^ v1 ^ v2 ^ v3
}
