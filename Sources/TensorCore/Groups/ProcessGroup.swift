/// Processes that compute one thing together: each has a rank, from 0, and calls the same operations in the same order.
///
/// The operations move bytes and add nothing, so that what is computed from them depends on nobody's order of addition. An operation returns
/// when its bytes have come; where a member of the group has failed or ended, it throws and does not wait. `DescentMPI` has the group of a
/// program that was started by `mpirun`.
///
/// The buffers are the callers' and are valid until an operation returns. One thread calls at a time.
public protocol ProcessGroup: AnyObject, Sendable {
  /// Which member this is: 0 ..< ``size``.
  var rank: Int { get }
  /// How many members there are.
  var size: Int { get }

  /// Everybody's bytes become those of `root`. All give buffers of one size.
  /// - Throws: ``DescentError`` naming the rank that has failed.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws

  /// Everybody gets all parts: that of rank r has `counts[r]` bytes, and lies behind those of the ranks before. Its owner has it there already.
  /// - Throws: ``DescentError`` naming the rank that has failed.
  func allGather(_ bytes: UnsafeMutableRawBufferPointer, counts: [Int]) throws

  /// Rank r gets the part of `sent` that is for it, which has `counts[r]` bytes and lies behind those for the ranks before; what comes from the
  /// ranks, `receivedCounts[r]` bytes each, lies in their order in `received`.
  /// - Throws: ``DescentError`` naming the rank that has failed.
  func allToAll(
    _ sent: UnsafeRawBufferPointer, counts: [Int], into received: UnsafeMutableRawBufferPointer, counts receivedCounts: [Int]) throws

  /// Returns when all have called it.
  /// - Throws: ``DescentError`` naming the rank that has failed.
  func barrier() throws

  /// Tells the others that this member goes on no more, and why: what they wait for throws.
  func fail(_ message: String)
}

extension ProcessGroup {
  /// Everybody's texts, in the order of ranks.
  package func gather(_ text: String) throws -> [String] {
    let own = Array(text.utf8)
    var sizes = [Int](repeating: 0, count: size)
    sizes[rank] = own.count
    try sizes.withUnsafeMutableBytes { try allGather($0, counts: [Int](repeating: MemoryLayout<Int>.size, count: size)) }
    var all = [UInt8](repeating: 0, count: sizes.reduce(0, +))
    let begin = sizes[..<rank].reduce(0, +)
    all.replaceSubrange(begin..<begin + own.count, with: own)
    try all.withUnsafeMutableBytes { try allGather($0, counts: sizes) }
    var rest = all[...]
    return sizes.map { count in
      defer { rest = rest.dropFirst(count) }
      return String(decoding: rest.prefix(count), as: UTF8.self)
    }
  }

  /// The bits that anybody has set.
  package func union(_ bits: UInt8) throws -> UInt8 {
    var all = [UInt8](repeating: 0, count: size)
    all[rank] = bits
    try all.withUnsafeMutableBytes { try allGather($0, counts: [Int](repeating: 1, count: size)) }
    return all.reduce(0, |)
  }

  /// The text of rank 0.
  package func broadcast(text: String) throws -> String {
    var count = [text.utf8.count]
    try count.withUnsafeMutableBytes { try broadcast($0, from: 0) }
    var bytes = rank == 0 ? Array(text.utf8) : [UInt8](repeating: 0, count: count[0])
    try bytes.withUnsafeMutableBytes { try broadcast($0, from: 0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Everybody's variable becomes that of `root`, to the bit.
  package func broadcast(_ variable: Variable, from root: Int = 0) throws { try variable.withMutableBytes { try broadcast($0, from: root) } }

  /// A tensor that `root` has.
  package func broadcast(_ tensor: Tensor?, shape: [Int], dtype: DType, from root: Int) throws -> Tensor {
    try Tensor(shape: shape, dtype: dtype) { bytes in
      if rank == root, let tensor { tensor.withBytes { bytes.copyMemory(from: $0) } }
      try broadcast(bytes, from: root)
    }
  }

  /// Everybody's rows, in the order of ranks: `counts[r]` are those of rank r.
  package func gatherRows(_ tensor: Tensor, counts: [Int]) throws -> Tensor {
    let rowBytes = tensor.shape.dropFirst().reduce(tensor.dtype.byteCount, *)
    return try Tensor(shape: [counts.reduce(0, +)] + tensor.shape.dropFirst(), dtype: tensor.dtype) { bytes in
      var begin = 0
      for (root, count) in counts.enumerated() where count > 0 {
        let part = UnsafeMutableRawBufferPointer(rebasing: bytes[begin..<begin + count * rowBytes])
        if root == rank { tensor.withBytes { part.copyMemory(from: $0) } }
        try broadcast(part, from: root)
        begin += part.count
      }
    }
  }
}
