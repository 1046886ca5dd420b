import CKernels
import Foundation
import Synchronization

/// A few threads that spin briefly for work and then sleep.
///
/// A region of work is cut into shares. Each thread has a run of them as its own, the same in every region of as many shares, so
/// that it finds in its cache what it left there; who is done early takes from the end of the others' runs, but lets those who are at work
/// have as long as it took itself: where cores share no cache, what a share needs takes longer to come over, and to go back in the next
/// region, than the share. The caller works too, and waits only for shares that somebody has begun. Where another process took the core away in the middle of a share,
/// the caller gives up its own core to let that thread finish, and where that happens often, works alone for a while: on a crowded
/// machine helpers cost more than they bring. A thread that wakes on the caller's core leaves it: the system would part them only
/// after some milliseconds, and until then each stops the other.
package final class ThreadPool: @unchecked Sendable {
  package typealias Work = @convention(c) (UnsafeMutableRawPointer?, Int) -> Void

  /// As many threads as there are processors for this process, or as the environment variable `DESCENT_THREADS` says.
  package static let shared = ThreadPool(threadCount: ThreadPool.chosenThreadCount)

  private static var chosenThreadCount: Int {
    if let text = ProcessInfo.processInfo.environment["DESCENT_THREADS"], let count = Int(text), count > 0 {
      return min(count, 256)
    }
    return min(ProcessorCount.available, 256)
  }

  package let threadCount: Int

  /// What a thread has of a region, and all it needs to begin: its thread spins on the shares, in a cache line of its own.
  private struct Lane: ~Copyable {
    let shares = Atomic<UInt64>(0)
    let work = Atomic<UInt>(0)
    let context = Atomic<UInt>(0)
    /// The first of its shares, taken or not.
    let first = Atomic<Int>(0)
    /// The processor that the caller is on.
    let caller = Atomic<Int32>(-1)
  }

  /// A run of shares that nobody has begun, in one word with the number of the region they belong to.
  private struct Shares {
    var word: UInt64
    var region: UInt32 { UInt32(truncatingIfNeeded: word >> 32) }
    var first: Int { Int(word >> 16 & 0xFFFF) }
    var end: Int { Int(word & 0xFFFF) }

    init(word: UInt64) { self.word = word }
    init(region: UInt32, _ shares: Range<Int>) {
      word = UInt64(region) << 32 | UInt64(shares.lowerBound) << 16 | UInt64(shares.upperBound)
    }
  }

  /// Two cache lines, for processors fetch them in pairs.
  private static let laneStride = 128
  private static let mostShares = 0xFFFF

  private let lanes: UnsafeMutableRawPointer
  /// Shares that were done by others than their regions' callers, ever.
  private let finished: UnsafeMutablePointer<Atomic<Int>>
  private let sleepers: UnsafeMutablePointer<Atomic<Int>>
  /// What sleeping threads wait on: changes with every region that finds one asleep.
  private let bell: UnsafeMutablePointer<Atomic<UInt32>>
  private let isBusy = Atomic<Bool>(false)

  /// The last region's number, what others had finished before it, until when the caller works alone, and how often its patience was tried
  /// lately. Only touched by who holds `isBusy`.
  private var region: UInt32 = 0
  private var finishedBefore = 0
  private var aloneUntil: ContinuousClock.Instant?
  private var account = HelperAccount()
  private var recentStalls = 0
  private var calmRegions = 0
  /// In a row, and since when.
  private var regionsWithoutHelp = 0
  private var withoutHelpSince: ContinuousClock.Instant?

  /// How long a thread looks for work before it sleeps, and a caller for a share to end before it gives up its core.
  private static let spinCount = 4000
  private static let patience = 1000
  private static let pausesBetweenLooks = 16
  /// After how many regions without help, and how long, no thread is expected to wake, and after how many calm ones stalls are forgotten.
  private static let regionsToWakeIn = 64
  private static let timeToWakeIn = Duration.milliseconds(5)
  private static let calmAfter = 2000

  /// Threads live as long as the process; a pool is made once and kept.
  package init(threadCount: Int) {
    self.threadCount = threadCount
    let stride = ThreadPool.laneStride
    lanes = .allocate(byteCount: stride * (max(threadCount, 1) + 3), alignment: stride)
    for index in 0..<max(threadCount, 1) {
      (lanes + stride * index).bindMemory(to: Lane.self, capacity: 1).initialize(to: Lane())
    }
    let rest = lanes + stride * max(threadCount, 1)
    finished = rest.bindMemory(to: Atomic<Int>.self, capacity: 1)
    finished.initialize(to: Atomic(0))
    sleepers = (rest + stride).bindMemory(to: Atomic<Int>.self, capacity: 1)
    sleepers.initialize(to: Atomic(0))
    bell = (rest + 2 * stride).bindMemory(to: Atomic<UInt32>.self, capacity: 1)
    bell.initialize(to: Atomic(0))
    ck_single_threaded_libraries()
    for index in 1..<max(threadCount, 1) {
      let thread = Thread { self.serve(as: index) }
      thread.stackSize = 1 << 20
      thread.name = "descent"
      thread.start()
    }
  }

  private func lane(_ index: Int) -> UnsafeMutablePointer<Lane> {
    (lanes + ThreadPool.laneStride * index).assumingMemoryBound(to: Lane.self)
  }

  /// What a thread has left of the region that it was last given shares of.
  private func shares(of index: Int) -> Shares { Shares(word: lane(index).pointee.shares.load(ordering: .acquiring)) }

  /// The bell as the operating system looks at it.
  private var bellWord: UnsafePointer<UInt32> { UnsafePointer(UnsafeRawPointer(bell).assumingMemoryBound(to: UInt32.self)) }

  /// Runs `body(context, share)` for all shares and returns when they are done.
  package func run(_ body: Work, _ context: UnsafeMutableRawPointer?, shares: Int) {
    // A region inside another, or from a second thread at the same time, runs where it is.
    if shares <= 1 || threadCount == 1 || shares > ThreadPool.mostShares
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
    let begin = ck_ticks()
    region &+= 1
    let processor = ck_processor()
    let helpers = min(threadCount, shares)
    for index in (0..<helpers).reversed() {
      let lane = lane(index)
      lane.pointee.work.store(UInt(bitPattern: unsafeBitCast(body, to: Int.self)), ordering: .relaxed)
      lane.pointee.context.store(UInt(bitPattern: context), ordering: .relaxed)
      lane.pointee.caller.store(processor, ordering: .relaxed)
      let own = Shares(region: region, index * shares / helpers..<(index + 1) * shares / helpers)
      lane.pointee.first.store(own.first, ordering: .relaxed)
      lane.pointee.shares.store(own.word, ordering: .sequentiallyConsistent)
    }
    if sleepers.pointee.load(ordering: .sequentiallyConsistent) > 0 {
      bell.pointee.add(1, ordering: .sequentiallyConsistent)
      ck_wake(bellWord, Int32(threadCount))
    }
    var own = drain(0, of: region, isOwn: true)
    if !areFinished(shares - own) { own += takeFromOthers(of: region, as: 0, since: begin) { areFinished(shares - own - $0) } }
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
    aloneUntil = ContinuousClock.now + min(loss * (4 << recentStalls), .milliseconds(500))
  }

  /// Whether others have done so many shares of the region in progress.
  private func areFinished(_ count: Int) -> Bool { finished.pointee.load(ordering: .acquiring) == finishedBefore &+ count }

  /// Works on what others have not begun, and returns how many shares that were. Looking at a line that another thread writes costs that
  /// thread time, so it is not done all the while.
  /// - Parameters:
  ///   - begin: when this thread began with its own shares.
  ///   - isOver: whether there is nothing left to wait for, when so many have been taken.
  private func takeFromOthers(of region: UInt32, as index: Int, since begin: UInt64, isOver: (Int) -> Bool) -> Int {
    let end = ck_ticks(), own = end &- begin
    var count = 0
    for distance in 1..<threadCount {
      let other = (index + distance) % threadCount
      while isAtWork(other, on: region), ck_ticks() &- end < own {
        for _ in 0..<ThreadPool.pausesBetweenLooks {
          if isOver(count) { return count }
          ck_pause()
        }
      }
      count += drain(other, of: region, isOwn: false)
    }
    return count
  }

  /// A thread's own shares, and then what others have not begun.
  private func work(on region: UInt32, as index: Int) {
    let begin = ck_ticks()
    let own = drain(index, of: region, isOwn: true)
    if own > 0 { finished.pointee.add(own, ordering: .releasing) }
    let end = ck_ticks()
    func isOver() -> Bool { shares(of: index).region != region }
    // Most often the others are about to end as well, and need not be looked at.
    while ck_ticks() &- end < (end &- begin) / 8 {
      if isOver() { return }
      ck_pause()
    }
    let taken = takeFromOthers(of: region, as: index, since: begin) { _ in isOver() }
    if taken > 0 { finished.pointee.add(taken, ordering: .releasing) }
  }

  /// Whether a thread has begun its shares of a region and has some left.
  private func isAtWork(_ index: Int, on region: UInt32) -> Bool {
    let shares = shares(of: index)
    return shares.region == region && shares.first < shares.end && shares.first > lane(index).pointee.first.load(ordering: .relaxed)
  }

  /// A share is taken by writing the shorter run, which fails if anything has changed, so that the work read before is known
  /// to belong to it. A lane that still shows another region has nothing to give.
  private func drain(_ index: Int, of region: UInt32, isOwn: Bool) -> Int {
    let lane = lane(index)
    var count = 0
    while true {
      let shares = shares(of: index)
      guard shares.region == region, shares.first < shares.end else { return count }
      let body = lane.pointee.work.load(ordering: .relaxed)
      let context = lane.pointee.context.load(ordering: .relaxed)
      let share = isOwn ? shares.first : shares.end - 1
      let rest = isOwn ? share + 1..<shares.end : shares.first..<share
      let desired = Shares(region: region, rest).word
      guard lane.pointee.shares.compareExchange(expected: shares.word, desired: desired, ordering: .acquiringAndReleasing).exchanged
      else { continue }
      unsafeBitCast(Int(bitPattern: body), to: Work.self)(UnsafeMutableRawPointer(bitPattern: context), share)
      count += 1
    }
  }

  private func serve(as index: Int) {
    ck_single_threaded_libraries()
    SubnormalNumbers.flushFromHereOn()
    let lane = lane(index)
    var seen: UInt32 = 0
    while true {
      var spins = 0
      while shares(of: index).region == seen {
        ck_pause()
        spins += 1
        if spins == ThreadPool.spinCount {
          let rung = bell.pointee.load(ordering: .sequentiallyConsistent)
          sleepers.pointee.add(1, ordering: .sequentiallyConsistent)
          if Shares(word: lane.pointee.shares.load(ordering: .sequentiallyConsistent)).region == seen {
            ck_wait(bellWord, rung, 1_000_000_000)
          }
          sleepers.pointee.subtract(1, ordering: .sequentiallyConsistent)
          spins = 0
        }
      }
      seen = shares(of: index).region
      ck_leave_processor(lane.pointee.caller.load(ordering: .relaxed))
      work(on: seen, as: index)
    }
  }
}

/// The vector instructions the kernels use: `avx512`, `avx2` or `baseline`.
public var instructionSet: String { String(cString: ck_instruction_set()) }
