import TensorCore
import TestSupport
import Testing

/// Every operation's first and second derivatives against central differences in `float64`.
struct DerivativeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let shapes: [[Int]]
    let body: @Sendable ([Tensor]) -> Tensor
    /// Whether the arguments are positive.
    var isPositive = false
    var testDescription: String { name }
  }

  private static func unary(_ name: String, isPositive: Bool = false, _ function: @escaping @Sendable (Tensor) -> Tensor) -> Case {
    Case(name: name, shapes: [[2, 3]], body: { function($0[0]) }, isPositive: isPositive)
  }

  static let elementwise: [Case] = [
    unary("negate") { -$0 * $0 }, unary("abs", abs), unary("sign") { sign($0) * $0 }, unary("sqrt", isPositive: true, sqrt),
    unary("exp", exp), unary("reciprocal", isPositive: true) { 1 / $0 }, unary("expm1", expm1),
    unary("log", isPositive: true, log), unary("log1p", isPositive: true, log1p), unary("sin", sin), unary("cos", cos),
    unary("tanh", tanh), unary("erf", erf), unary("sigmoid", sigmoid), unary("softplus", softplus),
    unary("floor") { floor($0) * $0 }, unary("square", square), unary("relu") { square(relu($0)) },
    unary("pow of a number") { pow(2, $0) },
    unary("pow to a number") { pow($0, 3) },
    unary("clip") { clip($0 * $0, 0.5, 4) },
    unary("used twice") { $0 * sin($0) + $0 },
  ]

  static let binary: [Case] = [
    Case(name: "add", shapes: [[2, 3], [3]]) { square($0[0] + $0[1]) },
    Case(name: "subtract", shapes: [[2, 1], [1, 3]]) { square($0[0] - $0[1]) },
    Case(name: "multiply", shapes: [[2, 3], []]) { $0[0] * $0[1] },
    Case(name: "divide", shapes: [[2, 3], [2, 1]], body: { $0[0] / $0[1] }, isPositive: true),
    Case(name: "maximum", shapes: [[2, 3], [3]]) { square(maximum($0[0], $0[1])) },
    Case(name: "minimum", shapes: [[2, 3], [3]]) { square(minimum($0[0], $0[1])) },
    Case(name: "power", shapes: [[2, 3], [3]], body: { pow($0[0], $0[1]) }, isPositive: true),
    Case(name: "select", shapes: [[2, 3], [3]]) { square(select($0[0] .> 0, $0[0], $0[1])) },
    Case(name: "lerp", shapes: [[2, 3], [3], []]) { lerp($0[0], $0[1], $0[2]) },
  ]

  static let structural: [Case] = [
    Case(name: "sum", shapes: [[2, 3, 2]]) { square($0[0].sum(axes: [0, 2])) },
    Case(name: "sum of all", shapes: [[2, 3]]) { square($0[0].sum()) },
    Case(name: "mean", shapes: [[2, 3]]) { square($0[0].mean(axis: 1, keepDims: true)) },
    Case(name: "max", shapes: [[3, 4]]) { square($0[0].max(axis: 0)) },
    Case(name: "min", shapes: [[3, 4]]) { square($0[0].min(axis: 1)) },
    Case(name: "logSumExp", shapes: [[3, 4]]) { $0[0].logSumExp() },
    Case(name: "logSumExp along 0", shapes: [[3, 4]]) { $0[0].logSumExp(axis: 0, keepDims: true) },
    Case(name: "softmax", shapes: [[3, 4]]) { $0[0].softmax() },
    Case(name: "softmax along 0", shapes: [[3, 4]]) { $0[0].softmax(axis: 0) },
    Case(name: "logSoftmax", shapes: [[3, 4]]) { $0[0].logSoftmax() },
    Case(name: "reshape", shapes: [[2, 6]]) { square($0[0].reshaped([3, 4])) },
    Case(name: "broadcast", shapes: [[3, 1]]) { square($0[0].broadcast(to: [2, 3, 4])) },
    Case(name: "transpose", shapes: [[2, 3, 4]]) { square($0[0].transposed([2, 0, 1])) },
    Case(name: "slice", shapes: [[3, 4]]) { square($0[0][1..<3, 0..<2]) },
    Case(name: "slice with strides", shapes: [[5, 7]]) { square($0[0].sliced(starts: [1, 0], sizes: [2, 3], strides: [2, 3])) },
    Case(name: "pad", shapes: [[2, 3]]) { square($0[0].padded(low: [1, 0], high: [0, 2])) },
    Case(name: "concatenate", shapes: [[2, 3], [2, 1]]) { square(concatenate([$0[0], $0[1], $0[0]], axis: 1)) },
    Case(name: "stack", shapes: [[2, 3], [2, 3]]) { square(stack([$0[0], $0[1]], axis: 1)) },
    Case(name: "gather", shapes: [[4, 2]]) { square($0[0].gathering(Tensor(shape: [2, 2], scalars: [Int32(3), 0, 3, 1]))) },
    Case(name: "replaceRows", shapes: [[4, 2], [3, 2]]) { square($0[0].replacingRows(at: Tensor([Int32(2), 0, 9]), with: $0[1])) },
    Case(name: "scatterAdd", shapes: [[4, 2]]) { square($0[0].scatterAdding(at: Tensor([Int32(2), 0, 2, 9]), rows: 3)) },
  ]

  static let compositions: [Case] = [
    unary("tan") { tan($0 / 2) }, unary("arcsin") { arcsin($0 / 2.5) }, unary("arccos") { arccos($0 / 2.5) }, unary("arctan", arctan),
    unary("sinh", sinh), unary("cosh", cosh), unary("arcsinh", arcsinh), unary("arccosh", isPositive: true) { arccosh($0 + 1.5) },
    unary("arctanh") { arctanh($0 / 2.5) }, unary("log2", isPositive: true, log2), unary("log10", isPositive: true, log10),
    unary("exp2", exp2), unary("erfc", erfc), unary("erfinv") { erfinv($0 / 2.5) }, unary("nanToNum") { square(nanToNum($0)) },
    Case(name: "logaddexp", shapes: [[2, 3], [3]]) { logaddexp($0[0], $0[1]) },
    Case(name: "arctan2", shapes: [[2, 3], [3]]) { arctan2($0[0], $0[1]) },
    Case(name: "hypot", shapes: [[2, 3], [3]]) { hypot($0[0], $0[1]) },
    Case(name: "mod", shapes: [[2, 3], [3]]) { square(mod($0[0] * 3.1, $0[1])) },
    Case(name: "cumsum", shapes: [[2, 3, 2]]) { square($0[0].cumsum(axis: 1)) },
    Case(name: "cumsum of all", shapes: [[2, 3]]) { square($0[0].cumsum()) },
    Case(name: "cumprod", shapes: [[2, 5]]) { $0[0].cumprod(axis: 1) },
    Case(name: "cumprod of a zero", shapes: [[2, 3]]) { concatenate([$0[0], Tensor.zeros([2, 1], dtype: .float64) * $0[0][0..<2, 0..<1]], axis: 1).cumprod(axis: 1) },
    Case(name: "prod", shapes: [[3, 5]]) { $0[0].prod(axis: 1) },
    Case(name: "sort", shapes: [[3, 4]]) { square(sort($0[0], axis: 0)) },
    Case(name: "topK", shapes: [[3, 4]]) { square(topK($0[0], k: 2).values) },
    Case(name: "median", shapes: [[3, 4]]) { square(median($0[0], axis: 1)) },
    Case(name: "variance", shapes: [[3, 4]]) { $0[0].variance(axis: 1) },
    Case(name: "std", shapes: [[3, 4]]) { $0[0].std(axis: 0) },
    Case(name: "norm", shapes: [[3, 4]]) { $0[0].norm(axes: [1]) },
    Case(name: "norm of order 3", shapes: [[3, 4]]) { $0[0].norm(order: 3, axes: [1]) },
    Case(name: "normalize", shapes: [[3, 4]]) { normalize($0[0]) },
    Case(name: "flip", shapes: [[2, 3, 2]]) { square(flip($0[0], axes: [0, 1])) },
    Case(name: "roll", shapes: [[2, 5]]) { square(roll($0[0], shift: 2, axis: 1)) },
    Case(name: "tile", shapes: [[2, 3]]) { square(tile($0[0], [2, 1, 2])) },
    Case(name: "repeatElements", shapes: [[2, 3]]) { square(repeatElements($0[0], 2, axis: 1)) },
    Case(name: "diag", shapes: [[3]]) { square(diag($0[0], offset: -1)) },
    Case(name: "diagonal", shapes: [[3, 2, 4]]) { square($0[0].diagonal(offset: 1, axis1: 0, axis2: 2)) },
    Case(name: "tril", shapes: [[3, 3]]) { square(tril($0[0])) },
    Case(name: "tensordot", shapes: [[2, 3, 2], [3, 2, 2]]) { tensordot($0[0], $0[1], axes: ([1, 2], [0, 1])) },
    Case(name: "cross", shapes: [[2, 3], [2, 3]]) { cross($0[0], $0[1]) },
    Case(name: "take", shapes: [[2, 3, 2]]) { square(take($0[0], Tensor([Int32(2), 0, -1]), axis: 1)) },
    Case(name: "takeAlongAxis", shapes: [[2, 3]]) { square(takeAlongAxis($0[0], Tensor([[Int32(2), 0], [1, 1]]))) },
    Case(name: "scatter", shapes: [[3, 2]]) { square(scatter(Tensor([[Int32(0)], [2], [0]]), $0[0], shape: [3, 2])) },
    Case(name: "scatterUpdate", shapes: [[3, 2], [2]]) { square(scatterUpdate($0[0], Tensor([[Int32(0), 1], [2, 0]]), $0[1])) },
    Case(name: "sliceUpdate", shapes: [[3, 3], [2, 1]]) { square(sliceUpdate($0[0], at: [1, 2], $0[1])) },
    Case(name: "segmentMax", shapes: [[4, 2]]) { square(segmentMax($0[0], Tensor([Int32(1), 0, 1, 0]), segments: 2)) },
    Case(name: "solve", shapes: [[3, 3], [3, 2]]) { solve($0[0] + 4 * Tensor.identity(3, dtype: .float64), $0[1]) },
    Case(name: "inv", shapes: [[2, 2, 2]]) { inv($0[0] + 4 * Tensor.identity(2, dtype: .float64)) },
    Case(name: "det", shapes: [[2, 3, 3]]) { det($0[0] + 2 * Tensor.identity(3, dtype: .float64)) },
    Case(name: "slogdet", shapes: [[3, 3]]) { slogdet($0[0] + 4 * Tensor.identity(3, dtype: .float64)).logarithm },
    Case(name: "cholesky", shapes: [[3, 3]]) { cholesky($0[0] / 8 + 4 * Tensor.identity(3, dtype: .float64)) },
    Case(name: "eigh", shapes: [[3, 3]]) { x in
      let (values, vectors) = eigh(x[0] + diag(Tensor([1.0, 5, 12])))
      return concatenate([values.reshaped([1, 3]), square(vectors)], axis: 0)
    },
  ]

  static let products: [Case] = [
    Case(name: "matmul", shapes: [[2, 3], [3, 4]]) { matmul($0[0], $0[1]) },
    Case(name: "matmul, left transposed", shapes: [[3, 2], [3, 4]]) { matmul($0[0], $0[1], transposeA: true) },
    Case(name: "matmul, right transposed", shapes: [[2, 3], [4, 3]]) { matmul($0[0], $0[1], transposeB: true) },
    Case(name: "matmul, both transposed", shapes: [[3, 2], [4, 3]]) { matmul($0[0], $0[1], transposeA: true, transposeB: true) },
    Case(name: "matmul of batches", shapes: [[2, 1, 2, 3], [2, 3, 2]]) { matmul($0[0], $0[1]) },
    Case(name: "matmul of a batch and a matrix", shapes: [[2, 2, 3], [3, 2]]) { matmul($0[0], $0[1]) },
    Case(name: "matmul of vectors", shapes: [[3], [3]]) { matmul($0[0], $0[1]) },
    Case(name: "matmul of a vector and a matrix", shapes: [[3], [3, 2]]) { matmul($0[0], $0[1]) },
    Case(name: "matmul of a matrix with itself", shapes: [[2, 3]]) { matmul($0[0], $0[0], transposeB: true) },
    Case(name: "two layers", shapes: [[2, 3], [3, 4], [4, 2]]) { matmul(tanh(matmul($0[0], $0[1])), $0[2]) },
  ]

  static let spectra: [Case] = [
    Case(name: "fft", shapes: [[2, 6], [2, 6]]) { x in let y = fft((x[0], x[1])); return square(y.real) + y.imaginary * x[0] },
    Case(name: "ifft", shapes: [[2, 5], [2, 5]]) { x in let y = ifft((x[0], x[1])); return square(y.real) + y.imaginary * x[0] },
    Case(name: "fft2", shapes: [[3, 4], [3, 4]]) { x in let y = fft2((x[0], x[1])); return square(y.real) + y.imaginary * x[0] },
    Case(name: "rfft of an even length", shapes: [[2, 6]]) { x in let y = rfft(x[0]); return square(y.real) + square(y.imaginary) },
    Case(name: "rfft of an odd length", shapes: [[2, 7]]) { x in let y = rfft(x[0], fftLength: 5); return square(y.real) * y.imaginary },
    Case(name: "irfft of an even length", shapes: [[2, 4], [2, 4]]) { square(irfft(($0[0], $0[1]))) },
    Case(name: "irfft of an odd length", shapes: [[2, 3], [2, 3]]) { square(irfft(($0[0], $0[1]), fftLength: 5)) },
    Case(name: "stft", shapes: [[2, 9]]) { x in
      let y = stft(x[0], sequenceLength: 4, sequenceStride: 3, fftLength: 5)
      return square(y.real) + square(y.imaginary)
    },
    Case(name: "istft", shapes: [[3, 3], [3, 3]]) { square(istft(($0[0], $0[1]), sequenceLength: 4, sequenceStride: 2, fftLength: 4)) },
    Case(name: "extractSequences", shapes: [[2, 9]]) { square(extractSequences($0[0], sequenceLength: 4, sequenceStride: 2)) },
  ]

  @Test(arguments: elementwise + binary + structural + compositions + products + spectra) func `Derivatives match differences`(_ test: Case) {
    // No two alike, none near zero or a whole number, and none near another's negative.
    var next = 0.21
    let points = test.shapes.map { shape in
      Tensor(
        shape: shape,
        scalars: (0..<shape.reduce(1, *)).map { _ in
          next = (next * 7.3 + 0.37).truncatingRemainder(dividingBy: 1)
          let size = 0.3 + 1.6 * next
          return test.isPositive || Int(next * 1000) % 2 == 0 ? size : -size
        })
    }
    expectDerivativesMatchDifferences(at: points, tolerance: 1e-6, test.name, of: test.body)
  }

  @Test func `A derivative is cast back to the dtype of what it is taken of`() {
    let x = Tensor([-1.5, 0.25, 3.0])
    let there = valueAndGradients(at: [x]) { ($0[0] * $0[0]).cast(to: .float32).cast(to: .float64).sum() }.gradients[0]
    #expect(there.dtype == .float64)
    #expect(there.doubles == [-3, 0.5, 6])
    let single = valueAndGradients(at: [x.cast(to: .float32)]) { ($0[0].cast(to: .float64) * Tensor([1.0, 2, 3])).sum() }.gradients[0]
    #expect(single.dtype == .float32)
    #expect(single.doubles == [1, 2, 3])
    // Whole numbers do not change with what they were made of.
    let whole = valueAndGradients(at: [x]) { ($0[0].cast(to: .int32).cast(to: .float64) * $0[0]).sum() }.gradients[0]
    #expect(whole.doubles == [-1, 0, 3])
  }

  @Test func `Stopped gradients are zero`() {
    let x = Tensor([2.0, 3])
    let (value, slopes) = valueAndGradients(at: [x]) { (stopGradient($0[0]) * $0[0]).sum() }
    #expect(value.item() == 13)
    #expect(slopes[0].doubles == [2, 3])
  }

  @Test func `What does not matter has a derivative of zero`() {
    let x = Tensor([2.0, 3])
    let y = Tensor([[1.0]])
    let slopes = gradients(of: (x * x).sum(), withRespectTo: [x, y])
    #expect(slopes[0].doubles == [4, 6])
    #expect(slopes[1].doubles == [0])
    #expect(slopes[1].shape == [1, 1])
  }

  /// Whole-valued functions have a derivative of zero; where both sides of a maximum are equal it is the second's.
  @Test func `Derivatives at corners`() {
    func slope(_ x: Double, _ body: (Tensor) -> Tensor) -> Double {
      valueAndGradients(at: [Tensor(x)]) { body($0[0]) }.gradients[0].item()
    }
    for function in [floor, ceil, round, sign] { #expect(slope(1.5, function) == 0) }
    #expect(slope(0, relu) == 0)
    #expect(slope(0, abs) == 0)
    #expect(slope(1) { maximum($0, 1) } == 0)
    #expect(slope(1) { maximum(1, $0) } == 1)
    let tied = valueAndGradients(at: [Tensor([3.0, 1, 3])]) { $0[0].max() }.gradients[0]
    #expect(tied.doubles == [0.5, 0, 0.5])
  }

  @Test func `Higher orders`() {
    // d⁴/dx⁴ of x⁵ is 120 x.
    var derivative: ([Tensor]) -> Tensor = { pow($0[0], 5) }
    for _ in 0..<4 {
      let inner = derivative
      derivative = { gradients(of: inner($0), withRespectTo: $0)[0] }
    }
    expectClose([derivative([Tensor(1.5)]).item()], [180])
    // sin has itself back after four derivatives.
    var wave: ([Tensor]) -> Tensor = { sin($0[0]) }
    for _ in 0..<4 {
      let inner = wave
      wave = { gradients(of: inner($0), withRespectTo: $0)[0] }
    }
    expectClose([wave([Tensor(0.7)]).item()], [sin(Tensor(0.7)).item()])
  }

  @Test func `Gradients of variables are taken at their first value`() {
    let w = Variable(Tensor([3.0]), name: "w")
    let step = compile { (x: Tensor) -> Tensor in
      let loss = square(w.value * x).sum()
      let slope = gradients(of: loss, withRespectTo: [w])[0]
      w.assign(w.value - 0.1 * slope)
      return loss
    }
    #expect(step(Tensor([2.0])).item() == 36)
    expectClose(w.value, [3 - 0.1 * 24])
  }

  @Test func `A function computed from one of its arguments is differentiated by each`() {
    let x = Tensor([2.0])
    let y = x * 3
    let (_, slopes) = valueAndGradients(at: [x, y]) { ($0[0] * $0[1]).sum() }
    #expect(slopes[0].doubles == [6])
    #expect(slopes[1].doubles == [2])
  }

  @Test func `Gradients in single precision`() {
    let x = Tensor([Float(0.5), -1.5])
    let (_, slopes) = valueAndGradients(at: [x]) { exp($0[0] * 2).sum() }
    #expect(slopes[0].dtype == .float32)
    expectClose(slopes[0], [2 * 2.718281828459045, 2 * 0.049787068367863944], tolerance: 1e-6)
  }
}
