import Foundation

/// An optimizer against the baseline: differences of the final number between runs that had one seed, and so the same initial weights
/// and the same order of rows.
public struct PairedComparison: Sendable, Equatable {
  /// The candidate.
  public let name: String
  /// For each seed by how much the candidate is better; less than 0 where it is worse. Only of runs that both came to their end.
  public let differences: [Double]
  /// The mean of ``differences``.
  public let mean: Double
  /// Where the true mean is to be looked for, with the confidence asked for, all comparisons taken together.
  public let interval: ClosedRange<Double>
  /// The chance of a mean as far from 0 if there were no difference, corrected for the number of comparisons after Holm.
  public let p: Double
  /// Whether the candidate is better by more than the smallest difference that matters.
  public let isBetter: Bool
  /// Whether it is worse than the baseline.
  public let isWorse: Bool

  /// Compares candidates with a baseline: t-tests on paired differences, corrected after Holm ("A simple sequentially rejective multiple
  /// test procedure", 1979), with the intervals of the level at which each difference was tested.
  /// - Parameters:
  ///   - baseline: its final number for each seed; NaN for a run that diverged.
  ///   - others: the candidates' in the same order of seeds.
  ///   - isGreaterBetter: whether a greater number is the better one.
  ///   - confidence: of all intervals together.
  ///   - smallestDifference: less than this does not matter.
  static func compare(
    baseline: [Double], _ others: [(name: String, scores: [Double])], isGreaterBetter: Bool, confidence: Double = 0.95,
    smallestDifference: Double = 0
  ) -> [PairedComparison] {
    let samples = others.map { other in
      Sample(zip(other.scores, baseline).map { isGreaterBetter ? $0 - $1 : $1 - $0 }.filter(\.isFinite))
    }
    let hasDiverged = others.map { !$0.scores.allSatisfy(\.isFinite) }
    let order = samples.indices.sorted { samples[$0].p < samples[$1].p }
    var adjusted = [Double](repeating: 1, count: samples.count), levels = [Double](repeating: 1 - confidence, count: samples.count)
    var worst = 0.0, isOpen = true, level = 1 - confidence
    for (rank, place) in order.enumerated() {
      worst = max(worst, min(1, samples[place].p * Double(samples.count - rank)))
      adjusted[place] = worst
      // After the first that is not significant no further one is tested: its level is the others' too.
      if isOpen { level = (1 - confidence) / Double(samples.count - rank) }
      levels[place] = level
      if samples[place].p > level { isOpen = false }
    }
    return samples.indices.map { place in
      let sample = samples[place], interval = sample.interval(confidence: 1 - levels[place])
      let isSignificant = sample.count >= 3 && adjusted[place] <= 1 - confidence
      return PairedComparison(
        name: others[place].name, differences: sample.values, mean: sample.mean, interval: interval, p: adjusted[place],
        isBetter: isSignificant && !hasDiverged[place] && interval.lowerBound > max(0, smallestDifference),
        isWorse: isSignificant && interval.upperBound < 0)
    }
  }

  private struct Sample {
    let values: [Double]
    let mean: Double
    let error: Double
    let p: Double

    var count: Int { values.count }

    init(_ values: [Double]) {
      self.values = values
      let n = Double(values.count)
      mean = values.isEmpty ? .nan : values.reduce(0, +) / n
      let mean = mean
      error = values.count < 2 ? .infinity : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1) / n).squareRoot()
      p = values.count < 2 || mean == 0 ? 1 : StudentT.twoSidedP(mean / error, degreesOfFreedom: values.count - 1)
    }

    func interval(confidence: Double) -> ClosedRange<Double> {
      if values.count < 2 { return -Double.infinity...Double.infinity }
      let reach = error == 0 ? 0 : error * StudentT.critical(confidence: confidence, degreesOfFreedom: count - 1)
      return mean - reach...mean + reach
    }
  }
}
