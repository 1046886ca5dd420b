/// Small kernels over the rows of a batch, each of which alone would be one thread's, as one call: each share does some rows in all of
/// them, one kernel after another. What a kernel needs from those before it is in its thread's cache then, and threads wait for each other
/// once. (The kernels' loops over rows are tiled alike, and the tiles' bodies put together.)
struct KernelChain {
  /// Positions in the schedule, in ascending order. A single kernel is no chain and is cut as it likes.
  let members: [Int]
  /// Into how many shares how many rows are cut.
  let shares: Int
  let rows: Int
  /// The first kernel is a large product, of which the sum of its parts alone belongs to the chain.
  let beginsWithSum: Bool
  /// Where the last kernel is an update and the others give its gradients: by which of its programs each of these is read; see
  /// ``ChainFinder/updateChain()``.
  let readers: [Int: Int]
  var isUpdate: Bool { !readers.isEmpty }

  init(_ members: [Int], shares: Int = 1, rows: Int = 0, beginsWithSum: Bool = false, readers: [Int: Int] = [:]) {
    (self.members, self.shares, self.rows, self.beginsWithSum, self.readers) = (members, shares, rows, beginsWithSum, readers)
  }

  /// With which element of so many a row each share begins, and the end.
  func starts(width: Int) -> [Int] { (ProductCut.begins(of: shares, rows) + [rows]).map { $0 * width } }
}

