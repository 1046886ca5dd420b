import TensorCore
import TestSupport
import Testing

struct PoolingTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    var input: [Int], window: [Int], strides: [Int], padding: Padding
    init(_ input: [Int], _ window: [Int], strides: [Int]? = nil, padding: Padding = .valid) {
      (self.input, self.window, self.strides, self.padding) = (input, window, strides ?? window, padding)
    }
    var testDescription: String { "\(input) \(window) strides \(strides) \(padding)" }
  }

  static let shapes = [
    Shape([2, 6, 3], [2]), Shape([2, 7, 2], [3], strides: [2], padding: .same), Shape([1, 4, 6, 2], [2, 2]),
    Shape([2, 5, 5, 3], [3, 2], strides: [1, 2], padding: .same), Shape([1, 3, 4, 4, 2], [2, 2, 2], strides: [1, 2, 1], padding: .same),
    Shape([1, 2, 2, 300], [2, 1]), Shape([0, 4, 4, 1], [2, 2]),
  ]

  /// Numbers of which many tie.
  private func tied(_ shape: [Int]) -> Tensor {
    Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { Double(($0 * 7919) % 5) - 2 })
  }

  @Test(arguments: shapes) func `all four kernels are what they are defined as`(_ shape: Shape) throws {
    let pooling = try Pooling(inputShape: shape.input, window: shape.window, strides: shape.strides, padding: shape.padding)
    for dtype in [DType.float64, .float32] {
      let x = tied(shape.input).cast(to: dtype)
      let values = (Tensor.range(x.count, dtype: .float64).reshaped(shape.input) / 7).cast(to: dtype)
      let g = (Tensor.range(pooling.outputShape.reduce(1, *), dtype: .float64).reshaped(pooling.outputShape) / 7).cast(to: dtype)
      for result in [
        pooling.result(.chosen, [x, x]), pooling.result(.chosen, [x, values]), pooling.result(.placed, [x, g]), pooling.result(.mean, [x]),
        pooling.result(.spread, [g]),
      ] {
        var interpreter = ReferenceInterpreter()
        expectClose(result.doubles, interpreter.evaluate(result.node), tolerance: dtype == .float64 ? 1e-13 : 1e-5, "\(shape)")
      }
    }
  }

  @Test(arguments: shapes.filter { $0.input.reduce(1, *) < 200 && $0.input[0] > 0 })
  func `first and second derivatives match differences`(_ shape: Shape) {
    var generator = SeededGenerator(seed: 1)
    let x = Tensor(shape: shape.input, scalars: (0..<shape.input.reduce(1, *)).map { Double($0) / 10 - 2 }.shuffled(using: &generator))
    expectDerivativesMatchDifferences(at: x, tolerance: 1e-5, "max") { square(maxPool($0, shape.window, strides: shape.strides, padding: shape.padding)) }
    expectDerivativesMatchDifferences(at: x, tolerance: 1e-5, "mean") { square(averagePool($0, shape.window, strides: shape.strides, padding: shape.padding)) }
  }

  @Test func `a window with NaN gives NaN`() {
    let x = Tensor(shape: [1, 4, 1], scalars: [1, .nan, 3, 4.0])
    let y = maxPool(x, [2]).doubles
    #expect(y[0].isNaN && y[1] == 4)
  }

  @Test func `a window of padding alone is refused`() {
    let error = #expect(throws: DescentError.self) {
      try Pooling(inputShape: [1, 4, 1], window: [2], strides: [2], padding: .explicit([.init(2, 0)]))
    }
    #expect(error?.message.contains("padding alone") == true)
  }
}
