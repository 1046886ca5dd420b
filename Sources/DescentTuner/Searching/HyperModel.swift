import Descent
import TensorCore

/// How a model is built from hyperparameters, and, if it is to be said, how it is trained. (KerasTuner: `keras_tuner.HyperModel`.)
///
///     struct Classifier: HyperModel {
///       let classes: Int
///       func build(_ hp: HyperParameters) throws -> Model { … }
///     }
///     let tuner = try RandomSearch(Classifier(classes: 10), objective: "val_accuracy", maxTrials: 20)
public protocol HyperModel {
  /// A new model, compiled.
  func build(_ hp: HyperParameters) throws -> Model
  /// Trains it. The default is `arguments.fit(model)`; one that has hyperparameters of the training itself asks for them here. `arguments.callbacks`
  /// hold what keeps the best weights, and go on to `fit`.
  /// - Throws: what keeps the trial from its end; ``FailedTrial`` for one that is not to be tried again.
  func fit(_ hp: HyperParameters, _ model: Model, _ arguments: FitArguments) throws -> TrialResult
}

extension HyperModel {
  public func fit(_ hp: HyperParameters, _ model: Model, _ arguments: FitArguments) throws -> TrialResult {
    .history(try arguments.fit(model))
  }
}

/// A function that builds models, where training needs nothing to be said.
struct BuildFunction: HyperModel {
  let body: (HyperParameters) throws -> Model

  func build(_ hp: HyperParameters) throws -> Model { try body(hp) }
}

/// What a training gave. (KerasTuner: what `HyperModel.fit` may return.)
public enum TrialResult {
  /// Of `fit`: the numbers of its best epoch count.
  case history(History)
  /// One number: the objective's.
  case value(Double)
  /// Several by name, the objective's among them.
  case metrics([String: Double])
}

/// Thrown while a model is built or trained, says that a trial has failed and is not to be tried again. (KerasTuner: `FailedTrialError`.)
public struct FailedTrial: Error, Sendable, CustomStringConvertible {
  /// Why.
  public let message: String

  /// - Parameter message: why.
  public init(_ message: String) { self.message = message }

  public var description: String { message }
}

extension TrialResult {
  /// The numbers that count, and the epoch of `fit` they are from, counted from the first that it ran.
  /// - Throws: ``ObjectiveMissing`` if the objective is not among them.
  func best(by objective: Objective) throws -> (metrics: [String: Double], step: Int) {
    switch self {
    case .value(let value):
      guard objective.parts.isEmpty else { throw ObjectiveMissing(objective, there: []) }
      return ([objective.name: value], 0)
    case .metrics(let metrics): return (try checked(metrics, objective), 0)
    case .history(let history):
      let epochs = history.epochs.indices.map { place in history.values.compactMapValues { place < $0.count ? $0[place] : nil } }
      guard let first = epochs.first else { throw ObjectiveMissing(objective, there: history.names) }
      var best = (metrics: try checked(first, objective), step: 0)
      for (place, metrics) in epochs.enumerated().dropFirst() {
        let metrics = try checked(metrics, objective)
        let (value, least) = (metrics[objective.name]!, best.metrics[objective.name]!)
        // An epoch without validation, or one that diverged, is passed over; in KerasTuner a NaN in the first would stay the best.
        if objective.isBetter(value, than: least) || least.isNaN && !value.isNaN { best = (metrics, place) }
      }
      return best
    }
  }

  private func checked(_ metrics: [String: Double], _ objective: Objective) throws -> [String: Double] {
    guard let value = objective.value(in: metrics) else { throw ObjectiveMissing(objective, there: metrics.keys.sorted()) }
    var metrics = metrics
    metrics[objective.name] = value
    return metrics
  }
}

/// That results lack the objective: no other trial could have it either.
struct ObjectiveMissing: Error {
  let error: DescentError

  init(_ objective: Objective, there names: [String]) {
    let missing = objective.names.filter { !names.contains($0) }.map { "'\($0)'" }.joined(separator: ", ")
    let known = names.filter { $0 != objective.name }.joined(separator: ", ")
    let hint = objective == .standard ? "; give the tuner an objective, or return one number from fit" : ""
    error = DescentError(
      .invalidArgument, "objective: the results have no \(missing); there \(names.isEmpty ? "are none" : "are \(known)")\(hint)")
  }
}
