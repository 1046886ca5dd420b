import CAllocationCounter
import Testing

import TensorCore

@Suite(.timeLimit(.minutes(20))) struct ExecutionTests {
  @Test func `Every share runs once`() {
    let pool = ThreadPool(threadCount: 4)
    let counts = UnsafeMutablePointer<Int>.allocate(capacity: 64)
    defer { counts.deallocate() }
    counts.initialize(repeating: 0, count: 64)
    var expected = 0
    for round in 0..<20_000 {
      let shares = 1 + round % 64
      pool.run({ context, share in context!.assumingMemoryBound(to: Int.self)[share] += 1 }, counts, shares: shares)
      expected += shares
    }
    #expect((0..<64).reduce(0) { $0 + counts[$1] } == expected)
    #expect(counts[0] == 20_000)
  }

  @Test func `Regions from several threads do not mix`() async {
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let counts = UnsafeMutablePointer<Int>.allocate(capacity: 8)
          defer { counts.deallocate() }
          counts.initialize(repeating: 0, count: 8)
          for _ in 0..<2000 {
            ThreadPool.shared.run({ context, share in context!.assumingMemoryBound(to: Int.self)[share] += 1 }, counts, shares: 8)
          }
          return (0..<8).allSatisfy { counts[$0] == 2000 }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test func `The number of threads does not change a bit`() {
    let results = [1, 2, 3, 5].map { threads in
      let pool = ThreadPool(threadCount: threads)
      let step = TrainingStep(width: 256, rows: 96)
      for _ in 0..<5 { step.plan.run(on: pool) }
      return step.bits
    }
    for other in results.dropFirst() { #expect(other == results[0]) }
    // The step does something: two steps more give other bits.
    let longer = TrainingStep(width: 256, rows: 96)
    for _ in 0..<7 { longer.plan.run() }
    #expect(longer.bits != results[0])
  }

  #if os(Linux)
    @Test(.enabled(if: tensorCoreIsOptimized, "code that is not optimized allocates here and there")) func `A step allocates nothing`() {
      let before = allocation_count()
      let kept = [Int](repeating: 1, count: 1000 + Int.random(in: 0..<2))
      #expect(allocation_count() > before, "the counter counts (\(kept.count))")

      let step = TrainingStep()
      // One thread, so that this one does, and counts, everything.
      let pool = ThreadPool(threadCount: 1)
      for _ in 0..<3 { step.plan.run(on: pool) }
      let start = allocation_count()
      for _ in 0..<100 { step.plan.run(on: pool) }
      #expect(allocation_count() == start)
    }
  #endif

  @Test func `A step is few kernels`() {
    // Eight matrix products, sums and fused groups would be 60 operations one by one.
    #expect(TrainingStep().plan.statistics.kernels <= 20)
  }
}
