import Foundation
import Synchronization

/// A function over tensors that is traced once for each combination of argument shapes and dtypes and then run as a plan.
///
/// What the function does to variables is part of each run; what was read of them before stays what it was. Anything else it does
/// (printing, Swift variables) happens while tracing only, and reading a tensor's elements inside it is a programming error. An error
/// that it throws while it is traced is thrown by the call, and leaves everything as it was. The plans of the 64 combinations that were
/// used last are kept.
///
/// It may be called from several threads at once: each call has its own memory, and a run that changes variables is seen by others
/// as a whole. The function itself is traced by one thread at a time.
public final class TracedFunction<Failure: Error>: @unchecked Sendable {
  private let body: ([Tensor]) throws(Failure) -> [Tensor]
  private var known: [Key: Traced] = [:]
  /// All that took part in a run with such arguments so far.
  private var observers: [[Specification]: [any RunObserver]] = [:]
  /// Guards what was traced.
  private let lock = NSLock()
  /// Held while the body is traced, and during runs that others take part in: these do their work once a run.
  private let oneAtATime = NSRecursiveLock()

  private struct Specification: Hashable {
    let shape: [Int]
    let dtype: DType
  }

  /// What a plan was traced for.
  private struct Key: Hashable {
    let arguments: [Specification]
    let variants: [RunVariant]
  }

  private final class Traced {
    let plans: PlanPool
    /// Who takes part in the plan's runs.
    let observers: [any RunObserver]
    /// When it was last looked for; guarded by the function's lock.
    var lastUse = 0

    init(plans: PlanPool, observers: [any RunObserver]) {
      self.plans = plans
      self.observers = observers
    }
  }

  /// So many are kept, those that were used last: a program whose texts all have lengths of their own would keep a plan of each for ever.
  static var greatestPlanCount: Int { 64 }
  private var uses = 0

  package init(_ body: @escaping ([Tensor]) throws(Failure) -> [Tensor]) { self.body = body }

  /// Runs the function; it is traced once for each combination of shapes and dtypes.
  public func callAsFunction(_ arguments: Tensor...) throws(Failure) -> [Tensor] { try call(arguments) }
  /// Runs the function; it is traced once for each combination of shapes and dtypes.
  public func callAsFunction(_ arguments: [Tensor]) throws(Failure) -> [Tensor] { try call(arguments) }

  /// Runs the function, and whatever takes part in its runs.
  /// - Throws: what the function throws while it is traced, or ``DescentError`` if a step that is part of it went wrong.
  public func call(_ arguments: [Tensor]) throws(Failure) -> [Tensor] {
    // Inside another compiled function this one dissolves in it.
    if Trace.current != nil { return try body(arguments) }
    let buffers = arguments.map { $0.materialized() }
    func run(_ plans: PlanPool) -> [Tensor] {
      plans.withPlan { plan in
        for (index, buffer) in buffers.enumerated() { plan.bind(argument: index, to: buffer) }
        return plan.run()
      }
    }
    let key = specifications(arguments)
    if let traced = traced(Key(arguments: key, variants: [])), traced.observers.isEmpty { return run(traced.plans) }
    oneAtATime.lock()
    defer { oneAtATime.unlock() }
    let begun = lock.withLock { observers[key] ?? [] }.map { ($0, $0.willRun()) }
    let traced = try traced(for: key, begun)
    let results = run(traced.plans)
    do {
      for observer in traced.observers { try observer.didRun() }
    } catch {
      if let failure = error as? Failure { throw failure }
      programmingError("\(error)")
    }
    return results
  }

  /// The plan for arguments like these, traced now if it was not before. For loops that bind memory themselves, and that are the
  /// only users of the function.
  package func plan(for arguments: [Tensor]) throws(Failure) -> Plan { try plans(for: arguments).first }

  /// The plans for arguments like these.
  package func plans(for arguments: [Tensor]) throws(Failure) -> PlanPool {
    oneAtATime.lock()
    defer { oneAtATime.unlock() }
    return try traced(for: specifications(arguments), []).plans
  }

  /// What the function does when it is called with such arguments, kernel by kernel. It is traced if it was not before, and not run.
  /// - Throws: what the function throws while it is traced.
  public func explain(_ arguments: Tensor...) throws(Failure) -> PlanExplanation { try explain(arguments) }

  /// The same for a list of arguments.
  public func explain(_ arguments: [Tensor]) throws(Failure) -> PlanExplanation { try known(for: arguments).explanation() }

  /// Runs the function `runs` times, which is at least 1, and measures each kernel. Each run changes variables as a call does; a `RunObserver` (a
  /// `Stepper`, say) counts none of them.
  /// - Returns: what the function does, with the least time of each kernel.
  /// - Throws: what the function throws while it is traced.
  public func profile(_ arguments: Tensor..., runs: Int = 100) throws(Failure) -> PlanExplanation { try profile(arguments, runs: runs) }

  /// The same for a list of arguments.
  public func profile(_ arguments: [Tensor], runs: Int = 100) throws(Failure) -> PlanExplanation {
    let buffers = arguments.map { $0.materialized() }
    return try known(for: arguments).withPlan { plan in
      for (index, buffer) in buffers.enumerated() { plan.bind(argument: index, to: buffer) }
      return plan.profile(runs: runs)
    }
  }

