/// Whether a pool's helpers are worth the time that is lost by waiting for one whose core another process took away in the middle of a
/// share. Time is in any unit.
///
/// What helpers save is put by, and losses are paid from it; when there is nothing left, the caller works alone for a while. So a thread
/// that is stopped now and then is no reason to go on alone, and one that is stopped as often as it helps is.
package struct HelperAccount {
  private var savings = 0.0

  /// A loss finds no more savings than for so many like it: what was long ago does not count.
  private static let mostLosses = 4.0
  /// Helping that saves no more than it costs is not worth it.
  private static let valueOfHelp = 0.5

  package init() {}

  /// Others did so many shares while the caller did its own.
  package mutating func noteHelp(ownTime: UInt64, ownShares: Int, otherShares: Int) {
    if ownShares > 0 { savings += HelperAccount.valueOfHelp * Double(ownTime) * Double(otherShares) / Double(ownShares) }
  }

  /// The caller waited for so long. Returns whether it had better work alone now.
  package mutating func noteLoss(_ time: UInt64) -> Bool {
    let loss = Double(time)
    savings = min(savings, HelperAccount.mostLosses * loss) - loss
    if savings >= 0 { return false }
    savings = 0
    return true
  }
}
