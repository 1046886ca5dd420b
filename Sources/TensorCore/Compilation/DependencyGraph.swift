/// Which kernel waits for which, while kernels are still being made, extended and merged.
///
/// Each kernel has a level above those of all that it waits for, so that most questions are answered by comparing two numbers. The
/// others are answered by two searches that take turns, down from the one kernel and up from the other, among the levels in between.
/// A search that takes too many steps is given up, and the answer is that the kernel waits: who asks wants to compute two things
/// together, and may always leave that. So compiling takes time in proportion to the size of the graph, whatever its form.
final class DependencyGraph {
  /// Union-find: the kernel that each was merged into, or itself.
  private var parents: [Int] = []
  /// What each kernel waits for, and what waits for it. Some may have been merged since.
  private var needed: [[Int]] = []
  private var readers: [[Int]] = []
  private var levels: [Int] = []
  /// The search that saw a kernel last, and from which side.
  private var marks: [Int] = []
  private var lastMark = 0
  /// How many steps all searches took so far.
  private(set) var steps = 0

  /// The most edges that are followed for one question.
  private static let patience = 4000

  /// Adds a kernel that waits for nothing yet; they are numbered in order.
  func add() {
    parents.append(parents.count)
    needed.append([])
    readers.append([])
    levels.append(0)
    marks.append(0)
  }

  /// The kernel that this one was merged into, or itself.
  func root(_ kernel: Int) -> Int {
    var kernel = kernel
    while parents[kernel] != kernel {
      parents[kernel] = parents[parents[kernel]]
      kernel = parents[kernel]
    }
    return kernel
  }

  /// What a kernel waits for, each once, in ascending order.
  func dependencies(of kernel: Int) -> [Int] {
    Set(needed[kernel].map(root)).subtracting([kernel]).sorted()
  }

  /// Whether one kernel has to wait for another, directly or not; or that would take too long to find out.
  func depends(_ kernel: Int, on target: Int) -> Bool {
    let kernel = root(kernel), target = root(target)
    let top = levels[kernel], bottom = levels[target]
    if top <= bottom { return false }
    lastMark += 2
    let below = lastMark, above = lastMark - 1
    marks[kernel] = below
    marks[target] = above
    var down = [kernel], up = [target]
    var downSteps = 0, upSteps = 0
    defer { steps += downSteps + upSteps }
    while let lower = down.last, let upper = up.last {
      let downCost = downSteps + needed[lower].count, upCost = upSteps + readers[upper].count
      if min(downCost, upCost) > DependencyGraph.patience { return true }
      if downCost <= upCost {
        downSteps = downCost
        down.removeLast()
        let first = down.count
        for edge in needed[lower] {
          let next = root(edge)
          if marks[next] == above { return true }
          if marks[next] == below || levels[next] <= bottom { continue }
          marks[next] = below
          down.append(next)
        }
        // The nearest to the other end is looked at first.
        if down.count > first + 1 { down[first...].sort { levels[$0] > levels[$1] } }
      } else {
        upSteps = upCost
        up.removeLast()
        let first = up.count
        for edge in readers[upper] {
          let next = root(edge)
          if marks[next] == below { return true }
          if marks[next] == above || levels[next] >= top { continue }
          marks[next] = above
          up.append(next)
        }
        if up.count > first + 1 { up[first...].sort { levels[$0] < levels[$1] } }
      }
    }
    return false
  }

  /// Lets a kernel wait for others, none of which waits for it. Says whether it does; where keeping the levels right would take too
  /// long, nothing is changed. That never happens to a kernel that nothing waits for.
  func insert(_ others: [Int], before reader: Int) -> Bool {
    let reader = root(reader)
    let others = others.map(root).filter { $0 != reader }
    guard let highest = others.map({ levels[$0] }).max() else { return true }
    guard raise(reader, to: highest + 1) else { return false }
    for other in others where needed[reader].last != other {
      needed[reader].append(other)
      readers[other].append(reader)
    }
    return true
  }

  /// Makes one kernel of two, neither of which waits for the other. Says whether it did.
  func merge(_ other: Int, into kernel: Int) -> Bool {
    let (lower, higher) = levels[other] < levels[kernel] ? (other, kernel) : (kernel, other)
    guard raise(lower, to: levels[higher]) else { return false }
    DependencyGraph.move(&needed, from: other, to: kernel)
    DependencyGraph.move(&readers, from: other, to: kernel)
    parents[other] = kernel
    return true
  }

  /// The shorter list is added to the longer one.
  private static func move(_ lists: inout [[Int]], from other: Int, to kernel: Int) {
    if lists[other].count > lists[kernel].count { lists.swapAt(other, kernel) }
    lists[kernel] += lists[other]
    lists[other] = []
  }

  /// Puts a kernel at a level, and all that wait for it above.
  private func raise(_ kernel: Int, to level: Int) -> Bool {
    if levels[kernel] >= level { return true }
    var changed = [(kernel: kernel, level: levels[kernel])]
    levels[kernel] = level
    var next = 0
    var followed = 0
    while next < changed.count {
      let current = changed[next].kernel
      next += 1
      followed += readers[current].count
      steps += readers[current].count
      if followed > DependencyGraph.patience {
        for change in changed.reversed() { levels[change.kernel] = change.level }
        return false
      }
      for edge in readers[current] {
        let reader = root(edge)
        if reader == current || levels[reader] > levels[current] { continue }
        changed.append((reader, levels[reader]))
        levels[reader] = levels[current] + 1
      }
    }
    return true
  }
}
