import Foundation

/// A part of the plane and its place in a picture: the same scale along both axes, so that the way down crosses level lines at
/// right angles, as it does in the plane.
struct PlotArea {
  let x: ClosedRange<Double>
  let y: ClosedRange<Double>
  /// In the picture's units, from the left and upper edge.
  let width: Double
  let height: Double

  /// As large as fits.
  init(x: ClosedRange<Double>, y: ClosedRange<Double>, maximumWidth: Double, maximumHeight: Double) {
    self.x = x
    self.y = y
    let (across, up) = (x.upperBound - x.lowerBound, y.upperBound - y.lowerBound)
    let scale = min(maximumWidth / across, maximumHeight / up)
    width = across * scale
    height = up * scale
  }

  /// Where a point of the plane lies in the picture.
  func place(_ point: [Double]) -> (x: Double, y: Double) {
    (
      (point[0] - x.lowerBound) / (x.upperBound - x.lowerBound) * width,
      (y.upperBound - point[1]) / (y.upperBound - y.lowerBound) * height
    )
  }

  func contains(_ point: [Double]) -> Bool { x.contains(point[0]) && y.contains(point[1]) }

  /// The part of a straight line that lies within the area, after Liang and Barsky.
  func visiblePart(from start: [Double], to end: [Double]) -> (start: [Double], end: [Double])? {
    var (first, last) = (0.0, 1.0)
    for (axis, range) in [x, y].enumerated() {
      let length = end[axis] - start[axis]
      for (direction, distance) in [
        (-length, start[axis] - range.lowerBound), (length, range.upperBound - start[axis]),
      ] {
        if direction == 0 {
          if distance < 0 { return nil }
        } else if direction < 0 {
          first = max(first, distance / direction)
        } else {
          last = min(last, distance / direction)
        }
      }
    }
    guard first <= last else { return nil }
    func point(_ part: Double) -> [Double] { (0..<2).map { start[$0] + part * (end[$0] - start[$0]) } }
    return (point(first), point(last))
  }

  /// Round numbers within a range of one of the axes: about eight along the longer axis, as far apart along the other.
  func ticks(_ range: ClosedRange<Double>) -> [Double] {
    let rough = max(x.upperBound - x.lowerBound, y.upperBound - y.lowerBound) / 8
    let power = Foundation.pow(10, Foundation.floor(Foundation.log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
    let first = Foundation.ceil(range.lowerBound / step)
    return stride(from: first, through: range.upperBound / step, by: 1).map { $0 * step }
  }
}
