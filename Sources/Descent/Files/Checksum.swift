#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The checksums that files on the net are published with.
package enum Checksum {
  /// The SHA-256 (64 hexadecimal digits) or MD5 (32) of a file, whichever `expected` is.
  package static func matches(_ path: String, _ expected: String) throws -> Bool {
    let source = try ByteSource(path: path)
    let expected = expected.lowercased()
    switch expected.utf8.count {
    case 64: return try digest(SourceStream(source), SHA256()) == expected
    case 32: return try digest(SourceStream(source), MD5()) == expected
    default:
      throw DescentError(
        .invalidArgument, "checksum '\(expected)': expected 64 hexadecimal digits (SHA-256) or 32 (MD5), found \(expected.utf8.count)")
    }
  }

  package static func sha256(_ bytes: [UInt8]) throws -> String { try digest(SourceStream(ByteSource(bytes, name: "bytes")), SHA256()) }

  private static func digest(_ stream: some ByteStream, _ hash: some BlockHash) throws -> String {
    var hash = hash
    var total = 0
    var rest: [UInt8] = []
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { scratch in
      while true {
        var filled = 0
        while filled < scratch.count {
          let got = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: scratch[filled...]))
          if got == 0 { break }
          filled += got
        }
        total += filled
        let whole = filled / 64 * 64
        hash.add(UnsafeRawBufferPointer(rebasing: scratch[..<whole]))
        if filled < scratch.count {
          rest = Array(scratch[whole..<filled])
          return
        }
      }
    }
    hash.finish(rest, total: total)
    return hash.hexadecimal
  }
}

/// A hash over blocks of 64 bytes, with the padding that MD5 and SHA-2 share.
private protocol BlockHash {
  static var isBigEndian: Bool { get }
  var state: [UInt32] { get }
  /// Takes in blocks of 64 bytes.
  mutating func add(_ blocks: UnsafeRawBufferPointer)
}

extension BlockHash {
  mutating func finish(_ rest: [UInt8], total: Int) {
    var tail = rest + [0x80]
    tail += [UInt8](repeating: 0, count: (120 - tail.count % 64) % 64)
    let bits = UInt64(total) &* 8
    let bytes = withUnsafeBytes(of: Self.isBigEndian ? bits.bigEndian : bits.littleEndian) { Array($0) }
    (tail + bytes).withUnsafeBytes { add($0) }
  }

  var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for word in state {
      withUnsafeBytes(of: Self.isBigEndian ? word.bigEndian : word.littleEndian) { bytes in
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// SHA-256 (FIPS 180-4).
private struct SHA256: BlockHash {
  static let isBigEndian = true
  var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]

  /// The first 32 bits of the fractions of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    var primes: [Int] = []
    var candidate = 2
    while primes.count < 64 {
      if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes.map { prime in
      // floor(2³² ∛p), by bisection on whole numbers: the cube of 35 bits does not fit 64, so 128-bit products.
      var low: UInt64 = 0
      var high: UInt64 = 1 << 35
      while high - low > 1 {
        let middle = (low + high) / 2
        let square = middle.multipliedFullWidth(by: middle)
        let cube = square.low.multipliedFullWidth(by: middle)
        let top = square.high &* middle &+ cube.high
        if top < UInt64(prime) << 32 { low = middle } else { high = middle }
      }
      return UInt32(truncatingIfNeeded: low)
    }
  }()

  mutating func add(_ blocks: UnsafeRawBufferPointer) {
    let constants = SHA256.constants
    func rotated(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
      for start in stride(from: 0, to: blocks.count, by: 64) {
        for i in 0..<16 { words[i] = UInt32(bigEndian: blocks.loadUnaligned(fromByteOffset: start + 4 * i, as: UInt32.self)) }
        for i in 16..<64 {
          let (a, b) = (words[i - 15], words[i - 2])
          let small = rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3)
          let large = rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10)
          words[i] = words[i - 16] &+ small &+ words[i - 7] &+ large
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for i in 0..<64 {
          let s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
          let t1 = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ constants[i] &+ words[i]
          let s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
          let t2 = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
          (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
        }
        for (i, value) in [a, b, c, d, e, f, g, h].enumerated() { state[i] &+= value }
      }
    }
  }
}

/// MD5 (RFC 1321): for files whose publisher gives nothing better.
private struct MD5: BlockHash {
  static let isBigEndian = false
  var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]

  /// ⌊2³² |sin(i + 1)|⌋
  private static let constants: [UInt32] = (0..<64).map { UInt32(truncatingIfNeeded: Int64(abs(sin(Double($0 + 1))) * 0x1p32)) }
  private static let shifts: [UInt32] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]].flatMap { row in
    (0..<16).map { row[$0 % 4] }
  }

  mutating func add(_ blocks: UnsafeRawBufferPointer) {
    let (constants, shifts) = (MD5.constants, MD5.shifts)
    for start in stride(from: 0, to: blocks.count, by: 64) {
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      for i in 0..<64 {
        let (mix, place) =
          switch i / 16 {
          case 0: ((b & c) | (~b & d), i)
          case 1: ((d & b) | (~d & c), (5 * i + 1) % 16)
          case 2: (b ^ c ^ d, (3 * i + 5) % 16)
          default: (c ^ (b | ~d), 7 * i % 16)
          }
        let word = UInt32(littleEndian: blocks.loadUnaligned(fromByteOffset: start + 4 * place, as: UInt32.self))
        let sum = a &+ mix &+ constants[i] &+ word
        (a, d, c, b) = (d, c, b, b &+ (sum << shifts[i] | sum >> (32 - shifts[i])))
      }
      for (i, value) in [a, b, c, d].enumerated() { state[i] &+= value }
    }
  }
}
