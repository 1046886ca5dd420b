/// The kernels of a plan in the order in which they run, each after all that it waits for.
///
/// What is asynchronous, begun here and awaited there, begins as early as possible; all else is done in the order in which it was written.
struct KernelOrder {
  let kernels: [Fusion.Kernel]
  private var dependencies: [Int: [Int]] = [:]

  enum Direction {
    case fromStart, fromEnd
  }

  /// Each kernel as early as its number says, what it waits for right before it.
  init(_ fusion: Fusion) {
    let all = fusion.groupsAndKernels
    for kernel in all { dependencies[kernel.index] = fusion.order.dependencies(of: kernel.index) }
    var done: Set<Int> = []
    var kernels: [Fusion.Kernel] = []
    var early = EarlyKernels(all, fusion, dependencies)
    func append(_ kernel: Int) {
      for next in early.placing(kernel) { kernels.append(fusion.root(next)) }
    }
    early.ready.forEach(append)
    // A walk in depth with a stack of its own: chains may be longer than the thread's.
    var path: [(kernel: Int, next: Int)] = []
    for kernel in all where done.insert(kernel.index).inserted {
      path.append((kernel.index, 0))
      while let (current, next) = path.last {
        let waitsFor = dependencies[current]!
        guard next < waitsFor.count else {
          append(current)
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        if done.insert(waitsFor[next]).inserted { path.append((waitsFor[next], 0)) }
      }
    }
    self.kernels = kernels
  }

  /// How many kernels there are at most on a way from a kernel to the start of the plan or to its end.
  func distances(_ direction: Direction) -> [Int: Int] {
    var distances: [Int: Int] = [:]
    switch direction {
    case .fromStart:
      for kernel in kernels {
        distances[kernel.index] = dependencies[kernel.index]!.reduce(0) { max($0, distances[$1]! + 1) }
      }
    case .fromEnd:
      for kernel in kernels.reversed() {
        let distance = distances[kernel.index, default: 0]
        distances[kernel.index] = distance
        for needed in dependencies[kernel.index]! { distances[needed] = max(distances[needed, default: 0], distance + 1) }
      }
    }
    return distances
  }
}
