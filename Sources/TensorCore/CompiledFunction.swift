/// A function over tensors that is traced once for each combination of argument shapes and dtypes and then run as a plan.
///
/// What the function does to variables is part of each run. Anything else it does (printing, Swift variables) happens while
/// tracing only, and reading a tensor's elements inside it is a programming error.
public final class CompiledFunction {
  private let body: ([Tensor]) -> [Tensor]
  private var plans: [[Specification]: Plan] = [:]

  struct Specification: Hashable {
    let shape: [Int]
    let dtype: DType
  }

  package init(_ body: @escaping ([Tensor]) -> [Tensor]) { self.body = body }

  public func callAsFunction(_ arguments: Tensor...) -> [Tensor] { call(arguments) }

  public func call(_ arguments: [Tensor]) -> [Tensor] {
    // Inside another compiled function this one dissolves in it.
    if Trace.current != nil { return body(arguments) }
    let plan = plan(for: arguments)
    for (index, argument) in arguments.enumerated() { plan.bind(argument: index, to: argument.materialized()) }
    return plan.run()
  }

  /// The plan for arguments like these, traced now if it was not before. For loops that bind memory themselves.
  package func plan(for arguments: [Tensor]) -> Plan {
    let key = arguments.map { Specification(shape: $0.shape, dtype: $0.dtype) }
    if let known = plans[key] { return known }
    let trace = Trace()
    let (placeholders, outputs) = trace.record {
      let placeholders = key.enumerated().map { index, specification in
        Tensor(.argument(index), shape: specification.shape, dtype: specification.dtype)
      }
      return (placeholders, body(placeholders))
    }
    let plan = Plan(arguments: placeholders.map(\.node), outputs: outputs.map(\.node), assignments: trace.assignments)
    plans[key] = plan
    return plan
  }
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
public func compile(_ body: @escaping ([Tensor]) -> [Tensor]) -> CompiledFunction { CompiledFunction(body) }

/// The same for a function of one tensor.
public func compile(_ body: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
  let function = CompiledFunction { [body($0[0])] }
  return { function.call([$0])[0] }
}

/// The same for a function of two tensors.
public func compile(_ body: @escaping (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor) -> Tensor {
  let function = CompiledFunction { [body($0[0], $0[1])] }
  return { function.call([$0, $1])[0] }
}

/// Computes nodes outside of any trace and keeps their values.
func evaluate(_ nodes: [Node]) {
  var seen: Set<Int> = []
  let pending = nodes.filter { $0.value == nil && seen.insert($0.id).inserted }
  if pending.isEmpty { return }
  let plan = Plan(arguments: [], outputs: pending, assignments: [])
  for (node, result) in zip(pending, plan.run()) { node.value = result.node.value }
}
