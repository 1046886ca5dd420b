/// A function of two variables to race optimizers on.
public struct TestFunction: Sendable {
  /// Its name on the command line.
  public let name: String
  /// How it is written.
  public let formula: String
  /// What it shows.
  public let about: String
  /// The part of the plane that is drawn.
  public let xRange: ClosedRange<Double>
  /// What of the second axis a picture shows.
  public let yRange: ClosedRange<Double>
  /// Where a race starts unless told otherwise.
  public let start: [Double]
  /// The points where it is least; none if it has no least value.
  public let minima: [[Double]]
  private let body: @Sendable (Tensor, Tensor) -> Tensor

  /// The value at a point, a tensor of shape [2] and any floating-point dtype.
  public func callAsFunction(_ point: Tensor) -> Tensor {
    body(point[0..<1].reshaped([]), point[1..<2].reshaped([]))
  }

  /// The values on a grid over the part of the plane that is drawn: rows from the least y to the greatest.
  func values(columns: Int, rows: Int) -> [[Double]] {
    func coordinates(_ range: ClosedRange<Double>, _ count: Int) -> Tensor {
      let step = (range.upperBound - range.lowerBound) / Double(count - 1)
      return Tensor((0..<count).map { range.lowerBound + step * Double($0) })
    }
    let values = body(coordinates(xRange, columns), coordinates(yRange, rows).reshaped([rows, 1])).doubles
    return (0..<rows).map { Array(values[($0 * columns)..<(($0 + 1) * columns)]) }
  }

  private init(
    _ name: String, _ formula: String, _ about: String, x: ClosedRange<Double>, y: ClosedRange<Double>, start: [Double],
    minima: [[Double]], _ body: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) {
    self.name = name
    self.formula = formula
    self.about = about
    xRange = x
    yRange = y
    self.start = start
    self.minima = minima
    self.body = body
  }

  /// The function of that `name`, in any case.
  /// - Throws: ``DescentError`` listing the known names and the nearest.
  public static func named(_ name: String) throws -> TestFunction {
    guard let function = all.first(where: { $0.name == name.lowercased() }) else {
      throw unknownName(name, what: "function", known: all.map(\.name))
    }
    return function
  }

  /// All of them.
  public static let all: [TestFunction] = [
    TestFunction(
      "ravine", "x²/20 + y²", "a long valley, twenty times as steep across as along",
      x: -8...8, y: -4...4, start: [-7, 2], minima: [[0, 0]]
    ) { x, y in x * x / 20 + y * y },
    TestFunction(
      "sphere", "x² + y²", "equally steep everywhere",
      x: -5...5, y: -5...5, start: [-4, 3], minima: [[0, 0]]
    ) { x, y in x * x + y * y },
    TestFunction(
      "rosenbrock", "(1 − x)² + 100 (y − x²)²", "a bent valley, steep beside and almost flat along",
      x: -2...2, y: -1...3, start: [-1.5, 2], minima: [[1, 1]]
    ) { x, y in square(1 - x) + 100 * square(y - x * x) },
    TestFunction(
      "beale", "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²", "plateaus with steep walls",
      x: -4.5...4.5, y: -4.5...4.5, start: [1, 1.5], minima: [[3, 0.5]]
    ) { x, y in square(1.5 - x + x * y) + square(2.25 - x + x * y * y) + square(2.625 - x + x * y * y * y) },
    TestFunction(
      "himmelblau", "(x² + y − 11)² + (x + y² − 7)²", "four equal minima",
      x: -5...5, y: -5...5, start: [-0.5, -1],
      minima: [[3, 2], [-2.805118, 3.131312], [-3.77931, -3.283186], [3.584428, -1.848126]]
    ) { x, y in square(x * x + y - 11) + square(x + y * y - 7) },
    TestFunction(
      "saddle", "x² − y²", "a saddle: down along y without end, and at the start almost level",
      x: -3...3, y: -3...3, start: [-2, 0.001], minima: []
    ) { x, y in x * x - y * y },
    TestFunction(
      "rastrigin", "20 + x² − 10 cos 2πx + y² − 10 cos 2πy", "a bowl full of local minima",
      x: -5.12...5.12, y: -5.12...5.12, start: [-3.2, 2.7], minima: [[0, 0]]
    ) { x, y in
      20 + x * x - 10 * cos(2 * Double.pi * x) + y * y - 10 * cos(2 * Double.pi * y)
    },
    TestFunction(
      "booth", "(x + 2y − 7)² + (2x + y − 5)²", "a valley that lies across the axes",
      x: -10...10, y: -10...10, start: [-8, -6], minima: [[1, 3]]
    ) { x, y in square(x + 2 * y - 7) + square(2 * x + y - 5) },
    TestFunction(
      "camel", "2x² − 1.05x⁴ + x⁶/6 + xy + y²", "three humps: a minimum in the middle and a worse one on each side",
      x: -2.5...2.5, y: -2.5...2.5, start: [-2, 2], minima: [[0, 0]]
    ) { x, y in 2 * x * x - 1.05 * (x * x * x * x) + (x * x * x * x * x * x) / 6 + x * y + y * y },
    TestFunction(
      "ackley", "20 + e − 20 exp(−0.2 √((x² + y²)/2)) − exp((cos 2πx + cos 2πy)/2)", "nearly flat far out, a pit in the middle",
      x: -5...5, y: -5...5, start: [-3.3, 2.6], minima: [[0, 0]]
    ) { x, y in
      let radius = sqrt((x * x + y * y) / 2 + 1e-300)
      let waves = (cos(2 * Double.pi * x) + cos(2 * Double.pi * y)) / 2
      return 22.718281828459045 - 20 * exp(-0.2 * radius) - exp(waves)
    },
  ]
}
