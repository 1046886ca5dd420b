/// Something with work of its own before and after each run of the compiled functions it takes part in: an optimizer, which writes the
/// learning rate where the plan reads it, and counts steps.
///
/// It joins by calling ``Trace/join(_:)`` while a function is traced.
package protocol RunObserver: AnyObject {
  /// Before a run: writes what the plan reads, and says which of several plans the run needs. Must not count on the run being made.
  func willRun() -> RunVariant

  /// After a run.
  /// - Throws: ``DescentError`` if the run showed that something is wrong.
  func didRun() throws
}

/// Which of the plans of one function a run needs, as far as an observer knows: runs of equal variants share a plan.
package struct RunVariant: Hashable, Sendable {
  let numbers: SIMD2<Int>

  package init(_ first: Int, _ second: Int = 0) { numbers = [first, second] }

  package var first: Int { numbers[0] }
}

extension Trace {
  /// Whether this thread is tracing a function.
  package static var isRecording: Bool { current != nil }

  /// Whether an observer takes part in the runs of the function being traced.
  package static func hasJoined(_ observer: any RunObserver) -> Bool { current?.hasJoined(observer) ?? false }

  /// Lets an observer that has not joined before take part in the runs of the function being traced.
  /// - Parameter caller: who is at fault if no function is.
  /// - Returns: the variant of the run that is traced for.
  package static func join(_ observer: any RunObserver, _ caller: String) -> RunVariant {
    guard let current else { programmingError("\(caller): no function is being traced") }
    return current.join(observer)
  }
}
