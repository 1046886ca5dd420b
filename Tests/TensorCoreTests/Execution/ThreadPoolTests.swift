import Foundation
import TensorCore
import Testing

@Suite(.timeLimit(.minutes(5))) struct ThreadPoolTests {
  /// Who is done early does not take the next share of somebody who has begun, as long as that one is not much later. On a busy machine
  /// the system stops one thread or the other, so it is tried a few times.
  @Test func `A thread at work keeps its shares for as long as the others took`() {
    let pool = ThreadPool(threadCount: 2)
    let threads = UnsafeMutablePointer<UInt>.allocate(capacity: 4)
    defer { threads.deallocate() }
    let isKept = (0..<50).contains { _ in
      threads.initialize(repeating: 0, count: 4)
      pool.run({ context, share in
        // The first thread takes 2 ms for both of its shares, the second 3 ms for its first one and nothing for the other.
        let begin = ContinuousClock.now, time: [Duration] = [.milliseconds(1), .milliseconds(1), .milliseconds(3), .zero]
        context!.assumingMemoryBound(to: UInt.self)[share] = UInt(pthread_self())
        while ContinuousClock.now - begin < time[share] {}
      }, threads, shares: 4)
      return threads[2] != threads[0] && threads[3] == threads[2]
    }
    #expect(isKept)
  }

  /// A thread that stays in one share loses the others in the end.
  @Test func `A thread that is stopped loses its shares`() {
    let pool = ThreadPool(threadCount: 2)
    let threads = UnsafeMutablePointer<UInt>.allocate(capacity: 4)
    defer { threads.deallocate() }
    let isTaken = (0..<50).contains { _ in
      threads.initialize(repeating: 0, count: 4)
      pool.run({ context, share in
        let begin = ContinuousClock.now, time: [Duration] = [.zero, .milliseconds(1), .milliseconds(20), .zero]
        context!.assumingMemoryBound(to: UInt.self)[share] = UInt(pthread_self())
        while ContinuousClock.now - begin < time[share] {}
      }, threads, shares: 4)
      return threads[2] != threads[0] && threads[3] == threads[0]
    }
    #expect(isTaken)
  }
}
