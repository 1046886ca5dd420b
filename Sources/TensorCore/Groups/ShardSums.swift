/// The sums of what a process's shards of a batch have computed one after the other, as far as they are added up here.
package final class ShardSums: @unchecked Sendable {
  package typealias Item = (shape: [Int], dtype: DType)

  let items: [Item]
  /// Those of one dtype, one behind the other.
  private let vectors: [DType: Vector]

  package init(_ items: [Item]) {
    self.items = items
    var vectors: [DType: Vector] = [:]
    for dtype in [DType.float32, .float64] {
      let count = items.filter { $0.dtype == dtype }.reduce(0) { $0 + Tensor.elementCount($1.shape) }
      if count > 0 { vectors[dtype] = Vector(dtype, count) }
    }
    self.vectors = vectors
  }

  /// What a shard's step ends with: it adds what the shard has computed, or nothing if the shard has no rows. To be kept among the results of
  /// the step.
  package func adding(_ tensors: [Tensor], from step: GroupStep) -> [Tensor] {
    let isIdle = step.share.isIdle
    return vectors.map { dtype, vector in
      let parts = tensors.filter { $0.dtype == dtype && $0.count > 0 }
      let function = HostFunction(name: "shard") { inputs, _ in
        vector.push { memory in
          if isIdle {
            memory.initializeMemory(as: UInt8.self, repeating: 0, count: vector.byteCount)
            return
          }
          var place = memory
          for input in inputs {
            if let bytes = input.baseAddress { place.copyMemory(from: bytes, byteCount: input.count) }
            place += input.count
          }
        }
      }
      return Tensor(.host(function), parts.map { stopGradient($0) }, shape: [1], dtype: .float32)
    }
  }

  /// Takes the sum of one dtype out, once all shards are in.
  func take(_ dtype: DType, _ body: (UnsafeMutableRawPointer) -> Void) { vectors[dtype]?.take(body) }

  /// As in a binary counter: level l holds the sum of 2^l shards, if it holds one.
  private final class Vector: @unchecked Sendable {
    let byteCount: Int
    private let dtype: DType
    private let count: Int
    private var levels: [Buffer] = []
    private var shards = 0

    init(_ dtype: DType, _ count: Int) {
      (self.dtype, self.count, byteCount) = (dtype, count, count * dtype.byteCount)
    }

    func push(_ write: (UnsafeMutableRawPointer) -> Void) {
      // The trailing ones of the number of shards so far are the levels that the new one completes.
      let level = (~shards).trailingZeroBitCount
      while levels.count <= level { levels.append(Buffer(byteCount: byteCount)) }
      let sum = levels[level].pointer
      write(sum)
      for lower in 0..<level { TreeSum.add(dtype, levels[lower].pointer, into: sum, count: count) }
      shards += 1
    }

    func take(_ body: (UnsafeMutableRawPointer) -> Void) {
      precondition(shards > 0 && shards & (shards - 1) == 0, "\(shards) shards are not a whole tree")
      body(levels[shards.trailingZeroBitCount].pointer)
      shards = 0
    }
  }
}
