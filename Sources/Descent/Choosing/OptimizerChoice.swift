import Optimizers
import TensorCore

/// What a comparison of optimizers has found.
public struct OptimizerChoice: Sendable {
  let options: ChoosingOptions
  let plan: ChoosingPlan
  /// With a budget of time runs may be longer in tuning than at the end.
  let tuningPlan: ChoosingPlan
  let isGreaterBetter: Bool
  /// Of each candidate, before it was tried.
  public let probes: [OptimizerProbe]
  /// All runs in the order in which they were made.
  public let trials: [OptimizerTrial]
  /// The best of each candidate's settings after tuning, the best first. Candidates of which all settings diverged are not among them.
  public let tuned: [OptimizerTrial]
  /// Of the recommended optimizer and of the baseline: loss and metrics on the rows for testing, if there were any.
  public let testScores: [String: [String: Double]]
  /// What all of it took.
  public let seconds: Double
  /// The answer in a sentence or two.
  public let verdict: String
  /// The finalists against the baseline.
  public let comparisons: [PairedComparison]
  /// The finalists with their final numbers, one for each seed; NaN for a run that diverged.
  public let finalScores: [(name: String, values: [Double])]
  /// What others were compared with.
  public let baseline: String
  /// The name of the one to take; nil if no run came to its end.
  public let recommendedName: String?
  /// The one to take, with the settings and the schedule of its final runs, as Keras writes it: what differs from the defaults.
  public let recommended: JSONValue?

  init(
    options: ChoosingOptions, plan: ChoosingPlan, tuningPlan: ChoosingPlan, probes: [OptimizerProbe], trials: [OptimizerTrial], tuned: [OptimizerTrial],
    testScores: [String: [String: Double]], isGreaterBetter: Bool, seconds: Double
  ) {
    self.options = options
    self.plan = plan
    self.tuningPlan = tuningPlan
    self.probes = probes
    self.trials = trials
    self.tuned = tuned
    self.testScores = testScores
    self.isGreaterBetter = isGreaterBetter
    self.seconds = seconds
    let verdict = OptimizerVerdict(options, trials: trials, isGreaterBetter: isGreaterBetter)
    self.verdict = verdict.sentence
    comparisons = verdict.comparisons
    finalScores = verdict.scores
    baseline = verdict.baseline
    recommendedName = verdict.recommended
    recommended = trials.first { $0.stage == .final && $0.candidate == verdict.recommended }?.optimizer
  }

  /// The recommended optimizer.
  /// - Throws: ``DescentError`` if there is none.
  public func optimizer() throws -> any Optimizer {
    guard let recommended else { throw DescentError(.state, "chooseOptimizer: no run came to its end; there is nothing to recommend") }
    return try OptimizerRegistry.optimizer(from: recommended)
  }

  /// The line of Swift that compiles a model with the recommended optimizer.
  public var code: String? {
    recommended.map { "try model.compile(anyOptimizer: OptimizerRegistry.optimizer(json: #\"\($0.text())\"#), loss: loss)" }
  }

  /// The length of a full run.
  public var epochsOfARun: Double { plan.epochs }

  /// One line a run: what it was and what came of it.
  public var csv: String {
    let head = ["stage", "candidate", "setting", "rung", "seed", "learning_rate", "optimizer", "steps", "seconds", "diverged", "loss", metricName]
    let rows = trials.map { trial in
      [
        trial.stage.rawValue, trial.candidate, "\(trial.number)", "\(trial.rung)", "\(trial.seed)", "\(trial.learningRate)", trial.optimizer.text(),
        "\(trial.points.last?.step ?? 0)", "\(trial.seconds)", "\(trial.hasDiverged)", trial.points.last.map { "\($0.loss)" } ?? "NA",
        trial.score.isNaN ? "NA" : "\(trial.score)",
      ]
    }
    return ([head] + rows).map { CSVLogger.line($0, separator: ",") }.joined()
  }

  var metricName: String { options.metric ?? "value" }
}
