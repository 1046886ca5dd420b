import Foundation
import Synchronization

/// Data parallelism: what a step is traced with by a member of a group, which rows of the batch are its own, and sums over the group (all-reduce).
///
/// Everything in such a step is computed from the member's rows, and what must be the batch's is summed over the group: the same numbers in
/// the same order on all members. Where a batch is cut into shards, the member's shards are steps of their own, one after the other, which
/// leave what they have computed to ``ShardSums``; a last step sums that over the group.
package final class GroupStep: @unchecked Sendable {
  package let group: any ProcessGroup
  package let share: RowShare
  /// Whether the step computes one of several shards of the member's rows.
  package let isShard: Bool
  /// What the last exchange gave: the next one waits for it, so that all members come to them in one order.
  private var last: Tensor?
  /// Where sums go on while the plan does.
  let background = DispatchQueue(label: "descent.group")
  private var ownerExchanges: [ExchangeKey: OwnerExchange] = [:]
  /// What went wrong in a run.
  private let failed = Mutex<(any Error)?>(nil)

  /// The one that is being traced.
  @TaskLocal package static var current: GroupStep?

  package init(_ group: any ProcessGroup, _ share: RowShare, isShard: Bool = false) {
    self.group = group
    self.share = share
    self.isShard = isShard
  }

  /// The part of the batch that is computed.
  package var weight: Double { Double(share.rows.count) / Double(share.total) }

  /// Tensors that are summed over the group.
  package enum Summands {
    /// Computed in the step.
    case tensors([Tensor])
    /// Left by the member's shards.
    case shards(ShardSums)

    var items: [ShardSums.Item] {
      switch self {
      case .tensors(let tensors): tensors.map { ($0.shape, $0.dtype) }
      case .shards(let sums): sums.items
      }
    }
  }

  // MARK: - Sums for all

  /// The sums over the group of some tensors. Each element is added in one order, so the sums have the same bits on all
  /// members, and from run to run. A member without rows adds zeros. What reaches a sum is summed over the group on its way back to what
  /// was added, as it should be where each member's loss is its part of the whole.
  package func sums(of summands: Summands) -> [Tensor] {
    let items = summands.items
    var results = [Tensor?](repeating: nil, count: items.count)
    for dtype in [DType.float32, .float64] {
      let places = GroupStep.places(in: items, of: dtype)
      for (place, sum) in zip(places, sums(of: summands, places, dtype)) { results[place] = sum }
    }
    return zip(results, items).map { $0 ?? Tensor.zeros($1.shape, dtype: $1.dtype) }
  }

  static func places(in items: [ShardSums.Item], of dtype: DType) -> [Int] {
    items.indices.filter { items[$0].dtype == dtype && Tensor.elementCount(items[$0].shape) > 0 }
  }

  private func sums(of summands: Summands, _ places: [Int], _ dtype: DType) -> [Tensor] {
    if places.isEmpty { return [] }
    let shapes = places.map { summands.items[$0].shape }
    let count = shapes.reduce(0) { $0 + Tensor.elementCount($1) }
    let reduction = GroupReduction(group, count: count, dtype: dtype)
    let whole: Tensor
    switch summands {
    case .tensors(let all):
      let tensors = places.map { all[$0] }
      let derivative: HostFunction.Derivative = { [self] inputs, _, adjoint, needed in
        // One sum on the way back as on the way there, and in the same order on all members.
        let whole = sums(of: .tensors([adjoint]))[0]
        var place = 0
        return inputs.enumerated().map { index, input in
          guard index < tensors.count else { return nil }
          defer { place += input.count }
          return needed[index] ? whole[place..<place + input.count].reshaped(input.shape) : nil
        }
      }
      whole = exchange("group sum", tensors, derivative: derivative, shape: [count], dtype) { [self] inputs, output in
        copy(inputs, to: output)
        try reduction.run(output)
      }
    case .shards(let shards):
      whole = exchange("group sum", [], shape: [count], dtype) { _, output in
        shards.take(dtype) { output.copyMemory(from: UnsafeRawBufferPointer(start: $0, count: output.count)) }
        try reduction.run(output)
      }
    }
    return GroupStep.cut(whole, shapes)
  }

  /// What this member adds: zeros if it has no rows.
  func copy(_ inputs: [UnsafeRawBufferPointer], to output: UnsafeMutableRawBufferPointer) {
    var place = 0
    for input in inputs {
      let part = UnsafeMutableRawBufferPointer(rebasing: output[place..<place + input.count])
      if share.isIdle { part.initializeMemory(as: UInt8.self, repeating: 0) } else { part.copyMemory(from: input) }
      place += input.count
    }
  }

  /// The sum over the group of a tensor in the middle of a step.
  /// - Throws: ``DescentError`` in a step on a shard, whose fellows are not computed at the same time.
  package func sum(of tensor: Tensor) throws -> Tensor {
    if isShard {
      throw DescentError(
        .invalidArgument,
        "a sum over the whole batch is needed in the middle of the step (a loss that divides by how much is not masked or by weights, or BatchNormalization with synchronized), which shards, computed one by one, do not have")
    }
    return sums(of: .tensors([tensor]))[0]
  }

  // MARK: - Sums for owners

  /// The sums over the group of tensors each of which a member owns, for the owner only; nil for those of others.
  package func sums(of summands: Summands, for owners: [Int]) -> [Tensor?] {
    let items = summands.items
    var results = [Tensor?](repeating: nil, count: items.count)
    for dtype in [DType.float32, .float64] {
      let places = GroupStep.places(in: items, of: dtype)
      if places.isEmpty { continue }
      let counts = places.map { Tensor.elementCount(items[$0].shape) }, owners = places.map { owners[$0] }
      let transfer = ownerExchange(counts, owners, dtype)
      let isIdle = share.isIdle
      let inputs: [Tensor] = if case .tensors(let all) = summands { places.map { stopGradient(all[$0]) } } else { [] }
      let own = exchange("group sum for owners", inputs, shape: [max(transfer.ownCount, 1)], dtype) { inputs, output in
        let result = output.baseAddress!
        switch summands {
        case .tensors:
          try transfer.sum(inputs.map { isIdle ? nil : $0.baseAddress }, counts: counts, owners: owners, into: result)
        case .shards(let shards):
          var failure: (any Error)?
          shards.take(dtype) { sum in
            var place = 0
            let parts: [UnsafeRawPointer?] = counts.map { count in
              defer { place += count * dtype.byteCount }
              return UnsafeRawPointer(sum + place)
            }
            do { try transfer.sum(parts, counts: counts, owners: owners, into: result) } catch { failure = error }
          }
          if let failure { throw failure }
        }
      }
      let mine = places.indices.filter { owners[$0] == group.rank }
      for (index, sum) in zip(mine, GroupStep.cut(own, mine.map { items[places[$0]].shape })) { results[places[index]] = sum }
    }
    // What is empty needs no sum.
    for (place, item) in items.enumerated() where owners[place] == group.rank && results[place] == nil {
      results[place] = Tensor.zeros(item.shape, dtype: item.dtype)
    }
    return results
  }

  /// Tensors that members own, for all members.
  /// - Parameter own: nil for those of others.
  package func gathered(_ own: [Tensor?], like items: [(shape: [Int], dtype: DType)], owners: [Int]) -> [Tensor] {
    var results = own
    for dtype in [DType.float32, .float64] {
      let places = GroupStep.places(in: items, of: dtype)
      if places.isEmpty { continue }
      let counts = places.map { Tensor.elementCount(items[$0].shape) }, owners = places.map { owners[$0] }
      let transfer = ownerExchange(counts, owners, dtype)
      let whole = exchange("group gathering", places.compactMap { own[$0].map { stopGradient($0) } }, shape: [counts.reduce(0, +)], dtype) { inputs, output in
        try transfer.gather(inputs.map { $0.baseAddress! }, counts: counts, owners: owners, into: output.baseAddress!)
      }
      for (place, tensor) in zip(places, GroupStep.cut(whole, places.map { items[$0].shape })) where own[place] == nil { results[place] = tensor }
    }
    return zip(results, items).map { $0 ?? Tensor.zeros($1.shape, dtype: $1.dtype) }
  }

  // MARK: - Exchanges

  /// What has brought gradients to their owners brings the new values from them, in the same memory.
  private func ownerExchange(_ counts: [Int], _ owners: [Int], _ dtype: DType) -> OwnerExchange {
    let key = ExchangeKey(counts: counts, owners: owners, dtype: dtype)
    if let known = ownerExchanges[key] { return known }
    let made = OwnerExchange(group, zip(counts, owners).map { ($0, $1) }, dtype: dtype)
    ownerExchanges[key] = made
    return made
  }

  private struct ExchangeKey: Hashable {
    let counts: [Int]
    let owners: [Int]
    let dtype: DType
  }

  /// - Parameter body: gets what was computed in the step, and fills the result.
  func exchange(
    _ name: String, phase: HostFunction.Phase = .whole, _ tensors: [Tensor], derivative: HostFunction.Derivative? = nil, shape: [Int], _ dtype: DType,
    _ body: @escaping @Sendable ([UnsafeRawBufferPointer], UnsafeMutableRawBufferPointer) throws -> Void
  ) -> Tensor {
    let count = tensors.count
    let function = HostFunction(name: name, phase: phase, derivative: derivative) { [self] inputs, output in
      attempt { try body(Array(inputs.prefix(count)), output) }
    }
    let result = Tensor(.host(function), tensors + [last].compactMap { $0.map { stopGradient($0) } }, shape: shape, dtype: dtype)
    last = result
    return result
  }

  /// Runs `body`, unless something went wrong before in the run.
  func attempt(_ body: () throws -> Void) {
    if failure != nil { return }
    do { try body() } catch { failed.withLock { $0 = error } }
  }

  private var failure: (any Error)? { failed.withLock { $0 } }

  /// Tensors that lie one behind the other.
  static func cut(_ whole: Tensor, _ shapes: [[Int]]) -> [Tensor] {
    var place = 0
    return shapes.map { shape in
      let count = Tensor.elementCount(shape)
      defer { place += count }
      return whole[place..<place + count].reshaped(shape)
    }
  }

  /// Forgets what is of use while the step is traced.
  /// - Returns: what has to be among the results of the step, so that no member leaves out an exchange of whose result it makes no use.
  package func endTrace() -> [Tensor] {
    defer { (last, ownerExchanges) = (nil, [:]) }
    return [last].compactMap { $0.map { $0[0..<1] } }
  }

  /// - Throws: what went wrong in a run.
  package func check() throws { if let failure { throw failure } }
}
