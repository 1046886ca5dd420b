import Foundation
import Optimizers
import TensorCore

/// Keeps the weights as training goes on: the start, and what they are after every so many batches. ``LossLandscape`` draws the way.
public final class WeightTrajectory: Callback {
  /// What the picture calls it.
  public let name: String
  /// How many batches lie between two points.
  public let batches: Int
  /// The weights in order: of each variable that is trained.
  public private(set) var points: [[Tensor]] = []
  private var seen = 0

  /// - Parameters:
  ///   - name: what the picture calls it.
  ///   - batches: how many batches lie between two points; at least 1.
  public init(_ name: String, every batches: Int) {
    self.name = name
    self.batches = batches
  }

  public override func onTrainBegin() throws {
    try NumberRange.count.check("the number of batches between two points", batches, "WeightTrajectory")
    points = []
    seen = 0
    keep()
  }

  public override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) {
    seen += 1
    if seen % batches == 0 { keep() }
  }

  private func keep() {
    guard let model else { return }
    model.showWeightsToJudge()
    points.append(model.trainableVariables.map { $0.value.evaluated() })
  }
}

/// The loss on a plane through the space of weights, and the ways of trainings on it.
///
/// The plane is spanned by the two directions along which the points of the ways differ most (their principal components), or, without
/// ways, by two random directions, each filter of which is as long as the filter of the weights that it changes (Li et al., 2018,
/// "Visualizing the loss landscape of neural nets", arXiv 1712.09913).
public struct LossLandscape: Sendable {
  /// A training on the plane.
  public struct Way: Sendable {
    /// What the picture calls it.
    public let name: String
    /// Its points' coordinates.
    public let points: [(x: Double, y: Double)]
  }

  /// Coordinates of the grid's columns.
  public let x: [Double]
  /// Coordinates of the grid's rows.
  public let y: [Double]
  /// The loss at each point of the grid: rows from the least y to the greatest.
  public let losses: [[Double]]
  /// The trainings' ways, as their shadows on the plane.
  public let ways: [Way]
  /// The part of the ways' differences that lies in the plane, from 0 to 1; nil for random directions.
  public let explained: Double?

  /// Level lines of the loss with the ways on them, as an SVG picture.
  public var svg: String {
    let part = explained.map { ", \(Int(($0 * 100).rounded())) % of the movement lies in it" } ?? ""
    var chart = Chart(title: "Loss on a plane through the weights\(part)", xLabel: "first direction (thick lines are low)", yLabel: "second direction")
    (chart.width, chart.height) = (640, 520)
    let contours = Contours(columns: x.count, rows: y.count, values: losses)
    func coordinate(_ list: [Double], _ place: Double) -> Double { list[0] + place / Double(list.count - 1) * (list[list.count - 1] - list[0]) }
    let levels = contours.levels(14).sorted()
    for (place, level) in levels.enumerated() {
      // The lower, the thicker.
      let width = 1.9 - 1.5 * Double(place) / Double(max(1, levels.count - 1))
      for line in contours.lines(at: level) {
        chart.series.append(
          Chart.Series("", line.map { (coordinate(x, $0.x), coordinate(y, $0.y)) }, color: 7, width: width, isNamed: false))
      }
    }
    for (number, way) in ways.enumerated() {
      chart.series.append(Chart.Series(way.name, way.points, color: number, hasDots: way.points.count <= 80))
    }
    // The frame of the grid.
    chart.series.append(Chart.Series("", [(x[0], y[0]), (x[x.count - 1], y[y.count - 1])], color: 7, hasLine: false, isNamed: false))
    return Picture([chart], columns: 1).svg
  }
}

extension Model {
  /// The loss on a plane through the space of weights. Afterwards the model is what it was, to the bit.
  /// - Parameters:
  ///   - x: rows to judge by; some thousand are enough.
  ///   - y: rows to judge by; some thousand are enough.
  ///   - trajectories: trainings of this model, or of one of the same layers: the plane goes through the last point of the first. Without any, it goes through the
  ///     present weights.
  ///   - steps: points of the grid along each axis; at least 3.
  ///   - reach: without trajectories, how far the grid goes to each side, as a multiple of the weights' own length.
  ///   - seed: decides random directions.
  /// - Throws: ``DescentError`` if the model is not compiled, or trajectories are of other weights.
  public func lossLandscape(
    _ x: any ModelData, _ y: any ModelData, trajectories: [WeightTrajectory] = [], steps: Int = 25, reach: Double = 1, seed: UInt64 = 0
  ) throws -> LossLandscape {
    let caller = "lossLandscape"
    _ = try compiled(caller)
    try NumberRange.atLeast(3).check("steps", steps, caller)
    try NumberRange.positive.check("reach", reach, caller)
    try check(x, y, caller)
    let before = try ModelSnapshot(self, caller)
    let variables = trainableVariables
    for trajectory in trajectories {
      guard let first = trajectory.points.first, first.map(\.shape) == variables.map(\.shape) else {
        throw DescentError(.invalidArgument, "\(caller): the trajectory '\(trajectory.name)' is of other weights than the model has, or has no points")
      }
    }
    showWeightsToJudge()
    let center = trajectories.first?.points.last ?? variables.map { $0.value.evaluated() }
    let plane = trajectories.isEmpty ? WeightPlane(randomAt: center, seed: seed) : WeightPlane(through: center, trajectories.flatMap(\.points))
    let ways = trajectories.map { way in LossLandscape.Way(name: way.name, points: way.points.map(plane.coordinates)) }
    let all = ways.flatMap(\.points)
    let parts: [Double] = (0..<steps).map { Double($0) / Double(steps - 1) }
    func axis(_ values: [Double]) -> [Double] {
      guard let low = values.min(), let high = values.max(), high > low else { return parts.map { reach * (2 * $0 - 1) } }
      let room = 0.15 * (high - low)
      return parts.map { low - room + $0 * (high - low + 2 * room) }
    }
    let (columns, rows) = (axis(all.map(\.x)), axis(all.map(\.y)))
    let result = Result {
      try rows.map { b in
        try columns.map { a in
          access.stepping { for (variable, value) in zip(variables, plane.weights(a, b)) { variable.assign(value) } }
          return try evaluate(x, y, batchSize: 256, verbose: .silent).loss
        }
      }
    }
    try before.restore()
    return LossLandscape(x: columns, y: rows, losses: try result.get(), ways: ways, explained: plane.explained)
  }
}

