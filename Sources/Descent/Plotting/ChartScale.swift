import Foundation

/// How numbers are laid along an axis.
package enum ChartScale {
  case linear
  /// By their logarithms; for numbers greater than 0.
  case logarithmic

  func position(_ value: Double) -> Double { self == .linear ? value : Foundation.log10(value) }

  func shows(_ value: Double) -> Bool { value.isFinite && (self == .linear || value > 0) }

  /// The range of an axis that shows all of the values, with some room at the ends.
  func range(_ values: some Sequence<Double>) -> ClosedRange<Double> {
    let shown = values.filter(shows).map(position)
    guard let low = shown.min(), let high = shown.max() else { return 0...1 }
    let room = high > low ? (high - low) * 0.04 : max(abs(low) * 0.1, 0.5)
    return low - room...high + room
  }

  /// Round numbers within a range of positions, about as many as asked for.
  func ticks(_ range: ClosedRange<Double>, about count: Int) -> [Double] {
    let width = range.upperBound - range.lowerBound
    if self == .logarithmic && width > 0.7 {
      let step = max(1, (width / Double(count)).rounded(.up))
      let powers = stride(from: (range.lowerBound / step).rounded(.up) * step, through: range.upperBound, by: step).map { Foundation.pow(10, $0) }
      if powers.count >= 3 || step > 1 { return powers }
      let first = Int(range.lowerBound.rounded(.down)), last = Int(range.upperBound.rounded(.up))
      let finer = (first...last).flatMap { power in [1.0, 2, 5].map { $0 * Foundation.pow(10, Double(power)) } }
      return finer.filter { range.contains(Foundation.log10($0)) }
    }
    if self == .logarithmic {
      let linear = Foundation.pow(10, range.lowerBound)...Foundation.pow(10, range.upperBound)
      return ChartScale.linear.ticks(linear, about: count)
    }
    let rough = width / Double(count)
    let power = Foundation.pow(10, Foundation.floor(Foundation.log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
    let first = Foundation.ceil(range.lowerBound / step)
    return stride(from: first, through: range.upperBound / step, by: 1).map { $0 * step }
  }
}
