import Descent

/// Trains many models for a few epochs, and the best of them on for more. (KerasTuner: `keras_tuner.Hyperband`.)
///
/// Of R = `maxEpochs` and η = `factor` there are brackets s = ⌊log R / log η⌋, …, 0. One has s + 1 rounds, i = 0, …, s, of ⌈⌈1 + log R / log η⌉ / (s + 1) · ηˢ⁻ⁱ⌉ trials that
/// end at epoch ⌈R / ηˢ⁻ⁱ⌉. A trial of a round after the first goes on with the best weights of one of the round before, with a new optimizer. A trial's values have
/// `tuner/epochs`, `tuner/initial_epoch`, `tuner/bracket`, `tuner/round`, and `tuner/trial_id` where it goes on with another's weights.
/// Of the same seed the draws are KerasTuner's. (Li et al., [Hyperband](https://jmlr.org/papers/v18/16-558.html), 2018.)
open class Hyperband: Tuner {
  /// - Parameters:
  ///   - hypermodel: what builds the models; nil for a subclass that runs trials of its own.
  ///   - objective: what trials are compared by: `"val_accuracy"`; nil where `fit` returns one number, the less the better.
  ///   - maxEpochs: the most epochs that a model is trained for: a little more than the largest needs.
  ///   - factor: how many times fewer trials a round has than the one before, and more epochs; at least 2.
  ///   - hyperbandIterations: how often all brackets are gone through.
  ///   - seed: of what is drawn and of the models; nil for one derived from `setRandomSeed`'s, of a search that goes on its own.
  ///   - hyperparameters: what is known beforehand; it stands for what models ask for under the same names.
  ///   - tuneNewEntries: whether what models ask for besides is tuned; otherwise it has its defaults.
  ///   - allowNewEntries: whether models may ask for anything besides.
  ///   - maxRetriesPerTrial: how often a trial that fails is tried again.
  ///   - maxConsecutiveFailedTrials: how many failed trials in a row end the search.
  ///   - executionsPerTrial: how often each set of hyperparameters is trained; the means count.
  ///   - overwrite: whether a search that is in the folder is thrown away, not gone on with.
  ///   - directory: where the folder of the search is.
  ///   - projectName: what that folder is called.
  /// - Throws: ``DescentError`` if a setting is impossible, the objective's direction is not known, or the folder holds another search or a damaged one; and what
  ///   building the model throws.
  public init(
    _ hypermodel: (any HyperModel)?, objective: Objective? = nil, maxEpochs: Int = 100, factor: Int = 3, hyperbandIterations: Int = 1,
    seed: UInt64? = nil, hyperparameters: HyperParameters? = nil, tuneNewEntries: Bool = true, allowNewEntries: Bool = true,
    maxRetriesPerTrial: Int = 0, maxConsecutiveFailedTrials: Int = 3, executionsPerTrial: Int = 1, overwrite: Bool = false, directory: String = ".",
    projectName: String = "untitled_project"
  ) throws {
    try super.init(
      hypermodel, try HyperbandStrategy(maxEpochs: maxEpochs, factor: factor, iterations: hyperbandIterations),
      Oracle.Settings(
        objective: objective ?? .standard, maxTrials: nil, hyperparameters: hyperparameters, allowNewEntries: allowNewEntries,
        tuneNewEntries: tuneNewEntries, seed: seed, maxRetriesPerTrial: maxRetriesPerTrial,
        maxConsecutiveFailedTrials: maxConsecutiveFailedTrials),
      Place(executionsPerTrial: executionsPerTrial, directory: directory, projectName: projectName, overwrite: overwrite))
  }

  /// The same with a function that builds the models.
  /// - Parameters:
  ///   - build: a new model of the hyperparameters that it asks for, compiled.
  ///   - objective: what trials are compared by: `"val_accuracy"`; nil where `fit` returns one number, the less the better.
  ///   - maxEpochs: the most epochs that a model is trained for: a little more than the largest needs.
  ///   - factor: how many times fewer trials a round has than the one before, and more epochs; at least 2.
  ///   - hyperbandIterations: how often all brackets are gone through.
  ///   - seed: of what is drawn and of the models; nil for one derived from `setRandomSeed`'s, of a search that goes on its own.
  ///   - hyperparameters: what is known beforehand; it stands for what models ask for under the same names.
  ///   - tuneNewEntries: whether what models ask for besides is tuned; otherwise it has its defaults.
  ///   - allowNewEntries: whether models may ask for anything besides.
  ///   - maxRetriesPerTrial: how often a trial that fails is tried again.
  ///   - maxConsecutiveFailedTrials: how many failed trials in a row end the search.
  ///   - executionsPerTrial: how often each set of hyperparameters is trained; the means count.
  ///   - overwrite: whether a search that is in the folder is thrown away, not gone on with.
  ///   - directory: where the folder of the search is.
  ///   - projectName: what that folder is called.
  /// - Throws: ``DescentError`` if a setting is impossible, the objective's direction is not known, or the folder holds another search or a damaged one; and what
  ///   building the model throws.
  public convenience init(
    _ build: @escaping (HyperParameters) throws -> Model, objective: Objective? = nil, maxEpochs: Int = 100, factor: Int = 3,
    hyperbandIterations: Int = 1, seed: UInt64? = nil, hyperparameters: HyperParameters? = nil, tuneNewEntries: Bool = true,
    allowNewEntries: Bool = true, maxRetriesPerTrial: Int = 0, maxConsecutiveFailedTrials: Int = 3, executionsPerTrial: Int = 1,
    overwrite: Bool = false, directory: String = ".", projectName: String = "untitled_project"
  ) throws {
    try self.init(
      BuildFunction(body: build), objective: objective, maxEpochs: maxEpochs, factor: factor, hyperbandIterations: hyperbandIterations, seed: seed,
      hyperparameters: hyperparameters, tuneNewEntries: tuneNewEntries, allowNewEntries: allowNewEntries, maxRetriesPerTrial: maxRetriesPerTrial,
      maxConsecutiveFailedTrials: maxConsecutiveFailedTrials, executionsPerTrial: executionsPerTrial, overwrite: overwrite, directory: directory,
      projectName: projectName)
  }

  open override func runTrial(_ trial: Trial, _ arguments: FitArguments) throws -> [TrialResult] {
    var arguments = arguments
    if let epochs = trial.hyperparameters.values[HyperbandStrategy.epochsKey]?.int { arguments.epochs = epochs }
    if let epoch = trial.hyperparameters.values[HyperbandStrategy.initialEpochKey]?.int { arguments.initialEpoch = epoch }
    return try super.runTrial(trial, arguments)
  }

  override func builtModel(_ hp: HyperParameters) throws -> Model {
    let model = try super.builtModel(hp)
    if let past = hp.values[HyperbandStrategy.trialKey]?.string { try loadWeights(of: past, into: model) }
    return model
  }
}
