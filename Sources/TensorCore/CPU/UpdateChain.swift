import CKernels

/// The optimizer's step fused into the backward pass: an update of parameters together with the products that give its gradients.
///
/// Each share multiplies for some rows of the matrices and updates these rows: threads need not meet between the two, a gradient is in the
/// cache where it is read, and the products that one thread would do alone, as that of a small last layer, are all threads' work.
extension ChainFinder {
  /// Elements of all parameters together: with more, meeting once more costs nothing in comparison.
  private static let mostElements = 1 << 20

  /// The products and, behind them, the update, which all run where the update does; nil if there are none that can.
  func updateChain() -> KernelChain? {
    let updates = schedule.kernels.indices.filter(isUpdate)
    guard !limits.isApart, let update = updates.max(by: { elements($0) < elements($1) }),
      case .group(let programs) = schedule.kernels[update]
    else { return nil }
    var members = [update], readers: [Int: Int] = [:]
    for position in (max(0, update - ChainFinder.reach)..<update).reversed() {
      guard let program = schedule.gradientReader(position, in: update), readers.allSatisfy({ $0.value != program || isAlike($0.key, position) })
      else { continue }
      let between = (position + 1..<update).filter { !members.contains($0) }
      guard between.allSatisfy({ areIndependent(position, $0) }), members.allSatisfy({ $0 == update || areIndependent(position, $0) }) else { continue }
      members.insert(position, at: 0)
      readers[position] = program
    }
    let all = elements(update), joined = Set(readers.values)
    // What is left is the first share's.
    let rest = programs.indices.reduce(0) { $0 + (joined.contains($1) ? 0 : programs[$1].count) }
    return members.count > 1 && all <= Self.mostElements && rest <= GroupLayout.mostBeside(all)
      ? KernelChain(members, readers: readers) : nil
  }

  /// Whether the results of two products have the same rows: of two gradients of one matrix, each share computes the same elements then.
  private func isAlike(_ a: Int, _ b: Int) -> Bool {
    guard case .operation(let a) = schedule.kernels[a], case .operation(let b) = schedule.kernels[b] else { return false }
    return a.output.shape == b.output.shape
  }

  /// Of all programs of a group.
  private func elements(_ position: Int) -> Int {
    guard case .group(let programs) = schedule.kernels[position] else { return 0 }
    return programs.reduce(0) { $0 + $1.count }
  }

  /// Whether a kernel changes variables element by element.
  private func isUpdate(_ position: Int) -> Bool {
    guard case .group(let programs) = schedule.kernels[position], programs[0].inner == 0, programs[0].reductions.isEmpty, programs[0].views.isEmpty
    else { return false }
    return schedule.kernels[position].writes.contains { if case .variable = schedule.buffers[$0].role { true } else { false } }
  }
}

extension Schedule {
  /// The number of the program that reads the result of a product, if an update can read it row by row as it is computed: all of it, by one
  /// program, which writes nothing that the product reads.
  fileprivate func gradientReader(_ product: Int, in update: Int) -> Int? {
    guard case .group(let programs) = kernels[update], let (call, context) = MatrixProductContext.of(kernels[product], cut: ProductCut(rows: 1)), context.isOwn,
      context.count == 1, call.output.offset == 0, call.output.layout.strides == [context.n, 1], buffers[call.output.buffer].isTemporary,
      call.output.count == buffers[call.output.buffer].shape.reduce(1, *),
      Set(kernels[update].writes).isDisjoint(with: kernels[product].reads), !kernels[update].writes.contains(call.output.buffer)
    else { return nil }
    let readers = programs.indices.filter { programs[$0].operands.contains { $0.buffer == call.output.buffer } }
    guard readers.count == 1, programs[readers[0]].count == context.m * context.n else { return nil }
    let isElementwise = programs[readers[0]].operands.allSatisfy { operand in
      operand.buffer != call.output.buffer || (operand.access == .whole && operand.memory == .buffer(call.output.buffer, offset: 0))
    }
    return isElementwise ? readers[0] : nil
  }
}

