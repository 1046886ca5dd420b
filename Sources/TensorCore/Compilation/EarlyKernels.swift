/// Asynchronous operations begin as early as they can, so that communication overlaps computation: the kernels of a plan that begin what is
/// awaited further down, and what is computed for them alone, are each placed right behind the last of those that they wait for.
struct EarlyKernels {
  /// Those that wait for nothing.
  let ready: [Int]
  /// How many kernels that are not placed yet each of them waits for.
  private var missing: [Int: Int] = [:]
  /// Which of them wait for a kernel.
  private var waiting: [Int: [Int]] = [:]
  private var placed: Set<Int> = []

  /// - Parameters:
  ///   - kernels: all of the plan.
  ///   - dependencies: what each waits for.
  init(_ kernels: [Fusion.Kernel], _ fusion: Fusion, _ dependencies: [Int: [Int]]) {
    let begins = kernels.filter { kernel in
      if let opaque = kernel.opaque, case .host(let function) = fusion.values[opaque].operation { function.phase == .begin } else { false }
    }
    if begins.isEmpty {
      ready = []
      return
    }
    var readers: [Int: [Int]] = [:]
    for (kernel, needed) in dependencies { for other in needed { readers[other, default: []].append(kernel) } }
    var early = Set(begins.map(\.index))
    // A gradient that is copied to be contiguous, and the like.
    var next = begins.flatMap { dependencies[$0.index]! }
    while let kernel = next.popLast() {
      guard fusion.root(kernel).opaque == nil, readers[kernel]!.allSatisfy(early.contains), early.insert(kernel).inserted else { continue }
      next += dependencies[kernel]!
    }
    for kernel in early.sorted() {
      missing[kernel] = dependencies[kernel]!.count
      for other in dependencies[kernel]! { waiting[other, default: []].append(kernel) }
    }
    ready = early.filter { dependencies[$0]!.isEmpty }.sorted()
  }

  /// The kernel and those that can follow at once; none if it is placed already.
  mutating func placing(_ kernel: Int) -> [Int] {
    var result: [Int] = [], next = [kernel]
    while let kernel = next.popLast() {
      guard placed.insert(kernel).inserted else { continue }
      result.append(kernel)
      for reader in waiting[kernel] ?? [] {
        missing[reader]! -= 1
        if missing[reader] == 0 { next.append(reader) }
      }
    }
    return result
  }
}
