import CKernels

/// What each share of a chain's call does in one of its kernels.
struct ChainPiece {
  let work: ThreadPool.Work
  let context: UnsafeMutableRawPointer

  /// What a chain's call needs: its pieces, and how many they are.
  struct List {
    let pieces: UnsafeMutablePointer<ChainPiece>
    let count: Int
  }

  static let kernel: ThreadPool.Work = { context, share in
    let list = context!.assumingMemoryBound(to: List.self).pointee
    for piece in UnsafeBufferPointer(start: list.pieces, count: list.count) { piece.work(piece.context, share) }
  }
}

extension CPULowering {
  /// The steps of a chain, or nil where one of its groups cannot be cut like that.
  mutating func chainSteps(_ chain: KernelChain) -> [Plan.Step]? {
    var groups: [Int: (programs: [GroupProgram], code: CPUProgram, layout: GroupLayout)] = [:]
    for member in chain.members {
      guard case .group(let programs) = schedule.kernels[member] else { continue }
      let code = CPUProgram(programs[0])
      guard let layout = GroupLayout(code, starts: chain.starts(width: programs[0].count / chain.rows)) else { return nil }
      groups[member] = (programs, code, layout)
    }
    var before: [Plan.Step] = [], steps: [Plan.Step] = [], after: [Plan.Step] = []
    for member in chain.members {
      var own: [Plan.Step] = []
      if let (programs, code, layout) = groups[member] {
        own = groupSteps(programs, code, layout)
        after += own.dropFirst().map { step in step.of(kernel: member) }
      } else if case .operation(let call) = schedule.kernels[member] {
        if chain.beginsWithSum, member == chain.members[0] {
          before = operationSteps(call).map { step in step.of(kernel: member) }
          own = takeSum(from: &before, chain).map { [$0] } ?? []
        } else {
          own = productSteps(call, shares: chain.shares)
        }
      }
      steps += own.prefix(1).map { step in step.of(kernel: member) }
    }
    let pieces = memory.store(steps.map { ChainPiece(work: $0.work, context: $0.context) })
    let context = memory.store([ChainPiece.List(pieces: pieces, count: steps.count)])
    chained[self.steps.count + before.count] = Array(steps.dropFirst())
    let call = Plan.Step(
      work: ChainPiece.kernel, context: context, shares: chain.shares, sharesOf: "rows", group: steps[0].group,
      provider: steps[0].provider, kernel: steps[0].kernel)
    return before + [call] + after
  }

  /// A product in shares of its rows.
  private mutating func productSteps(_ call: Schedule.Call, shares: Int) -> [Plan.Step] {
    guard case .matrixProduct(let transposeA, let transposeB) = call.operation else { preconditionFailure("\(call.operation) is in a chain") }
    let product = MatrixProductContext(
      call.inputs[0], call.inputs[1], call.output, transposeA: transposeA, transposeB: transposeB, cut: ProductCut(rows: shares))
    return productSteps(of: matrixProductContext(call, product), to: call.output)
  }

  /// The last of a product's steps, the sum of its parts, if it can be cut like the chain.
  private func takeSum(from steps: inout [Plan.Step], _ chain: KernelChain) -> Plan.Step? {
    guard steps.count == 2, let last = steps.last else { return nil }
    let sum = last.context.assumingMemoryBound(to: ck_reduction.self)
    let width = Int(sum.pointee.inner) / chain.rows, tiles = Int(ck_reduction_tiles(sum)), tile = Int(CK_REDUCTION_TILE)
    guard (0..<chain.shares).map({ tiles * $0 / chain.shares * tile }) == chain.starts(width: width).dropLast() else { return nil }
    sum.pointee.shares = Int64(chain.shares)
    steps.removeLast()
    return Plan.Step(work: last.work, context: last.context, shares: chain.shares, sharesOf: last.sharesOf)
  }
}
