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
  ///
  /// The compressed bytes are read to the end of the memory that they are expanded into, and give way to what they stand for, so that no
  /// more is needed than one of the two. Where the elements would overtake them (data that is compressed much better in front than behind
  /// does not; many blocks that stand for nothing can), the checksum does not fit.
  /// - Parameters:
  ///   - source: a whole file.
  ///   - headerByteCount: what stands in front of the elements.
  ///   - shape: how many bytes there are, each an element.
  /// - Returns: nil if the file holds anything else than that, or cannot be expanded where it is; a stream can, or can say what is wrong.
  static func bytes(_ source: ByteSource, after headerByteCount: Int, shape: [Int]) throws -> Tensor? {
    let count = shape.reduce(1, *)
    // Nothing is twice as large compressed; a file that is holds more than its header says, and need not be read whole to tell.
    guard count > 0, headerByteCount <= Buffer.alignment, source.count / 2 <= count + 1 << 16 else { return nil }
    // Bytes that cannot be compressed become 5 more for each 65,535.
    let lead = 1 << 16 + count >> 12
    // The elements are to be aligned, so the header lies before the first place that is.
    let byteCount = Buffer.alignment + max(count, source.count) + lead
    try checkFits(byteCount: byteCount, name: source.name)
    let whole = Buffer(byteCount: byteCount)
    let compressed = UnsafeMutableRawBufferPointer(start: whole.pointer + byteCount - source.count, count: source.count)
    try source.read(at: 0, into: compressed)
    let expanded = UnsafeMutableRawBufferPointer(
      start: whole.pointer + Buffer.alignment - headerByteCount, count: headerByteCount + count)
    guard gzip(UnsafeRawBufferPointer(compressed), into: expanded) else { return nil }
    return Tensor(.constant(Buffer(whole, offset: Buffer.alignment, byteCount: count)), shape: shape, dtype: .uint8)
  }
}
