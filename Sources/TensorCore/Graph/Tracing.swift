extension Trace {
  /// The variables that the trace in progress has read or assigned since it was last asked on behalf of the same object, in the
  /// order in which it did first.
  package static func newVariables(for asker: AnyObject) -> ArraySlice<Variable> { current?.newVariables(for: asker) ?? [] }

  /// Records `body` and forgets the recording: a way to find out shapes without computing anything.
  package static func discarding<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Trace().record(body)
  }

  /// Runs `body` outside of the trace in progress, so that it may compute values and change variables at once: a layer that is
  /// built when it is first called makes its variables this way.
  package static func suspended<Result>(_ body: () throws -> Result) rethrows -> Result {
    let outer = ThreadSlots.trace
    ThreadSlots.trace = nil
    defer { ThreadSlots.trace = outer }
    return try body()
  }
}

extension Trace {
  /// The variables that the trace in progress has assigned so far.
  package static var assignedVariables: [Variable] { current?.assignedVariables ?? [] }

  /// Within a trace: variables keep what they held before it.
  package static func undoAssignments(of variables: [Variable]) {
    for variable in variables { variable.assign(variable.firstRead) }
  }

  /// Within a trace: variables keep what they held before it, unless the condition, a `bool` without axes, holds.
  package static func keepOldValues(of variables: [Variable], unless condition: Tensor) {
    for variable in variables { variable.assign(select(condition, variable.value, variable.firstRead)) }
  }
}

extension Tensor {
  /// A stand-in of the given shape for a function's argument: see ``Trace/discarding(_:)``.
  package static func placeholder(_ index: Int = 0, shape: [Int], dtype: DType) -> Tensor {
    Tensor(.argument(index), shape: shape, dtype: dtype)
  }
}
