import Descent
import Foundation

/// Writes a model's weights whenever an epoch is the best of an execution of a trial. (KerasTuner: `SaveBestEpoch`.)
///
/// Where the logs lack the objective, as it is computed after `fit`, each epoch's are written.
final class SaveBestEpoch: Callback {
  private let objective: Objective
  private let path: String
  /// The best number so far; nil before there was any.
  private var best: Double?
  /// Whether any epoch had the number: one without then is one that was not validated.
  private var wasSeen = false

  init(_ objective: Objective, _ path: String) { (self.objective, self.path) = (objective, path) }

  override var runsOnEveryRank: Bool { false }

  override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    if let value = objective.value(in: logs.dictionary) {
      wasSeen = true
      guard objective.isBetter(value, than: best ?? objective.worst) else { return }
      best = value
    } else if wasSeen {
      return
    }
    try model?.saveWeights(path, format: .safetensors)
  }

  override func state() -> CallbackState? {
    CallbackState(JSONObject([("best", best.map { JSONValue($0) } ?? .null), ("was_seen", .bool(wasSeen))]))
  }

  override func restore(_ state: CallbackState) {
    best = state["best"]?.double
    wasSeen = state["was_seen"]?.bool ?? false
  }

  /// Gives the file of the best of several executions the trial's name, and takes the others away. Each execution writes one of its own: one that is
  /// run again, as its trial was cut off in a later one, leaves alone what that has written.
  static func keepBest(of savers: [SaveBestEpoch], at path: String) throws {
    let written = savers.filter { FileManager.default.fileExists(atPath: $0.path) }
    // Without numbers it is the last one's.
    var chosen = written.first { $0.best != nil } ?? written.last
    for saver in written {
      if let best = saver.best, let other = chosen?.best, saver.objective.isBetter(best, than: other) { chosen = saver }
    }
    guard let chosen, chosen.path != path else { return }
    guard rename(chosen.path, path) == 0 else { throw DescentError(.file, "\(chosen.path): cannot be renamed \(path): \(String(cString: strerror(errno)))") }
    for saver in written where saver !== chosen { unlink(saver.path) }
  }

  /// Takes away the file of an execution whose trial failed.
  func remove() { unlink(path) }
}
