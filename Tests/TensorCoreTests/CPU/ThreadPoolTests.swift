import Foundation
import TensorCore
import Testing

@Suite(.timeLimit(.minutes(5))) struct ThreadPoolTests {
  private struct Share {
    let time: Duration
    var thread: UInt = 0
  }

  /// Which of two threads did each share, if each takes so long; the first two shares are the caller's, the others the helper's.
  private func threads(of times: [Duration], on pool: ThreadPool) -> [UInt] {
    var shares = times.map { Share(time: $0) }
    shares.withUnsafeMutableBufferPointer { shares in
      pool.run({ context, number in
        let begin = ContinuousClock.now, share = context!.assumingMemoryBound(to: Share.self) + number
        share.pointee.thread = UInt(pthread_self())
        while ContinuousClock.now - begin < share.pointee.time {}
      }, shares.baseAddress!, shares: shares.count)
    }
    return shares.map(\.thread)
  }

  /// Who is done early does not take the next share of somebody who has begun, as long as that one is not much later. On a busy machine
  /// the system stops one thread or the other, so it is tried a few times.
  @Test func `A thread at work keeps its shares for as long as the others took`() {
    let pool = ThreadPool(threadCount: 2)
    let isKept = (0..<50).contains { _ in
      let threads = threads(of: [.milliseconds(1), .milliseconds(1), .milliseconds(3), .zero], on: pool)
      return threads[2] != threads[0] && threads[3] == threads[2]
    }
    #expect(isKept)
  }

  /// A thread that stays in one share loses the others in the end.
  @Test func `A thread that is stopped loses its shares`() {
    let pool = ThreadPool(threadCount: 2)
    let isTaken = (0..<50).contains { _ in
      let threads = threads(of: [.zero, .milliseconds(1), .milliseconds(20), .zero], on: pool)
      return threads[2] != threads[0] && threads[3] == threads[0]
    }
    #expect(isTaken)
  }

  /// Numbers of regions begin again at some time: for threads that were at work before, and for some that never were. Of four threads some
  /// are given nothing in one region and shares in the next.
  @Test(arguments: [UInt32.max - 50, .max]) func `Each share is done once where the numbers of regions begin again`(regionsBefore: UInt32) {
    let pool = ThreadPool(threadCount: 4, regionsBefore: regionsBefore)
    for region in 0..<100 {
      var counts = [Int](repeating: 0, count: [2, 3, 4, 9][region % 4])
      counts.withUnsafeMutableBufferPointer { counts in
        pool.run({ context, share in context!.assumingMemoryBound(to: Int.self)[share] += 1 }, counts.baseAddress!, shares: counts.count)
      }
      #expect(counts.allSatisfy { $0 == 1 })
    }
  }
}
