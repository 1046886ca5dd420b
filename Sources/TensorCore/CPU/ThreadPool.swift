import CKernels
import Foundation
import Synchronization

/// A few threads that spin briefly for work and then sleep; they share it by work stealing.
///
/// A region of work is cut into shares. Each thread has a run of them as its own, the same in every region of as many shares, so that it
/// finds in its cache what it left there; who is done early takes from the end of the others' runs, but lets those who are at work have as
/// long as it took itself: where cores share no cache, what a share needs takes longer to come over, and to go back in the next region, than
/// the share. The caller works too, and waits only for shares that somebody has begun. Where another process took the core away in the middle
/// of a share, the caller gives up its own core to let that thread finish, and where that happens often, works alone for a while: on a
/// crowded machine helpers cost more than they bring. A thread that wakes on the caller's core leaves it: the system would part them only
/// after some milliseconds, and until then each stops the other. ``ThreadLanes`` has what the threads share.
package final class ThreadPool: @unchecked Sendable {
  package typealias Work = @convention(c) (UnsafeMutableRawPointer?, Int) -> Void

  /// Of ``ProcessorCount/threads``.
  package static let shared = ThreadPool(threadCount: ProcessorCount.threads)

  package let threadCount: Int

  private let lanes: ThreadLanes
  private let isBusy = Atomic<Bool>(false)

  /// The last region's number, what others had finished before it, whether the caller works alone and until when, and how often its patience
  /// was tried lately. Only touched by who holds `isBusy`.
  private var region: UInt32
  private var finishedBefore = 0
  private var isAlone = false
  private var aloneUntil = ContinuousClock.now
  private var account = HelperAccount()
  private var recentStalls = 0
  private var calmRegions = 0
  /// In a row, and since when.
  private var regionsWithoutHelp = 0
  private var withoutHelpSince: ContinuousClock.Instant?

  /// How long a caller looks for a share to end before it gives up its core.
  private static let patience = 1000
  /// After how many regions without help, and how long, no thread is expected to wake, and after how many calm ones stalls are forgotten.
  private static let regionsToWakeIn = 64
  private static let timeToWakeIn = Duration.milliseconds(5)
  private static let calmAfter = 2000

  /// Threads live as long as the process; a pool is made once and kept.
  /// - Parameter regionsBefore: from which number on regions are counted.
  package init(threadCount: Int, regionsBefore: UInt32 = 0) {
    self.threadCount = threadCount
    region = regionsBefore
    let lanes = ThreadLanes(count: max(threadCount, 1))
    self.lanes = lanes
    ck_single_threaded_libraries()
    for index in 1..<lanes.count {
      let thread = Thread {
        ck_single_threaded_libraries()
        SubnormalNumbers.flushFromHereOn()
        lanes.serve(as: index)
      }
      thread.stackSize = 1 << 20
      thread.name = "descent"
      thread.start()
    }
  }

  /// Runs `body(context, share)` for all shares and returns when they are done.
  package func run(_ body: Work, _ context: UnsafeMutableRawPointer?, shares: Int) {
    // A region inside another, or from a second thread at the same time, runs where it is.
    if shares <= 1 || threadCount == 1 || shares > ThreadLanes.mostShares
      || isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged == false
    {
      for share in 0..<shares { body(context, share) }
      return
    }
    if isAlone { isAlone = ContinuousClock.now < aloneUntil }
    if isAlone {
      for share in 0..<shares { body(context, share) }
    } else {
      runTogether(body, context, shares: shares)
    }
    isBusy.store(false, ordering: .releasing)
  }

  private func runTogether(_ body: Work, _ context: UnsafeMutableRawPointer?, shares: Int) {
    let begin = ck_ticks()
    region &+= 1
    if region == 0 {
      lanes.forgetRegions()
      region = 1
    }
    lanes.give(region, body, context, shares: shares, to: min(threadCount, shares))
    var own = lanes.drain(0, of: region, isOwn: true)
    if !ThreadLanes.isOver(withinOneIn: 4, ofTimeSince: begin, { areFinished(shares - own) }) {
      own += lanes.takeFromOthers(of: region, as: 0, since: begin) { areFinished(shares - own - $0) }
    }
    let others = shares - own
    defer { finishedBefore &+= others }
    let ownWork = ck_ticks() &- begin
    if others == 0 {
      // A thread that is awake takes part. One that is not, for so long, has to share this core, and would spin on it.
      if regionsWithoutHelp == 0 { withoutHelpSince = ContinuousClock.now }
      regionsWithoutHelp += 1
      if regionsWithoutHelp >= ThreadPool.regionsToWakeIn, let since = withoutHelpSince, ContinuousClock.now - since > ThreadPool.timeToWakeIn {
        workAlone(after: .milliseconds(1))
      }
      return
    }
    regionsWithoutHelp = 0
    account.noteHelp(ownTime: ownWork, ownShares: own, otherShares: others)
    for _ in 0..<ThreadPool.patience {
      if areFinished(others) {
        if recentStalls > 0 { calmRegions += 1 }
        if calmRegions == ThreadPool.calmAfter { recentStalls = 0 }
        return
      }
      ck_pause()
    }
    let start = ContinuousClock.now
    while !areFinished(others) { sched_yield() }
    // A share that is merely long takes no longer than what the caller did meanwhile.
    let all = ck_ticks() &- begin
    if all > 2 &* ownWork && account.noteLoss(all &- ownWork) { workAlone(after: ContinuousClock.now - start) }
  }

  /// Helping has to pay for the time lost; the more often it does not, the longer it is left out.
  private func workAlone(after loss: Duration) {
    recentStalls = min(recentStalls + 1, 6)
    (calmRegions, regionsWithoutHelp) = (0, 0)
    isAlone = true
    aloneUntil = ContinuousClock.now + min(loss * (4 << recentStalls), .milliseconds(500))
  }

  /// Whether others have done so many shares of the region in progress.
  private func areFinished(_ count: Int) -> Bool { lanes.finishedCount == finishedBefore &+ count }
}
