import CKernels
import Foundation
import Synchronization

/// What the threads of a ``ThreadPool`` have in common: what each was given of a region of work and what it has left of it.
///
/// It consists of addresses, and each thread has a copy. What lies beside the addresses in an object, its count of references among them, is
/// written by the caller in every region, and threads that read it would send its cache line to and fro (false sharing).
struct ThreadLanes: @unchecked Sendable {
  /// What a thread is given of a region, and all it needs to begin: written by the caller, in a cache line of its own on which its thread
  /// spins.
  private struct Lane: ~Copyable {
    /// A run of shares.
    let given = Atomic<UInt64>(0)
    let work = Atomic<UInt>(0)
    let context = Atomic<UInt>(0)
    /// The processor that the caller is on.
    let caller = Atomic<Int32>(-1)
  }

  /// A run of shares, in one word with the number of the region they belong to.
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
  private static let apart = 128
  static let mostShares = 0xFFFF
  /// How long a thread looks for work before it sleeps, and how long between looks at what another thread writes.
  private static let spinCount = 4000
  private static let pausesBetweenLooks = 16

  let count: Int
  private let lanes: UnsafeMutableRawPointer
  /// What each thread has left of the region that it was last at work on, or that somebody took shares of in its place: in a cache line that
  /// the thread itself writes, so that it need not ask for it where it begins.
  private let runs: UnsafeMutableRawPointer
  /// Shares that were done by others than their regions' callers, ever.
  private let finished: UnsafeMutablePointer<Atomic<Int>>
  private let sleepers: UnsafeMutablePointer<Atomic<Int>>
  /// What sleeping threads wait on: changes with every region that finds one asleep.
  private let bell: UnsafeMutablePointer<Atomic<UInt32>>

  /// For so many threads, of which the first is the caller. The memory is never given back.
  init(count: Int) {
    self.count = count
    let stride = ThreadLanes.apart
    lanes = .allocate(byteCount: stride * (2 * count + 3), alignment: stride)
    runs = lanes + stride * count
    for index in 0..<count {
      (lanes + stride * index).bindMemory(to: Lane.self, capacity: 1).initialize(to: Lane())
      (runs + stride * index).bindMemory(to: Atomic<UInt64>.self, capacity: 1).initialize(to: Atomic(0))
    }
    let rest = runs + stride * count
    finished = rest.bindMemory(to: Atomic<Int>.self, capacity: 1)
    finished.initialize(to: Atomic(0))
    sleepers = (rest + stride).bindMemory(to: Atomic<Int>.self, capacity: 1)
    sleepers.initialize(to: Atomic(0))
    bell = (rest + 2 * stride).bindMemory(to: Atomic<UInt32>.self, capacity: 1)
    bell.initialize(to: Atomic(0))
  }

  private func lane(_ index: Int) -> UnsafeMutablePointer<Lane> {
    (lanes + ThreadLanes.apart * index).assumingMemoryBound(to: Lane.self)
  }

