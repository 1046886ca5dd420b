/// Which part of an axis a subscript takes: `x[.all, .at(0)]`, `x[.strided(from: -3)]`, `x[.newAxis, 2]`. (Python: `x[:, 0]`, `x[-3:]`,
/// `x[None, 2]`.)
public enum AxisPlace: Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// The whole axis.
  case all
  /// One place, negative from the end; the axis disappears.
  case at(Int)
  /// From one place up to another.
  case range(Range<Int>)
  /// Every `by`-th place from one up to another; nil for the axis's ends, negative from its end. (Keras: `x[:, 1::2]`, `x[:, -3:]`.)
  case strided(from: Int? = nil, to: Int? = nil, by: Int = 1)
  /// A new axis of size 1.
  case newAxis

  public init(integerLiteral place: Int) { self = .at(place) }
}

extension Tensor {
  /// The part at one place of each leading axis, which disappears; negative from its end. `x[0]` is the first row, `x[-1]` the last.
  /// - Precondition: the places are on the axes.
  public subscript(_ places: Int...) -> Tensor { part(at: places.map { .at($0) }) }

  /// A part: `x[.all, .at(0)]` is the first of each row's elements. Axes that are not named are kept whole, and ranges are cut off where
  /// the axis ends, as in NumPy.
  /// - Precondition: no more axes are named than there are, single places are on them, and no step is 0.
  public subscript(_ places: AxisPlace...) -> Tensor { part(at: places) }

  /// The rows from a place on: `x[5...]`; negative from the end, as in Python's `x[-3:]`.
  public subscript(_ places: PartialRangeFrom<Int>) -> Tensor { part(at: [.strided(from: places.lowerBound)]) }

  /// The rows up to a place, without it: `x[..<5]`; negative from the end, as in Python's `x[:-3]`.
  public subscript(_ places: PartialRangeUpTo<Int>) -> Tensor { part(at: [.strided(to: places.upperBound)]) }

  private func part(at places: [AxisPlace]) -> Tensor {
    let named = places.count { $0 != .newAxis }
    if named > rank { programmingError("slice: \(named) places for the \(rank) axes of shape \(shape)") }
    var starts: [Int] = [], sizes: [Int] = [], strides: [Int] = [], result: [Int] = [], backwards: [Int] = []
    func take(_ count: Int, from start: Int, by step: Int = 1) {
      starts.append(start); sizes.append(count); strides.append(step); result.append(count)
    }
    for place in places {
      let axis = starts.count
      switch place {
      case .newAxis: result.append(1)
      case .all: take(shape[axis], from: 0)
      case .at(let place):
        let own = place < 0 ? place + shape[axis] : place
        guard shape[axis] > own, own >= 0 else {
          programmingError("slice: place \(place) is not on axis \(axis), which has \(shape[axis]) elements, of shape \(shape)")
        }
        take(1, from: own)
        result.removeLast()
      case .range(let range):
        let places = AxisPlaces(from: range.lowerBound, to: range.upperBound, by: 1, of: shape[axis])
        take(places.count, from: places.start)
      case .strided(let start, let stop, let step):
        if step == 0 { programmingError("slice: a step of 0 along axis \(axis) of shape \(shape) leads nowhere") }
        let places = AxisPlaces(from: start, to: stop, by: step, of: shape[axis])
        if step < 0 && places.count > 1 { backwards.append(axis) }
        take(places.count, from: places.start, by: places.step)
      }
    }
    result += shape.dropFirst(starts.count)
    let part = sliced(starts: starts, sizes: sizes, strides: strides)
    return (backwards.isEmpty ? part : flip(part, axes: backwards)).reshaped(result)
  }
}

/// The places that a slice with ends and a step takes of an axis, as Python reckons them.
package struct AxisPlaces {
  /// The lowest place, from which those of a step backwards are reached from behind.
  package let start: Int
  package let count: Int
  /// At least 1.
  package let step: Int

  /// - Parameters:
  ///   - start: nil for the end of the axis that the step comes from; negative from its end.
  ///   - stop: nil for the end that it goes to; negative from the axis's end.
  ///   - step: not 0; negative for backwards.
  ///   - size: that of the axis.
  package init(from start: Int?, to stop: Int?, by given: Int, of size: Int) {
    // No step is longer than the axis.
    step = Int(Swift.min(given.magnitude, UInt(Swift.max(size, 1))))
    // Backwards, the places are one lower: the end is before the first.
    let lowest = given > 0 ? 0 : -1
    func clamped(_ place: Int) -> Int { Swift.min(Swift.max(place < 0 ? place + size : place, lowest), size + lowest) }
    let (first, end) = given > 0 ? (0, size) : (size - 1, -1)
    let start = start.map(clamped) ?? first, stop = stop.map(clamped) ?? end
    let distance = given > 0 ? stop - start : start - stop
    count = distance > 0 ? (distance - 1) / step + 1 : 0
    let least = given < 0 && count > 0 ? start - (count - 1) * step : start
    self.start = Swift.min(Swift.max(least, 0), Swift.max(size - 1, 0))
  }
}
