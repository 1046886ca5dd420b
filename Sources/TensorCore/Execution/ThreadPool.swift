import CKernels
import Foundation
import Synchronization

/// A few threads that spin briefly for work and then sleep.
///
/// A region of work is cut into shares handed out by an atomic counter. The caller works too, and waits only for shares that
/// somebody has begun. Where another process took the core away in the middle of a share, the caller gives up its own core to
/// let that thread finish, and works alone for a while: on a crowded machine helpers cost more than they bring.
package final class ThreadPool: @unchecked Sendable {
  package typealias Work = @convention(c) (UnsafeMutableRawPointer?, Int) -> Void

  /// As many threads as processors, or as the environment variable `DESCENT_THREADS` says.
  package static let shared = ThreadPool(threadCount: ThreadPool.chosenThreadCount)

  private static var chosenThreadCount: Int {
    if let text = ProcessInfo.processInfo.environment["DESCENT_THREADS"], let count = Int(text), count > 0 {
      return min(count, 256)
    }
    return ProcessInfo.processInfo.activeProcessorCount
  }

  package let threadCount: Int

  /// The region in progress: its number in the upper 32 bits, the next share below.
  private let ticket = Atomic<UInt64>(0)
  private let shareCount = Atomic<Int>(0)
  private let finished = Atomic<Int>(0)
  private let work = Atomic<UInt>(0)
  private let context = Atomic<UInt>(0)
  private let isBusy = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  /// What sleeping threads wait on: changes with every region that finds one asleep.
  private let bell: UnsafeMutablePointer<UInt32>

  /// Until when the caller works alone, and how often its patience was tried lately. Only touched by who holds `isBusy`.
  private var aloneUntil: ContinuousClock.Instant?
  private var recentStalls = 0
  private var calmRegions = 0

  /// How long a thread looks for work before it sleeps, and a caller for a share to end before it gives up its core.
  private static let spinCount = 4000
  private static let patience = 1000

  /// Threads live as long as the process; a pool is made once and kept.
  package init(threadCount: Int) {
    self.threadCount = threadCount
    bell = .allocate(capacity: 1)
    bell.initialize(to: 0)
    ck_single_threaded_libraries()
    for _ in 1..<max(threadCount, 1) {
      let thread = Thread { self.serve() }
      thread.stackSize = 1 << 20
      thread.name = "descent"
      thread.start()
    }
  }

  /// Runs `body(context, share)` for all shares and returns when they are done.
  package func run(_ body: Work, _ context: UnsafeMutableRawPointer?, shares: Int) {
    // A region inside another, or from a second thread at the same time, runs where it is.
    if shares <= 1 || threadCount == 1
      || isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged == false
    {
      for share in 0..<shares { body(context, share) }
      return
    }
    if let end = aloneUntil, ContinuousClock.now < end {
      for share in 0..<shares { body(context, share) }
    } else {
      aloneUntil = nil
      runTogether(body, context, shares: shares)
    }
    isBusy.store(false, ordering: .releasing)
  }

  private func runTogether(_ body: Work, _ context: UnsafeMutableRawPointer?, shares: Int) {
    finished.store(0, ordering: .relaxed)
    shareCount.store(shares, ordering: .relaxed)
    work.store(UInt(bitPattern: unsafeBitCast(body, to: Int.self)), ordering: .relaxed)
    self.context.store(UInt(bitPattern: context), ordering: .relaxed)
    let region = (ticket.load(ordering: .relaxed) >> 32) &+ 1
    ticket.store(region << 32, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      bell.pointee &+= 1
      ck_wake(bell, Int32(threadCount))
    }
    takeShares(of: region)
    for _ in 0..<ThreadPool.patience {
      if finished.load(ordering: .acquiring) == shares {
        if recentStalls > 0 { calmRegions += 1 }
        if calmRegions > 1000 { (recentStalls, calmRegions) = (0, 0) }
        return
      }
      ck_pause()
    }
    let start = ContinuousClock.now
    while finished.load(ordering: .acquiring) < shares { sched_yield() }
    // Helping has to pay for the waiting; the more often it does not, the longer it is left out.
    let end = ContinuousClock.now
    recentStalls = min(recentStalls + 1, 6)
    calmRegions = 0
    aloneUntil = end + min((end - start) * (4 << recentStalls), .milliseconds(500))
  }

  /// Works on a region until no share is left. A share is taken by advancing the ticket, which fails once the region is
  /// over, so what was read about it before is known to belong to it.
  private func takeShares(of region: UInt64) {
    while true {
      let now = ticket.load(ordering: .acquiring)
      guard now >> 32 == region else { return }
      let share = Int(now & 0xFFFF_FFFF)
      let count = shareCount.load(ordering: .relaxed)
      let body = work.load(ordering: .relaxed)
      let context = context.load(ordering: .relaxed)
      if share >= count { return }
      guard ticket.compareExchange(expected: now, desired: now + 1, ordering: .acquiringAndReleasing).exchanged else {
        continue
      }
      unsafeBitCast(Int(bitPattern: body), to: Work.self)(UnsafeMutableRawPointer(bitPattern: context), share)
      finished.add(1, ordering: .releasing)
    }
  }

  private func serve() {
    ck_single_threaded_libraries()
    var seen: UInt64 = 0
    while true {
      var spins = 0
      while ticket.load(ordering: .acquiring) >> 32 == seen {
        ck_pause()
        spins += 1
        if spins == ThreadPool.spinCount {
          let rung = bell.pointee
          sleepers.add(1, ordering: .sequentiallyConsistent)
          if ticket.load(ordering: .sequentiallyConsistent) >> 32 == seen { ck_wait(bell, rung, 1_000_000_000) }
          sleepers.subtract(1, ordering: .sequentiallyConsistent)
          spins = 0
        }
      }
      seen = ticket.load(ordering: .acquiring) >> 32
      takeShares(of: seen)
    }
  }
}

/// The vector instructions the kernels use: `avx512`, `avx2` or `baseline`.
public var instructionSet: String { String(cString: ck_instruction_set()) }
