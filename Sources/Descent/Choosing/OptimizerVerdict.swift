import Foundation
import Optimizers
import TensorCore

/// What the final runs say.
struct OptimizerVerdict {
  let baseline: String
  /// The finalists by name with the final numbers of each seed, NaN for runs that diverged.
  let scores: [(name: String, values: [Double])]
  let comparisons: [PairedComparison]
  /// The one to take: the best of those that are better than the baseline, else the baseline; nil if not even that came to an end.
  let recommended: String?
  let sentence: String

  init(_ options: ChoosingOptions, trials: [OptimizerTrial], isGreaterBetter: Bool) {
    let baseline = options.baseline
    self.baseline = baseline
    let final = trials.filter { $0.stage == .final }
    var names: [String] = []
    for trial in final where !names.contains(trial.candidate) { names.append(trial.candidate) }
    let seeds = Array(Set(final.map(\.seed))).sorted()
    func values(_ name: String) -> [Double] {
      seeds.map { seed in final.first { $0.candidate == name && $0.seed == seed }?.score ?? .nan }
    }
    scores = names.map { ($0, values($0)) }
    let others = scores.filter { $0.name != baseline }
    comparisons = scores.contains { $0.name == baseline }
      ? PairedComparison.compare(
        baseline: values(baseline), others.map { (name: $0.name, scores: $0.values) }, isGreaterBetter: isGreaterBetter,
        confidence: options.confidence, smallestDifference: options.smallestDifference) : []
    let better = comparisons.filter(\.isBetter).sorted { $0.mean > $1.mean }
    let metric = options.metric ?? "the metric"
    let sure = Int((options.confidence * 100).rounded())
    if let best = better.first {
      recommended = best.name
      let (low, high) = (best.interval.lowerBound, best.interval.upperBound)
      var text = "\(best.name) is better than tuned \(baseline): \(metric) by \(Chart.short(best.mean)) (\(sure)% interval \(Chart.short(low)) to \(Chart.short(high)), \(best.differences.count) paired runs)."
      if better.count > 1 { text += " So \(better.count == 2 ? "is" : "are") \(better.dropFirst().map(\.name).joined(separator: ", "))." }
      sentence = text
    } else if let own = scores.first(where: { $0.name == baseline }), own.values.contains(where: \.isFinite) {
      recommended = baseline
      let rate = final.first { $0.candidate == baseline }.map { ", learning rate \(Chart.short($0.learningRate))" } ?? ""
      let worse = comparisons.filter(\.isWorse).map(\.name)
      var text = "No optimizer was found to be better than tuned \(baseline) with this budget"
      let open = comparisons.filter { !$0.isWorse }
      text += open.isEmpty ? "; the others are worse. Keep \(baseline)\(rate)." : ": no difference found. Keep \(baseline)\(rate)."
      if !worse.isEmpty && !open.isEmpty { text += " Worse \(worse.count == 1 ? "is" : "are") \(worse.joined(separator: ", "))." }
      sentence = text
    } else if let steadiest = scores.filter({ $0.values.allSatisfy(\.isFinite) && !$0.values.isEmpty }).first {
      recommended = steadiest.name
      sentence = "\(baseline) diverged with every setting that was tried or in every final run; \(steadiest.name) came to its end each time."
    } else {
      recommended = nil
      sentence = scores.isEmpty ? "No final run fitted into the budget: there is no answer." : "All finalists diverged: there is no answer."
    }
  }
}
