extension OptimizerState: RunObserver {
  package func willRun() -> RunVariant {
    // What is trained decides what a plan does, as the phase does.
    let known = trainablePatterns.firstIndex { entries.elementsEqual($0) { $0.variable.isTrainable == $1 } }
    if known == nil { trainablePatterns.append(entries.map(\.variable.isTrainable)) }
    return RunVariant(beginStep().code, known ?? trainablePatterns.count - 1)
  }

  package func didRun() throws { try endStep() }

  /// One step as part of the function being traced; it is begun and counted whenever the function runs.
  /// - Parameters:
  ///   - gradients: of ``scaled(loss:)``, one for each of ``trainableVariables``.
  ///   - caller: who is at fault if it cannot be done.
  /// - Throws: ``DescentError`` if the function has such a step already.
  package func traceStep(gradients: [Tensor], caller: String) throws {
    let variant = try Trace.join(self, caller)
    apply(gradients: gradients, phase: StepPhase(code: variant.first))
  }
}
