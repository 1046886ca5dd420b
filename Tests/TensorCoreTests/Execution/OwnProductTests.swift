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

    @Test func `Products of our own can be asked for`() async {
      await #expect(processExitsWith: .success) {
        setenv("DESCENT_PRODUCT", "own", 1)
        precondition(MatrixProductLibrary.hasRefused.load(ordering: .relaxed))
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
