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
    Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { (place: Int) -> Double in Double((place * 7919) % 5) - 2 })
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

  /// What comes before the greatest element is found after it; the sums are of whole numbers, so that the bits agree.
  @Test(arguments: shapes) func `a bias and relu before the greatest element change nothing when they come after it`(_ shape: Shape) throws {
    let channels = shape.input.last!
    for dtype in [DType.float64, .float32] {
      let x = Variable(tied(shape.input).cast(to: dtype))
      let bias = Variable(Tensor(shape: [channels], scalars: (0..<channels).map { Double($0 % 3) - 1 }).cast(to: dtype))
      let y = maxPool(relu(x.value + bias.value.reshaped(shape.input.dropLast().map { _ in 1 } + [channels])), shape.window, strides: shape.strides, padding: shape.padding)
      let g = Tensor(shape: y.shape, scalars: (0..<y.count).map { Double($0 % 7) - 3 }).cast(to: dtype)
      let results = [y] + gradients(of: (y * g).sum(), withRespectTo: [x, bias])
      let plan = Plan(arguments: [], outputs: results.map(\.node), assignments: [])
      for (found, expected) in zip(plan.run(), results) {
        var interpreter = ReferenceInterpreter()
        for variable in [x, bias] { interpreter.variables[ObjectIdentifier(variable)] = variable.value.doubles }
        #expect(found.doubles == interpreter.evaluate(expected.node), "\(shape) in \(dtype)")
      }
      if x.count != y.count && y.count > 0 {
        let passes = plan.explanation().kernels.filter(\.isPass).map(\.extent)
        #expect(!passes.contains { $0.hasPrefix("\(x.count) ") || $0 == "\(x.count)" }, "\(passes)")
      }
    }
  }

  @Test func `what reaches an array between a bias and the greatest element is there for who asks`() {
    let x = Variable(tied([1, 4, 4, 2])), y = relu(x.value + 1)
    let found = gradients(of: maxPool(y, [2, 2]).sum(), withRespectTo: [y])[0]
    #expect(found.sum().item() == 8)
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
