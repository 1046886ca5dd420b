import CKernels

/// A matrix product and the group behind it in one call: each share of the group is done right after the rows of the product that it
/// reads, by the same thread, which has them in its cache. A gradient goes like this from the product into its parameter's update.
///
/// (Both loops are tiled alike and the tiles' bodies put together.)
struct ChainedGroup {
  let call: Schedule.Call
  let product: MatrixProductContext
  /// The group's, that which reads the product first.
  let programs: [GroupProgram]
  /// With which element of the product each of its shares begins, and the end.
  let starts: [Int]

  /// What a call needs.
  struct Context {
    let product: UnsafeMutablePointer<MatrixProductContext>
    let group: UnsafeMutablePointer<ck_group>
    /// The group may have some more, of what is not the product's.
    let productShares: Int
  }

  static let kernel: ThreadPool.Work = { context, share in
    let chain = context!.assumingMemoryBound(to: Context.self)
    if share < chain.pointee.productShares { chain.pointee.product.pointee.run(share) }
    ck_group_run(chain.pointee.group, share)
  }

  /// Nil where the kernels at a position and behind it are no such pair.
  init?(_ schedule: Schedule, at position: Int, threadCount: Int) {
    guard position + 1 < schedule.kernels.count, case .operation(let call) = schedule.kernels[position],
      case .matrixProduct(let transposeA, let transposeB) = call.operation, case .group(var programs) = schedule.kernels[position + 1],
      call.output.count > 0
    else { return nil }
    let product = MatrixProductContext(call.inputs[0], call.inputs[1], call.output, transposeA: transposeA, transposeB: transposeB)
    let rows = product.cut.rows, buffer = call.output.buffer
    // Shares of whole rows, one behind the other, as many for each thread.
    guard product.count == 1, rows > 1, product.cut.count == rows, rows % threadCount == 0 || rows > 4 * threadCount,
      call.output.offset == 0, call.output.strides.suffix(2) == [product.n, 1], product.m * product.n == schedule.buffers[buffer].shape.reduce(1, *)
    else { return nil }
    // No share may read or write what is another's.
    guard programs.allSatisfy({ $0.inner == 0 && $0.reductions.isEmpty }),
      Set(schedule.kernels[position].reads).isDisjoint(with: schedule.kernels[position + 1].writes),
      !schedule.kernels[position + 1].writes.contains(buffer)
    else { return nil }
    let readers = programs.indices.filter { programs[$0].operands.contains { $0.buffer == buffer } }
    guard readers.count == 1, programs[readers[0]].count == product.m * product.n,
      programs[readers[0]].operands.allSatisfy({ $0.buffer != buffer || ($0.access == .whole && $0.memory == .buffer(buffer, offset: 0)) })
    else { return nil }
    programs.swapAt(0, readers[0])
    (self.call, self.product, self.programs) = (call, product, programs)
    starts = (0..<rows).map { ProductCut.range($0, of: rows, product.m).lowerBound * product.n } + [product.m * product.n]
  }
}

extension CPULowering {
  /// The steps of a product and the group behind it, or nil where the group cannot be cut as the product is.
  mutating func chainedSteps(_ chain: ChainedGroup) -> [Plan.Step]? {
    let code = CPUProgram(chain.programs[0])
    guard let layout = GroupLayout(code, counts: chain.programs.map(\.count), following: chain.starts, threadCount: threadCount) else { return nil }
    let product = matrixProductContext(chain.call, chain.product)
    let steps = productSteps(of: product, to: chain.call.output)
    precondition(steps.count == 1, "a product in shares of its rows is one step")
    let context = memory.allocate(ChainedGroup.Context.self, 1), group = groupContext(chain.programs, code, layout)
    context.initialize(to: ChainedGroup.Context(product: product, group: group, productShares: steps[0].shares))
    return [
      Plan.Step(
        work: ChainedGroup.kernel, context: context, shares: layout.shares, sharesOf: steps[0].sharesOf, provider: steps[0].provider, follower: group)
    ]
  }
}
