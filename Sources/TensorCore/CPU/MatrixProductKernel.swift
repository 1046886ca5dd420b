import CKernels
import COneDNN
import Foundation
import Synchronization

/// Whether float32 products are oneDNN's. It makes machine code while it runs, and refuses where memory may not be made
/// executable; once it has, this process multiplies by kernels of our own, so that its results do not change from call to call.
/// `DESCENT_PRODUCT=own` asks for these.
package enum MatrixProductLibrary {
  package static let hasRefused = Atomic<Bool>(ProcessInfo.processInfo.environment["DESCENT_PRODUCT"] == "own")
  static var isUsed: Bool { !hasRefused.load(ordering: .relaxed) }
}

/// One matrix product (or a batch of them), cut into shares along the longer side of the result.
struct MatrixProductContext {
  var a: UnsafeMutableRawPointer?
  var b: UnsafeMutableRawPointer?
  var c: UnsafeMutableRawPointer?
  var m: Int
  var n: Int
  var k: Int
  var transposeA: Bool
  var transposeB: Bool
  var isDouble: Bool
  var sharesPerProduct: Int
  /// Rows of the result in a share, or columns if `splitsColumns`.
  var chunk: Int
  var splitsColumns: Bool

  init(m: Int, n: Int, k: Int, transposeA: Bool, transposeB: Bool, isDouble: Bool) {
    (self.m, self.n, self.k) = (m, n, k)
    self.transposeA = transposeA
    self.transposeB = transposeB
    self.isDouble = isDouble
    // The number of shares depends on the sizes alone, so that the result does not depend on the number of threads.
    let work = Double(2 * m * n * k) * (isDouble ? 20 : 1)
    let wanted = min(64, max(1, Int((work / MatrixProductContext.workPerShare).rounded())))
    splitsColumns = n > m && !isDouble
    let side = splitsColumns ? n : m
    let unit = MatrixProductContext.unit
    let units = (side + unit - 1) / unit
    let unitsPerShare = (units + wanted - 1) / wanted
    chunk = max(1, unitsPerShare * unit)
    sharesPerProduct = max(1, (side + chunk - 1) / chunk)
  }

  /// Floating-point operations worth handing to another thread.
  private static let workPerShare = 2.5e6
  private static let unit = 8

  func run(_ share: Int) {
    let product = share / sharesPerProduct
    let start = share % sharesPerProduct * chunk
    let size = isDouble ? 8 : 4
    let rows = splitsColumns ? m : min(chunk, m - start)
    let columns = splitsColumns ? min(chunk, n - start) : n
    let lda = transposeA ? m : k
    let ldb = transposeB ? k : n
    var aOffset = product * m * k, bOffset = product * k * n, cOffset = product * m * n
    if splitsColumns {
      bOffset += transposeB ? start * k : start
      cOffset += start
    } else {
      aOffset += transposeA ? start : start * k
      cOffset += start * n
    }
    let a = self.a! + aOffset * size, b = self.b! + bOffset * size, c = self.c! + cOffset * size
    if !isDouble && MatrixProductLibrary.isUsed {
      let transposed = CChar(UInt8(ascii: "T")), plain = CChar(UInt8(ascii: "N"))
      let status = dnnl_sgemm(
        transposeA ? transposed : plain, transposeB ? transposed : plain, dnnl_dim_t(rows), dnnl_dim_t(columns),
        dnnl_dim_t(k), 1, a.assumingMemoryBound(to: Float.self), dnnl_dim_t(lda), b.assumingMemoryBound(to: Float.self),
        dnnl_dim_t(ldb), 0, c.assumingMemoryBound(to: Float.self), dnnl_dim_t(n))
      if status == dnnl_success { return }
      MatrixProductLibrary.hasRefused.store(true, ordering: .relaxed)
    }
    var gemm = ck_gemm(
      a: a, b: b, c: c, m: Int64(rows), n: Int64(columns), k: Int64(k), lda: Int64(lda), ldb: Int64(ldb), ldc: Int64(n),
      transpose_a: transposeA ? 1 : 0, transpose_b: transposeB ? 1 : 0,
      dtype: Int32((isDouble ? CK_F64 : CK_F32).rawValue), rows_per_share: Int64(rows))
    ck_gemm_run(&gemm, 0)
  }

  static let kernel: ThreadPool.Work = { context, share in
    context!.assumingMemoryBound(to: MatrixProductContext.self).pointee.run(share)
  }
}
