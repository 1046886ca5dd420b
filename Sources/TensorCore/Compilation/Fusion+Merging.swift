/// When a value can be computed in a group, and groups become one.
extension Fusion {
  /// Groups are merged for common memory up to this many values; with more, what is kept for later would outweigh what
  /// is read together.
  private static let mostMembersOfSiblings = 40
  /// How many groups that read the same memory are tried before one is left alone.
  private static let mostSiblingsTried = 16

  /// The kernels that must be done before a value can be computed in a group.
  func memoryDependencies(of value: SimplifiedGraph.Value, in group: Kernel) -> [Kernel] {
    var needed: [Kernel] = []
    for input in value.inputs {
      if isAccessible(input, from: value, in: group) { continue }
      for source in [views[input].source, views[input].gather.map { views[$0].source }] {
        if let source, let kernel = kernel(of: source) { needed.append(kernel) }
      }
    }
    return needed
  }

  func isAccessible(_ input: Int, from value: SimplifiedGraph.Value, in group: Kernel) -> Bool {
    switch access(input, from: value) {
    case .memory: return false
    case .same(let source): return kernel(of: source) === group
    case .rows(let source, let length):
      return kernel(of: source) === group && group.inner == length && group.rowMembers.contains(source)
    }
  }

  /// Makes room for a value in a group, merging in the other groups it draws from where that is possible. Nil if it cannot
  /// live there.
  func join(_ value: SimplifiedGraph.Value, _ group: Kernel, others: [Kernel], count: Int, rowLength: Int) -> Kernel? {
    guard group.members.count < Fusion.mostMembers else { return nil }
    // The space the value wants, from how it uses this group's members.
    for input in value.inputs {
      guard case .rows(let source, let length) = access(input, from: value), kernel(of: source) === group else { continue }
      if group.inner == 0 {
        guard rowLength == 0 || rowLength == length else { return nil }
        guard canBecomeRows(group, length: length), group.count * length == count else { return nil }
        becomeRows(group, length: length)
      }
      guard group.inner == length, group.rowMembers.contains(source) else { return nil }
    }
    guard fits(group, count: count, rowLength: rowLength) else { return nil }
    if rowLength > 0 {
      let isFull = value.inputs.allSatisfy { input in
        guard case .same(let source) = access(input, from: value), kernel(of: source) === group else { return true }
        return !group.rowMembers.contains(source)
      }
      guard isFull else { return nil }
      group.inner = rowLength
    }
    for other in others where other !== group && other.type == group.type {
      _ = merge(other, into: group)
    }
    guard fits(group, count: count, rowLength: rowLength) else { return nil }
    let needed = memoryDependencies(of: value, in: group)
    for kernel in needed where kernel === group || depends(kernel, on: group) { return nil }
    return order.insert(needed.map(\.index), before: group.index) ? group : nil
  }

  private func fits(_ group: Kernel, count: Int, rowLength: Int) -> Bool {
    if rowLength > 0 { return group.count == count && (group.inner == 0 || group.inner == rowLength) }
    return group.count == count || (group.inner > 0 && group.rows == count)
  }

  private func canBecomeRows(_ group: Kernel, length: Int) -> Bool {
    group.inner == 0 && !group.hasRandom && group.count > 1 && length > 1 && length <= Schedule.longestRow
  }

  private func becomeRows(_ group: Kernel, length: Int) {
    group.rowMembers = Set(group.members)
    group.count *= length
    group.inner = length
  }

