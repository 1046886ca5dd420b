import Descent

/// Tries hyperparameters that promise most by those before. (KerasTuner: `keras_tuner.BayesianOptimization`.)
///
/// The first trials are drawn at random. Then a Gaussian process is fitted to the scores, over a coordinate from 0 to 1 for each hyperparameter, with the kernel of
/// Matérn of order 5/2 whose length is the most likely one; the next trial is where μ − β σ of its mean and deviation is least (of what is to be great,
/// −μ − β σ). That point is searched for from fifty random ones.
open class BayesianOptimization: Tuner {
  /// - Parameters:
  ///   - hypermodel: what builds the models; nil for a subclass that runs trials of its own.
  ///   - objective: what trials are compared by: `"val_accuracy"`; nil where `fit` returns one number, the less the better.
  ///   - maxTrials: how many sets of hyperparameters are tried at most.
  ///   - numInitialPoints: how many are drawn at random at first; nil for three for each hyperparameter.
  ///   - alpha: the noise of the scores: what is added to the kernel's diagonal.
  ///   - beta: how much deviation counts; the more, the more what is unknown is tried.
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
    _ hypermodel: (any HyperModel)?, objective: Objective? = nil, maxTrials: Int = 10, numInitialPoints: Int? = nil, alpha: Double = 1e-4,
    beta: Double = 2.6, seed: UInt64? = nil, hyperparameters: HyperParameters? = nil, tuneNewEntries: Bool = true, allowNewEntries: Bool = true,
    maxRetriesPerTrial: Int = 0, maxConsecutiveFailedTrials: Int = 3, executionsPerTrial: Int = 1, overwrite: Bool = false, directory: String = ".",
    projectName: String = "untitled_project"
  ) throws {
    try super.init(
      hypermodel, try BayesianStrategy(numInitialPoints: numInitialPoints, alpha: alpha, beta: beta),
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
  ///   - numInitialPoints: how many are drawn at random at first; nil for three for each hyperparameter.
  ///   - alpha: the noise of the scores: what is added to the kernel's diagonal.
  ///   - beta: how much deviation counts; the more, the more what is unknown is tried.
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
    _ build: @escaping (HyperParameters) throws -> Model, objective: Objective? = nil, maxTrials: Int = 10, numInitialPoints: Int? = nil,
    alpha: Double = 1e-4, beta: Double = 2.6, seed: UInt64? = nil, hyperparameters: HyperParameters? = nil, tuneNewEntries: Bool = true,
    allowNewEntries: Bool = true, maxRetriesPerTrial: Int = 0, maxConsecutiveFailedTrials: Int = 3, executionsPerTrial: Int = 1,
    overwrite: Bool = false, directory: String = ".", projectName: String = "untitled_project"
  ) throws {
    try self.init(
      BuildFunction(body: build), objective: objective, maxTrials: maxTrials, numInitialPoints: numInitialPoints, alpha: alpha, beta: beta,
      seed: seed, hyperparameters: hyperparameters, tuneNewEntries: tuneNewEntries, allowNewEntries: allowNewEntries,
      maxRetriesPerTrial: maxRetriesPerTrial, maxConsecutiveFailedTrials: maxConsecutiveFailedTrials, executionsPerTrial: executionsPerTrial,
      overwrite: overwrite, directory: directory, projectName: projectName)
  }
}
