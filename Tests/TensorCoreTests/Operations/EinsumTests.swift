import TensorCore
import TestSupport
import Testing

struct EinsumTests {
  private static func tensor(_ shape: [Int], _ dtype: DType = .float64) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(shape: shape, scalars: (0..<count).map { Double(($0 * 7 + 3 * shape.count) % 11) - 4 }).cast(to: dtype)
  }

  /// The sum as it is defined: over every value of every label.
  private static func slowly(_ equation: String, _ operands: [Tensor]) throws -> [Double] {
    let parsed = try EinsumEquation(equation)
    let (labels, output) = try parsed.labels(ranks: operands.map(\.rank))
    let sizes = try parsed.sizes(operands.map(\.shape))
    let all = Array(sizes.keys)
    var result = [Double](repeating: 0, count: output.reduce(1) { $0 * sizes[$1]! })
    let values = operands.map(\.doubles)
    for number in 0..<all.reduce(1, { $0 * sizes[$1]! }) {
      var rest = number
      var at: [EinsumEquation.Label: Int] = [:]
      for label in all {
        at[label] = rest % sizes[label]!
        rest /= sizes[label]!
      }
      var product = 1.0
      for (index, operand) in operands.enumerated() {
        let place = zip(labels[index], operand.shape).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : at[$1.0]!) }
        product *= values[index][place]
      }
      result[output.reduce(0) { $0 * sizes[$1]! + at[$1]! }] += product
    }
    return result
  }

  static let equations: [(String, [[Int]])] = [
    ("ij,jk->ik", [[2, 3], [3, 4]]), ("ji,jk", [[3, 2], [3, 4]]), ("ij,kj->ki", [[2, 3], [4, 3]]), ("ij->ji", [[2, 3]]),
    ("ij->", [[2, 3]]), ("ij->j", [[2, 3]]), ("ii", [[3, 3]]), ("ii->i", [[3, 3]]), ("iji->ij", [[3, 2, 3]]),
    ("i,i->", [[4], [4]]), ("i,j->ji", [[2], [3]]), ("i,i->i", [[4], [4]]), ("bij,bjk->bik", [[2, 2, 3], [2, 3, 2]]),
    ("bqhd,bkhd->bhqk", [[2, 3, 2, 2], [2, 4, 2, 2]]), ("bhqk,bkhd->bqhd", [[2, 2, 3, 4], [2, 4, 2, 3]]),
    ("abc,cd->abd", [[2, 3, 2], [2, 4]]), ("abcd,cde->abe", [[2, 2, 3, 2], [3, 2, 4]]), ("...x,xy->...y", [[2, 3, 2], [2, 4]]),
    ("x...,x...->...", [[3, 2, 1], [3, 2, 4]]), ("...ij,...jk->...ik", [[2, 1, 2, 3], [4, 3, 2]]), ("...", [[2, 3]]),
    ("i...->...i", [[2, 3, 4]]), ("ij,jk,kl->il", [[2, 3], [3, 2], [2, 4]]), ("ij,i,j->", [[2, 3], [2], [3]]),
    ("ab,bc,a->c", [[2, 3], [3, 2], [2]]), ("ij,jk->ik", [[2, 1], [3, 4]]), ("ij,jk->ik", [[2, 0], [0, 4]]),
    (" b i , b j -> b i j ", [[2, 3], [2, 2]]), (",ij->ij", [[], [2, 2]]),
  ]

  @Test func `equations mean sums over every label that the result does not have`() throws {
    for (equation, shapes) in Self.equations {
      for dtype in [DType.float64, .float32, .int32] {
        let operands = shapes.map { Self.tensor($0, dtype) }
        let result = einsum(equation, operands)
        #expect(try result.shape == EinsumEquation(equation).outputShape(shapes), "\(equation)")
        #expect(result.dtype == dtype)
        expectClose(result, try Self.slowly(equation, operands), tolerance: 1e-6, "\(equation) of \(shapes) in \(dtype)")
      }
    }
  }

  @Test func `derivatives are those of differences`() {
    for (equation, shapes) in Self.equations where !shapes.joined().contains(0) {
      let operands = shapes.map { Self.tensor($0) / 4 + 0.3 }
      expectDerivativesMatchDifferences(at: operands, tolerance: 1e-5, equation) { einsum(equation, $0) }
    }
  }

  @Test func `what does not fit is refused with the equation`() throws {
    let refused: [(String, [[Int]], String)] = [
      ("ij,jk->ik", [[2, 3], [2, 4]], "one axis is 3 and 2"), ("ij,jk->ik", [[2, 3]], "has 2 operands, not 1"),
      ("ij->ik", [[2, 3]], "names 'k' in the result but in no operand"), ("ij->ii", [[2, 2]], "names 'i' twice in the result"),
      ("ij->i->j", [[2, 2]], "'->' more than once"), ("i1->i", [[2, 2]], "has '1' where a letter"),
      ("ij->i", [[2, 2, 2]], "names 2 axes of operand 0, which has 3"), ("...i->i", [[2, 2]], "'...' in an operand but not in the result"),
    ]
    for (equation, shapes, message) in refused {
      let error = #expect(throws: DescentError.self) { try EinsumEquation(equation).outputShape(shapes) }
      #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
      #expect(error?.message.contains(equation) == true)
    }
  }
}
