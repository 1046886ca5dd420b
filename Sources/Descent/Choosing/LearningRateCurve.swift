import Foundation

/// What ``Model/findLearningRate(_:_:batchSize:startLearningRate:endLearningRate:steps:smoothing:stopsWhenDiverging:sampleWeight:)``
/// measured: the loss of each step while the learning rate grew.
public struct LearningRateCurve: Sendable, Equatable {
  /// The rate of each step, growing by a constant factor.
  public let learningRates: [Double]
  /// The loss of each step's batch, before the step was made.
  public let losses: [Double]
  /// The losses smoothed: an exponential average with correction of its start.
  public let smoothedLosses: [Double]
  /// Whether it ended before its last step, as the loss was no longer finite or four times the least.
  public let hasDiverged: Bool
  /// Whether Ctrl-C ended it.
  public let isInterrupted: Bool
  /// Where in the curve rates are looked for: neither in its beginning, where averages are of few steps, nor at its very end.
  private let searched: Range<Int>

  /// - Parameters:
  ///   - steps: how many steps there were to be.
  ///   - smoothing: the share of the past in the average.
  init(learningRates: [Double], losses: [Double], steps: Int, smoothing: Double, hasDiverged: Bool, isInterrupted: Bool = false) {
    self.learningRates = learningRates
    self.losses = losses
    self.hasDiverged = hasDiverged
    self.isInterrupted = isInterrupted
    var average = 0.0, share = 1.0
    let smoothed = losses.map { loss -> Double in
      average = smoothing * average + (1 - smoothing) * loss
      share *= smoothing
      return average / (1 - share)
    }
    smoothedLosses = smoothed
    let first = min(steps / 10, smoothed.count)
    let last = max(first, smoothed.count - 5)
    searched = first..<(smoothed[first..<last].firstIndex { !$0.isFinite } ?? last)
  }

  /// A way to read a rate from the curve.
  public enum Suggestion: String, Sendable, CaseIterable {
    /// The middle of the longest run of ever smaller losses: steep enough, and far from trouble. fastai's default.
    case valley
    /// A tenth of the rate at which the loss is least.
    case minimum
    /// The rate at which the loss falls fastest.
    case steep
    /// The rate left of the rise, where slopes 15 steps apart begin to differ by less than 0.005.
    case slide
  }

  /// A rate to train with; nil if the curve is too short to tell. (fastai: `SuggestionMethod`.)
  public func suggestion(_ kind: Suggestion = .valley) -> Double? {
    let rates = Array(learningRates[searched]), losses = Array(smoothedLosses[searched])
    guard rates.count >= 2 else { return nil }
    switch kind {
    case .valley: return rates[LearningRateCurve.valley(losses)]
    case .minimum: return rates[losses.firstIndex(of: losses.min()!)!] / 10
    case .steep:
      let slopes = (1..<rates.count).map { place -> Double in
        let distance = Foundation.log(rates[place] / rates[place - 1])
        return (losses[place] - losses[place - 1]) / distance
      }
      return rates[slopes.firstIndex(of: slopes.min()!)!]
    case .slide: return LearningRateCurve.slide(rates, losses)
    }
  }

  /// The least and the greatest rate that the loss got smaller with, roughly: from where it has fallen by a tenth of its whole fall to
  /// where it is least. Nil if it never fell.
  public var usefulRange: ClosedRange<Double>? {
    let losses = Array(smoothedLosses[searched])
    guard let first = losses.first, let least = losses.min(), least < first, let end = losses.firstIndex(of: least) else { return nil }
    guard let start = losses[...end].firstIndex(where: { $0 <= first - (first - least) / 10 }) else { return nil }
    return learningRates[searched.lowerBound + start]...learningRates[searched.lowerBound + end]
  }

  /// The place in the middle third of the longest decreasing subsequence.
  private static func valley(_ losses: [Double]) -> Int {
    var lengths = [Int](repeating: 1, count: losses.count)
    var end = 0, start = 0
    for place in losses.indices {
      for earlier in 0..<place where losses[place] < losses[earlier] { lengths[place] = max(lengths[place], lengths[earlier] + 1) }
      if lengths[place] > lengths[end] {
        end = place
        start = end - lengths[end]
      }
    }
    let third = Double(end - start) / 3
    return max(0, start + Int(third) + Int(third / 2))
  }

  private static func slide(_ rates: [Double], _ losses: [Double]) -> Double? {
    let distance = 15
    guard losses.count > distance else { return nil }
    let slopes = losses.indices.map { place -> Double in
      let (low, high) = (max(0, place - 1), min(losses.count - 1, place + 1))
      return (losses[high] - losses[low]) / Double(high - low)
    }
    var right = losses.count - 1
    var rate = rates[right - distance]
    while right >= distance && abs(slopes[right] - slopes[right - distance]) > 0.005 {
      rate = rates[right - distance]
      right -= 1
    }
    return rate
  }

  /// The curve as an SVG picture: the loss against the rate, with the suggestions.
  public var svg: String { Picture([chart], columns: 1).svg }

  var chart: Chart {
    var chart = Chart(title: "Learning-rate range", xLabel: "learning rate", yLabel: "loss", xScale: .logarithmic)
    let raw = zip(learningRates, losses).filter { $1.isFinite }
    let smooth = zip(learningRates, smoothedLosses).filter { $1.isFinite }
    chart.series = [
      Chart.Series("each batch", raw.map { ($0, $1) }, color: 4, width: 1),
      Chart.Series("smoothed", smooth.map { ($0, $1) }, color: 0, width: 2),
    ]
    // The rise at the end would flatten what is to be seen.
    if let start = smooth.first?.1, let least = smooth.map(\.1).min(), start > least { chart.yLimit = least - 0.15 * (start - least)...start + 0.6 * (start - least) }
    for kind in [Suggestion.valley, .minimum, .steep] {
      guard let rate = suggestion(kind) else { continue }
      chart.marks.append(Chart.Mark(x: rate, label: "\(kind == .minimum ? "minimum/10" : kind.rawValue) \(Chart.short(rate))"))
    }
    return chart
  }
}
