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
/// The result may be called from any number of threads at once; the function given is traced by one at a time. Where `compile`
/// means something else, as in a subclass of `Model`, call it ``compiled(_:)->CompiledFunction``. What it gives explains itself:
/// `print(step.explain(x, y))` shows what becomes one pass over memory.
public func compile(_ body: @escaping ([Tensor]) -> [Tensor]) -> CompiledFunction { CompiledFunction(body) }

/// The same for a function of one tensor.
public func compile(_ body: @escaping (Tensor) -> Tensor) -> CompiledFunctionOfOne<Never> {
  CompiledFunctionOfOne(list: CompiledFunction { [body($0[0])] })
}

/// The same for a function of two tensors.
public func compile(_ body: @escaping (Tensor, Tensor) -> Tensor) -> CompiledFunctionOfTwo<Never> {
  CompiledFunctionOfTwo(list: CompiledFunction { [body($0[0], $0[1])] })
}

/// The same for a function that may throw, such as one that calls a model: what it throws while it is traced, the call throws,
/// having changed nothing.
///
///     let step = compile { x, y in
///       let loss = square(try model(x) - y).mean()
///       …
///       return loss
///     }
///     print(try step(x, y).item())
public func compile(_ body: @escaping ([Tensor]) throws -> [Tensor]) -> ThrowingCompiledFunction { ThrowingCompiledFunction(body) }

/// The same for a function of one tensor that may throw.
public func compile(_ body: @escaping (Tensor) throws -> Tensor) -> CompiledFunctionOfOne<any Error> {
  CompiledFunctionOfOne(list: ThrowingCompiledFunction { [try body($0[0])] })
}

/// The same for a function of two tensors that may throw.
public func compile(_ body: @escaping (Tensor, Tensor) throws -> Tensor) -> CompiledFunctionOfTwo<any Error> {
  CompiledFunctionOfTwo(list: ThrowingCompiledFunction { [try body($0[0], $0[1])] })
}

/// Another name of ``compile(_:)->CompiledFunction``, for where that name means something else.
public func compiled(_ body: @escaping ([Tensor]) -> [Tensor]) -> CompiledFunction { compile(body) }
/// Another name of `compile(_:)`, for where that name means something else.
public func compiled(_ body: @escaping (Tensor) -> Tensor) -> CompiledFunctionOfOne<Never> { compile(body) }
/// Another name of `compile(_:)`, for where that name means something else.
public func compiled(_ body: @escaping (Tensor, Tensor) -> Tensor) -> CompiledFunctionOfTwo<Never> { compile(body) }
/// Another name of `compile(_:)`, for where that name means something else.
public func compiled(_ body: @escaping ([Tensor]) throws -> [Tensor]) -> ThrowingCompiledFunction { compile(body) }
/// Another name of `compile(_:)`, for where that name means something else.
public func compiled(_ body: @escaping (Tensor) throws -> Tensor) -> CompiledFunctionOfOne<any Error> { compile(body) }
/// Another name of `compile(_:)`, for where that name means something else.
public func compiled(_ body: @escaping (Tensor, Tensor) throws -> Tensor) -> CompiledFunctionOfTwo<any Error> { compile(body) }

/// A compiled function of one tensor that gives one, as `compile(_:)` makes it. See ``TracedFunction``.
public struct CompiledFunctionOfOne<Failure: Error>: Sendable, CustomStringConvertible {
  let list: TracedFunction<Failure>

  /// Runs the function; it is traced once for each shape and dtype.
  /// - Throws: what the function throws while it is traced.
  public func callAsFunction(_ x: Tensor) throws(Failure) -> Tensor { try list.call([x])[0] }

  /// What the function does with such an argument, kernel by kernel. See ``TracedFunction/explain(_:)-([Tensor])``.
  public func explain(_ x: Tensor) throws(Failure) -> PlanExplanation { try list.explain([x]) }

  /// Runs the function `runs` times and measures each kernel. See ``TracedFunction/profile(_:runs:)-([Tensor],_)``.
  public func profile(_ x: Tensor, runs: Int = 100) throws(Failure) -> PlanExplanation { try list.profile([x], runs: runs) }

  /// What the function does, for each shape and dtype that it was called with so far.
  public var description: String { list.description }
}

/// A compiled function of two tensors that gives one, as `compile(_:)` makes it. See ``TracedFunction``.
public struct CompiledFunctionOfTwo<Failure: Error>: Sendable, CustomStringConvertible {
  let list: TracedFunction<Failure>

  /// Runs the function; it is traced once for each combination of shapes and dtypes.
  /// - Throws: what the function throws while it is traced.
  public func callAsFunction(_ x: Tensor, _ y: Tensor) throws(Failure) -> Tensor { try list.call([x, y])[0] }

  /// What the function does with such arguments, kernel by kernel. See ``TracedFunction/explain(_:)-([Tensor])``.
  public func explain(_ x: Tensor, _ y: Tensor) throws(Failure) -> PlanExplanation { try list.explain([x, y]) }

  /// Runs the function `runs` times and measures each kernel. See ``TracedFunction/profile(_:runs:)-([Tensor],_)``.
  public func profile(_ x: Tensor, _ y: Tensor, runs: Int = 100) throws(Failure) -> PlanExplanation { try list.profile([x, y], runs: runs) }

  /// What the function does, for each combination of shapes and dtypes that it was called with so far.
  public var description: String { list.description }
}
