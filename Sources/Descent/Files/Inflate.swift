import CZlib

/// The bytes of a compressed stream, expanded as they are asked for: memory use does not depend on what the stream says.
package final class InflateStream: ByteStream {
  package enum Format {
    /// gzip (RFC 1952), one member or several; its checksums are verified.
    case gzip
    /// Bare deflate data (RFC 1951), as in a zip file.
    case deflate
  }

  package let name: String
  private let input: any ByteStream
  private let format: Format
  private let state: UnsafeMutablePointer<z_stream>
  private let window: UnsafeMutableRawBufferPointer
  /// The compressed stream has come to its proper end.
  private var isAtEnd = false

  private static let windowByteCount = 1 << 18

  package init(_ input: any ByteStream, format: Format) throws {
    name = input.name
    self.input = input
    self.format = format
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    // Window bits: 15, plus 16 for gzip, negative for bare data.
    let windowBits: Int32 = format == .gzip ? 15 + 16 : -15
    let status = inflateInit2_(state, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      state.deallocate()
      throw DescentError(.file, "\(name): zlib cannot be started (status \(status))")
    }
    window = .allocate(byteCount: Self.windowByteCount, alignment: 16)
  }

  deinit {
    inflateEnd(state)
    state.deallocate()
    window.deallocate()
  }

  package func read(into destination: UnsafeMutableRawBufferPointer) throws -> Int {
    // zlib counts in 32 bits.
    let wanted = UInt32(min(destination.count, 1 << 30))
    if wanted == 0 || isAtEnd { return 0 }
    state.pointee.next_out = destination.baseAddress!.assumingMemoryBound(to: UInt8.self)
    state.pointee.avail_out = wanted
    while state.pointee.avail_out == wanted && !isAtEnd {
      if state.pointee.avail_in == 0 { try refill() }
      let hadInput = state.pointee.avail_in > 0
      switch inflate(state, Z_NO_FLUSH) {
      case Z_OK: break
      case Z_STREAM_END: try endMember()
      case Z_BUF_ERROR where !hadInput:
        throw DescentError(.file, "\(name): is truncated: its compressed data end early")
      default:
        let reason = state.pointee.msg.map { String(cString: $0) } ?? "unexpected data"
        throw DescentError(.file, "\(name): its compressed data are corrupt: \(reason)")
      }
    }
    return Int(wanted - state.pointee.avail_out)
  }

  private func refill() throws {
    let got = try input.read(into: window)
    state.pointee.next_in = window.baseAddress!.assumingMemoryBound(to: UInt8.self)
    state.pointee.avail_in = UInt32(got)
  }

  /// After the end of a gzip member another may follow; nothing else may.
  private func endMember() throws {
    if state.pointee.avail_in == 0 { try refill() }
    if state.pointee.avail_in == 0 {
      isAtEnd = true
    } else if format == .gzip && state.pointee.next_in[0] == 0x1F {
      inflateReset(state)
    } else {
      throw DescentError(.file, "\(name): data follow after the end of its compressed data")
    }
  }
}

/// Whether expanding `compressed` bytes to `expanded` is so much that the claim is to be verified before memory is taken for it.
/// Deflate expands at most 1,032-fold; what is far from that is limited well enough by the size of the file.
package func isSuspicious(expanded: Int, compressed: Int) -> Bool {
  expanded > 1 << 20 && expanded / 16 > compressed
}

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

/// Compresses to bare deflate data (RFC 1951).
package func deflated(_ bytes: UnsafeRawBufferPointer, level: Int32 = Z_DEFAULT_COMPRESSION) -> [UInt8] {
  var stream = z_stream()
  let status = deflateInit2_(
    &stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
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