/// A plane in the space of weights.
private struct WeightPlane {
  let center: [Tensor]
  private let first: [Tensor]
  private let second: [Tensor]
  var explained: Double?

  /// Two directions of unit length at right angles, along which the points differ most from the centre.
  init(through center: [Tensor], _ points: [[Tensor]]) {
    self.center = center
    let differences = points.map { point in zip(point, center).map { ($0 - $1).cast(to: .float64).evaluated() } }
    let products = differences.map { a in differences.map { WeightPlane.product(a, $0) } }
    // The principal components of points are their sums with the weights of an eigenvector of their products.
    var rest = products, total = 0.0, lengths: [Double] = [], directions: [[Tensor]] = []
    for place in products.indices { total += products[place][place] }
    for _ in 0..<2 {
      let (value, vector) = WeightPlane.greatestEigenvector(rest)
      lengths.append(max(value, 0))
      let direction = center.indices.map { part -> Tensor in
        zip(differences, vector).reduce(Tensor.zeros(center[part].shape, dtype: .float64)) { $0 + $1.0[part] * $1.1 }
      }
      let length = WeightPlane.product(direction, direction).squareRoot()
      directions.append(direction.map { (length > 0 ? $0 * (1 / length) : $0).evaluated() })
      for row in rest.indices { for column in rest.indices { rest[row][column] -= value * vector[row] * vector[column] } }
    }
    (first, second) = (directions[0], directions[1])
    explained = total > 0 ? min(1, (lengths[0] + lengths[1]) / total) : nil
  }

  init(randomAt center: [Tensor], seed: UInt64) {
    self.center = center
    func direction(_ generator: RandomGenerator) -> [Tensor] {
      center.map { weight in
        // Biases stay: their lengths say little.
        guard weight.rank >= 2 else { return Tensor.zeros(weight.shape, dtype: .float64) }
        let axes = Array(0..<(weight.rank - 1))
        let noise = generator.normal(weight.shape, dtype: .float64)
        let own = sqrt(square(weight.cast(to: .float64)).sum(axes: axes, keepDims: true))
        let length = sqrt(square(noise).sum(axes: axes, keepDims: true))
        return (noise * own / length).evaluated()
      }
    }
    let generator = RandomGenerator(seed: seed)
    (first, second) = (direction(generator), direction(generator))
  }

  func weights(_ a: Double, _ b: Double) -> [Tensor] {
    zip(center, zip(first, second)).map { (point: Tensor, ways: (Tensor, Tensor)) -> Tensor in
      let place: Tensor = point.cast(to: .float64) + ways.0 * a + ways.1 * b
      return place.cast(to: point.dtype).evaluated()
    }
  }

  func coordinates(_ point: [Tensor]) -> (x: Double, y: Double) {
    let difference = zip(point, center).map { ($0 - $1).cast(to: .float64) }
    return (WeightPlane.product(difference, first), WeightPlane.product(difference, second))
  }

  private static func product(_ a: [Tensor], _ b: [Tensor]) -> Double { zip(a, b).reduce(0) { $0 + ($1.0 * $1.1).sum().item() } }

  /// By repeated multiplication, from a start that no eigenvector is at right angles to by design.
  private static func greatestEigenvector(_ matrix: [[Double]]) -> (value: Double, vector: [Double]) {
    var vector = matrix.indices.map { 1 + 0.1 * Double(($0 * 7) % 11) }, value = 0.0
    for _ in 0..<500 {
      let next = matrix.map { row in zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 } }
      let length = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length == 0 { return (0, vector.map { _ in 0 }) }
      vector = next.map { $0 / length }
      if abs(length - value) <= 1e-13 * length { return (length, vector) }
      value = length
    }
    return (value, vector)
  }
}
