import Descent
import Foundation
import TensorCore

/// Tells of a search as it goes on, in KerasTuner's words.
final class SearchDisplay {
  private let oracle: Oracle
  private let isSilent: Bool
  private let write: (String) -> Void
  private let start = monotonicSeconds()
  private var trialStart = monotonicSeconds()

  private static let width = 18

  init(_ oracle: Oracle, isSilent: Bool, _ write: @escaping (String) -> Void) { (self.oracle, self.isSilent, self.write) = (oracle, isSilent, write) }

  func begin(_ trial: Trial) {
    trialStart = monotonicSeconds()
    if isSilent { return }
    let best = oracle.bestTrials(1).first { $0.status == .completed }
    let values = trial.hyperparameters.orderedValues
    var lines = ["", "Search: Running Trial #\(number(of: trial))", ""]
    if values.isEmpty { lines.append("default configuration") } else { lines.append(row("Value", "Best Value So Far", "Hyperparameter")) }
    for (name, value) in values {
      let other = best.map { $0.hyperparameters.values[name].map(SearchDisplay.text) ?? "None" } ?? "?"
      lines.append(row(SearchDisplay.text(value), other, name))
    }
    write((lines + [""]).map { $0.printable + "\n" }.joined())
  }

  func end(_ trial: Trial) {
    if isSilent { return }
    let now = monotonicSeconds()
    let what = switch trial.status {
      case .completed, .running: "Complete"
      case .failed: "Failed"
      case .invalid: "Failed, \(oracle.retriesLeft(of: trial)) retries left"
    }
    var lines = ["Trial \(number(of: trial)) \(what) [\(SearchDisplay.duration(now - trialStart))]"]
    if let score = trial.score { lines.append("\(oracle.objective.name): \(score)") }
    if let message = trial.message { lines += message.split(separator: "\n").map(String.init) }
    let best = oracle.bestTrials(1).first?.score.map { "\($0)" } ?? "None"
    lines += ["", "Best \(oracle.objective.name) So Far: \(best)", "Total elapsed time: \(SearchDisplay.duration(now - start))"]
    write(lines.map { $0.printable + "\n" }.joined())
  }

  private func number(of trial: Trial) -> Int { (oracle.startOrder.firstIndex(of: trial.id) ?? 0) + 1 }

  private func row(_ a: String, _ b: String, _ c: String) -> String {
    func padded(_ text: String) -> String { text + String(repeating: " ", count: max(0, SearchDisplay.width - text.count)) }
    return "\(padded(a))|\(padded(b))|\(c)"
  }

  private static func text(_ value: HyperParameterValue) -> String {
    if let number = value.double { return String(format: "%.5g", number) }
    let text = value.description
    return text.count > width ? text.prefix(width - 3) + "..." : text
  }

  /// `00h 01m 23s`, with days before it where there are any.
  static func duration(_ seconds: Double) -> String {
    let all = Int(seconds.rounded()), days = all / 86_400
    let rest = String(format: "%02dh %02dm %02ds", all / 3600 % 24, all / 60 % 60, all % 60)
    return days > 0 ? "\(days)d \(rest)" : rest
  }
}
