import CZlib

/// The CRC-32 of zip and gzip, continued from that of what came before.
package func crc32(_ bytes: UnsafeRawBufferPointer, after previous: UInt32 = 0) -> UInt32 {
  var value = UInt(previous)
  var rest = bytes
  while let start = rest.baseAddress, !rest.isEmpty {
    let count = min(rest.count, 1 << 30)
    value = UInt(CZlib.crc32(value, start.assumingMemoryBound(to: UInt8.self), UInt32(count)))
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
  }
  return UInt32(value)
}

/// How zlib goes about compressing.
package enum DeflateStrategy: CaseIterable, Sendable {
  case usual, fixedCodes, literalsOnly, runs, storedOnly

  fileprivate var level: Int32 { self == .storedOnly ? Z_NO_COMPRESSION : Z_DEFAULT_COMPRESSION }

  fileprivate var strategy: Int32 {
    switch self {
    case .usual, .storedOnly: Z_DEFAULT_STRATEGY
    case .fixedCodes: Z_FIXED
    case .literalsOnly: Z_HUFFMAN_ONLY
    case .runs: Z_RLE
    }
  }
}

/// Compresses to bare deflate data (RFC 1951).
package func deflated(_ bytes: UnsafeRawBufferPointer, strategy: DeflateStrategy = .usual) -> [UInt8] {
  var stream = z_stream()
  let status = deflateInit2_(
    &stream, strategy.level, Z_DEFLATED, -15, 8, strategy.strategy, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  precondition(status == Z_OK, "zlib cannot be started")
  defer { deflateEnd(&stream) }
  var result: [UInt8] = []
  var rest = bytes
  var isDone = false
  withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { scratch in
    while !isDone {
      // zlib counts in 32 bits.
      let chunk = min(rest.count, 1 << 30)
      stream.next_in = rest.baseAddress.map { UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self)) }
      stream.avail_in = UInt32(chunk)
      rest = UnsafeRawBufferPointer(rebasing: rest[chunk...])
      repeat {
        stream.next_out = scratch.baseAddress
        stream.avail_out = UInt32(scratch.count)
        isDone = CZlib.deflate(&stream, rest.isEmpty ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END
        result.append(contentsOf: scratch[..<(scratch.count - Int(stream.avail_out))])
      } while stream.avail_out == 0
    }
  }
  return result
}