/// Finds the chains of a schedule.
package struct ChainFinder {
  /// Which small kernels over a batch's rows are worth being chained.
  package struct Limits {
    var fewestMembers = 3
    var fewestRows = 16
    /// In nanoseconds: what takes less is not worth a second thread.
    var shortest = 5_000.0

    /// Every kernel in a call of its own.
    package static let apart = Limits(fewestMembers: .max, fewestRows: .max, shortest: 0)

    var isApart: Bool { fewestMembers == .max }

    package init() {}
    package init(fewestMembers: Int, fewestRows: Int, shortest: Double) {
      (self.fewestMembers, self.fewestRows, self.shortest) = (fewestMembers, fewestRows, shortest)
    }
  }

  let schedule: Schedule
  let limits: Limits
  private let reads: [Set<Int>]
  private let writes: [Set<Int>]

  /// All kernels in an order in which they may run, those of a chain together.
  static func order(_ schedule: Schedule, limits: Limits) -> [KernelChain] { ChainFinder(schedule, limits).order() }

  private init(_ schedule: Schedule, _ limits: Limits) {
    (self.schedule, self.limits) = (schedule, limits)
    reads = schedule.kernels.map { Set($0.reads) }
    writes = schedule.kernels.map { Set($0.writes) }
  }

  private func order() -> [KernelChain] {
    var isPlaced = schedule.kernels.map { _ in false }
    var chains: [KernelChain] = []
    let update = updateChain()
    for member in update?.members ?? [] { isPlaced[member] = true }
    for first in schedule.kernels.indices {
      if let update, first == update.members.last { chains.append(update) }
      if isPlaced[first] { continue }
      let next = (first + 1..<schedule.kernels.count).lazy.filter { !isPlaced[$0] || update?.members.contains($0) == true }
      let toCome = update.map { $0.members.last! > first ? $0.members : [] } ?? []
      let chain = batchChain(first, Array(next.prefix(ChainFinder.reach)), besides: toCome) ?? KernelChain([first])
      for member in chain.members { isPlaced[member] = true }
      chains.append(chain)
    }
    return chains
  }

  /// Whether two kernels may change places.
  func areIndependent(_ a: Int, _ b: Int) -> Bool {
    writes[a].isDisjoint(with: reads[b]) && writes[b].isDisjoint(with: reads[a]) && writes[a].isDisjoint(with: writes[b])
  }

  func count(_ buffer: Int) -> Int { schedule.buffers[buffer].shape.reduce(1, *) }

  /// How many kernels are looked at.
  static let reach = 16
  /// In nanoseconds: kernels that take longer have shares of their own, and chains that take longer are cut in four instead of two.
  private static let (longestMember, shortChain) = (10_000.0, 16_000.0)

  /// - Parameter besides: those of a later chain: no members of this one, and whatever is one must not be in their way.
  private func batchChain(_ first: Int, _ others: [Int], besides: [Int]) -> KernelChain? {
    guard let rows = rows(of: first), rows >= limits.fewestRows, goesByRows(first, rows, after: []) else { return nil }
    let sumTime = timeOfSum(first)
    guard var time = sumTime ?? time(of: first), time <= ChainFinder.longestMember else { return nil }
    var members = [first], skipped = besides.filter { $0 < first }
    for next in others {
      if !besides.contains(next), let more = self.time(of: next), more <= ChainFinder.longestMember, skipped.allSatisfy({ areIndependent($0, next) }),
        goesByRows(next, rows, after: members)
      {
        members.append(next)
        time += more
      } else {
        skipped.append(next)
      }
    }
    if members.count < limits.fewestMembers || time < limits.shortest { return nil }
    let shares = time < ChainFinder.shortChain || rows < 4 * limits.fewestRows ? 2 : 4
    return KernelChain(members, shares: shares, rows: rows, beginsWithSum: sumTime != nil)
  }

  /// How many rows the batch has, if a kernel tells.
  private func rows(of position: Int) -> Int? {
    switch schedule.kernels[position] {
    case .operation(let call): call.output.shape.count == 2 ? call.output.shape[0] : nil
    case .group(let programs):
      // Of what it writes, sums have fewer elements.
      programs[0].inner > 0
        ? programs[0].count / programs[0].inner
        : schedule.kernels[position].writes.lazy.filter { count($0) == programs[0].count }.compactMap { schedule.buffers[$0].shape.first }.first
    case .loop, .copy: nil
    }
  }

  /// An estimate of what one thread takes for a kernel, in nanoseconds; nil for kernels that are not chained.
  private func time(of position: Int) -> Double? {
    switch schedule.kernels[position] {
    case .group(let programs):
      return programs.count == 1 ? KernelTime.group(programs[0]) : nil
    case .operation(let call):
      guard case .matrixProduct(let transposeA, _) = call.operation, call.output.shape.count == 2 else { return nil }
      return KernelTime.product(
        m: call.output.shape[0], n: call.output.shape[1], k: call.inputs[0].termCount(isTransposed: transposeA), isDouble: call.output.dtype == .float64)
    case .loop, .copy: return nil
    }
  }

  /// The same for the sum of its parts, if a kernel is a product that is cut so and takes long.
  private func timeOfSum(_ position: Int) -> Double? {
    guard let time = time(of: position), time > ChainFinder.longestMember,
      let product = MatrixProductContext.of(schedule.kernels[position])?.product, product.cut.depth > 1
    else { return nil }
    return KernelTime.sum(product.m * product.n * product.cut.depth)
  }

  /// Whether some rows of a kernel need no more of what the members compute than the same rows, and whether they are in their way.
  private func goesByRows(_ position: Int, _ rows: Int, after members: [Int]) -> Bool {
    let (read, written) = (reads[position], writes[position])
    let isInOrder = members.allSatisfy {
      written.isDisjoint(with: reads[$0]) && written.isDisjoint(with: writes[$0]) && read.isDisjoint(with: sums($0))
    }
    guard isInOrder else { return false }
    let computed = members.reduce(into: Set<Int>()) { $0.formUnion(writes[$1]) }
    switch schedule.kernels[position] {
    case .group(let programs):
      let program = programs[0]
      guard program.count > 0, program.count % rows == 0, program.inner == 0 || program.count / program.inner % rows == 0 else { return false }
      return program.operands.allSatisfy { operand in
        guard let buffer = operand.buffer, operand.isOutput || computed.contains(buffer) else { return true }
        let isElementwise = operand.access == .whole || operand.access == .converted
        return isElementwise && operand.memory == .buffer(buffer, offset: 0)
          && count(buffer) == (operand.isRow ? program.count / program.inner : program.count)
      }
    case .operation(let call):
      guard case .matrixProduct(let transposeA, _) = call.operation, call.output.shape[0] == rows, isWhole(call.output) else { return false }
      if computed.contains(call.inputs[1].buffer) { return false }
      return !computed.contains(call.inputs[0].buffer) || (!transposeA && isWhole(call.inputs[0]))
    case .loop, .copy: return false
    }
  }

  /// What a member adds up over the rows: nobody knows it before all shares have done theirs.
  private func sums(_ member: Int) -> [Int] {
    guard case .group(let programs) = schedule.kernels[member] else { return [] }
    return programs[0].reductions.map(\.buffer)
  }

  /// Whether a matrix is all of a buffer, row by row.
  private func isWhole(_ place: Schedule.Place) -> Bool {
    place.offset == 0 && place.shape.count == 2 && place.layout.strides == [place.shape[1], 1] && place.count == count(place.buffer)
  }
}
