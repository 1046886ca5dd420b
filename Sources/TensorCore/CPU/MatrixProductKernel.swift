import CKernels
import Foundation
import Synchronization

/// Whether float32 products are oneDNN's. It makes machine code while it runs, and refuses where memory may not be made
/// executable; once it has, this process multiplies by kernels of our own, so that its results do not change from call to call.
/// `DESCENT_PRODUCT=own` asks for these.
package enum MatrixProductLibrary {
  package static let hasRefused = Atomic<Bool>(ProcessInfo.processInfo.environment["DESCENT_PRODUCT"] == "own")
  static var isUsed: Bool { !hasRefused.load(ordering: .relaxed) }
}

/// One matrix product, or a batch of them, in shares.
struct MatrixProductContext {
  var a: UnsafeMutableRawPointer?
  var b: UnsafeMutableRawPointer?
  /// The result, or where the sum is in parts, these, one behind the other.
  var c: UnsafeMutableRawPointer?
  let m: Int
  let n: Int
  let k: Int
  let transposeA: Bool
  let transposeB: Bool
  let isDouble: Bool
  /// Whether only kernels of our own may be used: they give a row the same bits whatever rows are beside it.
  let isOwn: Bool
  let cut: ProductCut

  init(m: Int, n: Int, k: Int, transposeA: Bool, transposeB: Bool, isDouble: Bool, isOwn: Bool, isAlone: Bool) {
    (self.m, self.n, self.k) = (m, n, k)
    self.transposeA = transposeA
    self.transposeB = transposeB
    self.isDouble = isDouble
    self.isOwn = isOwn
    cut = ProductCut(m: m, n: n, k: k, slowness: isDouble ? 3 : 1, cutsDepth: isAlone)
  }

  func run(_ share: Int) {
    let (product, part) = (share / cut.count, share % cut.count)
    let (place, depth) = (part % (cut.rows * cut.columns), part / (cut.rows * cut.columns))
    let rows = ProductCut.range(place / cut.columns, of: cut.rows, m), columns = ProductCut.range(place % cut.columns, of: cut.columns, n)
    let terms = ProductCut.range(depth, of: cut.depth, k)
    if rows.isEmpty || columns.isEmpty { return }
    let size = isDouble ? 8 : 4
    let aOffset = product * m * k + (transposeA ? terms.lowerBound * m + rows.lowerBound : rows.lowerBound * k + terms.lowerBound)
    let bOffset = product * k * n + (transposeB ? columns.lowerBound * k + terms.lowerBound : terms.lowerBound * n + columns.lowerBound)
    let cOffset = (product + depth) * m * n + rows.lowerBound * n + columns.lowerBound
    let a = self.a! + aOffset * size, b = self.b! + bOffset * size, c = self.c! + cOffset * size
    var gemm = call(a, b, c, rows: rows.count, columns: columns.count, terms: terms.count)
    if !isDouble && !isOwn && MatrixProductLibrary.isUsed {
      if ck_library_product(&gemm) != 0 { return }
      MatrixProductLibrary.hasRefused.store(true, ordering: .relaxed)
    }
    ck_gemm_run(&gemm, 0)
  }

  private func call(
    _ a: UnsafeMutableRawPointer?, _ b: UnsafeMutableRawPointer?, _ c: UnsafeMutableRawPointer?, rows: Int, columns: Int, terms: Int
  ) -> ck_gemm {
    ck_gemm(
      a: a, b: b, c: c, m: Int64(rows), n: Int64(columns), k: Int64(terms), lda: Int64(transposeA ? m : k), ldb: Int64(transposeB ? k : n),
      ldc: Int64(n), transpose_a: transposeA ? 1 : 0, transpose_b: transposeB ? 1 : 0,
      dtype: Int32((isDouble ? CK_F64 : CK_F32).rawValue), rows_per_share: Int64(rows), panels: nil)
  }

  /// A single product in one share of a kernel of our own.
  var whole: ck_gemm { call(a, b, c, rows: m, columns: n, terms: k) }

  static let kernel: ThreadPool.Work = { context, share in
    context!.assumingMemoryBound(to: MatrixProductContext.self).pointee.run(share)
  }
}

extension CPULowering {
  mutating func matrixProduct(_ call: Schedule.Call, _ transposeA: Bool, _ transposeB: Bool) -> [Plan.Step] {
    let a = call.inputs[0].shape
    let rank = call.output.shape.count
    let batch = call.output.shape.dropLast(2).reduce(1, *)
    let product = MatrixProductContext(
      m: call.output.shape[rank - 2], n: call.output.shape[rank - 1], k: a[rank - (transposeA ? 2 : 1)], transposeA: transposeA,
      transposeB: transposeB, isDouble: call.output.dtype == .float64, isOwn: part != nil, isAlone: batch == 1 && part == nil)
    if let part, batch == 1, case .argument(let index) = schedule.buffers[call.inputs[1].buffer].role, part.fixedArguments.contains(index) {
      return [productWithPanels(call, product)]
    }
    let context = memory.allocate(MatrixProductContext.self, 1)
    context.initialize(to: product)
    point(CPULowering.place(context, \.a), to: call.inputs[0])
    point(CPULowering.place(context, \.b), to: call.inputs[1])
    let isLibrary = call.output.dtype == .float32 && MatrixProductLibrary.isUsed && part == nil
    let step = Plan.Step(
      work: MatrixProductContext.kernel, context: context, shares: batch * product.cut.count, provider: isLibrary ? .oneDNN : .kernel)
    if product.cut.depth == 1 {
      point(CPULowering.place(context, \.c), to: call.output)
      return [step]
    }
    let partials = Buffer(byteCount: product.cut.depth * call.output.byteCount)
    memory.keep(partials)
    noteTemporaries(partials.byteCount)
    context.pointee.c = partials.pointer
    return [step] + sum(of: partials, count: product.cut.depth, to: call.output)
  }

  /// A product whose right side is brought once, for many runs, into the order in which it is read.
  private mutating func productWithPanels(_ call: Schedule.Call, _ product: MatrixProductContext) -> Plan.Step {
    let context = memory.allocate(ck_gemm.self, 1)
    context.pointee = product.whole
    context.pointee.panels = UnsafeMutableRawPointer(
      memory.allocate(UInt8.self, Int(ck_gemm_panels_size(context)) * call.output.dtype.byteCount))
    point(CPULowering.place(context, \.a), to: call.inputs[0])
    point(CPULowering.place(context, \.b), to: call.inputs[1])
    point(CPULowering.place(context, \.c), to: call.output)
    preparations.append(Plan.Step(work: { ck_gemm_pack_run($0, $1) }, context: context, shares: 1))
    return Plan.Step(work: { ck_gemm_run($0, $1) }, context: context, shares: 1)
  }
}
