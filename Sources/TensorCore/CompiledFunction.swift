/// A function over tensors that is traced once for each combination of argument shapes and dtypes and then run as a plan.
///
/// What the function does to variables is part of each run. Anything else it does (printing, Swift variables) happens while
/// tracing only, and reading a tensor's elements inside it is a programming error.
public final class CompiledFunction {
  private let body: ([Tensor]) throws -> [Tensor]
  private var plans: [Key: Traced] = [:]
  /// All that took part in a run with such arguments so far.
  private var observers: [[Specification]: [any RunObserver]] = [:]

  struct Specification: Hashable {
    let shape: [Int]
    let dtype: DType
  }

  /// What a plan was traced for.
  private struct Key: Hashable {
    let arguments: [Specification]
    let variants: [RunVariant]
  }

  private struct Traced {
    let plan: Plan
    /// Who takes part in the plan's runs.
    let observers: [any RunObserver]
  }

  package init(_ body: @escaping ([Tensor]) throws -> [Tensor]) { self.body = body }

  public func callAsFunction(_ arguments: Tensor...) -> [Tensor] { call(arguments) }

  public func call(_ arguments: [Tensor]) -> [Tensor] {
    do { return try run(arguments) } catch { programmingError("\(error)") }
  }

  /// Runs the function, and whatever takes part in its runs.
  /// - Throws: what the function throws while it is traced, or ``DescentError`` if a step that is part of it went wrong.
  package func run(_ arguments: [Tensor]) throws -> [Tensor] {
    // Inside another compiled function this one dissolves in it.
    if Trace.current != nil { return try body(arguments) }
    let key = arguments.map { Specification(shape: $0.shape, dtype: $0.dtype) }
    let observers = (observers[key] ?? []).map { ($0, $0.willRun()) }
    let traced = try traced(for: key, observers)
    for (index, argument) in arguments.enumerated() { traced.plan.bind(argument: index, to: argument.materialized()) }
    let results = traced.plan.run()
    for observer in traced.observers { try observer.didRun() }
    return results
  }

  /// The plan for arguments like these, traced now if it was not before. For loops that bind memory themselves.
  package func plan(for arguments: [Tensor]) -> Plan {
    do {
      return try traced(for: arguments.map { Specification(shape: $0.shape, dtype: $0.dtype) }, []).plan
    } catch {
      programmingError("\(error)")
    }
  }

  private func traced(
    for arguments: [Specification], _ known: [(observer: any RunObserver, variant: RunVariant)]
  ) throws -> Traced {
    if let traced = plans[Key(arguments: arguments, variants: known.map(\.variant))] { return traced }
    let trace = Trace(observers: known)
    let (placeholders, outputs) = try trace.record {
      let placeholders = arguments.enumerated().map { index, specification in
        Tensor(.argument(index), shape: specification.shape, dtype: specification.dtype)
      }
      return (placeholders, try body(placeholders))
    }
    let plan = Plan(arguments: placeholders.map(\.node), outputs: outputs.map(\.node), assignments: trace.assignments)
    let traced = Traced(plan: plan, observers: trace.joinedObservers)
    plans[Key(arguments: arguments, variants: trace.observers.map(\.variant))] = traced
    observers[arguments] = trace.observers.map(\.observer)
    return traced
  }

  /// How many plans were made so far.
  package var planCount: Int { plans.count }
}

/// Traces a function and returns one that runs it as a plan: fused, in place, on all cores.
///
///     let w = Variable(Tensor.zeros([3]))
///     let step = compile { x, y in
///       let loss = square(matmul(x, w.value) - y).mean()
///       let gradient = gradients(of: loss, withRespectTo: [w])[0]
///       w.assign(w.value - 0.1 * gradient)
///       return loss
///     }
///     for _ in 0..<100 { print(step(x, y).item()) }
///
/// A function that may throw, as one that calls a model, becomes one that may throw: what it throws while it is traced, and the errors
/// of optimizers' steps that are part of it.
public func compile(_ body: @escaping ([Tensor]) -> [Tensor]) -> CompiledFunction { CompiledFunction(body) }

/// The same for a function that may throw.
public func compile(_ body: @escaping ([Tensor]) throws -> [Tensor]) -> ([Tensor]) throws -> [Tensor] {
  let function = CompiledFunction(body)
  return { try function.run($0) }
}

/// The same for a function of one tensor.
public func compile(_ body: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
  let function = CompiledFunction { [body($0[0])] }
  return { function.call([$0])[0] }
}

/// The same for a function of one tensor that may throw.
public func compile(_ body: @escaping (Tensor) throws -> Tensor) -> (Tensor) throws -> Tensor {
  let function = CompiledFunction { [try body($0[0])] }
  return { try function.run([$0])[0] }
}

/// The same for a function of two tensors.
public func compile(_ body: @escaping (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor) -> Tensor {
  let function = CompiledFunction { [body($0[0], $0[1])] }
  return { function.call([$0, $1])[0] }
}

/// The same for a function of two tensors that may throw.
public func compile(_ body: @escaping (Tensor, Tensor) throws -> Tensor) -> (Tensor, Tensor) throws -> Tensor {
  let function = CompiledFunction { [try body($0[0], $0[1])] }
  return { try function.run([$0, $1])[0] }
}

/// Computes nodes outside of any trace and keeps their values.
func evaluate(_ nodes: [Node]) {
  var seen: Set<Int> = []
  let pending = nodes.filter { $0.value == nil && seen.insert($0.id).inserted }
  if pending.isEmpty { return }
  let plan = Plan(arguments: [], outputs: pending, assignments: [])
  for (node, result) in zip(pending, plan.run()) { node.value = result.node.value }
}
