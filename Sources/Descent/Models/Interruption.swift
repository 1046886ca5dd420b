import Foundation
import Synchronization

/// Catches Ctrl-C while a model is trained.
///
/// The first one is remembered, so that training can end after its batch; a second one does what it would have done without us.
/// A program that handles or ignores SIGINT itself is left alone.
enum Interruption {
  private static let pending = Atomic<Bool>(false)
  /// How many watch.
  private static let watchers = Mutex(0)

  /// Whether Ctrl-C was pressed since the first of the present watchers began.
  static var isPending: Bool { pending.load(ordering: .relaxed) }

  /// Runs `body` with Ctrl-C caught.
  static func watched<Result>(_ body: () throws -> Result) rethrows -> Result {
    let isWatching = begin()
    defer { if isWatching { end() } }
    return try body()
  }

  private static func begin() -> Bool {
    watchers.withLock { count in
      if count == 0 {
        // What was pressed in a training before is of no concern to this one, whoever hears of the next.
        pending.store(false, ordering: .relaxed)
        var current = sigaction()
        sigaction(SIGINT, nil, &current)
        guard isDefault(current) else { return false }
        signal(SIGINT) { _ in
          if Interruption.pending.exchange(true, ordering: .relaxed) {
            signal(SIGINT, SIG_DFL)
            raise(SIGINT)
          }
        }
      }
      count += 1
      return true
    }
  }

  private static func end() {
    watchers.withLock { count in
      count -= 1
      // As it was: a program that handles it is left alone.
      if count == 0 { signal(SIGINT, SIG_DFL) }
    }
  }

  private static func isDefault(_ action: sigaction) -> Bool {
    #if canImport(Darwin)
      return action.__sigaction_u.__sa_handler == nil
    #else
      return action.__sigaction_handler.sa_handler == nil
    #endif
  }
}
