import Foundation
import TensorCore
import TestSupport
import Testing

/// NaN and infinities in every reduction, along every axis, for each dtype that has them, beside a plain loop.
@Suite struct ReductionTests {
  enum Kind: String, CaseIterable {
    case sum, mean, max, min

    func callAsFunction(_ x: Tensor, axis: Int) -> Tensor {
      switch self {
      case .sum: x.sum(axis: axis)
      case .mean: x.mean(axis: axis)
      case .max: x.max(axis: axis)
      case .min: x.min(axis: axis)
      }
    }

    func callAsFunction(_ values: [Double]) -> Double {
      switch self {
      case .sum: values.reduce(0, +)
      case .mean: values.reduce(0, +) / Double(values.count)
      case .max: values.contains(where: \.isNaN) ? .nan : values.max()!
      case .min: values.contains(where: \.isNaN) ? .nan : values.min()!
      }
    }
  }

  /// Short and long rows, so that both the loops over whole vectors and their ends are run.
  static let shapes = [[3, 4, 5], [2, 70, 3], [70, 2, 33], [1, 1, 130], [130, 1, 1], [5, 40, 40]]

  @Test(arguments: Kind.allCases, [DType.float32, .float64])
  func `special numbers come through every reduction along every axis`(kind: Kind, dtype: DType) {
    for shape in ReductionTests.shapes {
      for special in [Double.nan, .infinity, -.infinity, -0.0] {
        for axis in 0..<3 {
          var generator = SeededGenerator(seed: UInt64(shape[0] * 100 + axis))
          var values = (0..<shape.reduce(1, *)).map { _ in Double(Int(generator.next() % 33)) / 8 - 2 }
          // First, last, and one in the middle.
          for place in [0, values.count / 2, values.count - 1] { values[place] = special }
          let result = kind(Tensor(shape: shape, scalars: values).cast(to: dtype), axis: axis).doubles
          let inner = shape[(axis + 1)...].reduce(1, *), size = shape[axis]
          let expected = result.indices.map { index in
            kind((0..<size).map { values[(index / inner * size + $0) * inner + index % inner] })
          }
          for (index, (got, right)) in zip(result, expected).enumerated() {
            let isRight = right.isNaN ? got.isNaN : right.isFinite ? abs(got - right) <= 1e-6 * max(1, abs(right)) : got == right
            #expect(isRight, "\(kind) of \(special) in \(shape) along \(axis): element \(index) is \(got), expected \(right)")
          }
        }
      }
    }
  }

  @Test(arguments: [DType.float32, .float64])
  func `argmax finds the first NaN, as NumPy does`(dtype: DType) {
    for shape in ReductionTests.shapes {
      for axis in 0..<3 where shape[axis] > 1 {
        let inner = shape[(axis + 1)...].reduce(1, *), size = shape[axis]
        var values = (0..<shape.reduce(1, *)).map { Double($0 % 7) }
        let place = size / 2
        for outer in 0..<values.count / (size * inner) { values[(outer * size + place) * inner] = .nan }
        let result = Tensor(shape: shape, scalars: values).cast(to: dtype).argmax(axis: axis).doubles
        for outer in 0..<values.count / (size * inner) { #expect(result[outer * inner] == Double(place)) }
      }
    }
  }

  /// A long axis beside few columns: of one vector, of several, of part of one; rows that are long themselves.
  static let long: [(shape: [Int], axis: Int)] = [
    ([6000, 8], 0), ([3001, 37], 0), ([900, 130], 0), ([20_000, 3], 0), ([2, 9000, 5], 1), ([3, 30_011], 1), ([2, 20_000, 2], 1),
  ]

  @Test(arguments: [DType.float32, .float64, .int32], long)
  func `threads share a long axis in parts that depend on sizes alone`(dtype: DType, _ reduction: (shape: [Int], axis: Int)) {
    let (shape, axis) = reduction
    var generator = SeededGenerator(seed: UInt64(shape[0]))
    let isInteger = dtype == .int32
    var values = (0..<shape.reduce(1, *)).map { _ in
      isInteger ? Double(Int32.random(in: Int32.min...Int32.max, using: &generator)) : Double.random(in: -1...1, using: &generator)
    }
    if !isInteger { values[values.count / 3] = .nan }
    let x = Variable(Tensor(shape: shape, scalars: values).cast(to: dtype))
    let results = [x.value.sum(axis: axis), x.value.max(axis: axis)]
    let plan = Plan(arguments: [], outputs: results.map(\.node), assignments: [])
    #expect(plan.explanation().kernels.filter { $0.extent.contains("→") && $0.shares > 1 }.count == 2, "\(plan.explanation())")
    let runs = [1, 2, 3, 5].map { threads in plan.run(on: ThreadPool(threadCount: threads)).map { $0.doubles.map(\.bitPattern) } }
    for run in runs { #expect(run == runs[0]) }

    let found = plan.run().map(\.doubles)
    let inner = shape[(axis + 1)...].reduce(1, *), size = shape[axis]
    values = x.value.doubles
    for place in found[0].indices {
      let column = (0..<size).map { values[(place / inner * size + $0) * inner + place % inner] }
      if isInteger {
        #expect(found[0][place] == Double(column.reduce(Int32(0)) { $0 &+ Int32($1) }) && found[1][place] == column.max())
      } else if column.contains(where: \.isNaN) {
        #expect(found[0][place].isNaN && found[1][place].isNaN)
      } else {
        let error = abs(found[0][place] - column.reduce(0, +))
        #expect(error < (dtype == .float32 ? 1e-6 : 1e-13) * Double(size).squareRoot() && found[1][place] == column.max())
      }
    }
  }
}
