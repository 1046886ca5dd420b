import Foundation
import Synchronization
import TensorCore

/// What keeps threads that use one model out of each other's way.
///
/// Weights are guarded where they lie, by their variables: a run of a plan is seen as a whole. Here is the rest. Whatever builds or
/// traces layers is done by one thread at a time; so are single steps, and whatever counts scores. One thread fits; another that
/// would train meanwhile is refused, and scores of others are counted in totals that the fit does not use.
///
/// Locks are taken in the order scores, steps, layers, variables.
final class ModelAccess: @unchecked Sendable {
  private let lock = NSLock()
  private let layers = NSRecursiveLock()
  private let scores = NSRecursiveLock()
  private let steps = NSRecursiveLock()
  /// The thread that holds `layers`, as a number, or 0.
  private let tracer = Atomic<Int>(0)
  /// The thread whose `fit` is going on.
  private var fitting: ObjectIdentifier?

  /// Runs what builds or traces layers, or looks up what that made.
  func tracing<Result>(_ body: () throws -> Result) rethrows -> Result {
    assert(isInOrder, "layers are traced by who holds variables: their locks are taken in another order elsewhere")
    return try layers.withLock {
      let outer = tracer.exchange(ModelAccess.thread, ordering: .relaxed)
      defer { tracer.store(outer, ordering: .relaxed) }
      return try body()
    }
  }

  /// Whether this thread may wait for `layers`: it holds nothing that is taken after them, or it has them already.
  private var isInOrder: Bool { !Variable.isLockedByThread || tracer.load(ordering: .relaxed) == ModelAccess.thread }

  private static var thread: Int { ObjectIdentifier(Thread.current).hashValue }

  /// Runs what counts scores in the model's totals; says whether another thread's `fit` counts in them.
  func scoring<Result>(_ body: (_ isFittedElsewhere: Bool) throws -> Result) rethrows -> Result {
    try scores.withLock { try body(isFittedElsewhere) }
  }

  /// Whether another thread's `fit` is going on.
  var isFittedElsewhere: Bool { lock.withLock { fitting != nil && fitting != ObjectIdentifier(Thread.current) } }

  /// Runs a step of training, or what needs the weights to judge by where these are others than those that are trained.
  func stepping<Result>(_ body: () throws -> Result) rethrows -> Result { try steps.withLock(body) }

  /// Stops what would train the model, or change how, in the midst of another thread's `fit`.
  func checkTraining(_ caller: String) throws {
    try lock.withLock {
      if let fitting, fitting != ObjectIdentifier(Thread.current) {
        throw DescentError(.state, "\(caller): another thread's fit is training the model; one trains a model at a time")
      }
    }
  }

  /// Stops what would change how the model is trained while a `fit` trains it so, be it in a callback of that.
  func checkNoFit(_ caller: String) throws {
    try checkTraining(caller)
    if lock.withLock({ fitting != nil }) {
      throw DescentError(.state, "\(caller): the model is being trained by a fit that has not ended; a callback cannot \(caller) it")
    }
  }

  /// Begins a `fit`, unless another has not ended; end it with ``endFit()``.
  func beginFit() throws {
    try checkTraining("fit")
    try lock.withLock {
      if fitting != nil {
        throw DescentError(.state, "fit: the model is being trained by a fit that has not ended; a callback cannot begin another")
      }
      fitting = ObjectIdentifier(Thread.current)
    }
    // Scores that others are counting in the same totals come first.
    scores.withLock {}
  }

  func endFit() { lock.withLock { fitting = nil } }
}
