import CKernels
import Foundation
import Synchronization

/// Whether large float32 products are oneDNN's. It makes machine code while it runs, and refuses where memory may not be made
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
  /// How many products there are, and their rows, columns and terms.
  let count: Int
  let m: Int
  let n: Int
  let k: Int
  /// Where the matrices A, B and C lie that are multiplied, or whose transposes are.
  private let layouts: (a: MatrixLayout, b: MatrixLayout, c: MatrixLayout)
  /// Those in which A lies, if it does.
  private let panels: ColumnPanels.Panels?
  let transposeA: Bool
  private let transposeB: Bool
  private let isDouble: Bool
  /// Whether kernels of our own are used: where rows must have the same bits whatever rows are beside them, for float64, and for products
  /// of a size at which they are the faster ones.
  let isOwn: Bool
  let cut: ProductCut
  /// Of a sum: so many parts one after the other are first added up among themselves. One thread that computes them all has one result to hand on.
  let partsOfGroup: Int
  /// Whether a part is added to those of its group before it, which have to be there.
  var addsGroups = false
  /// How many shares one after the other are a thread's own, of which the last goes from its last row to its first; 0: none does.
  var sharesOfThread = 0
  /// How many results a sum's parts leave, to be added up.
  var groups: Int { cut.depth / partsOfGroup }

  /// From so many rows on, and up to so many multiplications, our own kernel takes 0.5 to 1.1 times as long as oneDNN's (Zen 4; BENCHMARKS),
  /// and asks the caches for nothing beyond its matrices.
  private static let (fewestOwnRows, mostOwnTerms) = (16, 1 << 22)

  /// - Parameters:
  ///   - isPart: whether rows must have the same bits whatever rows are beside them.
  ///   - cut: as suits the sizes if nil.
  ///   - panels: those in which A lies, if it does.
  init(
    _ a: Schedule.Place, _ b: Schedule.Place, _ c: Schedule.Place, transposeA: Bool = false, transposeB: Bool = false, isPart: Bool = false,
    cut: ProductCut? = nil, panels: ColumnPanels.Panels? = nil
  ) {
    count = c.shape.dropLast(2).reduce(1, *)
    (m, n) = (c.shape[c.shape.count - 2], c.shape[c.shape.count - 1])
    k = a.termCount(isTransposed: transposeA)
    isDouble = c.dtype == .float64
    isOwn = isPart || isDouble || (m >= Self.fewestOwnRows && m * n * k <= Self.mostOwnTerms)
    self.cut = cut ?? ProductCut(products: count, m: m, n: n, k: k, isDouble: isDouble, cutsDepth: count == 1 && !isPart)
    layouts = (a.matrices, b.matrices, c.matrices)
    self.panels = panels
    self.transposeA = transposeA
    self.transposeB = transposeB
    partsOfGroup = isOwn && self.cut.depth % 4 == 0 ? 2 : 1
  }

  /// The product that a kernel is, and what it reads and writes; nil for any other kernel.
  /// - Parameter cut: as suits the sizes if nil.
  static func of(_ kernel: Schedule.Kernel, cut: ProductCut? = nil) -> (call: Schedule.Call, product: MatrixProductContext)? {
    guard case .operation(let call) = kernel, case .matrixProduct(let transposeA, let transposeB) = call.operation else { return nil }
    return (call, MatrixProductContext(call.inputs[0], call.inputs[1], call.output, transposeA: transposeA, transposeB: transposeB, cut: cut))
  }

  /// How the shares lie in the result and in the sum.
  var sharesOf: String {
    let parts = [(count, "products"), (cut.rows, "rows"), (cut.columns, "columns"), (cut.depth, "terms")].filter { $0.0 > 1 }
    return parts.map(\.1).joined(separator: " × ") + (parts.count > 1 ? " in " + parts.map { "\($0.0)" }.joined(separator: " × ") : "")
  }

  func run(_ share: Int) {
    let (product, part) = (share / cut.count, share % cut.count)
    let (place, depth) = (part % (cut.rows * cut.columns), part / (cut.rows * cut.columns))
    let rows = ProductCut.range(place / cut.columns, of: cut.rows, m), columns = ProductCut.range(place % cut.columns, of: cut.columns, n)
    let terms = ProductCut.range(depth, of: cut.depth, k)
    if rows.isEmpty || columns.isEmpty { return }
    var gemm = call(product, rows, columns, terms, part: depth)
    gemm.rows_backwards = sharesOfThread > 0 && (share + 1) % sharesOfThread == 0
    if !isOwn && MatrixProductLibrary.isUsed {
      if ck_library_product(&gemm) != 0 { return }
      MatrixProductLibrary.hasRefused.store(true, ordering: .relaxed)
    }
    ck_gemm_run(&gemm, 0)
  }

  private func call(_ product: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ terms: Range<Int>, part: Int) -> ck_gemm {
    func address(
      _ base: UnsafeMutableRawPointer?, _ layout: MatrixLayout, _ row: Int, _ column: Int, in panels: ColumnPanels.Panels? = nil
    ) -> UnsafeMutableRawPointer? {
      let place = panels?.place(row: row, column: column) ?? layout.offset(of: product) + layout.place(row: row, column: column)
      return base.map { $0 + place * (isDouble ? 8 : 4) }
    }
    let (first, row, column) = (terms.lowerBound, rows.lowerBound, columns.lowerBound)
    return ck_gemm(
      a: transposeA ? address(a, layouts.a, first, row, in: panels) : address(a, layouts.a, row, first, in: panels),
      b: transposeB ? address(b, layouts.b, column, first) : address(b, layouts.b, first, column),
      // Parts of a sum follow one another.
      c: address(c, layouts.c, (addsGroups ? part / partsOfGroup : part) * m + row, column), m: Int64(rows.count), n: Int64(columns.count), k: Int64(terms.count),
      lda: Int64(panels?.width ?? layouts.a.leading), ldb: Int64(layouts.b.leading), ldc: Int64(layouts.c.leading),
      transpose_a: transposeA != layouts.a.isTransposed ? 1 : 0, transpose_b: transposeB != layouts.b.isTransposed ? 1 : 0,
      dtype: Int32((isDouble ? CK_F64 : CK_F32).rawValue), adds: addsGroups && part % partsOfGroup > 0,
      terms_backwards: partsOfGroup > 1 && (part + 1) % partsOfGroup == 0, rows_backwards: false, rows_per_share: Int64(rows.count), panels: nil)
  }

  /// A single product in one share of a kernel of our own.
  var whole: ck_gemm { call(0, 0..<m, 0..<n, 0..<k, part: 0) }

  static let kernel: ThreadPool.Work = { context, share in
    context!.assumingMemoryBound(to: MatrixProductContext.self).pointee.run(share)
  }
}

