import Foundation
import TensorCore

extension OperationTable {
  /// Functions of NumPy's that few programs use, and losses as operations.
  static let numbers: [OperationDefinition] =
    unary("Cbrt") { sign(float($0)) * pow(abs(float($0)), 1.0 / 3) } + unary("Fabs") { abs(float($0)) } + unary("Real", "Conj", "Conjugate") { $0 }
    + unary("Imag") { Tensor.zeros($0.shape, dtype: $0.dtype) } + unary("Isreal") { Tensor.ones($0.shape, dtype: .bool) }
    + unary("Deg2rad") { float($0) * (Double.pi / 180) } + unary("Rad2deg") { float($0) * (180 / Double.pi) }
    + unary("Angle") { angle(float($0)) } + unary("Sinc") { sinc(float($0)) }
    // 1 / −0 is below 0 where −0 is not.
    + unary("Signbit") { ($0 .< 0) .|| (1 / float($0) .< 0) }
    + binary("LogicalXor") { $0.cast(to: .bool) .!= $1.cast(to: .bool) }
    + binary("DivideNoNan") { a, b in select(b .== 0, Tensor(number: 0), float(a) / float(select(b .== 0, Tensor(number: 1), b))) }
    // What is no number gives way to what is one.
    + binary("Fmax") { a, b in select(isNaN(a), whole(b), select(isNaN(b), whole(a), TensorCore.maximum(whole(a), whole(b)))) }
    + binary("Fmin") { a, b in select(isNaN(a), whole(b), select(isNaN(b), whole(a), TensorCore.minimum(whole(a), whole(b)))) }
    // With the sign of the dividend, where `Mod` has that of the divisor.
    + binary("Fmod") { sign(whole($0)) * mod(abs(whole($0)), abs(whole($1))) }
    + choice("Ptp") { input, x, axes in
      try whole(x).max(axes: axes, keepDims: input.keepDims) - whole(x).min(axes: axes, keepDims: input.keepDims)
    }
    + [
      OperationDefinition("Isclose", "numpy") { input in
        let (a, b) = try input.pair()
        let relative = try input.value("rtol", .anyNumber, at: 2, default: 1e-5), absolute = try input.value("atol", .anyNumber, at: 3, default: 1e-8)
        let (x, y) = (float(a), float(b))
        // Infinities are close to themselves, and nothing is close to what is no number.
        let near = (x .== y) .|| (isFinite(y) .&& (abs(x - y) .<= absolute + relative * abs(y)))
        return [try input.flag("equal_nan") ? near .|| (isNaN(x) .&& isNaN(y)) : near]
      },
      OperationDefinition("Threshold", "nn") { input in
        let x = try input.floating()
        let threshold = try input.value("threshold", .anyNumber, at: 1), standard = try input.value("default_value", .anyNumber, at: 2)
        return [select(x .> Tensor(number: threshold), x, Tensor(number: standard))]
      },
      OperationDefinition("Moveaxis", "numpy") { input in
        let x = try input.tensor(0)
        func places(_ key: String) throws -> [Int] {
          let places = try input.value(key, .reckonedList()).map { $0 < 0 ? $0 + x.rank : $0 }
          guard Set(places).count == places.count, places.allSatisfy((0..<x.rank).contains) else {
            throw input.refusal("'\(key)' is \(places), which are no axes of rows of shape \(input.rowShape(x))")
          }
          return places
        }
        let (sources, destinations) = (try places("source"), try places("destination"))
        guard sources.count == destinations.count else { throw input.refusal("'source' and 'destination' are not as many axes") }
        var order = (0..<x.rank).filter { !sources.contains($0) }
        for (source, destination) in zip(sources, destinations).sorted(by: { $0.1 < $1.1 }) { order.insert(source, at: destination) }
        return [x.transposed(order)]
      },
      OperationDefinition("Hstack", "numpy") { input in
        [try joined(input.tensors(0, "xs"), 1, input)]
      },
      OperationDefinition("Rot90", "numpy") { input in
        let x = try input.tensor(0, "array"), axes = try input.value("axes", .reckonedList(), default: [0, 1]).map { $0 < 0 ? $0 + x.rank : $0 }
        guard axes.count == 2, axes[0] != axes[1], axes.allSatisfy(x.shape.indices.dropFirst().contains) else {
          throw input.refusal("axes \(axes) are not two of a row of shape \(input.rowShape(x)); axis 0 counts the rows")
        }
        return [rot90(x, k: try input.value("k", .reckoned(), default: 1), axes: (axes[0], axes[1]))]
      },
      OperationDefinition("BinaryCrossentropy", "nn") { input in
        let (target, output) = try crossentropyPair(input)
        let p = probabilities(try input.flag("from_logits") ? sigmoid(output) : output)
        return [-(target * log(p) + (1 - target) * log(1 - p))]
      },
      OperationDefinition("CategoricalCrossentropy", "nn") { input in
        let (target, output) = try crossentropyPair(input)
        let axis = try input.axis(of: output, default: -1)
        return [-(target * (try logarithms(input, output, axis))).sum(axis: axis)]
      },
      OperationDefinition("SparseCategoricalCrossentropy", "nn") { input in
        let output = try input.floating(1, "output"), axis = try input.axis(of: output, default: -1)
        var target = try input.integers(0, "target")
        if target.rank == output.rank, target.shape.last == 1 { target = target.reshaped(target.shape.dropLast()) }
        guard axis == output.rank - 1, target.shape == output.shape.dropLast() else {
          throw input.refusal("targets of shape \(input.rowShape(target)) for outputs of shape \(input.rowShape(output)) along axis \(axis)")
        }
        try input.checkTable([output.shape[axis]])
        return [-(target.oneHot(depth: output.shape[axis], dtype: output.dtype) * (try logarithms(input, output, axis))).sum(axis: axis)]
      },
    ]

  /// 0 or π: the angle of a real number in the complex plane.
  private static func angle(_ x: Tensor) -> Tensor {
    select(isNaN(x), x, ((x .< 0) .|| (1 / x .< 0)).cast(to: x.dtype) * Double.pi)
  }

  /// sin(πx) / (πx), 1 at 0.
  private static func sinc(_ x: Tensor) -> Tensor {
    let isZero = x .== 0, angle = select(isZero, Tensor(number: 1), x) * Double.pi
    return select(isZero, Tensor(number: 1), sin(angle) / angle)
  }

  private static func crossentropyPair(_ input: OperationInput) throws -> (Tensor, Tensor) {
    let (target, output) = try input.pair("target", "output")
    guard target.shape == output.shape else {
      throw input.refusal("targets of shape \(input.rowShape(target)) for outputs of shape \(input.rowShape(output))")
    }
    return (float(target), float(output))
  }

  /// Of the probabilities of classes along an axis, which need not sum up to 1, or of the logits.
  private static func logarithms(_ input: OperationInput, _ output: Tensor, _ axis: Int) throws -> Tensor {
    try input.checkElements(of: output, along: [axis])
    return try input.flag("from_logits")
      ? output.logSoftmax(axis: axis) : log(probabilities(output / output.sum(axis: axis, keepDims: true)))
  }

  private static func probabilities(_ x: Tensor) -> Tensor { clip(x, Tensor(number: fuzz), Tensor(number: 1 - fuzz)) }
}
