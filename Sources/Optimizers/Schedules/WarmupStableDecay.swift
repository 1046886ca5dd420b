import Foundation

/// A straight warm-up, a long time at one rate, and a fall at the end.
///
///     s < warmupSteps:                  peak · (s + 1) / warmupSteps
///     the next stableSteps:             peak
///     the last decaySteps, part p over: peak · (1 − (1 − endFraction) · shape(p))
///     afterwards:                       peak · endFraction
///
/// where s is the number of updates done and shape(p) is p (`linear`), ½ · (1 − cos(π · p)) (`cosine`) or √p (`squareRoot`).
/// Defaults: `endFraction` 0, `decayShape` linear.
///
/// Source: Hu et al., 2024, "MiniCPM" (arXiv 2404.06395); Hägele et al., 2024, "Scaling Laws and Compute-Optimal Training Beyond
/// Fixed Training Durations" (arXiv 2405.18392; the 1 − √ shape).
public struct WarmupStableDecay: ConfigurableSchedule {
  /// The shape of the fall.
  public enum DecayShape: String, Sendable, CaseIterable {
    /// The shape of the fall, by name.
    case linear, cosine
    /// 1 − √t.
    case squareRoot = "square_root"
  }

  /// The highest rate.
  public var peakLearningRate: Double
  /// The number of updates in which the rate rises.
  public var warmupSteps: Int
  /// The number of updates at the highest rate.
  public var stableSteps: Int
  /// The number of updates of the fall.
  public var decaySteps: Int
  /// The rate at the end, as a fraction of the peak.
  public var endFraction = 0.0
  /// The shape of the fall.
  public var decayShape = DecayShape.linear

  /// - Parameters:
  ///   - peakLearningRate: the highest rate.
  ///   - warmupSteps: the number of updates in which the rate rises; 0 for none.
  ///   - stableSteps: the number of updates at the highest rate; 0 for none.
  ///   - decaySteps: the number of updates of the fall; 0 for none.
  ///   - endFraction: the rate at the end, and of all later updates, as a fraction of the peak, from 0 to 1; 0 by default.
  ///   - decayShape: the shape of the fall; a straight line by default.
  public init(
    peakLearningRate: Double, warmupSteps: Int, stableSteps: Int, decaySteps: Int, endFraction: Double? = nil,
    decayShape: DecayShape? = nil
  ) {
    self.peakLearningRate = peakLearningRate
    self.warmupSteps = warmupSteps
    self.stableSteps = stableSteps
    self.decaySteps = decaySteps
    if let endFraction { self.endFraction = endFraction }
    if let decayShape { self.decayShape = decayShape }
  }

  public func callAsFunction(step: Int) -> Double {
    if step < warmupSteps { return peakLearningRate * Double(step + 1) / Double(warmupSteps) }
    let falling = step - warmupSteps - stableSteps
    if falling < 0 { return peakLearningRate }
    let part = falling < decaySteps ? Double(falling) / Double(decaySteps) : 1
    let fallen =
      switch decayShape {
      case .linear: part
      case .cosine: (1 - cos(.pi * part)) / 2
      case .squareRoot: part.squareRoot()
      }
    return peakLearningRate * (1 - (1 - endFraction) * fallen)
  }

  public static let template = WarmupStableDecay(peakLearningRate: 0, warmupSteps: 0, stableSteps: 0, decaySteps: 0)
  public static let hyperparameters: [Hyperparameter<WarmupStableDecay>] = [
    .number("peak_learning_rate", \.peakLearningRate, in: .nonNegative, "the rate in the middle", isRequired: true),
    .integer("warmup_steps", \.warmupSteps, atLeast: 0, "updates of the warm-up", isRequired: true),
    .integer("stable_steps", \.stableSteps, atLeast: 0, "updates at the peak", isRequired: true),
    .integer("decay_steps", \.decaySteps, atLeast: 0, "updates of the fall", isRequired: true),
    .number("end_fraction", \.endFraction, in: .fraction, "rate at the end, as a fraction of the peak"),
    .choice("decay_shape", \.decayShape, "the shape of the fall"),
  ]
}
