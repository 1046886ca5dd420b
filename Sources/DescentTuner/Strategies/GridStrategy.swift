import Descent
import TensorCore

/// All combinations, the last hyperparameters' values the first to change, each one's default before its others.
///
/// A hyperparameter that the models ask for on the way takes part from then on: the combinations behind those that were tried are made once more, with it.
final class GridStrategy: SearchStrategy {
  /// The trials in the order of their combinations.
  private var ordered: [String] = []
  /// Trials behind which there may be combinations that were not tried.
  private var pending: [String] = []

  func nextValues(for id: String, in oracle: Oracle) -> [String: HyperParameterValue]? {
    if ordered.isEmpty {
      let space = oracle.hyperparameters.copy()
      space.values = [:]
      for hyperparameter in space.space where space.isActive(hyperparameter) { space.values[hyperparameter.name] = hyperparameter.default }
      ordered.append(id)
      pending.append(id)
      return space.values
    }
    while !pending.isEmpty {
      let old = pending.removeFirst()
      guard let place = ordered.firstIndex(of: old), let trial = oracle.trials[old],
        let new = GridStrategy.combination(after: trial.hyperparameters.values, in: oracle.hyperparameters)
      else { continue }
      if place + 1 < ordered.count, let next = oracle.trials[ordered[place + 1]],
        !GridStrategy.comes(new, before: next.hyperparameters.values, in: oracle.hyperparameters)
      {
        continue
      }
      ordered.insert(id, at: place + 1)
      return new
    }
    return nil
  }

  func didEnd(_ trial: Trial) { pending.append(trial.id) }

  /// The default, then the others in their order.
  private static func values(of hyperparameter: HyperParameter) -> [HyperParameterValue] {
    [hyperparameter.default] + hyperparameter.values.filter { $0 != hyperparameter.default }
  }

  /// The combination behind another, of those that count; nil behind the last.
  static func combination(after values: [String: HyperParameterValue], in space: HyperParameters) -> [String: HyperParameterValue]? {
    let next = space.copy()
    next.values = values
    var hasChanged = false
    for hyperparameter in space.space.reversed() {
      if next.isActive(hyperparameter) {
        let all = GridStrategy.values(of: hyperparameter)
        // What was not known yet when the trial was made had its default.
        let place = values[hyperparameter.name].flatMap { all.firstIndex(of: $0) } ?? 0
        if place + 1 < all.count {
          next.values[hyperparameter.name] = all[place + 1]
          hasChanged = true
          break
        }
      }
      next.values[hyperparameter.name] = hyperparameter.default
    }
    next.ensureActiveValues()
    return hasChanged ? next.values : nil
  }

  /// Whether one combination is before another: the first hyperparameter in which they differ decides.
  static func comes(_ a: [String: HyperParameterValue], before b: [String: HyperParameterValue], in space: HyperParameters) -> Bool {
    for hyperparameter in space.space {
      guard let left = a[hyperparameter.name] else { continue }
      let right = b[hyperparameter.name] ?? hyperparameter.default
      if left == right { continue }
      let all = values(of: hyperparameter)
      guard let i = all.firstIndex(of: left), let j = all.firstIndex(of: right) else { continue }
      return i < j
    }
    return false
  }

  var state: JSONValue { ["ordered": .array(ordered.map { .string($0) }), "pending": .array(pending.map { .string($0) })] }

  func restore(_ state: JSONValue, in oracle: Oracle, of owner: String) throws {
    func ids(_ key: String) throws -> [String] {
      guard let ids = state[key]?.array?.map(\.string), ids.allSatisfy({ $0.map { oracle.trials[$0] != nil } ?? false }) else {
        throw DescentError(.file, "\(owner): the '\(key)' of the grid is missing or names a trial that there is not")
      }
      return ids.compactMap { $0 }
    }
    (ordered, pending) = (try ids("ordered"), try ids("pending"))
  }
}
