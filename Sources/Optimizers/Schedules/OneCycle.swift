import Foundation

/// Half a cosine up to the greatest rate and another down to almost nothing: one cycle for the whole training.
///
/// The rate rises from maximum / `divFactor` to the maximum in the first `pctStart` of the updates and falls to
/// maximum / (`divFactor` · `finalDivFactor`) in the rest; it stays there. With `threePhase` it first falls as fast as it rose,
/// and only then to the end. Defaults: `pctStart` 0.3, `divFactor` 25, `finalDivFactor` 10000, `annealing` cosine, `threePhase`
/// false.
///
/// Source: Smith & Topin, 2018, "Super-Convergence" (arXiv 1708.07120); PyTorch, `OneCycleLR` (its rates; momentum is not
/// cycled).
public struct OneCycle: ConfigurableSchedule {
  /// The shape of a change.
  public enum Annealing: String, Sendable, CaseIterable {
    /// Half a wave of a cosine, or a straight line.
    case cosine, linear
  }

  /// The highest rate.
  public var maximumLearningRate: Double
  /// The number of updates of the cycle.
  public var totalSteps: Int
  /// The part of the updates in which the rate rises.
  public var pctStart = 0.3
  /// The highest rate divided by the first.
  public var divFactor = 25.0
  /// The first rate divided by the last.
  public var finalDivFactor = 1e4
  /// The shape of rise and fall.
  public var annealing = Annealing.cosine
  /// Whether the fall to the first rate and that to the end are two.
  public var threePhase = false

  /// - Parameters:
  ///   - maximumLearningRate: the highest rate.
  ///   - totalSteps: the number of updates of the cycle, at least 1; later ones have the last rate.
  ///   - pctStart: the part of the updates in which the rate rises, from 0 to 1; 0.3 by default.
  ///   - divFactor: the highest rate divided by the first, greater than 0; 25 by default.
  ///   - finalDivFactor: the first rate divided by the last, greater than 0; 10,000 by default.
  ///   - annealing: the shape of rise and fall; a cosine's by default.
  ///   - threePhase: whether the rate falls to the first one as fast as it rose, and only then to the last; false by default.
  public init(
    maximumLearningRate: Double, totalSteps: Int, pctStart: Double? = nil, divFactor: Double? = nil,
    finalDivFactor: Double? = nil, annealing: Annealing? = nil, threePhase: Bool? = nil
  ) {
    self.maximumLearningRate = maximumLearningRate
    self.totalSteps = totalSteps
    if let pctStart { self.pctStart = pctStart }
    if let divFactor { self.divFactor = divFactor }
    if let finalDivFactor { self.finalDivFactor = finalDivFactor }
    if let annealing { self.annealing = annealing }
    if let threePhase { self.threePhase = threePhase }
  }

  public func callAsFunction(step: Int) -> Double {
    let first = maximumLearningRate / divFactor
    let top = pctStart * Double(totalSteps) - 1
    let end = Double(totalSteps) - 1
    var turns = [(at: 0.0, rate: first), (at: top, rate: maximumLearningRate)]
    if threePhase { turns.append((at: 2 * top, rate: first)) }
    turns.append((at: end, rate: first / finalDivFactor))

    let now = min(Double(step), end)
    let next = turns.indices.dropFirst().first { now <= turns[$0].at } ?? turns.count - 1
    let (from, to) = (turns[next - 1], turns[next])
    return change(from: from.rate, to: to.rate, (now - from.at) / (to.at - from.at))
  }

  private func change(from start: Double, to end: Double, _ part: Double) -> Double {
    // A rise of no length is over.
    let part = part.isNaN ? 1 : part
    switch annealing {
    case .cosine: return end + (start - end) / 2 * (1 + cos(.pi * part))
    case .linear: return start + (end - start) * part
    }
  }

  public static let template = OneCycle(maximumLearningRate: 0, totalSteps: 1)
  public static let hyperparameters: [Hyperparameter<OneCycle>] = [
    .number("max_learning_rate", \.maximumLearningRate, in: .nonNegative, "the greatest rate", isRequired: true),
    .integer("total_steps", \.totalSteps, atLeast: 1, "updates of the whole training", isRequired: true),
    .number("pct_start", \.pctStart, in: .fraction, "the part of the updates in which the rate rises"),
    .number("div_factor", \.divFactor, in: .positive, "the greatest rate divided by the first"),
    .number("final_div_factor", \.finalDivFactor, in: .positive, "the first rate divided by the last"),
    .choice("annealing", \.annealing, "the shape of the changes"),
    .flag("three_phase", \.threePhase, "whether the fall to the first rate and that to the end are two"),
  ]
}
