import Foundation
import Synchronization

/// Guards the memory of variables that are used together: many may read at once, or one may write.
///
/// Variables begin with a lock each. A plan joins the locks of all variables that it touches, so that a model's weights, what its
/// optimizer remembers of them and its totals soon have one lock, which a step takes once. Who waits to write goes before who
/// comes to read, or a model that is asked all the time would never be trained.
final class VariableLock: @unchecked Sendable {
  /// Locks are taken in the order of their numbers.
  let number: Int
  private let lock: UnsafeMutablePointer<pthread_rwlock_t>
  /// The lock that took this one's place, retained. Written by who holds both.
  private let successor = Atomic<UnsafeRawPointer?>(nil)

  private static let counter = Atomic<Int>(0)

  init() {
    number = VariableLock.counter.add(1, ordering: .relaxed).newValue
    lock = .allocate(capacity: 1)
    var attributes = pthread_rwlockattr_t()
    pthread_rwlockattr_init(&attributes)
    #if os(Linux)
      pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
    #endif
    pthread_rwlock_init(lock, &attributes)
    pthread_rwlockattr_destroy(&attributes)
  }

  deinit {
    if let next = successor.load(ordering: .acquiring) { Unmanaged<VariableLock>.fromOpaque(next).release() }
    pthread_rwlock_destroy(lock)
    lock.deallocate()
  }

  /// The lock that counts.
  var current: VariableLock { unretainedCurrent.takeUnretainedValue() }

  /// The same, which lives as long as this one, without a reference counted: every step asks for it.
  private var unretainedCurrent: Unmanaged<VariableLock> {
    var lock = Unmanaged.passUnretained(self)
    while let next = lock._withUnsafeGuaranteedRef({ $0.successor.load(ordering: .acquiring) }) { lock = .fromOpaque(next) }
    return lock
  }

  enum Access {
    case reading, writing
  }

  /// A lock that a thread has taken, on its stack: what it calls may take the lock again.
  private struct Held {
    let lock: Unmanaged<VariableLock>
    let access: Access
    let outer: UnsafeMutableRawPointer?
  }

  /// Whether this thread holds any.
  static var isAnyHeld: Bool { ThreadSlots.heldLocks != nil }

  private var held: Access? {
    var place = ThreadSlots.heldLocks
    while let frame = place?.assumingMemoryBound(to: Held.self).pointee {
      if frame.lock.toOpaque() == Unmanaged.passUnretained(self).toOpaque() { return frame.access }
      place = frame.outer
    }
    return nil
  }

  /// Runs `body` with the right to read the variables' memory, or to write it.
  func with<Result, Failure: Error>(_ access: Access, _ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    var lock = unretainedCurrent
    if let held = lock._withUnsafeGuaranteedRef({ $0.held }) {
      if held == .reading && access == .writing {
        programmingError("a variable is changed by what reads its memory, or that of a variable used with it")
      }
      return try body()
    }
    // Somebody may have joined it with another while this thread waited.
    while !lock._withUnsafeGuaranteedRef({ $0.takeIfCurrent(access) }) { lock = unretainedCurrent }
    var frame = Held(lock: lock, access: access, outer: ThreadSlots.heldLocks)
    defer { lock._withUnsafeGuaranteedRef { $0.giveBack() } }
    return try withUnsafeMutablePointer(to: &frame) { (place) throws(Failure) -> Result in
      ThreadSlots.heldLocks = UnsafeMutableRawPointer(place)
      defer { ThreadSlots.heldLocks = place.pointee.outer }
      return try body()
    }
  }

  private func take(_ access: Access) {
    let status = access == .reading ? pthread_rwlock_rdlock(lock) : pthread_rwlock_wrlock(lock)
    precondition(status == 0, "pthread_rwlock: \(status)")
  }

  private func giveBack() { pthread_rwlock_unlock(lock) }

  /// Whether it is taken now: not where another lock has taken its place meanwhile.
  private func takeIfCurrent(_ access: Access) -> Bool {
    take(access)
    if successor.load(ordering: .acquiring) == nil { return true }
    giveBack()
    return false
  }

  /// The same for several, taken in the order of their numbers.
  static func with<Result, Failure: Error>(
    _ wanted: [(lock: VariableLock, access: Access)], _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch wanted.count {
    case 0: return try body()
    case 1: return try wanted[0].lock.with(wanted[0].access, body)
    default:
      var strongest: [Int: (lock: VariableLock, access: Access)] = [:]
      for (lock, access) in wanted {
        let lock = lock.current
        if access == .writing || strongest[lock.number] == nil { strongest[lock.number] = (lock, access) }
      }
      let sorted = strongest.values.sorted { $0.lock.number < $1.lock.number }
      return try sorted[0].lock.with(sorted[0].access) { () throws(Failure) -> Result in
        try VariableLock.with(Array(sorted.dropFirst()), body)
      }
    }
  }

  private static func distinct(_ locks: [VariableLock]) -> [VariableLock] {
    var seen: Set<Int> = []
    return locks.map(\.current).filter { seen.insert($0.number).inserted }.sorted { $0.number < $1.number }
  }

  /// Makes one lock of several, where that can be done without waiting for this thread itself, and gives those that are left.
  static func joined(_ locks: [VariableLock]) -> [VariableLock] {
    let locks = distinct(locks)
    if locks.count < 2 || isAnyHeld { return locks }
    for other in locks.dropFirst() {
      while true {
        let (first, second) = (locks[0].current, other.current)
        if first === second { break }
        let (earlier, later) = first.number < second.number ? (first, second) : (second, first)
        earlier.take(.writing)
        later.take(.writing)
        let isDone = earlier.successor.load(ordering: .acquiring) == nil && later.successor.load(ordering: .acquiring) == nil
        if isDone { later.successor.store(Unmanaged.passRetained(earlier).toOpaque(), ordering: .releasing) }
        later.giveBack()
        earlier.giveBack()
        if isDone { break }
      }
    }
    return [locks[0].current]
  }
}