extension CPULowering {
  /// A product of an update's call, and the program that reads it.
  private struct UpdatePart {
    let member: Int
    let call: Schedule.Call
    let product: MatrixProductContext
    let program: Int
    let layout: GroupLayout
    /// See ``ChainPiece/every``.
    let every: Int
  }

  /// So many shares for each thread: one that the system stops leaves others something to take over.
  private static let updateSharesOfThread = 2
  /// With fewer elements for each, another thread is not worth it.
  private static let leastUpdate = 2048

  /// The step of an update and of the products that give its gradients, or nil where its programs cannot be cut as the products are.
  mutating func updateSteps(_ chain: KernelChain) -> [Plan.Step]? {
    let update = chain.members.last!
    guard case .group(let programs) = schedule.kernels[update] else { return nil }
    let code = CPUProgram(programs[0]), elements = programs.reduce(0) { $0 + $1.count }
    let shares = CPULowering.updateSharesOfThread * max(1, min(threadCount, elements / CPULowering.leastUpdate))
    let parts = chain.readers.sorted { $0.key < $1.key }.compactMap { member, program in
      updatePart(member, readBy: program, of: programs[program].count, code, elements: elements, shares: shares)
    }
    if parts.count < chain.readers.count { return nil }
    var pieces: [ChainPiece] = [], steps: [Plan.Step] = []
    let rest = programs.indices.filter { program in !parts.contains { $0.program == program } }.map { programs[$0] }
    if !rest.isEmpty, let step = groupSteps(rest, code, GroupLayout(code, counts: rest.map(\.count), threadCount: 1)).first {
      pieces.append(ChainPiece(work: step.work, context: step.context, each: step.shares, every: shares))
    }
    for (place, part) in parts.enumerated() {
      let product = productSteps(of: matrixProductContext(part.call, part.product), to: part.call.output)[0].of(kernel: part.member)
      pieces.append(ChainPiece(work: product.work, context: product.context, every: part.every))
      steps.append(product)
      // One program may read several gradients, to add them up.
      if parts[(place + 1)...].contains(where: { $0.program == part.program }) { continue }
      let group = groupSteps([programs[part.program]], code, part.layout)[0].of(kernel: update)
      pieces.append(ChainPiece(work: group.work, context: group.context, every: part.every))
      steps.append(group)
    }
    chained[self.steps.count] = Array(steps.dropFirst())
    return [step(of: pieces, as: steps[0], shares: shares, of: "rows")]
  }

  private func updatePart(
    _ member: Int, readBy program: Int, of count: Int, _ code: CPUProgram, elements: Int, shares: Int
  ) -> UpdatePart? {
    guard case .operation(let call) = schedule.kernels[member], case .matrixProduct(let transposeA, let transposeB) = call.operation else { return nil }
    // Of a small matrix each thread has one part.
    let isSmall = count <= GroupLayout.mostBeside(elements)
    let (every, ofThread) = isSmall ? (CPULowering.updateSharesOfThread, 1) : (1, CPULowering.updateSharesOfThread)
    let cut = ProductCut(rows: shares / every), rows = call.output.shape[0], panels = panels?.of(call.inputs[0].buffer)
    let begins = ProductCut.begins(of: cut.rows, rows)
    if let panels, !(0..<panels.count).allSatisfy({ begins.contains($0 * panels.width) }) { return nil }
    guard let layout = GroupLayout(code, starts: (begins + [rows]).map { $0 * call.output.shape[1] }, sharesOfThread: ofThread) else { return nil }
    var product = MatrixProductContext(
      call.inputs[0], call.inputs[1], call.output, transposeA: transposeA, transposeB: transposeB, cut: cut, panels: panels)
    product.sharesOfThread = ofThread
    return UpdatePart(member: member, call: call, product: product, program: program, layout: layout, every: every)
  }
}
