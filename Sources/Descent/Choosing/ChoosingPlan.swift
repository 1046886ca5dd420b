import Foundation
import TensorCore

/// How long runs are and how many there are: what a budget becomes.
///
/// A full run has ``legs`` of ``stepsPerLeg`` steps, and is judged after each leg. Tuning stops at a ninth and a third of it, and lets
/// the best third of an optimizer's own settings go on each time.
struct ChoosingPlan: Equatable {
  let candidates: Int
  let tuningTrials: Int
  let seeds: Int
  let stepsPerEpoch: Int
  let legs: Int
  let stepsPerLeg: Int

  static let finalists = 4
  static let probeSteps = 120
  private static let leastTuningTrials = 3, leastSeeds = 3

  /// - Parameter epochs: of a full run.
  init(candidates: Int, tuningTrials: Int, seeds: Int, stepsPerEpoch: Int, epochs: Double) {
    self.candidates = candidates
    self.tuningTrials = tuningTrials
    self.seeds = seeds
    self.stepsPerEpoch = stepsPerEpoch
    legs = 9 * max(1, Int((epochs / 9).rounded()))
    stepsPerLeg = max(1, Int((epochs * Double(stepsPerEpoch) / Double(legs)).rounded(.up)))
  }

  var fullSteps: Int { legs * stepsPerLeg }
  var epochs: Double { Double(fullSteps) / Double(stepsPerEpoch) }
  /// How many legs a trial of tuning has run at each of its ends.
  var rungs: [Int] { [legs / 9, legs / 3, legs] }
  /// How many trials of an optimizer reach each of them.
  var survivors: [Int] { [tuningTrials, (tuningTrials + 2) / 3, (tuningTrials + 8) / 9] }
  var finalistCount: Int { min(ChoosingPlan.finalists, candidates) }

  /// Steps of one optimizer's tuning.
  var tuningSteps: Int {
    zip(survivors, zip(rungs, [0] + rungs)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) } * stepsPerLeg
  }

  /// Steps of everything.
  var steps: Int { candidates * (ChoosingPlan.probeSteps + fullSteps + tuningSteps) + finalistCount * seeds * fullSteps }
  /// The same in passes over the rows.
  var cost: Double { Double(steps) / Double(stepsPerEpoch) }

  /// What fits a budget.
  /// - Parameters:
  ///   - seconds: what a plan takes, if the budget is one of time.
  /// - Throws: ``DescentError`` telling the least budget if nothing fits.
  static func fitting(
    _ options: ChoosingOptions, candidates: Int, stepsPerEpoch: Int, seconds: (ChoosingPlan) -> Double
  ) throws -> ChoosingPlan {
    func plan(_ epochs: Double, _ trials: Int, _ seeds: Int) -> ChoosingPlan {
      ChoosingPlan(candidates: candidates, tuningTrials: trials, seeds: seeds, stepsPerEpoch: stepsPerEpoch, epochs: epochs)
    }
    let greatest = options.epochs.map(Double.init) ?? (options.budget == nil ? 10 : 30)
    guard let budget = options.budget else { return plan(greatest, options.tuningTrials, options.seeds) }
    func fits(_ plan: ChoosingPlan) -> Bool {
      switch budget {
      case .epochs(let limit): plan.cost <= limit
      case .seconds(let limit): seconds(plan) <= limit
      }
    }
    // Shorter runs where their length is free, then fewer settings, then fewer seeds.
    let free = Array(stride(from: greatest, through: 1, by: -0.5))
    let lengths: [Double] = options.epochs.map { [Double($0)] } ?? free
    let trials = Array(Set([options.tuningTrials, 6, 4, leastTuningTrials].filter { $0 <= options.tuningTrials })).sorted(by: >)
    let seeds = Array(Set([options.seeds, 4, leastSeeds].filter { $0 <= options.seeds })).sorted(by: >)
    var smallest = plan(lengths[lengths.count - 1], options.tuningTrials, options.seeds)
    for seeds in seeds {
      for trials in trials {
        for length in lengths {
          smallest = plan(length, trials, seeds)
          if fits(smallest) { return smallest }
        }
      }
    }
    let needed = switch budget {
      case .epochs: "\(Int(smallest.cost.rounded(.up))) epochs in all"
      case .seconds: "\(Int(seconds(smallest).rounded(.up))) seconds"
    }
    throw DescentError(
      .invalidArgument,
      "chooseOptimizer: the budget is too small: \(candidates) candidates with \(smallest.tuningTrials) settings each and \(smallest.seeds) seeds need \(needed), with runs of \(Chart.short(smallest.epochs)) epochs; give more, or fewer candidates")
  }

  var json: JSONValue {
    [
      "tuning_trials": JSONValue(tuningTrials), "seeds": JSONValue(seeds), "steps_per_epoch": JSONValue(stepsPerEpoch),
      "legs": JSONValue(legs), "steps_per_leg": JSONValue(stepsPerLeg),
    ]
  }

  init?(_ json: JSONValue, candidates: Int) {
    guard let trials = json["tuning_trials"]?.int, let seeds = json["seeds"]?.int, let steps = json["steps_per_epoch"]?.int,
      let legs = json["legs"]?.int, let length = json["steps_per_leg"]?.int, trials > 0, seeds > 0, steps > 0, legs >= 9, length > 0
    else { return nil }
    (self.candidates, tuningTrials, self.seeds, stepsPerEpoch, self.legs, stepsPerLeg) = (candidates, trials, seeds, steps, legs, length)
  }
}
