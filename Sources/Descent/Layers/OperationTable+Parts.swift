import TensorCore

extension OperationTable {
  /// What puts tensors together and takes them apart, beside concatenating, stacking and splitting into equal parts.
  static let parts: [OperationDefinition] =
    divided("ArraySplit") { $0.settings["axis"]?.int ?? 0 } + divided("Vsplit") { _ in 0 } + divided("Hsplit") { _ in 1 } + divided("Dsplit") { _ in 2 }
    + unary("Fliplr") { flip($0, axis: 1) } + unary("Flipud") { flip($0, axis: 0) }
    + [
      OperationDefinition("Append", "numpy") { input in
        let both = promoted([try input.tensor(0, "x1"), try input.tensor(1, "x2")])
        guard let axis = try input.axes(of: both[0])?.first else { throw input.refusal("'axis' is none: the rows would become one") }
        return [try joined(both, axis, input)]
      },
      OperationDefinition("Vstack", "numpy") { input in [try joined(input.tensors(0, "xs"), 0, input)] },
      OperationDefinition("Dstack", "numpy") { input in
        let xs = try input.tensors(0, "xs")
        return [try joined(xs.map { $0.rank == 2 ? $0.expandingShape(at: 2) : $0 }, 2, input)]
      },
      OperationDefinition("Select", "numpy") { input in
        let conditions = try input.tensors(0, "condlist").map { $0.cast(to: .bool) }
        let standard = (try? input.tensor(2, "default")) ?? Tensor(number: 0)
        let choices = promoted(try input.tensors(1, "choicelist") + [standard])
        guard conditions.count == choices.count - 1 else {
          throw input.refusal("\(conditions.count) conditions for \(choices.count - 1) choices that are tensors")
        }
        let shape = (conditions + choices).reduce([] as [Int]?) { shape, x in shape.flatMap { broadcastShape($0, x.shape) } }
        guard shape != nil else { throw input.refusal("conditions and choices of rows of shapes \((conditions + choices).map(input.rowShape)) do not fit") }
        return [zip(conditions, choices).reversed().reduce(choices.last!) { result, pair in select(pair.0, pair.1, result) }]
      },
      OperationDefinition("FullLike", "numpy") { input in
        let x = try input.tensor(0), value = try input.tensor(1, "fill_value")
        let dtype = try input.dtype(input.settings["dtype"]) ?? x.dtype
        guard broadcastShape(value.shape, x.shape) == x.shape else {
          throw input.refusal("a value of shape \(value.shape) does not fill rows of shape \(input.rowShape(x))")
        }
        return [value.cast(to: dtype).broadcast(to: x.shape)]
      },
      OperationDefinition("EmptyLike", "numpy") { input in
        let x = try input.tensor(0)
        return [Tensor.zeros(x.shape, dtype: try input.dtype(input.settings["dtype"]) ?? x.dtype)]
      },
      OperationDefinition("SaturateCast", "core") { input in
        let x = try input.tensor(0)
        guard let dtype = try input.dtype(input.settings["dtype"]) else { throw input.refusal("'dtype' is missing") }
        guard let (low, high) = limits(dtype), x.dtype != dtype, x.dtype != .bool else { return [x.cast(to: dtype)] }
        // As numbers that hold all of both dtypes.
        return [clip(x.cast(to: .float64), Tensor(number: low), Tensor(number: high)).cast(to: dtype)]
      },
    ]

  private static func limits(_ dtype: DType) -> (Double, Double)? {
    switch dtype {
    case .uint8: (0, 255)
    case .int32: (Double(Int32.min), Double(Int32.max))
    case .bool, .float32, .float64: nil
    }
  }

  /// Tensors one after another along an axis.
  private static func joined(_ xs: [Tensor], _ axis: Int, _ input: OperationInput) throws -> Tensor {
    let own = axis < 0 ? axis + xs[0].rank : axis
    for other in xs {
      var expected = xs[0].shape
      if other.rank == expected.count, own < other.rank { expected[own] = other.shape[own] }
      guard own < other.rank, other.shape == expected else {
        throw input.refusal("rows of shapes \(xs.map(input.rowShape)) cannot stand one after another along axis \(own)")
      }
    }
    return TensorCore.concatenate(xs, axis: own)
  }

  /// Parts along an axis: between indices, or so many, of which the first are longer by one where they cannot be equal.
  private static func divided(_ name: String, axis: @escaping @Sendable (OperationInput) -> Int) -> [OperationDefinition] {
    [
      OperationDefinition(name, "numpy") { input in
        let x = try input.tensor(0), given = axis(input), own = given < 0 ? given + x.rank : given, how = input.json(1, "indices_or_sections")
        guard x.shape.indices.contains(own) else { throw input.refusal("rows of shape \(input.rowShape(x)) have no axis \(own)") }
        guard let count = how.int else {
          let indices = try input.ints(how), bounds = [0] + indices + [x.shape[own]]
          guard bounds == bounds.sorted() else { throw input.refusal("\(how.shortText) are no places to split at") }
          return split(x, at: indices, axis: own)
        }
        guard count > 0, name == "ArraySplit" || x.shape[own] % count == 0 else {
          throw input.refusal("axis \(own) of rows of shape \(input.rowShape(x)) does not split into \(how.shortText) equal parts")
        }
        let (size, longer) = (x.shape[own] / count, x.shape[own] % count)
        return split(x, at: (1..<count).map { $0 * size + min($0, longer) }, axis: own)
      }
    ]
  }
}
