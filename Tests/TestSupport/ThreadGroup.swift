import Foundation
import TensorCore

/// Threads in the place of processes: a group whose members are in one process.
package final class ThreadGroup: ProcessGroup {
  /// Where the members meet.
  private final class Board: @unchecked Sendable {
    let condition = NSCondition()
    var arrived = 0, meeting = 0
    var sent: [UnsafeRawBufferPointer]
    var counts: [[Int]]
    /// Who failed, and why.
    var failure: (rank: Int, message: String)?

    init(_ size: Int) {
      sent = Array(repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: size)
      counts = Array(repeating: [], count: size)
    }
  }

  package let rank: Int
  package let size: Int
  private let board: Board

  private init(_ rank: Int, _ size: Int, _ board: Board) { (self.rank, self.size, self.board) = (rank, size, board) }

  /// Runs `body` on as many threads, as the members of one group; gives what each returns or throws, in the order of ranks.
  package static func run<Result: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (ThreadGroup) throws -> Result
  ) -> [Swift.Result<Result, any Error>] {
    let board = Board(size)
    let results = NSLock(), done = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var all = [Swift.Result<Result, any Error>?](repeating: nil, count: size)
    for rank in 0..<size {
      let thread = Thread {
        let result = Swift.Result { try body(ThreadGroup(rank, size, board)) }
        results.withLock { all[rank] = result }
        done.signal()
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    for _ in 0..<size { done.wait() }
    return results.withLock { all.map { $0! } }
  }

  /// All members meet twice: when all have shown what they send, and when all have taken what they get.
  private func exchange(_ bytes: UnsafeRawBufferPointer, _ counts: [Int], _ take: ([UnsafeRawBufferPointer], [[Int]]) -> Void) throws {
    try board.condition.withLock {
      board.sent[rank] = bytes
      board.counts[rank] = counts
      try meet()
      take(board.sent, board.counts)
      try meet()
    }
  }

  private func meet() throws {
    let meeting = board.meeting
    board.arrived += 1
    if board.arrived == size {
      board.arrived = 0
      board.meeting += 1
      board.condition.broadcast()
    }
    let deadline = Date(timeIntervalSinceNow: 60)
    while board.meeting == meeting, board.failure == nil {
      if !board.condition.wait(until: deadline) { throw DescentError(.state, "rank \(rank) waited for a minute") }
    }
    if let failure = board.failure, board.meeting == meeting {
      throw DescentError(.state, "rank \(failure.rank) failed: \(failure.message)")
    }
  }

  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws {
    try exchange(UnsafeRawBufferPointer(bytes), []) { sent, _ in
      if rank != root { bytes.copyMemory(from: sent[root]) }
    }
  }

  package func allGather(_ bytes: UnsafeMutableRawBufferPointer, counts: [Int]) throws {
    try exchange(UnsafeRawBufferPointer(bytes), counts) { sent, _ in
      var place = 0
      for (other, count) in counts.enumerated() {
        if other != rank, count > 0 {
          UnsafeMutableRawBufferPointer(rebasing: bytes[place..<place + count]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: sent[other][place..<place + count]))
        }
        place += count
      }
    }
  }

  package func allToAll(
    _ bytes: UnsafeRawBufferPointer, counts: [Int], into received: UnsafeMutableRawBufferPointer, counts receivedCounts: [Int]
  ) throws {
    try exchange(bytes, counts) { sent, allCounts in
      var place = 0
      for other in 0..<size {
        let begin = allCounts[other][..<rank].reduce(0, +), count = allCounts[other][rank]
        precondition(count == receivedCounts[other])
        if count > 0 {
          UnsafeMutableRawBufferPointer(rebasing: received[place..<place + count]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: sent[other][begin..<begin + count]))
        }
        place += count
      }
    }
  }

  package func barrier() throws { try exchange(UnsafeRawBufferPointer(start: nil, count: 0), []) { _, _ in } }

  package func fail(_ message: String) {
    board.condition.withLock {
      if board.failure == nil { board.failure = (rank, message) }
      board.condition.broadcast()
    }
  }
}
