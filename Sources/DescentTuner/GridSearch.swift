import Descent

/// Tries all combinations of hyperparameters. (KerasTuner: `keras_tuner.GridSearch`.)
///
/// The last hyperparameter changes first. Each has its default before its other values; of numbers without a step there are ten, evenly over the range.
/// What counts under a condition alone is combined only where that is met.
/// Different from KerasTuner: those ten come in ascending order, where KerasTuner's come as a set of Python has them; and a search that was killed goes on, where
/// KerasTuner's ends.
open class GridSearch: Tuner {
  /// - Parameters:
  ///   - hypermodel: what builds the models; nil for a subclass that runs trials of its own.
  ///   - objective: what trials are compared by: `"val_accuracy"`; nil where `fit` returns one number, the less the better.
  ///   - maxTrials: how many combinations are tried at most; nil for all.
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
    _ hypermodel: (any HyperModel)?, objective: Objective? = nil, maxTrials: Int? = nil, seed: UInt64? = nil, hyperparameters: HyperParameters? = nil,
    tuneNewEntries: Bool = true, allowNewEntries: Bool = true, maxRetriesPerTrial: Int = 0, maxConsecutiveFailedTrials: Int = 3,
    executionsPerTrial: Int = 1, overwrite: Bool = false, directory: String = ".", projectName: String = "untitled_project"
  ) throws {
    try super.init(
      hypermodel, GridStrategy(),
      Oracle.Settings(
        objective: objective ?? .standard, maxTrials: maxTrials, hyperparameters: hyperparameters, allowNewEntries: allowNewEntries,
        tuneNewEntries: tuneNewEntries, seed: seed, maxRetriesPerTrial: maxRetriesPerTrial,
        maxConsecutiveFailedTrials: maxConsecutiveFailedTrials),
      Place(executionsPerTrial: executionsPerTrial, directory: directory, projectName: projectName, overwrite: overwrite))
  }

  /// The same with a function that builds the models.
  /// - Parameters:
  ///   - build: a new model of the hyperparameters that it asks for, compiled.
  ///   - objective: what trials are compared by: `"val_accuracy"`; nil where `fit` returns one number, the less the better.
  ///   - maxTrials: how many combinations are tried at most; nil for all.
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
    _ build: @escaping (HyperParameters) throws -> Model, objective: Objective? = nil, maxTrials: Int? = nil, seed: UInt64? = nil,
    hyperparameters: HyperParameters? = nil, tuneNewEntries: Bool = true, allowNewEntries: Bool = true, maxRetriesPerTrial: Int = 0,
    maxConsecutiveFailedTrials: Int = 3, executionsPerTrial: Int = 1, overwrite: Bool = false, directory: String = ".",
    projectName: String = "untitled_project"
  ) throws {
    try self.init(
      BuildFunction(body: build), objective: objective, maxTrials: maxTrials, seed: seed, hyperparameters: hyperparameters,
      tuneNewEntries: tuneNewEntries, allowNewEntries: allowNewEntries, maxRetriesPerTrial: maxRetriesPerTrial,
      maxConsecutiveFailedTrials: maxConsecutiveFailedTrials, executionsPerTrial: executionsPerTrial, overwrite: overwrite, directory: directory,
      projectName: projectName)
  }
}
