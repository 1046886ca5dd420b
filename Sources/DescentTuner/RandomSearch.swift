import Descent

/// Tries hyperparameters at random, none twice. (KerasTuner: `keras_tuner.RandomSearch`.)
///
///     let tuner = try RandomSearch(buildModel, objective: "val_accuracy", maxTrials: 20, directory: "searches", projectName: "digits")
///     try tuner.search(x, y, epochs: 10, validationData: (xVal, yVal))
///     let model = try tuner.bestModels()[0]
///
/// Of the same seed the draws are KerasTuner's. A trial's values are drawn again where they were tried before; after twenty times the space counts as exhausted.
open class RandomSearch: Tuner {
  /// - Parameters:
  ///   - hypermodel: what builds the models; nil for a subclass that runs trials of its own.
  ///   - objective: what trials are compared by: `"val_accuracy"`; nil where `fit` returns one number, the less the better.
  ///   - maxTrials: how many sets of hyperparameters are tried at most.
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
    _ hypermodel: (any HyperModel)?, objective: Objective? = nil, maxTrials: Int = 10, seed: UInt64? = nil, hyperparameters: HyperParameters? = nil,
    tuneNewEntries: Bool = true, allowNewEntries: Bool = true, maxRetriesPerTrial: Int = 0, maxConsecutiveFailedTrials: Int = 3,
    executionsPerTrial: Int = 1, overwrite: Bool = false, directory: String = ".", projectName: String = "untitled_project"
  ) throws {
    try super.init(
      hypermodel, RandomStrategy(),
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
  ///   - maxTrials: how many sets of hyperparameters are tried at most.
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
    _ build: @escaping (HyperParameters) throws -> Model, objective: Objective? = nil, maxTrials: Int = 10, seed: UInt64? = nil,
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
