extension OptimizerState {
  /// What is remembered of the parameters: slots, averages and accumulated gradients.
  package var stateVariables: [Variable] {
    entries.flatMap(\.stateVariables)
  }

  /// All that a step changes but the parameters.
  package var allVariables: [Variable] {
    let numbers = parts.flatMap { part in part.shared.map(\.number.variable) + [part.gradientNorm.variable] }
    return stateVariables + numbers + (nonFiniteCounts.map { [$0] } ?? [])
  }
}
