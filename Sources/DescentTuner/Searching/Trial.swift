import Descent
import Optimizers
import TensorCore

/// One set of hyperparameters: what was tried, and what came of it. (KerasTuner: `keras_tuner.engine.trial.Trial`.)
public final class Trial {
  /// How far it has come.
  public enum Status: String, Sendable {
    /// It runs, or ran when the process was killed.
    case running = "RUNNING"
    /// It has a score.
    case completed = "COMPLETED"
    /// It threw, or its score is NaN; it will be tried again.
    case invalid = "INVALID"
    /// It did so as often as it may, and will not be tried again.
    case failed = "FAILED"
  }

  /// Its number with noughts before it: `07`. Its folder is `trial_07`.
  public let id: String
  /// The space and this trial's values.
  public internal(set) var hyperparameters: HyperParameters
  /// Of the best epoch, by name; with several executions the means over them.
  public internal(set) var metrics: [String: Double] = [:]
  /// The objective's number; nil as long as there is none.
  public internal(set) var score: Double?
  /// The epoch that counts, from 0; with several executions the mean of theirs, rounded down.
  public internal(set) var bestStep = 0
  /// How far it has come.
  public internal(set) var status = Status.running
  /// What went wrong, if anything did.
  public internal(set) var message: String?

  init(id: String, hyperparameters: HyperParameters) { (self.id, self.hyperparameters) = (id, hyperparameters) }

  /// Prints the hyperparameters, the score and what went wrong.
  public func summary() { print(summaryText(), terminator: "") }

  /// What ``summary()`` prints.
  public func summaryText() -> String {
    var lines = ["Trial \(id) summary", "Hyperparameters:"]
    let values = hyperparameters.orderedValues.map { "\($0.name): \($0.value)".printable }
    lines += values.isEmpty ? ["default configuration"] : values
    if let score { lines.append("Score: \(score)") }
    if let message { lines.append(message.printableLines) }
    return lines.map { $0 + "\n" }.joined()
  }

  /// As KerasTuner writes it, so that what reads its records reads these.
  func json(_ objective: Objective) -> JSONValue {
    let metrics = self.metrics.sorted { $0.key < $1.key }.map { name, value -> (key: String, value: JSONValue) in
      let direction = (name == objective.name ? objective : try? Objective(name).resolved())?.direction ?? .min
      let observation: JSONValue = ["value": [JSONValue(value)], "step": JSONValue(bestStep)]
      return (key: name, value: ["direction": .string(direction.rawValue), "observations": [observation]])
    }
    return [
      "trial_id": .string(id), "hyperparameters": hyperparameters.json, "metrics": ["metrics": .object(JSONObject(metrics))],
      "score": score.map { JSONValue($0) } ?? .null, "best_step": JSONValue(bestStep), "status": .string(status.rawValue),
      "message": message.map { .string($0) } ?? .null,
    ]
  }

  /// - Throws: ``DescentError`` naming the file if something is missing in it or cannot be.
  init(_ json: JSONValue, id: String, of owner: String) throws {
    guard json["trial_id"]?.string == id, let status = json["status"]?.string.flatMap(Status.init), let step = json["best_step"]?.int,
      let metrics = json["metrics"]?["metrics"]?.object
    else { throw DescentError(.file, "\(owner): expected the record of trial \(id)") }
    self.id = id
    hyperparameters = try HyperParameters(json["hyperparameters"], of: owner)
    self.status = status
    bestStep = step
    score = json["score"]?.double
    message = json["message"]?.string
    for (name, history) in metrics.members {
      guard let value = history["observations"]?[0]?["value"]?[0]?.double else { throw DescentError(.file, "\(owner): metric '\(name)' has no number") }
      self.metrics[name] = value
    }
    if status == .completed && score == nil { throw DescentError(.file, "\(owner): the trial is said to be completed but has no score") }
  }

  /// What tells whether two trials tried the same.
  /// - Parameter ignoring: values that do not count.
  static func key(of values: [String: HyperParameterValue], ignoring: Set<String>) -> String {
    values.filter { !ignoring.contains($0.key) }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
  }
}
