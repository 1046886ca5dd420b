import Optimizers
import TensorCore

/// An optimizer to be tried, under a name.
public struct OptimizerCandidate: Sendable {
  /// What tables and files call it.
  public let name: String
  /// With its defaults: the settings that the first trial has.
  public let optimizer: any Optimizer

  /// - Parameters:
  ///   - name: the class's name in small letters if nil.
  ///   - optimizer: with the settings that the first trial is to have.
  public init(_ name: String? = nil, _ optimizer: any Optimizer) {
    self.name = name ?? type(of: optimizer).className.lowercased()
    self.optimizer = optimizer
  }

  /// What ``Model/chooseOptimizer(_:_:validationData:testData:options:startsFromWeights:journal:progress:group:)`` tries if nobody says: one of each kind.
  public static var standard: [OptimizerCandidate] {
    [
      OptimizerCandidate("sgd-nesterov", SGD(momentum: 0.9, nesterov: true)), OptimizerCandidate("adam", Adam()),
      OptimizerCandidate("adamw", AdamW()), OptimizerCandidate("nadam", Nadam()), OptimizerCandidate("rmsprop", RMSprop()),
      OptimizerCandidate("lion", Lion()), OptimizerCandidate("muon", Muon()), OptimizerCandidate("adamw-schedule-free", ScheduleFreeAdamW()),
    ]
  }
}

/// How optimizers are to be compared.
public struct ChoosingOptions: Sendable {
  /// What the whole comparison may take.
  public enum Budget: Sendable, Equatable {
    /// Passes over the training rows, all runs together. The result then does not depend on the machine's pace, and a comparison that
    /// was killed and goes on gives what one gives that was not.
    case epochs(Double)
    /// Seconds. How many runs there is time for, and of what length, depends on the machine's pace: as it is measured at first, when each
    /// candidate has run once, and when all are tuned. What is cut is cut for all alike. So the budget is kept within 5 %, unless the machine gets
    /// several times slower in the midst of it; then there may be no answer.
    case seconds(Double)
  }

  /// How a final run's learning rate goes.
  public enum FinalSchedule: String, Sendable, CaseIterable {
    /// A rise over the first twentieth of the steps, and half a cosine down to 0.
    case cosine
    /// The same rate from the first step to the last.
    case constant
  }

  /// What is tried. Adam is added if it is not among them: it is what others are compared with.
  public var candidates = OptimizerCandidate.standard
  /// What the comparison may take; nil for as long as the other settings need.
  public var budget: Budget?
  /// The length of a full run in epochs; nil for what the budget allows, at most 30, or 10 without a budget.
  public var epochs: Int?
  /// How many settings of each optimizer are tried, its defaults first.
  public var tuningTrials = 8
  /// How many runs of each finalist there are at the end.
  public var seeds = 5
  /// The number to judge by, as the history calls it without `val_`; nil for the first metric, or the loss if there is none.
  public var metric: String?
  /// A value of the metric to measure the time to; nil for the baseline's own gains.
  public var target: Double?
  /// A smaller difference does not matter.
  public var smallestDifference = 0.0
  /// How sure a difference must be, all comparisons together.
  public var confidence = 0.95
  /// Rows a step.
  public var batchSize = 32
  /// How the learning rate of the final runs goes, but for optimizers that have no use for a schedule.
  public var schedule = FinalSchedule.cosine
  /// Decides initial weights, orders of rows and settings to try.
  public var seed: UInt64 = 0

  /// See the properties.
  public init() {}

  /// The candidates with the baseline among them.
  var allCandidates: [OptimizerCandidate] {
    candidates.contains { type(of: $0.optimizer).className == Adam.className } ? candidates : candidates + [OptimizerCandidate("adam", Adam())]
  }

  /// The name of the one that the others are compared with: the first Adam.
  var baseline: String { allCandidates.first { type(of: $0.optimizer).className == Adam.className }!.name }

  /// Checks what can be checked before there are a model and data.
  /// - Throws: ``DescentError`` telling what is out of range.
  public func validate() throws {
    let caller = "chooseOptimizer"
    func refuse(_ what: String) throws -> Never { throw DescentError(.invalidArgument, "\(caller): \(what)") }
    if candidates.isEmpty { try refuse("there are no candidates") }
    var names: Set<String> = []
    for candidate in allCandidates {
      if candidate.name.isEmpty || !names.insert(candidate.name).inserted {
        try refuse("two candidates are called '\(candidate.name)'; give each a name of its own")
      }
      try candidate.optimizer.validate()
      if candidate.optimizer.holdsMultiOptimizer { try refuse("\(candidate.name) is a MultiOptimizer, which has no one learning rate to choose") }
      if candidate.optimizer.options.learningRate.isSchedule { try refuse("\(candidate.name) has a schedule; give a number, the schedule comes in the final runs") }
    }
    let most = ChoosingPlan.greatestCount
    try NumberRange.from(1, to: most).check("epochs", epochs, caller)
    try NumberRange.from(1, to: most).check("tuningTrials", tuningTrials, caller)
    try NumberRange.from(2, to: most).check("seeds", seeds, caller)
    try NumberRange.count.check("batchSize", batchSize, caller)
    if !(confidence > 0.5 && confidence < 1) { try refuse("confidence is \(confidence); it must be greater than 0.5 and less than 1") }
    try NumberRange.nonNegative.check("smallestDifference", smallestDifference, caller)
    switch budget {
    case .epochs(let amount)?, .seconds(let amount)?: try NumberRange.positive.check("the budget", amount, caller)
    case nil: break
    }
  }
}

extension Optimizer {
  /// Whether it or one inside it is a ``MultiOptimizer``.
  fileprivate var holdsMultiOptimizer: Bool { self is MultiOptimizer || parts.contains { $0.holdsMultiOptimizer } }
}