  private func run(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (runs + ThreadLanes.apart * index).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// The bell as the operating system looks at it.
  private var bellWord: UnsafePointer<UInt32> { UnsafePointer(UnsafeRawPointer(bell).assumingMemoryBound(to: UInt32.self)) }

  /// What a thread was last given.
  private func given(_ index: Int) -> Shares { Shares(word: lane(index).pointee.given.load(ordering: .acquiring)) }

  /// What a thread has left of a region, or nil where it is given nothing of it, and the word that says so, which is any other region's for as
  /// long as nobody has begun.
  ///
  /// The word comes first: if it is a later region's, so is what the thread is given.
  private func left(_ index: Int, of region: UInt32) -> (shares: Shares, word: UInt64)? {
    let word = run(index).pointee.load(ordering: .acquiring), given = given(index)
    if given.region != region { return nil }
    let shares = Shares(word: word)
    return (shares.region == region ? shares : given, word)
  }

  // MARK: - The caller

  /// Gives the first `helpers` threads the shares of a region, as evenly as can be, and wakes who sleeps.
  func give(_ region: UInt32, _ body: ThreadPool.Work, _ context: UnsafeMutableRawPointer?, shares: Int, to helpers: Int) {
    let processor = ck_processor()
    for index in (0..<helpers).reversed() {
      let lane = lane(index)
      lane.pointee.work.store(UInt(bitPattern: unsafeBitCast(body, to: Int.self)), ordering: .relaxed)
      lane.pointee.context.store(UInt(bitPattern: context), ordering: .relaxed)
      lane.pointee.caller.store(processor, ordering: .relaxed)
      let own = Shares(region: region, index * shares / helpers..<(index + 1) * shares / helpers)
      lane.pointee.given.store(own.word, ordering: .sequentiallyConsistent)
    }
    if sleepers.pointee.load(ordering: .sequentiallyConsistent) > 0 {
      bell.pointee.add(1, ordering: .sequentiallyConsistent)
      ck_wake(bellWord, Int32(count))
    }
  }

  /// How many shares others than the callers have done, ever.
  var finishedCount: Int { finished.pointee.load(ordering: .acquiring) }

  /// For the numbers of regions to begin again: nothing that a thread was given, or has left, may be taken for a later region's of the same
  /// number.
  func forgetRegions() {
    for index in 0..<count {
      lane(index).pointee.given.store(0, ordering: .relaxed)
      run(index).pointee.store(0, ordering: .releasing)
    }
  }

  // MARK: - Each thread

  /// Whether there is nothing left to wait for soon after a thread has done its own shares: most often the others are about to end as well, and
  /// to look at what they have left would take from each the cache line with which it begins its next region.
  /// - Parameters:
  ///   - divisor: of the time that the thread's own shares took, one part in so many is waited.
  ///   - begin: when it began with them.
  static func isOver(withinOneIn divisor: UInt64, ofTimeSince begin: UInt64, _ isOver: () -> Bool) -> Bool {
    let end = ck_ticks()
    repeat {
      if isOver() { return true }
      ck_pause()
    } while ck_ticks() &- end < (end &- begin) / divisor
    return false
  }

  /// Works on what others have not begun, and returns how many shares that were. Looking at a line that another thread writes costs that
  /// thread time, so it is not done all the while.
  /// - Parameters:
  ///   - begin: when this thread began with its own shares.
  ///   - isOver: whether there is nothing left to wait for, when so many have been taken.
  func takeFromOthers(of region: UInt32, as index: Int, since begin: UInt64, isOver: (Int) -> Bool) -> Int {
    let end = ck_ticks(), own = end &- begin
    var taken = 0
    for distance in 1..<count {
      let other = (index + distance) % count
      while isAtWork(other, on: region), ck_ticks() &- end < own {
        for _ in 0..<ThreadLanes.pausesBetweenLooks {
          if isOver(taken) { return taken }
          ck_pause()
        }
      }
      taken += drain(other, of: region, isOwn: false)
    }
    return taken
  }

  /// A thread's own shares, and then what others have not begun.
  private func work(on region: UInt32, as index: Int) {
    let begin = ck_ticks()
    let own = drain(index, of: region, isOwn: true)
    if own > 0 { finished.pointee.add(own, ordering: .releasing) }
    func isOver() -> Bool { given(index).region != region }
    if ThreadLanes.isOver(withinOneIn: 8, ofTimeSince: begin, isOver) { return }
    let taken = takeFromOthers(of: region, as: index, since: begin) { _ in isOver() }
    if taken > 0 { finished.pointee.add(taken, ordering: .releasing) }
  }

  /// Whether a thread has begun its shares of a region and has some left.
  private func isAtWork(_ index: Int, on region: UInt32) -> Bool {
    guard let (shares, _) = left(index, of: region) else { return false }
    return shares.first < shares.end && shares.first > given(index).first
  }

  /// A share is taken by writing the shorter run, which fails if anything has changed, so that the work read before is known
  /// to belong to it: a region ends when all its shares were taken.
  func drain(_ index: Int, of region: UInt32, isOwn: Bool) -> Int {
    let lane = lane(index)
    var done = 0
    while true {
      guard let (shares, word) = left(index, of: region), shares.first < shares.end else { return done }
      let body = lane.pointee.work.load(ordering: .relaxed)
      let context = lane.pointee.context.load(ordering: .relaxed)
      let share = isOwn ? shares.first : shares.end - 1
      let rest = isOwn ? share + 1..<shares.end : shares.first..<share
      let desired = Shares(region: region, rest).word
      guard run(index).pointee.compareExchange(expected: word, desired: desired, ordering: .acquiringAndReleasing).exchanged else { continue }
      unsafeBitCast(Int(bitPattern: body), to: ThreadPool.Work.self)(UnsafeMutableRawPointer(bitPattern: context), share)
      done += 1
    }
  }

  /// Does what it is given, region after region, for ever.
  func serve(as index: Int) -> Never {
    var seen: UInt32 = 0
    while true {
      seen = nextRegion(after: seen, for: index)
      ck_leave_processor(lane(index).pointee.caller.load(ordering: .relaxed))
      work(on: seen, as: index)
    }
  }

  /// Waits for another region than the last one, and sleeps where that takes long.
  private func nextRegion(after seen: UInt32, for index: Int) -> UInt32 {
    var spins = 0
    while true {
      let region = given(index).region
      if region != seen { return region }
      ck_pause()
      spins += 1
      if spins == ThreadLanes.spinCount {
        let rung = bell.pointee.load(ordering: .sequentiallyConsistent)
        sleepers.pointee.add(1, ordering: .sequentiallyConsistent)
        if Shares(word: lane(index).pointee.given.load(ordering: .sequentiallyConsistent)).region == seen {
          ck_wait(bellWord, rung, 1_000_000_000)
        }
        sleepers.pointee.subtract(1, ordering: .sequentiallyConsistent)
        spins = 0
      }
    }
  }
}
