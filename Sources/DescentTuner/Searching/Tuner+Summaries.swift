import Descent
import TensorCore

extension Tuner {
  /// Prints the hyperparameters that are known. (KerasTuner: `search_space_summary`.)
  public func searchSpaceSummary() { write(searchSpaceText()) }

  /// What ``searchSpaceSummary()`` prints.
  public func searchSpaceText() -> String {
    let space = oracle.hyperparameters.space
    var lines = ["Search space summary", "Default search space size: \(space.count)"]
    for hyperparameter in space {
      lines.append("\(hyperparameter.name) (\(hyperparameter.className))")
      lines.append(JSONValue.object(JSONObject(hyperparameter.config.members.filter { $0.key != "name" })).text())
    }
    return lines.map { $0.printable + "\n" }.joined()
  }

  /// Prints the best trials. (KerasTuner: `results_summary`.)
  /// - Parameter count: how many at most.
  public func resultsSummary(_ count: Int = 10) { write(resultsText(count)) }

  /// What ``resultsSummary(_:)`` prints.
  public func resultsText(_ count: Int = 10) -> String {
    let head = ["Results summary", "Results in \(projectDirectory)", "Showing \(count) best trials", "\(oracle.objective)"]
    return head.map { $0.printable + "\n" }.joined() + bestTrials(count).map { "\n" + $0.summaryText() }.joined()
  }
}
