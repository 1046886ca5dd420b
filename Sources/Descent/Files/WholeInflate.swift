import CDeflate
import TensorCore

/// Expands gzip data (RFC 1952) whose size is known, all at once: much faster than ``InflateStream``, which looks at every piece anew.
enum WholeInflate {
  /// - Returns: whether the members of `compressed` fill `destination` exactly, with the right checksums. Of anything else a stream can
  ///   say what is wrong.
  static func gzip(_ compressed: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) -> Bool {
    guard let decompressor = libdeflate_alloc_decompressor() else { return false }
    defer { libdeflate_free_decompressor(decompressor) }
    var (read, written) = (0, 0)
    while read < compressed.count {
      var (input, output) = (0, 0)
      let status = libdeflate_gzip_decompress_ex(
        decompressor, compressed.baseAddress! + read, compressed.count - read, destination.baseAddress! + written,
        destination.count - written, &input, &output)
      guard status == LIBDEFLATE_SUCCESS, input > 0 else { return false }
      read += input
      written += output
    }
    return written == destination.count
  }

  /// The elements that follow a header in gzip data, in memory of their own without a copy.
  /// - Parameters:
  ///   - source: a whole file.
  ///   - headerByteCount: what stands in front of the elements.
  ///   - shape: how many bytes there are, each an element.
  /// - Returns: nil if the file holds anything else than that; a stream can say what.
  static func bytes(_ source: ByteSource, after headerByteCount: Int, shape: [Int]) throws -> Tensor? {
    let count = shape.reduce(1, *)
    // Nothing is twice as large compressed; a file that is holds more than its header says, and need not be read whole to tell.
    guard count > 0, headerByteCount <= Buffer.alignment, source.count / 2 <= count + 1 << 16 else { return nil }
    try checkFits(byteCount: count + source.count, name: source.name)
    let compressed = try source.allBytes()
    // The elements are to be aligned, so the header lies before the first place that is.
    let whole = Buffer(byteCount: Buffer.alignment + count)
    let start = Buffer.alignment - headerByteCount
    let isWhole = compressed.withUnsafeBytes {
      gzip($0, into: UnsafeMutableRawBufferPointer(start: whole.pointer + start, count: headerByteCount + count))
    }
    guard isWhole else { return nil }
    return Tensor(.constant(Buffer(whole, offset: Buffer.alignment, byteCount: count)), shape: shape, dtype: .uint8)
  }
}
