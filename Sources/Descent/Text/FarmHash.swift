/// The 64-bit fingerprint of bytes by which TensorFlow, and so Keras, spreads strings over buckets.
/// Source: <https://github.com/google/farmhash> (`Fingerprint64`).
func fingerprint64(_ text: String) -> UInt64 { FarmHash(bytes: Array(text.utf8)).value }

private struct FarmHash {
  let bytes: [UInt8]

  private static let k0: UInt64 = 0xc3a5_c85c_97cb_3127
  private static let k1: UInt64 = 0xb492_b66f_be98_f273
  private static let k2: UInt64 = 0x9ae1_6a3b_2f90_404f

  private func word32(_ place: Int) -> UInt64 {
    (0..<4).reduce(0) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
  }

  private func word(_ place: Int) -> UInt64 { word32(place) | word32(place + 4) << 32 }

  private func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 { value >> count | value << (64 - count) }

  private func mixed(_ value: UInt64) -> UInt64 { value ^ value >> 47 }

  private func combined(_ u: UInt64, _ v: UInt64, _ factor: UInt64) -> UInt64 {
    let a = mixed((u ^ v) &* factor)
    return mixed((v ^ a) &* factor) &* factor
  }

  var value: UInt64 {
    switch bytes.count {
    case 0...16: upTo16
    case 17...32: upTo32
    case 33...64: upTo64
    default: long
    }
  }

  private var upTo16: UInt64 {
    let (count, factor) = (UInt64(bytes.count), FarmHash.k2 &+ UInt64(bytes.count) &* 2)
    if bytes.count >= 8 {
      let a = word(0) &+ FarmHash.k2, b = word(bytes.count - 8)
      return combined(rotated(b, 37) &* factor &+ a, (rotated(a, 25) &+ b) &* factor, factor)
    }
    if bytes.count >= 4 { return combined(count &+ word32(0) << 3, word32(bytes.count - 4), factor) }
    guard let first = bytes.first, let last = bytes.last else { return FarmHash.k2 }
    let y = UInt64(first) &+ UInt64(bytes[bytes.count / 2]) << 8, z = count &+ UInt64(last) << 2
    return mixed(y &* FarmHash.k2 ^ z &* FarmHash.k0) &* FarmHash.k2
  }

  private var upTo32: UInt64 {
    let (count, factor) = (bytes.count, FarmHash.k2 &+ UInt64(bytes.count) &* 2)
    let a = word(0) &* FarmHash.k1, b = word(8), c = word(count - 8) &* factor, d = word(count - 16) &* FarmHash.k2
    return combined(
      rotated(a &+ b, 43) &+ rotated(c, 30) &+ d, a &+ rotated(b &+ FarmHash.k2, 18) &+ c, factor)
  }

  private var upTo64: UInt64 {
    let (count, factor) = (bytes.count, FarmHash.k2 &+ UInt64(bytes.count) &* 2)
    let a = word(0) &* FarmHash.k2, b = word(8), c = word(count - 8) &* factor, d = word(count - 16) &* FarmHash.k2
    let y = rotated(a &+ b, 43) &+ rotated(c, 30) &+ d
    let z = combined(y, a &+ rotated(b &+ FarmHash.k2, 18) &+ c, factor)
    let e = word(16) &* factor, f = word(24)
    let g = (y &+ word(count - 32)) &* factor, h = (z &+ word(count - 24)) &* factor
    return combined(rotated(e &+ f, 43) &+ rotated(g, 30) &+ h, e &+ rotated(f &+ a, 18) &+ g, factor)
  }

  private func weak(_ place: Int, _ first: UInt64, _ second: UInt64) -> (UInt64, UInt64) {
    let start = first &+ word(place)
    let b = rotated(second &+ start &+ word(place + 24), 21)
    let a = start &+ word(place + 8) &+ word(place + 16)
    return (a &+ word(place + 24), b &+ rotated(a, 44) &+ start)
  }

  private var long: UInt64 {
    let (k0, k1, k2) = (FarmHash.k0, FarmHash.k1, FarmHash.k2)
    var x: UInt64 = 81
    var y = x &* k1 &+ 113
    var z = mixed(y &* k2 &+ 113) &* k2
    var v: (UInt64, UInt64) = (0, 0), w: (UInt64, UInt64) = (0, 0)
    x = x &* k2 &+ word(0)
    func round(_ place: Int, _ factor: UInt64, _ isLast: Bool) {
      let nine: UInt64 = isLast ? 9 : 1
      x = rotated(x &+ y &+ v.0 &+ word(place + 8), 37) &* factor
      y = rotated(y &+ v.1 &+ word(place + 48), 42) &* factor
      x ^= w.1 &* nine
      y = y &+ v.0 &* nine &+ word(place + 40)
      z = rotated(z &+ w.0, 33) &* factor
      v = weak(place, v.1 &* factor, x &+ w.0)
      w = weak(place + 32, z &+ w.1, y &+ word(place + 16))
      swap(&z, &x)
    }
    let end = (bytes.count - 1) / 64 * 64
    for place in stride(from: 0, to: end, by: 64) { round(place, k1, false) }
    let factor = k1 &+ (z & 0xff) << 1
    w.0 = w.0 &+ UInt64((bytes.count - 1) & 63)
    v.0 = v.0 &+ w.0
    w.0 = w.0 &+ v.0
    round(bytes.count - 64, factor, true)
    return combined(combined(v.0, w.0, factor) &+ mixed(y) &* k0 &+ z, combined(v.1, w.1, factor) &+ x, factor)
  }
}
