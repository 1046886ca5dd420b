/// A search along a line for a point that satisfies strong Wolfe's conditions (Nocedal & Wright, 2006, algorithms 3.5 and 3.6),
/// by cubic interpolation.
struct StrongWolfe {
  /// A point on the line.
  struct Point {
    let step: Double
    let value: Double
    let gradient: [Double]
    /// The derivative along the line.
    let slope: Double
  }

  /// The loss along the line.
  let evaluate: (Double) -> Point
  /// The greatest element of the direction.
  let directionSize: Double
  let toleranceChange: Double
  let maxEvaluations: Int
  /// The conditions' constants.
  let decrease = 1e-4
  let curvature = 0.9

  /// The best point found, and whether any was evaluated that counts.
  func search(from origin: Point, first: Double) -> Point {
    var (before, now) = (origin, evaluate(first))
    var count = 0
    while count < maxEvaluations {
      if !isLow(now, origin) || (count > 1 && now.value >= before.value) { break }
      if isFlat(now, origin) { return now }
      if now.slope >= 0 { break }
      let bounds = (low: now.step + 0.01 * (now.step - before.step), high: now.step * 10)
      let next = StrongWolfe.minimum(before, now, bounds)
      (before, now) = (now, evaluate(next))
      count += 1
    }
    return zoom(count == maxEvaluations ? origin : before, now, origin, &count)
  }

  /// A point that is low enough lies between two ends.
  private func zoom(_ a: Point, _ b: Point, _ origin: Point, _ count: inout Int) -> Point {
    var ends = [a, b]
    var low = ends[0].value <= ends[1].value || !ends[1].value.isFinite ? 0 : 1
    var wasTooClose = false
    while count < maxEvaluations {
      let (least, most) = (min(ends[0].step, ends[1].step), max(ends[0].step, ends[1].step))
      if (most - least) * directionSize < toleranceChange { break }
      var step = StrongWolfe.minimum(ends[0], ends[1], (least, most))
      // A point near an end makes little progress: twice in a row, or outside, and it is moved a tenth inwards.
      let margin = 0.1 * (most - least)
      if min(most - step, step - least) < margin {
        if wasTooClose || step >= most || step <= least {
          step = abs(step - most) < abs(step - least) ? most - margin : least + margin
          wasTooClose = false
        } else {
          wasTooClose = true
        }
      } else {
        wasTooClose = false
      }

      let new = evaluate(step)
      count += 1
      if !isLow(new, origin) || new.value >= ends[low].value {
        ends[1 - low] = new
        low = ends[0].value <= ends[1].value || !ends[1].value.isFinite ? 0 : 1
        continue
      }
      if isFlat(new, origin) { return new }
      if new.slope * (ends[1 - low].step - ends[low].step) >= 0 { ends[1 - low] = ends[low] }
      ends[low] = new
    }
    return ends[low]
  }

  /// Written so that a loss that is not a number is not low.
  private func isLow(_ point: Point, _ origin: Point) -> Bool {
    point.value <= origin.value + decrease * point.step * origin.slope
  }

  private func isFlat(_ point: Point, _ origin: Point) -> Bool {
    abs(point.slope) <= -curvature * origin.slope
  }

  /// Where the cubic through two points with their slopes has its minimum, within bounds; their middle if it has none.
  private static func minimum(_ a: Point, _ b: Point, _ bounds: (low: Double, high: Double)) -> Double {
    let (left, right) = a.step <= b.step ? (a, b) : (b, a)
    let middle = (bounds.low + bounds.high) / 2
    let chord = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    let discriminant = chord * chord - a.slope * b.slope
    guard discriminant >= 0 else { return middle }
    let root = discriminant.squareRoot()
    let share = (right.slope + root - chord) / (right.slope - left.slope + 2 * root)
    let place = right.step - (right.step - left.step) * share
    return place.isNaN ? middle : min(max(place, bounds.low), bounds.high)
  }
}
