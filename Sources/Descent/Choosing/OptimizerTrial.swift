import Optimizers
import TensorCore

/// One run of a comparison: what was trained how, and what came of it.
public struct OptimizerTrial: Sendable {
  /// Why it was run.
  public enum Stage: String, Sendable {
    /// With the candidate's own settings, to the end.
    case defaults
    /// With settings that were drawn, as far as they were good.
    case tune
    /// A finalist with its best settings, to the end.
    case final
  }

  /// What was known after a leg.
  public struct Point: Sendable, Equatable {
    /// Steps so far.
    public let step: Int
    /// Seconds of training so far, without judging.
    public let seconds: Double
    /// The loss on the rows trained on, over the leg.
    public let loss: Double
    /// The metric on the rows kept apart.
    public let value: Double
  }

  /// Why it was run.
  public let stage: Stage
  /// The candidate's name.
  public let candidate: String
  /// Which of the candidate's settings: 0 for its defaults.
  public let number: Int
  /// Which of the stage's ends it reached: of tuning 0, 1 or 2, else 0.
  public let rung: Int
  /// Decides initial weights, order of rows, dropout.
  public let seed: UInt64
  /// The settings, as Keras writes them.
  public let optimizer: JSONValue
  /// The learning rate, of a schedule the greatest.
  public let learningRate: Double
  /// The course of the run.
  public let points: [Point]
  /// Whether it was stopped, as its loss was not finite or far above its start.
  public let hasDiverged: Bool

  /// The metric at the end; NaN if it diverged.
  public var score: Double { hasDiverged ? .nan : points.last?.value ?? .nan }
  /// Seconds of training.
  public var seconds: Double { points.last?.seconds ?? 0 }

  /// What a journal calls it.
  var id: String { "\(stage.rawValue)/\(candidate)/\(number)/\(rung)/\(seed)" }

  var json: JSONValue {
    func column(_ values: [Double]) -> JSONValue { .array(values.map { JSONValue($0) }) }
    return [
      "kind": "trial", "id": .string(id), "stage": .string(stage.rawValue), "candidate": .string(candidate), "number": JSONValue(number),
      "rung": JSONValue(rung), "seed": .string(String(seed)), "optimizer": optimizer, "learning_rate": JSONValue(learningRate),
      "diverged": .bool(hasDiverged), "step": .array(points.map { JSONValue($0.step) }), "seconds": column(points.map(\.seconds)),
      "loss": column(points.map(\.loss)), "value": column(points.map(\.value)),
    ]
  }
}

extension OptimizerTrial {
  init?(_ json: JSONValue) {
    func column(_ name: String) -> [Double]? { json[name]?.array?.map { $0.double ?? .nan } }
    guard let stage = json["stage"]?.string.flatMap(Stage.init), let candidate = json["candidate"]?.string, let number = json["number"]?.int,
      let rung = json["rung"]?.int, let seed = json["seed"]?.string.flatMap(UInt64.init), let optimizer = json["optimizer"],
      let rate = json["learning_rate"]?.double, let hasDiverged = json["diverged"]?.bool, let steps = column("step"),
      let seconds = column("seconds"), let losses = column("loss"), let values = column("value"),
      Set([steps.count, seconds.count, losses.count, values.count]).count == 1
    else { return nil }
    self.init(
      stage: stage, candidate: candidate, number: number, rung: rung, seed: seed, optimizer: optimizer, learningRate: rate,
      points: steps.indices.map { Point(step: Int(steps[$0]), seconds: seconds[$0], loss: losses[$0], value: values[$0]) },
      hasDiverged: hasDiverged)
  }
}

/// What is found out of a candidate before it is tried.
public struct OptimizerProbe: Sendable, Equatable {
  /// The candidate's name.
  public let candidate: String
  /// Of a training step.
  public let secondsPerStep: Double
  /// What the optimizer remembers of the weights.
  public let stateBytes: Int
  /// Of judging the rows kept apart, once.
  public let secondsPerJudging: Double
  /// Of making a model and its plans.
  public let secondsPerStart: Double
  /// The learning rate about which settings are drawn: what a range test suggests, or the candidate's own if it suggests none.
  public let learningRate: Double
  /// Whether the optimizer averages weights for judging by itself, and has no use for averages and schedules around it.
  public let averagesItself: Bool

  var json: JSONValue {
    [
      "kind": "probe", "candidate": .string(candidate), "seconds_per_step": JSONValue(secondsPerStep), "state_bytes": JSONValue(stateBytes),
      "seconds_per_judging": JSONValue(secondsPerJudging), "seconds_per_start": JSONValue(secondsPerStart),
      "learning_rate": JSONValue(learningRate), "averages_itself": .bool(averagesItself),
    ]
  }
}

extension OptimizerProbe {
  init?(_ json: JSONValue) {
    guard let candidate = json["candidate"]?.string, let step = json["seconds_per_step"]?.double, let bytes = json["state_bytes"]?.int,
      let judging = json["seconds_per_judging"]?.double, let start = json["seconds_per_start"]?.double,
      let rate = json["learning_rate"]?.double, let averages = json["averages_itself"]?.bool
    else { return nil }
    self.init(
      candidate: candidate, secondsPerStep: step, stateBytes: bytes, secondsPerJudging: judging, secondsPerStart: start, learningRate: rate,
      averagesItself: averages)
  }
}
