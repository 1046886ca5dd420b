extension OptimizerState {
  /// What is remembered of the parameters: slots, averages and accumulated gradients.
  package var stateVariables: [Variable] {
    entries.flatMap(\.stateVariables)
  }

  /// The same of the parameters that are trained as the caller sees it.
  package func stateVariables(ofTrained trained: Set<ObjectIdentifier>) -> [Variable] {
    entries.filter { trained.contains(ObjectIdentifier($0.variable)) }.flatMap(\.stateVariables)
  }

  /// All that a step changes but the parameters.
  package var allVariables: [Variable] {
    let numbers = parts.flatMap { part in part.shared.map(\.number.variable) + [part.gradientNorm.variable] }
    return stateVariables + numbers + (nonFiniteCounts.map { [$0] } ?? [])
  }
}
