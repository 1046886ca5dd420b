import CKernels
import TensorCore
import TestSupport
import Testing

struct ConvolutionTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    var input: [Int], kernel: [Int], strides: [Int], padding: Padding, dilation: [Int]

    init(_ input: [Int], _ kernel: [Int], strides: [Int]? = nil, padding: Padding = .valid, dilation: [Int]? = nil) {
      let ones = [Int](repeating: 1, count: input.count - 2)
      (self.input, self.kernel, self.padding) = (input, kernel, padding)
      self.strides = strides ?? ones
      self.dilation = dilation ?? ones
    }
    var testDescription: String { "\(input) \(kernel) strides \(strides) \(padding) dilation \(dilation)" }
    func apply(_ x: Tensor, _ kernel: Tensor) -> Tensor {
      conv(x, kernel, strides: strides, padding: padding, dilation: dilation)
    }
  }

  /// What makes a convolution special, each at least once.
  static let shapes = [
    Shape([2, 5, 2], [3, 2, 3]), Shape([2, 7, 2], [3, 2, 2], strides: [2], padding: .same),
    Shape([1, 6, 1], [2, 1, 2], padding: .causal, dilation: [2]), Shape([2, 4, 5, 2], [3, 2, 2, 3], padding: .same),
    Shape([1, 5, 6, 3], [3, 3, 3, 2], strides: [2, 1]), Shape([1, 6, 6, 4], [3, 2, 2, 4], strides: [1, 2], padding: .same),
    Shape([1, 7, 6, 1], [2, 3, 1, 2], padding: .explicit([.init(2, 1), .init(0, 3)]), dilation: [2, 1]),
    Shape([2, 4, 4, 3], [1, 1, 3, 2]), Shape([2, 4, 4, 3], [2, 2, 1, 6], padding: .same),
    Shape([1, 3, 4, 3, 2], [2, 2, 2, 2, 2], strides: [1, 2, 1], padding: .same), Shape([0, 4, 4, 1], [2, 2, 1, 2]),
    Shape([1, 8, 2], [2, 2, 2], strides: [3]), Shape([1, 5, 4, 3, 2], [2, 1, 3, 1, 4], padding: .same, dilation: [2, 1, 1]),
  ]

  private static func random(_ shape: [Int], _ generator: inout SeededGenerator) -> Tensor {
    Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { _ in Double.random(in: -1...1, using: &generator) })
  }

  /// All three products of a convolution of random numbers.
  private func products(_ shape: Shape, _ dtype: DType, seed: UInt64) throws -> [(part: Convolution.Part, a: Tensor, b: Tensor, c: Convolution)] {
    var generator = SeededGenerator(seed: seed)
    let c = try Convolution(
      inputShape: shape.input, kernelShape: shape.kernel, strides: shape.strides, padding: shape.padding, dilation: shape.dilation)
    let x = Self.random(c.inputShape, &generator).cast(to: dtype), w = Self.random(c.kernelShape, &generator).cast(to: dtype)
    let g = Self.random(c.outputShape, &generator).cast(to: dtype)
    return [(.output, x, w, c), (.input, g, w, c), (.kernel, x, g, c)]
  }

  @Test(arguments: shapes) func `all three products are the sums they are defined as`(_ shape: Shape) throws {
    for dtype in [DType.float64, .float32] {
      for (part, a, b, c) in try products(shape, dtype, seed: 1) {
        let result = c.product(part, a, b)
        var interpreter = ReferenceInterpreter()
        expectClose(
          result.doubles, interpreter.evaluate(result.node), tolerance: dtype == .float64 ? 1e-13 : 1e-5, "\(part) of \(shape) in \(dtype)")
      }
    }
  }

  @Test(arguments: [0, 2, 4, 6, 8, 9, 11].map { shapes[$0] }) func `first and second derivatives match differences`(_ shape: Shape) {
    var generator = SeededGenerator(seed: 2)
    let points = [Self.random(shape.input, &generator), Self.random(shape.kernel, &generator)]
    // The square makes the second derivative one of all three products.
    expectDerivativesMatchDifferences(at: points, tolerance: 1e-5, "\(shape)") { square(shape.apply($0[0], $0[1])) }
  }

  @Test func `the transpose is the derivative of the convolution by its input`() {
    var generator = SeededGenerator(seed: 3)
    for strides in [1, 2, 3] {
      for padding in [Padding.valid, .same] {
        let x = Self.random([1, 4, 3, 2], &generator), w = Self.random([3, 2, 2, 2], &generator)
        let y = convTranspose(x, w, strides: [strides, strides], padding: padding)
        let same = padding == .same
        #expect(y.shape == [1, same ? 4 * strides : 3 * strides + 3, same ? 3 * strides : 2 * strides + max(2, strides), 2])
        // ⟨convTranspose(x), z⟩ = ⟨x, conv(z)⟩ for every z.
        let z = Self.random(y.shape, &generator)
        let back = conv(z, w, strides: [strides, strides], padding: padding)
        if back.shape == x.shape { expectClose([(y * z).sum().item()], [(x * back).sum().item()], "strides \(strides), \(padding)") }
        if strides != 2 { continue }
        expectDerivativesMatchDifferences(at: [x, w], tolerance: 1e-6) { convTranspose($0[0], $0[1], strides: [strides, strides], padding: padding) }
      }
    }
  }

  @Test func `random shapes give the same by oneDNN and by windows and a matrix product`() throws {
    var generator = SeededGenerator(seed: 4)
    var fast = 0
    for _ in 0..<60 {
      let axes = Int.random(in: 1...3, using: &generator)
      func sizes(_ range: ClosedRange<Int>) -> [Int] { (0..<axes).map { _ in Int.random(in: range, using: &generator) } }
      let groups = Bool.random(using: &generator) ? 1 : Int.random(in: 1...4, using: &generator)
      let inner = Int.random(in: 1...9, using: &generator), outer = Int.random(in: 1...9, using: &generator)
      let shape = Shape(
        [Int.random(in: 1...5, using: &generator)] + sizes(axes == 3 ? 5...6 : 7...12) + [groups * inner],
        sizes(1...3) + [inner, groups * outer], strides: sizes(1...3), padding: Bool.random(using: &generator) ? .same : .valid,
        dilation: sizes(1...2))
      for (part, a, b, c) in try products(shape, .float32, seed: generator.next()) {
        var windows = c.windows
        var made = ck_fast_convolution()
        if ck_fast_convolution_make(&made, &windows, Int32(part.rawValue)) { fast += 1 }
        ck_fast_convolution_free(&made)
        let exact = c.product(part, a.cast(to: .float64), b.cast(to: .float64)).doubles
        expectClose(c.product(part, a, b).doubles, exact, tolerance: 2e-5, "\(part) of \(shape)")
        expectClose(plainly(c, part, a, b), exact, tolerance: 2e-5, "\(part) of \(shape), plainly")
      }
    }
    #if arch(x86_64)
      #expect(fast > 90, "oneDNN takes most convolutions: \(fast) of 180")
    #endif
  }

  /// The path without oneDNN.
  private func plainly(_ c: Convolution, _ part: Convolution.Part, _ a: Tensor, _ b: Tensor) -> [Double] {
    var context = ck_convolution()
    context.windows = c.windows
    context.dtype = Int32(CK_F32.rawValue)
    context.part = Int32(part.rawValue)
    ck_convolution_prepare(&context)
    let count = c.shape(of: part).reduce(1, *)
    var partials = [Float](repeating: 0, count: Int(context.shares) * count)
    return Tensor(shape: [count], dtype: .float32) { bytes in
      a.withBytes { left in
        b.withBytes { right in
          partials.withUnsafeMutableBytes { partial in
            (context.a, context.b, context.c) = (left.baseAddress, right.baseAddress, bytes.baseAddress)
            context.partials = partial.baseAddress
            for share in 0..<Int(context.shares) { ck_convolution_run(&context, share) }
            if part == .kernel && context.shares > 1 { for share in 0..<Int(context.shares) { ck_convolution_finish(&context, share) } }
          }
        }
      }
    }.doubles
  }

  /// Few images and much work: lines of an image are worked on side by side. The last are not cut alike: lines that read padding alone, and
  /// a window as long as the image.
  static let large = [
    Shape([1, 30, 20, 32], [3, 3, 32, 64], padding: .same), Shape([1, 61, 34, 48], [3, 2, 48, 80], strides: [2, 3], padding: .same),
    Shape([2, 28, 28, 64], [1, 1, 64, 256]), Shape([1, 57, 58, 64], [1, 1, 64, 256], strides: [2, 2]),
    Shape([3, 25, 24, 32], [5, 3, 32, 48], padding: .explicit([.init(4, 1), .init(0, 2)]), dilation: [2, 1]),
    Shape([1, 900, 32], [7, 32, 64], padding: .causal), Shape([1, 12, 11, 10, 16], [3, 3, 3, 16, 48], strides: [1, 2, 1], padding: .same),
    Shape([1, 14, 14, 128], [3, 3, 128, 264], padding: .same), Shape([1, 40, 40, 128], [5, 5, 1, 128], padding: .same),
    Shape([1, 8, 30, 16], [3, 3, 16, 64], padding: .explicit([.init(11, 9), .init(1, 1)])), Shape([1, 12, 60, 16], [12, 3, 16, 64]),
  ]

  /// Few positions and a large kernel, or single positions picked: windows side by side, times the kernel as it lies.
  static let few = [
    Shape([1, 7, 7, 64], [3, 3, 64, 160], padding: .same), Shape([1, 7, 7, 64], [3, 3, 64, 160]), Shape([4, 1, 1, 512], [1, 1, 512, 200]),
    Shape([2, 9, 8, 128], [1, 1, 128, 520], strides: [2, 2]), Shape([1, 40, 41, 256], [1, 1, 256, 257], strides: [2, 1]),
    Shape([1, 9, 9, 256], [1, 1, 256, 256], strides: [2, 2], padding: .explicit([.init(1, 2), .init(2, 0)])),
    Shape([1, 60, 128], [5, 128, 128], padding: .causal, dilation: [2]), Shape([1, 4, 5, 6, 64], [2, 2, 2, 64, 132]),
    Shape([1, 10, 10, 64], [3, 3, 64, 128], strides: [2, 2], padding: .explicit([.init(2, 0), .init(1, 1)])),
    Shape([3, 6, 6, 64], [3, 3, 64, 128], padding: .same, dilation: [2, 3]), Shape([1, 2, 2, 512], [2, 2, 512, 64]),
  ]

  @Test func `a large kernel is not brought into another order for few positions`() throws {
    for shape in ConvolutionTests.few { #expect(try #require(products(shape, .float32, seed: 7).first).c.isQuickerAsProduct, "\(shape)") }
    for shape in ConvolutionTests.shapes + ConvolutionTests.large.filter({ $0.input != [1, 14, 14, 128] }) {
      #expect(try !#require(products(shape, .float32, seed: 7).first).c.isQuickerAsProduct, "\(shape)")
    }
  }

  @Test(arguments: large + few) func `few large images give what windows and a matrix product give`(_ shape: Shape) throws {
    for (part, a, b, c) in try products(shape, .float32, seed: 6) {
      let exact = c.product(part, a.cast(to: .float64), b.cast(to: .float64)).doubles
      let greatest = exact.map(abs).max() ?? 1
      // oneDNN with AVX-512 adds all terms of an element one after another, up to 2,376 here: rounded like that they differ by 2.1e-6.
      expectClose(c.product(part, a, b).doubles.map { $0 / greatest }, exact.map { $0 / greatest }, tolerance: 5e-6, "\(part) of \(shape)")
    }
  }

  @Test func `one image keeps several threads busy, and so do the filters of a large kernel`() throws {
    for shape in ConvolutionTests.large.prefix(8) {
      let c = try #require(products(shape, .float32, seed: 7).first).c
      var windows = c.windows
      var made = ck_fast_convolution()
      defer { ck_fast_convolution_free(&made) }
      #if arch(x86_64)
        try #require(ck_fast_convolution_make(&made, &windows, Int32(Convolution.Part.output.rawValue)))
        #expect(made.shares >= 4 && made.shares <= 16, "\(shape): \(made.shares)")
        #expect((made.begin_shares > 1) == (shape.kernel.reduce(1, *) > 300_000), "\(shape): \(made.begin_shares)")
      #endif
    }
  }

  @Test(arguments: [Shape([13, 12, 12, 16], [3, 3, 16, 24], padding: .same), Shape([1, 14, 14, 128], [3, 3, 128, 264], padding: .same), few[3]])
  func `the bits do not depend on the number of threads`(_ shape: Shape) throws {
    for dtype in [DType.float32, .float64] {
      for (part, a, b, c) in try products(shape, dtype, seed: 5) {
        let result = c.product(part, a.evaluated(), b.evaluated())
        let plan = Plan(arguments: [], outputs: [result.node], assignments: [])
        let pools = [ThreadPool(threadCount: 1), ThreadPool(threadCount: 3)]
        let results = pools.map { plan.run(on: $0)[0].doubles }
        #expect(results[0] == results[1], "\(part) in \(dtype)")
      }
    }
  }

  @Test func `what does not fit is refused before memory is taken`() {
    let refused: [([Int], [Int], [Int], Padding, String)] = [
      ([1, 2, 2, 1], [3, 3, 1, 1], [1, 1], .valid, "a window of 3 positions"),
      ([1, 8, 8, 3], [3, 3, 2, 4], [1, 1], .valid, "do not make groups"),
      ([1, 8, 8, 4], [3, 3, 2, 3], [1, 1], .valid, "do not make groups"),
      ([1, 8, 8, 4], [3, 3, 4, 4], [0, 1], .valid, "strides [0, 1]"),
      ([1, 0, 8, 4], [3, 3, 4, 4], [1, 1], .same, "larger than the 0 positions"),
      ([1, 8, 8, 4], [3, 3, 4, 4], [1, 1], .explicit([.init(1, 1)]), "padding [[1, 1]]"),
      ([1, 8, 4], [3, 3, 4, 4], [1], .valid, "as many axes"),
    ]
    for (input, kernel, strides, padding, message) in refused {
      let error = #expect(throws: DescentError.self) {
        try Convolution(inputShape: input, kernelShape: kernel, strides: strides, padding: padding, dilation: strides.map { _ in 1 })
      }
      #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
  }
}
