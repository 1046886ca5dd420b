import DescentTestSupport
import Foundation

@testable import DescentTuner

/// The spaces of keras_tuner_searches.py.
struct Space: HyperModel {
  let name: String

  func build(_ hp: HyperParameters) throws -> Model {
    switch name {
    case "plain":
      _ = try hp.int("units", minValue: 32, maxValue: 128, step: 32)
      _ = try hp.float("rate", minValue: 1e-4, maxValue: 1e-1, step: 10, sampling: .log, default: 1e-2)
      _ = try hp.choice("activation", ["relu", "tanh", "elu"], default: "tanh")
      _ = try hp.boolean("dropout")
    case "free":
      _ = try hp.int("units", minValue: 1, maxValue: 1000, sampling: .log)
      _ = try hp.float("rate", minValue: 1e-4, maxValue: 1e-1, sampling: .log)
      _ = try hp.float("momentum", minValue: 0.1, maxValue: 0.99, sampling: .reverseLog)
      try hp.fixed("batch", 32)
      _ = try hp.choice("activation", ["relu", "tanh", "elu"])
    case "conditional":
      _ = try hp.choice("kind", ["mlp", "cnn"])
      try hp.conditionalScope("kind", ["mlp"]) { _ = try hp.int("units", minValue: 8, maxValue: 24, step: 8, default: 16) }
      try hp.conditionalScope("kind", ["cnn"]) {
        _ = try hp.int("filters", minValue: 4, maxValue: 16, step: 2, sampling: .log)
        _ = try hp.boolean("norm")
        try hp.conditionalScope("norm", [true]) { _ = try hp.float("momentum", minValue: 0.5, maxValue: 0.9, step: 0.2) }
      }
      _ = try hp.boolean("shuffle", default: true)
    default:
      for layer in 0..<(try hp.int("layers", minValue: 1, maxValue: 3)) {
        try hp.nameScope("layer\(layer)") { _ = try hp.int("units", minValue: 8, maxValue: 16, step: 8) }
      }
    }
    return Sequential { Dense(1) }
  }
}

/// Trials whose scores are functions of the values, as in keras_tuner_searches.py.
final class Scorer {
  var fails = false
  /// The trials in the order in which they ran.
  var runs: [String] = []

  struct Failure: Error {}

  static func score(_ values: [String: HyperParameterValue]) -> Double {
    let names = values.keys.filter { !$0.hasPrefix("tuner/") }.sorted()
    return sin(
      names.enumerated().reduce(0.0) { sum, entry in
        let value = values[entry.element]!
        let number = value.double ?? value.string.map { Double($0.count) } ?? (value == true ? 1 : 0)
        return sum + Double(entry.offset + 1) * number
      })
  }

  func run(_ trial: Trial, _ model: any HyperModel) throws -> [TrialResult] {
    _ = try model.build(trial.hyperparameters)
    runs.append(trial.id)
    let score = Scorer.score(trial.hyperparameters.values)
    let kind = Int(abs(score) * 1000) % 5
    if fails && kind == 0 { throw Failure() }
    return [.value(fails && kind == 1 ? .nan : score)]
  }
}

final class ScoredRandomSearch: RandomSearch {
  let scorer = Scorer()
  override func runTrial(_ trial: Trial, _ arguments: FitArguments) throws -> [TrialResult] { try scorer.run(trial, hypermodel!) }
}

final class ScoredGridSearch: GridSearch {
  let scorer = Scorer()
  override func runTrial(_ trial: Trial, _ arguments: FitArguments) throws -> [TrialResult] { try scorer.run(trial, hypermodel!) }
}

final class ScoredHyperband: Hyperband {
  let scorer = Scorer()
  override func runTrial(_ trial: Trial, _ arguments: FitArguments) throws -> [TrialResult] { try scorer.run(trial, hypermodel!) }
}

final class ScoredBayesianOptimization: BayesianOptimization {
  let scorer = Scorer()
  override func runTrial(_ trial: Trial, _ arguments: FitArguments) throws -> [TrialResult] { try scorer.run(trial, hypermodel!) }
}

extension FitArguments {
  /// For trials that train nothing.
  static var none: FitArguments {
    var arguments = FitArguments(Tensor([0.0]))
    arguments.verbose = .silent
    return arguments
  }
}

/// The tuner that a case of the fixture describes.
func scoredTuner(_ entry: JSONValue, in folder: String, overwrite: Bool = false, maxTrials: Int? = nil) throws -> (tuner: Tuner, scorer: Scorer) {
  let space = Space(name: try needed(entry["space"]?.string))
  let objective = Objective("score", direction: entry["direction"]?.string.flatMap(Objective.Direction.init))
  let seed = UInt64(try needed(entry["seed"]?.int)), trials = maxTrials ?? entry["max_trials"]?.int
  switch entry["tuner"]?.string {
  case "RandomSearch":
    let tuner = try ScoredRandomSearch(
      space, objective: objective, maxTrials: try needed(trials), seed: seed, maxRetriesPerTrial: entry["retries"]?.int ?? 0,
      maxConsecutiveFailedTrials: entry["consecutive"]?.int ?? 3, overwrite: overwrite, directory: folder)
    tuner.scorer.fails = entry["fails"]?.bool ?? false
    return (tuner, tuner.scorer)
  case "GridSearch":
    let tuner = try ScoredGridSearch(space, objective: objective, maxTrials: trials, seed: seed, overwrite: overwrite, directory: folder)
    return (tuner, tuner.scorer)
  case "Hyperband":
    let tuner = try ScoredHyperband(
      space, objective: objective, maxEpochs: try needed(entry["max_epochs"]?.int), factor: try needed(entry["factor"]?.int),
      hyperbandIterations: try needed(entry["iterations"]?.int), seed: seed, overwrite: overwrite, directory: folder)
    return (tuner, tuner.scorer)
  default:
    let tuner = try ScoredBayesianOptimization(
      space, objective: objective, maxTrials: try needed(trials), numInitialPoints: entry["initial"]?.int ?? entry["max_trials"]?.int,
      alpha: try needed(entry["alpha"]?.double), beta: try needed(entry["beta"]?.double), seed: seed, overwrite: overwrite, directory: folder)
    return (tuner, tuner.scorer)
  }
}

/// A copy of a search's folder as it is when a trial has begun, to be put in its place: what a process leaves that is killed then.
final class StoppingFolder {
  private let path: String
  private let copy = TemporaryFolder()
  private let after: Int
  private var begun: [String] = []
  private var copied: [String]?

  init(_ path: String, after: Int) { (self.path, self.after) = (path, after) }

  func watch(_ tuner: Tuner) {
    tuner.onTrialBegin = { [unowned self] trial in
      if begun.count == after {
        try? FileManager.default.removeItem(atPath: copy.file("search"))
        try? FileManager.default.copyItem(atPath: tuner.projectDirectory, toPath: copy.file("search"))
        copied = begun
      }
      begun.append(trial.id)
    }
  }

  /// The trials that were at their end then; nil if the search came to its end before.
  func restore() throws -> [String]? {
    guard let copied else { return nil }
    let project = "\(path)/untitled_project"
    try FileManager.default.removeItem(atPath: project)
    try FileManager.default.copyItem(atPath: copy.file("search"), toPath: project)
    return copied
  }
}
