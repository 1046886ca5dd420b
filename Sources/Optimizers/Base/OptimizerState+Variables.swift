extension OptimizerState {
  /// What is remembered of the parameters: slots, averages and accumulated gradients.
  package var stateVariables: [Variable] {
    entries.flatMap(\.stateVariables)
  }
}
