/// How many steps an optimizer has done.
struct StepCounters {
  /// Updates done.
  var iterations = 0
  /// Gradients accumulated since the last update.
  var microStep = 0
  /// Steps done, those that only accumulated among them.
  var allSteps = 0

  /// Whether the next step ends an accumulation of so many.
  func isUpdateNext(_ accumulationSteps: Int) -> Bool { microStep + 1 >= accumulationSteps }

  mutating func count(_ accumulationSteps: Int) {
    allSteps += 1
    if isUpdateNext(accumulationSteps) {
      microStep = 0
      iterations += 1
    } else {
      microStep += 1
    }
  }
}

/// What formulas read of a step.
package struct StepNumbers {
  let rate = HostNumber("learning_rate")
  let number = HostNumber("step")
  let averageMomentum = HostNumber("ema_momentum")
}

/// The second or a later step of an optimizer in one run of a compiled function, which has a rate and a number of its own.
package final class LaterStep: RunObserver {
  /// The optimizer's.
  package unowned let state: OptimizerState
  /// How many steps the run makes before it.
  private let earlier: Int
  let numbers: [StepNumbers]

  init(of state: OptimizerState, after earlier: Int) {
    self.state = state
    self.earlier = earlier
    numbers = state.parts.map { _ in StepNumbers() }
  }

  package func willRun() -> RunVariant { RunVariant(state.beginStep(after: earlier, numbers).code) }

  package func didRun() throws { try state.endStep() }
}
