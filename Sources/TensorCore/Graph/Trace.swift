import Synchronization

/// The recording of one compiled function: which variables it reads and what it leaves in them.
package final class Trace {
  private var reads: [ObjectIdentifier: Tensor] = [:]
  private var current: [ObjectIdentifier: Tensor] = [:]
  /// All that each variable was assigned.
  private var later: [ObjectIdentifier: [Tensor]] = [:]
  private var assigned: [Variable] = []
  /// All that were read or assigned, in the order in which they were first.
  private(set) var met: [Variable] = []
  /// How many of them each object was told of.
  private var told: [ObjectIdentifier: Int] = [:]
  /// Who takes part in each run, with the variant this trace is for.
  private(set) var observers: [(observer: any RunObserver, variant: RunVariant)]
  private var joined: Set<ObjectIdentifier> = []

  /// - Parameter observers: those known from earlier traces of the function, whose runs have begun.
  init(observers: [(observer: any RunObserver, variant: RunVariant)] = []) { self.observers = observers }

  /// Those that have joined this trace.
  var joinedObservers: [any RunObserver] { observers.map(\.observer).filter { joined.contains(ObjectIdentifier($0)) } }

  func hasJoined(_ observer: any RunObserver) -> Bool { joined.contains(ObjectIdentifier(observer)) }

  /// - Precondition: it has not joined.
  func join(_ observer: any RunObserver) -> RunVariant {
    precondition(joined.insert(ObjectIdentifier(observer)).inserted)
    if let known = observers.first(where: { $0.observer === observer }) { return known.variant }
    let variant = observer.willRun()
    observers.append((observer, variant))
    return variant
  }

  /// The trace this thread is recording, if any.
  static var current: Trace? {
    ThreadSlots.trace.map { Unmanaged<Trace>.fromOpaque($0).takeUnretainedValue() }
  }

  /// What tells the trace that this thread is recording from others; nil outside of traces.
  package static var identity: Int? { current?.number }
  private let number = Trace.counter.add(1, ordering: .relaxed).newValue
  private static let counter = Atomic<Int>(0)

  /// Records what `body` does to variables.
  func record<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let outer = ThreadSlots.trace
    ThreadSlots.trace = Unmanaged.passUnretained(self).toOpaque()
    defer { ThreadSlots.trace = outer }
    return try body()
  }

  func newVariables(for asker: AnyObject) -> ArraySlice<Variable> {
    let known = told.updateValue(met.count, forKey: ObjectIdentifier(asker)) ?? 0
    return met[known...]
  }

  func firstValue(of variable: Variable) -> Tensor {
    let key = ObjectIdentifier(variable)
    if let known = reads[key] { return known }
    let read = Tensor(Node(.variable(variable), shape: variable.shape, dtype: variable.dtype, isReadWhileTracing: true))
    reads[key] = read
    if current[key] == nil { met.append(variable) }
    return read
  }

  func value(of variable: Variable) -> Tensor {
    current[ObjectIdentifier(variable)] ?? firstValue(of: variable)
  }

  /// All values that reads of the variable have given or may give.
  func values(of variable: Variable) -> [Tensor] { [firstValue(of: variable)] + later[ObjectIdentifier(variable), default: []] }

  /// Later reads give the value, but no gradient passes through it: what a step learned is no function of what it learned from.
  func assign(_ value: Tensor, to variable: Variable) {
    let key = ObjectIdentifier(variable)
    let isFirst = value.node === reads[key]?.node
    let value = isFirst ? value : stopGradient(value)
    if !isFirst { later[key, default: []].append(value) }
    if current.updateValue(value, forKey: key) == nil {
      assigned.append(variable)
      if reads[key] == nil { met.append(variable) }
    }
  }

  /// The variables assigned so far, each once.
  var assignedVariables: [Variable] { assigned }

  private var assignmentCount: Int { later.values.reduce(0) { $0 + $1.count } }

  /// How many assignments the trace in progress has recorded.
  static var assignmentCount: Int { current?.assignmentCount ?? 0 }

  /// Whether one of the assignments recorded since there were so many depends on some tensors.
  static func assigned(since count: Int, dependOn tensors: [Tensor]) -> Bool {
    guard let current, current.assignmentCount > count else { return false }
    let wanted = Set(tensors.map(\.node.id))
    return nodesBelow(current.later.values.flatMap { $0.map(\.node) }).contains { wanted.contains($0.id) }
  }

  /// What the variables hold in the end, those that change only.
  var assignments: [(variable: Variable, value: Tensor)] {
    assigned.compactMap { variable in
      let value = current[ObjectIdentifier(variable)]!
      return value.node === reads[ObjectIdentifier(variable)]?.node ? nil : (variable, value)
    }
  }
}
