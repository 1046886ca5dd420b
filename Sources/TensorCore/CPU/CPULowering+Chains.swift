import CKernels

/// What the shares of a chain's call do in one of its kernels.
struct ChainPiece {
  let work: ThreadPool.Work
  let context: UnsafeMutableRawPointer
  /// How many of the kernel's shares each does.
  var each = 1
  /// The kernel's shares are those of every so manieth share of the call alone.
  var every = 1

  func run(_ share: Int) {
    if share % every != 0 { return }
    let first = share / every * each
    for own in first..<first + each { work(context, own) }
  }

  /// What a chain's call needs: its pieces, and how many they are.
  struct List {
    let pieces: UnsafeMutablePointer<ChainPiece>
    let count: Int
  }

  static let kernel: ThreadPool.Work = { context, share in
    let list = context!.assumingMemoryBound(to: List.self).pointee
    for piece in UnsafeBufferPointer(start: list.pieces, count: list.count) { piece.run(share) }
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
    chained[self.steps.count + before.count] = Array(steps.dropFirst())
    let call = step(of: steps.map { ChainPiece(work: $0.work, context: $0.context) }, as: steps[0], shares: chain.shares, of: "rows")
    return before + [call] + after
  }

  /// One call of several kernels.
  /// - Parameter first: the step that it is in the place of.
  mutating func step(of pieces: [ChainPiece], as first: Plan.Step, shares: Int, of what: String) -> Plan.Step {
    let context = memory.store([ChainPiece.List(pieces: memory.store(pieces), count: pieces.count)])
    return Plan.Step(
      work: ChainPiece.kernel, context: context, shares: shares, sharesOf: what, group: first.group, provider: first.provider, kernel: first.kernel)
  }

  /// The last step, if it brings in the panels in which the left side of a product lies: each thread can bring in those that it multiplies,
  /// in one call.
  mutating func takeRows(for product: MatrixProductContext, _ buffer: Int) -> Plan.Step? {
    guard !isApart, !product.transposeA, product.groups > 1, threadCount <= product.groups, broughtIn?.buffer == buffer, broughtIn?.step == steps.count - 1,
      let panels = panels?.of(buffer), panels.count % product.groups == 0,
      product.cut.beginParts(of: product.k, at: panels.width * panels.count / product.groups, count: product.groups)
    else { return nil }
    return steps.removeLast()
  }

  /// The steps of a product, and before them, in the same call, the step that brings in the panels.
  mutating func join(_ rows: Plan.Step?, _ own: [Plan.Step], of product: MatrixProductContext) -> [Plan.Step] {
    guard let rows else { return own }
    chained[steps.count] = [rows]
    let pieces = [rows, own[0]].map { ChainPiece(work: $0.work, context: $0.context, each: $0.shares / product.groups) }
    return [step(of: pieces, as: own[0], shares: product.groups, of: own[0].sharesOf)] + own.dropFirst()
  }

  /// A product in shares of its rows.
  private mutating func productSteps(_ call: Schedule.Call, shares: Int) -> [Plan.Step] {
    guard case .matrixProduct(let transposeA, let transposeB) = call.operation else { programmingError("\(call.operation) is in a chain") }
    let product = MatrixProductContext(
      call.inputs[0], call.inputs[1], call.output, transposeA: transposeA, transposeB: transposeB, cut: ProductCut(rows: shares))
    return productSteps(of: matrixProductContext(call, product), to: call.output)
  }

  /// The last of a product's steps, the sum of its parts, if it can be cut like the chain.
  private func takeSum(from steps: inout [Plan.Step], _ chain: KernelChain) -> Plan.Step? {
    guard steps.count > 1, let last = steps.last else { return nil }
    let sum = last.context.assumingMemoryBound(to: ck_reduction.self)
    if sum.pointee.parts > 1 { return nil }
    let width = Int(sum.pointee.inner) / chain.rows, tiles = Int(ck_reduction_tiles(sum)), tile = Int(CK_REDUCTION_TILE)
    guard (0..<chain.shares).map({ tiles * $0 / chain.shares * tile }) == chain.starts(width: width).dropLast() else { return nil }
    sum.pointee.shares = Int64(chain.shares)
    steps.removeLast()
    return Plan.Step(work: last.work, context: last.context, shares: chain.shares, sharesOf: last.sharesOf)
  }
}
