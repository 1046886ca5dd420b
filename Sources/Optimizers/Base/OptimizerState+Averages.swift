extension OptimizerState {
  /// Whether averages lie in the weights' place at present: ``exchangeAveragedValues()`` was called an odd number of times.
  package var isExchanged: Bool { exchanged != nil }

  /// How often averages were taken: only if this has grown is there anything new to finalize.
  package var averageCount: Int {
    parts.reduce(0) { $0 + $1.averageCount }
  }

  /// Puts the averages of the weights in the place of the weights, where averages are kept and the weights are trained. `fit` does
  /// this at its end, if it made an update. Exchanged weights and averages are first put back.
  public func finalizeVariableValues() {
    requireWhole("finalizeVariableValues")
    if exchanged != nil { exchangeAveragedValues() }
    for entry in entries {
      guard let average = entry.average, entry.hasAverage, entry.isTrained, entry.part.iterations > 0 else { continue }
      entry.variable.assign(average.value)
    }
  }

  /// Exchanges the weights and their averages, where averages are kept and the weights are trained. Doing it twice restores both.
  public func exchangeAveragedValues() {
    requireWhole("exchangeAveragedValues")
    let chosen = exchanged ?? entries.filter { $0.hasAverage && $0.isTrained && $0.part.iterations > 0 }
    for entry in chosen {
      guard let average = entry.average else { continue }
      let weights = entry.variable.value.evaluated()
      entry.variable.assign(average.value)
      average.assign(weights)
    }
    exchanged = exchanged == nil ? chosen : nil
  }
}