extension Schedule.Place {
  /// - Precondition: a product can read them, which the schedule has seen to.
  fileprivate var matrices: MatrixLayout { MatrixLayout(layout)! }
}

extension CPULowering {
  mutating func matrixProduct(_ call: Schedule.Call, _ transposeA: Bool, _ transposeB: Bool) -> [Plan.Step] {
    let product = MatrixProductContext(
      call.inputs[0], call.inputs[1], call.output, transposeA: transposeA, transposeB: transposeB, isPart: part != nil,
      panels: panels?.of(call.inputs[0].buffer))
    if let part, product.count == 1, case .argument(let index) = schedule.buffers[call.inputs[1].buffer].role, part.fixedArguments.contains(index) {
      return [productWithPanels(call, product)]
    }
    let rows = takeRows(for: product, call.inputs[0].buffer)
    return join(rows, productSteps(of: matrixProductContext(call, product), to: call.output), of: product)
  }

  /// The context of a product, without the place of its result.
  mutating func matrixProductContext(_ call: Schedule.Call, _ product: MatrixProductContext) -> UnsafeMutablePointer<MatrixProductContext> {
    let context = memory.allocate(MatrixProductContext.self, 1)
    context.initialize(to: product)
    point(CPULowering.place(context, \.a), to: call.inputs[0])
    point(CPULowering.place(context, \.b), to: call.inputs[1])
    return context
  }

  /// The steps of a product whose sides are known.
  mutating func productSteps(of context: UnsafeMutablePointer<MatrixProductContext>, to output: Schedule.Place) -> [Plan.Step] {
    let product = context.pointee
    let isLibrary = !product.isOwn && MatrixProductLibrary.isUsed
    let parts = Plan.Step(
      work: MatrixProductContext.kernel, context: context, shares: product.count * product.cut.count, sharesOf: product.sharesOf,
      provider: isLibrary ? .oneDNN : .kernel)
    if product.cut.depth == 1 {
      point(CPULowering.place(context, \.c), to: output)
      return [parts]
    }
    // Where there are groups for all threads, a group is a share.
    let addsGroups = product.partsOfGroup > 1 && threadCount <= product.groups
    context.pointee.addsGroups = addsGroups
    let partials = workspace((addsGroups ? product.groups : product.cut.depth) * output.byteCount)
    context.pointee.c = partials.pointer
    if addsGroups {
      let piece = ChainPiece(work: parts.work, context: parts.context, each: parts.shares / product.groups)
      return [step(of: [piece], as: parts, shares: product.groups, of: parts.sharesOf)] + sum(of: partials, count: product.groups, to: output)
    }
    if product.partsOfGroup == 1 { return [parts] + sum(of: partials, count: product.groups, to: output) }
    let groups = workspace(product.groups * output.byteCount)
    return [parts] + sum(of: partials, groups: product.groups, of: product.partsOfGroup, count: output.count, output.dtype, to: groups)
      + sum(of: groups, count: product.groups, to: output)
  }

  /// Memory that steps need among themselves.
  mutating func workspace(_ byteCount: Int) -> Buffer {
    let buffer = Buffer(byteCount: byteCount)
    memory.keep(buffer)
    noteTemporaries(byteCount)
    return buffer
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
