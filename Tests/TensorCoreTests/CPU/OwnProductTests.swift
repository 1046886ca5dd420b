import CKernels
import Foundation
import TensorCore
import TestSupport
import Testing

#if compiler(>=6.2) && os(Linux)
  /// Products where oneDNN is not to be had.
  @Suite(.timeLimit(.minutes(20))) struct OwnProductTests {
    @Test func `Where memory may not be made executable, everything is computed as elsewhere`() async {
      await #expect(processExitsWith: .success) {
        precondition(forbidExecutableMemory())
        checkProducts()
        precondition(MatrixProductLibrary.hasRefused.load(ordering: .relaxed), "oneDNN made machine code")
        // A step that is run often enough to get machine code elsewhere.
        let w = Variable(Tensor.ones([40, 30]))
        let step = compile { (x: Tensor) -> Tensor in
          let loss: Tensor = square(matmul(x, w.value) - 1).mean()
          let gradient: Tensor = gradients(of: loss, withRespectTo: [w])[0]
          w.assign(w.value - 0.1 * gradient)
          return loss
        }
        let losses = (0..<20).map { _ in step(Tensor.ones([16, 40]) * 0.1).item() }
        precondition(losses[0] > losses[19] && losses[19].isFinite)
      }
    }

    @Test func `Products of our own are right for all sizes around their cuts`() async {
      await #expect(processExitsWith: .success) {
        MatrixProductLibrary.hasRefused.store(true, ordering: .relaxed)
        checkProducts()
      }
    }

    @Test func `The kernel reads and writes nothing but its matrices, with the widest vectors`() async {
      await #expect(processExitsWith: .success) { checkKernel() }
    }

    @Test func `The kernel reads and writes nothing but its matrices, with AVX2`() async {
      await #expect(processExitsWith: .success) {
        setenv("DESCENT_ISA", "avx2", 1)
        checkKernel()
      }
    }

    @Test func `The kernel reads and writes nothing but its matrices, with the vectors that each processor has`() async {
      await #expect(processExitsWith: .success) {
        setenv("DESCENT_ISA", "baseline", 1)
        checkKernel()
      }
    }

    @Test func `Products of our own can be asked for`() async {
      await #expect(processExitsWith: .success) {
        setenv("DESCENT_PRODUCT", "own", 1)
        precondition(MatrixProductLibrary.hasRefused.load(ordering: .relaxed))
      }
    }
  }

  /// Memory that ends where a page begins that may not be touched.
  private struct GuardedArray<Element> {
    let start: UnsafeMutablePointer<Element>
    private static var page: Int { 1 << 16 }

    init(_ elements: [Element]) {
      let bytes = elements.count * MemoryLayout<Element>.stride, size = (bytes + Self.page - 1) / Self.page * Self.page
      let all = mmap(nil, size + Self.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
      precondition(all != MAP_FAILED && mprotect(all + size, Self.page, PROT_NONE) == 0)
      start = (all + size - bytes).bindMemory(to: Element.self, capacity: elements.count)
      start.initialize(from: elements, count: elements.count)
    }
  }

  /// Rows of a matrix, `extra` elements apart, of which the last has none behind it.
  private struct Side<T: BinaryFloatingPoint> {
    let stride: Int
    let array: GuardedArray<T>

    init(_ rows: Int, _ columns: Int, extra: Int, _ element: (Int, Int) -> T) {
      stride = columns + extra
      var elements = [T](repeating: .nan, count: Swift.max(0, rows * stride - extra))
      for row in 0..<rows { for column in 0..<columns { elements[row * stride + column] = element(row, column) } }
      array = GuardedArray(elements)
    }

    subscript(row: Int, column: Int) -> T { array.start[row * stride + column] }
  }

  private func checkKernel() {
    var generator = SeededGenerator(seed: 5)
    let heights = [1, 4, 6, 7, 8, 9, 16, 63, 64, 65, 98], widths = [1, 3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 64, 100]
    let depths = [1, 2, 31, 32, 33, 64, 255, 256, 257]
    for height in heights {
      for width in widths {
        for depth in [depths.randomElement(using: &generator)!, depths.randomElement(using: &generator)!] where height * width * depth < 500_000 {
          checkProduct(of: Float.self, CK_F32, height, width, depth, &generator)
          checkProduct(of: Double.self, CK_F64, height, width, depth, &generator)
        }
      }
    }
  }

  /// All transpositions of a product of quarters, whose sums are exact: all of it, some rows at a time, and with panels made before; from either
  /// end, and added to what is there or not.
  private func checkProduct<T: BinaryFloatingPoint>(
    of type: T.Type, _ dtype: ck_dtype, _ m: Int, _ n: Int, _ k: Int, _ generator: inout SeededGenerator
  ) {
    let a = (0..<m * k).map { _ in Int(generator.next() % 17) - 8 }, b = (0..<k * n).map { _ in Int(generator.next() % 17) - 8 }
    var sums = [Int](repeating: 0, count: m * n)
    for row in 0..<m { for i in 0..<k { for column in 0..<n { sums[row * n + column] += a[row * k + i] * b[i * n + column] } } }
    let extra = Int(generator.next() % 4) * 5
    for way in 0..<12 {
      let (isTurnedA, isTurnedB, hasPanels) = (way & 1 == 1, way & 2 == 2, way >= 8), rowsPerShare = way >= 4 && way < 8 ? (m + 2) / 3 : m
      let left = Side<T>(isTurnedA ? k : m, isTurnedA ? m : k, extra: extra) { T(a[isTurnedA ? $1 * k + $0 : $0 * k + $1]) / 4 }
      let right = Side<T>(isTurnedB ? n : k, isTurnedB ? k : n, extra: extra) { T(b[isTurnedB ? $1 * n + $0 : $0 * n + $1]) / 4 }
      let adds = generator.next() % 2 == 0, before = adds ? Int(generator.next() % 9) : 0
      let result = Side<T>(m, n, extra: extra) { _, _ in adds ? T(before) / 16 : .nan }
      var gemm = ck_gemm(
        a: left.array.start, b: right.array.start, c: result.array.start, m: Int64(m), n: Int64(n), k: Int64(k), lda: Int64(left.stride),
        ldb: Int64(right.stride), ldc: Int64(result.stride), transpose_a: isTurnedA ? 1 : 0, transpose_b: isTurnedB ? 1 : 0,
        dtype: Int32(dtype.rawValue), adds: adds, terms_backwards: generator.next() % 2 == 0, rows_backwards: generator.next() % 2 == 0,
        rows_per_share: Int64(rowsPerShare), panels: nil)
      if hasPanels {
        gemm.panels = UnsafeMutableRawPointer(GuardedArray([T](repeating: .nan, count: Int(ck_gemm_panels_size(&gemm)))).start)
        ck_gemm_pack_run(&gemm, 0)
      }
      for share in 0..<(m + rowsPerShare - 1) / rowsPerShare { ck_gemm_run(&gemm, share) }
      let place = "\(T.self) \(m) × \(k) · \(k) × \(n), \(extra) apart, way \(way)"
      for row in 0..<m {
        for column in 0..<n { precondition(result[row, column] == T(sums[row * n + column] + before) / 16, "\(place): \(row), \(column)") }
        for column in n..<n + extra where row < m - 1 { precondition(result[row, column].isNaN, "\(place): row \(row) is written beyond its end") }
      }
    }
  }

  /// Compares float32 products with plain sums in Double.
  private func checkProducts() {
    let sizes = [(1, 1, 1), (3, 5, 7), (8, 32, 256), (9, 33, 257), (32, 100, 784), (100, 30, 32), (7, 200, 300), (65, 16, 513), (2, 3, 0)]
    for (m, n, k) in sizes {
      let a = (0..<m * k).map { (i: Int) -> Float in Float((i * 37 + 11) % 23 - 11) / 23 }
      let b = (0..<k * n).map { (i: Int) -> Float in Float((i * 29 + 5) % 19 - 9) / 19 }
      for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
        let left = Tensor(shape: transposeA ? [k, m] : [m, k], scalars: a)
        let right = Tensor(shape: transposeB ? [n, k] : [k, n], scalars: b)
        let product = matmul(left, right, transposeA: transposeA, transposeB: transposeB).doubles
        for row in 0..<m {
          for column in 0..<n {
            var sum = 0.0
            for i in 0..<k {
              let left = a[transposeA ? i * m + row : row * k + i]
              let right = b[transposeB ? column * k + i : i * n + column]
              sum += Double(left) * Double(right)
            }
            precondition(
              Swift.abs(product[row * n + column] - sum) <= 1e-5 * Double(k + 1).squareRoot(),
              "\(m)×\(k)·\(k)×\(n) \(transposeA) \(transposeB) at \(row), \(column): \(product[row * n + column]) for \(sum)")
          }
        }
      }
    }
  }
#endif
