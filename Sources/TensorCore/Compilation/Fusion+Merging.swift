/// When a value can be computed in a group, and groups become one.
extension Fusion {
  /// A group of more values than this would run out of registers.
  private static let mostMembers = 40

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
    for needed in memoryDependencies(of: value, in: group) where needed === group || depends(needed, on: group) { return nil }
    return group
  }

  private func fits(_ group: Kernel, count: Int, rowLength: Int) -> Bool {
    if rowLength > 0 { return group.count == count && (group.inner == 0 || group.inner == rowLength) }
    return group.count == count || (group.inner > 0 && group.rows == count)
  }

  private func canBecomeRows(_ group: Kernel, length: Int) -> Bool {
    group.inner == 0 && !group.hasRandom && group.count > 1 && length > 1 && length <= Fusion.longestRow
  }

  private func becomeRows(_ group: Kernel, length: Int) {
    group.rowMembers = Set(group.members)
    group.count *= length
    group.inner = length
  }

  private func merge(_ other: Kernel, into group: Kernel) -> Bool {
    if depends(other, on: group) || depends(group, on: other) { return false }
    if other.count == group.count {
      guard other.inner == 0 || group.inner == 0 || other.inner == group.inner else { return false }
      group.inner = Swift.max(group.inner, other.inner)
    } else if group.inner > 0 && other.inner == 0 && other.count == group.rows && canBecomeRows(other, length: group.inner) {
      becomeRows(other, length: group.inner)
    } else if other.inner > 0 && group.inner == 0 && group.count == other.rows && canBecomeRows(group, length: other.inner) {
      becomeRows(group, length: other.inner)
    } else {
      return false
    }
    group.members += other.members
    group.rowMembers.formUnion(other.rowMembers)
    group.dependencies.formUnion(other.dependencies)
    group.hasRandom = group.hasRandom || other.hasRandom
    other.replacement = group
    return true
  }

  /// Whether one kernel has to wait for another, directly or not.
  func depends(_ kernel: Kernel, on target: Kernel) -> Bool {
    var seen: Set<Int> = [kernel.index]
    var stack = [kernel]
    while let current = stack.popLast() {
      for index in current.dependencies {
        let next = root(index)
        if next === target { return true }
        if next !== kernel && seen.insert(next.index).inserted { stack.append(next) }
      }
    }
    return false
  }

  /// Groups over the same elements that read the same memory become one, so that it is read once: the average that a step reads
  /// before it is moved on, a gradient that is kept for the next step.
  func mergeSiblings() {
    var readers: [Int: [Kernel]] = [:]
    for group in groupsAndKernels where group.opaque == nil && group.inner == 0 && group.count > 1 {
      for source in wholeSources(of: group) { readers[source, default: []].append(group) }
    }
    for source in readers.keys.sorted() {
      var merged: [Kernel] = []
      for reader in readers[source]! {
        let group = root(reader.index)
        if merged.contains(where: { $0 === group }) { continue }
        let isTaken = merged.contains { other in
          other.type == group.type && other.inner == 0 && other.count == group.count
            && other.members.count + group.members.count <= Fusion.mostMembers && merge(group, into: other)
        }
        if !isTaken { merged.append(group) }
      }
    }
  }

  /// The memory that a group reads once for each of its elements, in order.
  private func wholeSources(of group: Kernel) -> Set<Int> {
    var sources: Set<Int> = []
    for member in group.members {
      for input in values[member].inputs where roles[views[input].source] == .memory && views[input].count == group.count {
        if views[input].isContiguous { sources.insert(views[input].source) }
      }
    }
    return sources
  }
}
