extension OptimizerState: RunObserver {
  package func willRun() -> RunVariant {
    // What is trained decides what a plan does, as the phase does.
    let known = trainablePatterns.firstIndex { entries.elementsEqual($0) { $0.variable.isTrainable == $1 } }
    if known == nil { trainablePatterns.append(entries.map(\.variable.isTrainable)) }
    return RunVariant(beginStep().code, known ?? trainablePatterns.count - 1)
  }

  package func didRun() throws { try endStep() }

  /// One step as part of the function being traced, the first or one more; it is begun and counted whenever the function runs.
  /// - Parameters:
  ///   - gradients: of ``scaled(loss:)``, one for each of ``trainableVariables``.
  ///   - caller: who is at fault if it cannot be done.
  /// - Throws: ``DescentError`` if the function has such a step already and whether that is one will only be known when it has run.
  package func traceStep(gradients: [Tensor], caller: String) throws {
    if !Trace.hasJoined(self) {
      apply(gradients: gradients, phase: StepPhase(code: Trace.join(self, caller).first))
      return
    }
    if policy != .propagate || ownership != nil {
      let reason = ownership != nil
        ? "what it remembers is spread over processes" : "a step whose gradients are not finite is none, and the next one's number would be another"
      throw DescentError(
        .state, "\(caller) is called twice in one compiled function; with this optimizer one step a run is possible, because \(reason)")
    }
    if laterSteps.allSatisfy(Trace.hasJoined) { laterSteps.append(LaterStep(of: self, after: laterSteps.count + 1)) }
    let later = laterSteps.first { !Trace.hasJoined($0) }!
    apply(gradients: gradients, phase: StepPhase(code: Trace.join(later, caller).first), numbers: later.numbers)
  }
}
