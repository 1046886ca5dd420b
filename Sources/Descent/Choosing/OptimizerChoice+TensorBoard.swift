import Foundation
import Optimizers
import TensorCore

extension OptimizerChoice {
  /// Writes the tuning and the final runs for TensorBoard's page of hyperparameters: a folder for each with its settings and the metric
  /// over the steps.
  /// - Parameter folder: is made if need be.
  /// - Throws: ``DescentError`` of kind `file`.
  public func writeTensorBoard(to folder: String) throws {
    // Of a setting the run that went furthest; of a final run each seed's.
    var furthest: [String: OptimizerTrial] = [:]
    for trial in trials where trial.stage != .defaults { furthest["\(trial.stage.rawValue)-\(trial.candidate)-\(trial.number)-\(trial.seed)"] = trial }
    let sessions = furthest.sorted { $0.key < $1.key }
    let root = try EventFile(in: folder)
    try root.add(plugin: "hparams", content: experiment(sessions.map(\.value)), "_hparams_/experiment")
    try root.close()
    for (name, trial) in sessions {
      let file = try EventFile(in: "\(folder)/\(name)")
      try file.add(plugin: "hparams", content: OptimizerChoice.start(settings(trial), group: name), "_hparams_/session_start_info")
      for point in trial.points { try file.add(scalar: point.value, metricName, step: point.step) }
      let end = ProtobufMessage { $0.add(4, ProtobufMessage { $0.add(1, trial.hasDiverged ? 2 : 1) }) }
      try file.add(plugin: "hparams", content: end, "_hparams_/session_end_info")
      try file.close()
    }
  }

  private enum Setting {
    case text(String)
    case number(Double)
  }

  /// The same for all, what only one optimizer has in words: TensorBoard draws no run that lacks a setting.
  private func settings(_ trial: OptimizerTrial) -> [(name: String, value: Setting)] {
    let others = (trial.optimizer["config"]?.object?.members ?? []).filter { $0.key != "learning_rate" && !$0.key.contains("ema") }
    let words = others.compactMap { key, value in value.double.map { "\(key) \(SVGText.number($0, "%.6g"))" } }
    return [
      ("optimizer", .text(trial.candidate)), ("stage", .text(trial.stage.rawValue)), ("learning_rate", .number(trial.learningRate)),
      ("others", .text(words.isEmpty ? "defaults" : words.joined(separator: ", "))),
    ]
  }

  /// Which settings and metrics there are.
  private func experiment(_ trials: [OptimizerTrial]) -> ProtobufMessage {
    var names: [(name: String, isText: Bool)] = []
    for (name, value) in trials.flatMap(settings) where !names.contains(where: { $0.name == name }) {
      if case .text = value { names.append((name, true)) } else { names.append((name, false)) }
    }
    return ProtobufMessage { data in
      data.add(
        2,
        ProtobufMessage { experiment in
          for (name, isText) in names {
            experiment.add(
              4,
              ProtobufMessage {
                $0.add(1, name)
                // A text, or a number.
                $0.add(4, isText ? 1 : 3)
              })
          }
          experiment.add(5, ProtobufMessage { metric in metric.add(1, ProtobufMessage { $0.add(2, metricName) }) })
        })
    }
  }

  private static func start(_ settings: [(name: String, value: Setting)], group: String) -> ProtobufMessage {
    ProtobufMessage { data in
      data.add(
        3,
        ProtobufMessage { start in
          for (name, value) in settings {
            start.add(
              1,
              ProtobufMessage { entry in
                entry.add(1, name)
                entry.add(
                  2,
                  ProtobufMessage {
                    switch value {
                    case .text(let text): $0.add(3, text)
                    case .number(let number): $0.add(2, number)
                    }
                  })
              })
          }
          start.add(4, group)
        })
    }
  }
}