  private func merge(_ other: Kernel, into group: Kernel) -> Bool {
    guard other.members.count + group.members.count <= Fusion.mostMembers else { return false }
    let otherBecomesRows: Bool, groupBecomesRows: Bool
    if other.count == group.count {
      guard other.inner == 0 || group.inner == 0 || other.inner == group.inner else { return false }
      (otherBecomesRows, groupBecomesRows) = (false, false)
    } else if group.inner > 0 && other.inner == 0 && other.count == group.rows && canBecomeRows(other, length: group.inner) {
      (otherBecomesRows, groupBecomesRows) = (true, false)
    } else if other.inner > 0 && group.inner == 0 && group.count == other.rows && canBecomeRows(group, length: other.inner) {
      (otherBecomesRows, groupBecomesRows) = (false, true)
    } else {
      return false
    }
    if depends(other, on: group) || depends(group, on: other) { return false }
    guard order.merge(other.index, into: group.index) else { return false }
    let inner = Swift.max(group.inner, other.inner)
    if otherBecomesRows { becomeRows(other, length: inner) }
    if groupBecomesRows { becomeRows(group, length: inner) }
    group.inner = inner
    if other.members.count > group.members.count { swap(&other.members, &group.members) }
    group.members += other.members
    if other.rowMembers.count > group.rowMembers.count { swap(&other.rowMembers, &group.rowMembers) }
    group.rowMembers.formUnion(other.rowMembers)
    group.hasRandom = group.hasRandom || other.hasRandom
    return true
  }

  /// Whether one kernel has to wait for another, directly or not.
  func depends(_ kernel: Kernel, on target: Kernel) -> Bool { order.depends(kernel.index, on: target.index) }

  /// Groups over the same elements that read the same memory become one, so that it is read once: the average that a step reads
  /// before it is moved on, a gradient that is kept for the next step.
  func mergeSiblings() {
    var readers: [Int: [Kernel]] = [:]
    for group in groupsAndKernels where group.opaque == nil && group.inner == 0 && group.count > 1 {
      for source in wholeSources(of: group) { readers[source, default: []].append(group) }
    }
    for source in readers.keys.sorted() {
      var merged: [Kernel] = []
      var seen: Set<Int> = []
      for reader in readers[source]! {
        let group = root(reader.index)
        if seen.insert(group.index).inserted { mergeIntoOne(of: &merged, group) }
      }
    }
  }

  /// Merges a group into one of those before it, or else it stands for itself.
  private func mergeIntoOne(of merged: inout [Kernel], _ group: Kernel) {
    let isTaken = merged.suffix(Fusion.mostSiblingsTried).contains { other in
      other.type == group.type && other.inner == 0 && other.count == group.count
        && other.members.count + group.members.count <= Fusion.mostMembersOfSiblings && merge(group, into: other)
    }
    if !isTaken { merged.append(group) }
  }

  /// Groups of one number each become one where neither waits for the other: a call takes longer than their arithmetic. Those that
  /// compute the same for each of several tensors are left: they are one kernel over as many numbers.
  func mergeNumbers() {
    let groups = groupsAndKernels.filter { $0.opaque == nil && $0.inner == 0 && $0.count == 1 }
    let formulas = groups.map(formula)
    let counts = Dictionary(formulas.map { ($0, 1) }, uniquingKeysWith: +)
    var merged: [Kernel] = []
    // A formula in which NaN stands is equal to none, itself included.
    for (group, formula) in zip(groups, formulas) where counts[formula] ?? 1 == 1 {
      mergeIntoOne(of: &merged, group)
    }
  }

  /// What a group computes of what: equal for groups that differ in nothing but where their numbers lie.
  private func formula(of group: Kernel) -> [Operation] {
    group.members.flatMap { member -> [Operation] in
      let inputs = values[member].inputs.map { input -> Operation in
        let source = values[views[input].source]
        if case .fill = source.operation { return source.operation }
        return .argument(DType.allCases.firstIndex(of: source.dtype)!)
      }
      return [values[member].operation] + inputs
    }
  }

  /// The memory that a group reads once for each of its elements, in order. Equal numbers (`fill`) take none.
  private func wholeSources(of group: Kernel) -> Set<Int> {
    var sources: Set<Int> = []
    for member in group.members {
      for input in values[member].inputs where roles[views[input].source] == .memory && views[input].layout.count == group.count {
        if case .fill = values[views[input].source].operation { continue }
        if views[input].isContiguous { sources.insert(views[input].source) }
      }
    }
    return sources
  }
}
