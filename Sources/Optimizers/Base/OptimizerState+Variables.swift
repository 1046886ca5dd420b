extension OptimizerState {
  /// What is remembered of the parameters: slots, averages and accumulated gradients.
  package var stateVariables: [Variable] {
    entries.flatMap(\.stateVariables)
  }

  /// All that a step changes but the parameters.
  package var allVariables: [Variable] { stateVariables + (nonFiniteCounts.map { [$0] } ?? []) }
}
