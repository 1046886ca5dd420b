import Descent

/// The file as the reader sees it: every read is checked, and all of them together read no more than a multiple of the file,
/// so that structures which point at one another cannot keep the reader busy.
final class HDF5Input {
  private let source: ByteSource
  private var budget: Int

  var name: String { source.name }
  var count: Int { source.count }

  init(_ source: ByteSource) {
    self.source = source
    budget = 8 * min(source.count, .max / 16) + 1 << 22
  }

  func read(at address: Int, count: Int, _ label: String) throws -> ArraySlice<UInt8> {
    guard address >= 0, count >= 0, count <= source.count, address <= source.count - count else {
      throw DescentError(.file, "\(label) lies outside of the file, which has \(source.count) bytes")
    }
    try spend(count)
    return try source.bytes(at: address, count: count)[...]
  }

  /// Reads elements straight into a tensor.
  func tensor(at address: Int, shape: [Int], of type: ElementType, isBigEndian: Bool, _ label: String) throws -> Tensor {
    let byteCount = shape.reduce(type.byteCount, *)
    guard address >= 0, byteCount <= source.count, address <= source.count - byteCount else {
      throw DescentError(.file, "\(label) takes \(byteCount) bytes at byte \(address) of \(source.count)")
    }
    try spend(byteCount)
    return try SourceStream(source, range: address..<(address + byteCount)).tensor(shape: shape, of: type, bigEndian: isBigEndian)
  }

  /// Counts bytes that were read before and are used again.
  func counted(_ bytes: ArraySlice<UInt8>) throws -> ArraySlice<UInt8> {
    try spend(bytes.count)
    return bytes
  }

  /// Counts bytes that are made of what was read before.
  func spend(_ byteCount: Int) throws {
    // Even nothing costs something to look at.
    budget -= byteCount + 64
    if budget < 0 { throw DescentError(.file, "\(name): its parts refer to one another so often that it cannot be an honest file") }
  }
}
