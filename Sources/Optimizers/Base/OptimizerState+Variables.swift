extension OptimizerState {
  /// What is remembered of the parameters: slots, averages and accumulated gradients.
  package var stateVariables: [Variable] {
    entries.flatMap { entry in
      entry.slots.compactMap { entry.slotVariables[$0.name] } + [entry.average, entry.accumulator].compactMap { $0 }
    }
  }
}