  /// The plans that a call with such arguments runs, or one of those that it may.
  private func known(for arguments: [Tensor]) throws(Failure) -> PlanPool {
    oneAtATime.lock()
    defer { oneAtATime.unlock() }
    let key = specifications(arguments)
    if let traced = lock.withLock({ known.first { $0.key.arguments == key }?.value }) { return traced.plans }
    let begun = lock.withLock { observers[key] ?? [] }.map { ($0, $0.willRun()) }
    return try traced(for: key, begun).plans
  }

  private func specifications(_ arguments: [Tensor]) -> [Specification] {
    arguments.map { Specification(shape: $0.shape, dtype: $0.dtype) }
  }

  private func traced(
    for arguments: [Specification], _ begun: [(observer: any RunObserver, variant: RunVariant)]
  ) throws(Failure) -> Traced {
    if let traced = traced(Key(arguments: arguments, variants: begun.map(\.variant))) { return traced }
    let placeholders = arguments.enumerated().map { index, specification in
      Tensor(.argument(index), shape: specification.shape, dtype: specification.dtype)
    }
    let trace = Trace(observers: begun)
    let outputs = try trace.record { () throws(Failure) -> [Tensor] in try body(placeholders) }
    let traced = Traced(plans: PlanPool(arguments: placeholders, outputs: outputs, of: trace), observers: trace.joinedObservers)
    lock.withLock {
      if known.count >= Self.greatestPlanCount, let oldest = known.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
        known[oldest] = nil
        if !known.keys.contains(where: { $0.arguments == oldest.arguments }) { observers[oldest.arguments] = nil }
      }
      uses += 1
      traced.lastUse = uses
      known[Key(arguments: arguments, variants: trace.observers.map(\.variant))] = traced
      observers[arguments] = trace.observers.map(\.observer)
    }
    return traced
  }

  /// What was traced for arguments and variants like these, if it is kept.
  private func traced(_ key: Key) -> Traced? {
    lock.withLock {
      guard let traced = known[key] else { return nil }
      uses += 1
      traced.lastUse = uses
      return traced
    }
  }

  /// How many plans were traced so far.
  package var planCount: Int { lock.withLock { known.count } }
}

extension TracedFunction: CustomStringConvertible {
  /// What the function does, for each combination of shapes and dtypes that it was called with so far. See `explain(_:)`.
  public var description: String {
    let traced = lock.withLock { known.map { ($0.key.arguments, $0.value.plans) } }
    if traced.isEmpty { return "a function that was not called yet" }
    return traced.map { arguments, plans in
      "function of (\(arguments.map { "\($0.dtype) \($0.shape)" }.joined(separator: ", "))): \(plans.explanation())"
    }.sorted().joined(separator: "\n\n")
  }
}

/// A compiled function that does not throw.
public typealias CompiledFunction = TracedFunction<Never>
/// A compiled function whose tracing may throw.
public typealias ThrowingCompiledFunction = TracedFunction<any Error>

/// A function traced once, for a caller that keeps the plans and tells the observers of each run.
package struct ObservedPlans {
  package let plans: PlanPool
  /// Who takes part in the plans' runs.
  package let joined: [any RunObserver]
  /// All that ever took part, with what they said of the next run.
  package let known: [(observer: any RunObserver, variant: RunVariant)]

  /// - Parameters:
  ///   - begun: who took part in other traces of the function, with what they said of the next run.
  ///   - body: what to trace.
  package init(
    arguments: [(shape: [Int], dtype: DType)], _ begun: [(observer: any RunObserver, variant: RunVariant)] = [],
    _ body: ([Tensor]) throws -> [Tensor]
  ) throws {
    let placeholders = arguments.enumerated().map { Tensor(.argument($0), shape: $1.shape, dtype: $1.dtype) }
    let trace = Trace(observers: begun)
    let outputs = try trace.record { try body(placeholders) }
    plans = PlanPool(arguments: placeholders, outputs: outputs, of: trace)
    joined = trace.joinedObservers
    known = trace.observers
  }
}

/// Plans of one function: as many as there are threads that run it at once.
package final class PlanPool: Sendable {
  /// The plan that is made at once.
  package let first: Plan
  private let idle: Mutex<[Plan]>

  /// - Parameter trace: what the function did to variables.
  init(arguments: [Tensor], outputs: [Tensor], of trace: Trace) {
    let outputs = outputs.map(\.node), assignments = trace.assignments
    // What was read of variables before the function was traced is what they held then, however often the plan runs.
    let below = nodesBelow(outputs + assignments.map(\.value.node)) { $0.value != nil }
    evaluate(below.filter { $0.value == nil && !$0.isOpen && $0.isVariable })
    first = Plan(arguments: arguments.map(\.node), outputs: outputs, assignments: assignments)
    idle = Mutex([first])
    first.explainIfAsked("function of (\(arguments.map { "\($0.dtype) \($0.shape)" }.joined(separator: ", ")))")
  }

  /// What the plans do. A plan of its own is made for it, for the others may be running.
  package func explanation() -> PlanExplanation {
    let plan = makePlan()
    plan.translate()
    return plan.explanation()
  }

  /// One more plan.
  /// - Parameter threadCount: on how many threads it is to run.
  package func makePlan(threadCount: Int = ThreadPool.shared.threadCount) -> Plan {
    Plan(first.schedule, threadCount: threadCount)
  }

  /// Runs `body` with a plan that no other thread uses meanwhile.
  package func withPlan<Result>(_ body: (Plan) throws -> Result) rethrows -> Result {
    let plan = idle.withLock { $0.popLast() } ?? makePlan()
    defer {
      idle.withLock { idle in
        if idle.count < ThreadPool.shared.threadCount { idle.append(plan) }
      }
    }
    return try body(plan)
  }
}
