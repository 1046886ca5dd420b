import Optimizers
import TensorCore

extension OperationTable {
  /// What puts tensors together and takes them apart, beside concatenating, stacking and splitting into equal parts.
  static let parts: [OperationDefinition] =
    divided("Split") + divided("ArraySplit") + divided("Vsplit", along: 0) + divided("Hsplit", along: 1) + divided("Dsplit", along: 2)
    + turned("Flipud", along: 0) + turned("Fliplr", along: 1)
    + [
      OperationDefinition("Concatenate", "numpy") { input in
        let xs = try input.tensors(0, "xs")
        return [try joined(xs, input.axis(of: xs[0], default: 0), input)]
      },
      OperationDefinition("Append", "numpy") { input in
        let both = promoted([try input.tensor(0, "x1"), try input.tensor(1, "x2")])
        return [try joined(both, input.axis(of: both[0]), input)]
      },
      OperationDefinition("Stack", "numpy") { input in
        let xs = try input.tensors(0, "x"), axis = try input.value("axis", .reckoned(), default: 0), own = axis < 0 ? axis + xs[0].rank + 1 : axis
        if let other = xs.first(where: { $0.shape != xs[0].shape }) {
          throw input.refusal("rows of shapes \(input.rowShape(xs[0])) and \(input.rowShape(other)) cannot be stacked")
        }
        guard (0...xs[0].rank).contains(own) else { throw input.refusal("'axis' is \(axis), which cannot be added to \(xs[0].rank) axes") }
        try input.elementCount(xs[0].shape + [xs.count])
        return [stack(xs, axis: own)]
      },
      OperationDefinition("Vstack", "numpy") { input in [try joined(input.tensors(0, "xs"), 0, input)] },
      OperationDefinition("Dstack", "numpy") { input in
        let xs = try input.tensors(0, "xs")
        return [try joined(xs.map { $0.rank == 2 ? $0.expandingShape(at: 2) : $0 }, 2, input)]
      },
      OperationDefinition("Select", "numpy") { input in
        let conditions = try input.tensors(0, "condlist").map { $0.cast(to: .bool) }
        let standard = input.argument(2, "default") == nil ? Tensor(number: 0) : try input.tensor(2, "default")
        let choices = promoted(try input.tensors(1, "choicelist") + [standard])
        guard conditions.count == choices.count - 1 else {
          throw input.refusal("\(conditions.count) conditions for \(choices.count - 1) choices that are tensors")
        }
        guard let shape = (conditions + choices).reduce([] as [Int]?, { shape, x in shape.flatMap { broadcastShape($0, x.shape) } }) else { throw input.refusal("conditions and choices of rows of shapes \((conditions + choices).map(input.rowShape)) do not fit") }
        try input.elementCount(shape)
        return [zip(conditions, choices).reversed().reduce(choices.last!) { result, pair in select(pair.0, pair.1, result) }]
      },
      OperationDefinition("FullLike", "numpy") { input in
        let x = try input.tensor(0), value = try input.tensor(1, "fill_value")
        let dtype = try input.dtype() ?? x.dtype
        guard broadcastShape(value.shape, x.shape) == x.shape else {
          throw input.refusal("a value of shape \(value.shape) does not fill rows of shape \(input.rowShape(x))")
        }
        return [value.cast(to: dtype).broadcast(to: x.shape)]
      },
      OperationDefinition("EmptyLike", "numpy") { input in
        let x = try input.tensor(0)
        return [Tensor.zeros(x.shape, dtype: try input.dtype() ?? x.dtype)]
      },
      OperationDefinition("SaturateCast", "core") { input in
        let x = try input.tensor(0)
        let dtype = try input.value("dtype", .dtype, at: 1)
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
  static func joined(_ xs: [Tensor], _ axis: Int, _ input: OperationInput) throws -> Tensor {
    var whole = xs[0].shape
    for (index, other) in xs.enumerated() {
      var expected = xs[0].shape
      if other.rank == expected.count, axis < other.rank { expected[axis] = other.shape[axis] }
      guard axis < other.rank, other.shape == expected else {
        throw input.refusal("rows of shapes \(input.rowShape(xs[0])) and \(input.rowShape(other)) cannot stand one after another along axis \(axis)")
      }
      if index > 0 { whole[axis] += other.shape[axis] }
      try input.elementCount(whole)
    }
    return TensorCore.concatenate(xs, axis: axis)
  }

  private static func turned(_ name: String, along axis: Int) -> [OperationDefinition] {
    [
      OperationDefinition(name, "numpy") { input in
        let x = try input.tensor(0)
        guard x.rank > axis else { throw input.refusal("rows of shape \(input.rowShape(x)) have no axis \(axis)") }
        return [flip(x, axis: axis)]
      }
    ]
  }

  /// Parts along an axis: between indices, or so many, of which the first are longer by one where they cannot be equal.
  /// - Parameter fixed: the axis, if no setting names it.
  private static func divided(_ name: String, along fixed: Int? = nil) -> [OperationDefinition] {
    [
      OperationDefinition(name, "numpy") { input in
        let x = try input.tensor(0), own = try fixed ?? input.axis(of: x, default: 0)
        guard x.shape.indices.contains(own) else { throw input.refusal("rows of shape \(input.rowShape(x)) have no axis \(own)") }
        switch try input.value("indices_or_sections", .sections, at: 1) {
        case .indices(let indices):
          let bounds = [0] + indices + [x.shape[own]]
          guard bounds == bounds.sorted() else { throw input.refusal("\(indices) are no places to split at") }
          return split(x, at: indices, axis: own)
        case .count(let count):
          guard name == "ArraySplit" || x.shape[own] % count == 0 else {
            throw input.refusal("axis \(own) of rows of shape \(input.rowShape(x)) does not split into \(count) equal parts")
          }
          let (size, longer) = (x.shape[own] / count, x.shape[own] % count)
          return split(x, at: (1..<count).map { $0 * size + min($0, longer) }, axis: own)
        }
      }
    ]
  }
}

/// Where an axis is cut.
private enum Sections {
  case count(Int)
  case indices([Int])
}

extension SettingKind<Sections> {
  fileprivate static var sections: SettingKind {
    let greatest = OperationInput.greatestResultCount
    return SettingKind("an integer from 1 to \(greatest), or a list of fewer indices") { json in
      if let count = json.int { return (1...greatest).contains(count) ? .count(count) : nil }
      guard let list = json.array, list.count < greatest else { return nil }
      return try .indices(SettingKind<[Int]>.reckonedList().value(of: json, named: "indices"))
    }
  }
}
