import TensorCore

/// The functions of Keras's that a graph may hold, by the names of their classes.
enum OperationTable {
  static func definition(_ className: String) -> OperationDefinition? { table[className] }

  static var names: [String] { table.keys.sorted() }

  private static let table: [String: OperationDefinition] = {
    let all = arithmetic + comparisons + functions + activations + reductions + shapes + choices + windows + curves + numbers + notNumbers + orders + parts
      + matrices + layerFunctions + images
    return Dictionary(all.map { ($0.className, $0) }) { first, _ in first }
  }()

  // MARK: - Element by element

  static func binary(_ names: String..., body: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> [OperationDefinition] {
    names.map { OperationDefinition($0, "numpy") { let (a, b) = try $0.pair(); return [body(a, b)] } }
  }

  static func float(_ x: Tensor) -> Tensor { x.dtype.isFloatingPoint ? x : x.cast(to: .float32) }

  static func whole(_ x: Tensor) -> Tensor { x.dtype == .bool || x.dtype == .uint8 ? x.cast(to: .int32) : x }

  private static let arithmetic =
    binary("Add") { whole($0) + whole($1) } + binary("Subtract") { whole($0) - whole($1) } + binary("Multiply") { whole($0) * whole($1) }
    + binary("TrueDivide", "Divide") { $0 / $1 } + binary("Power") { pow(float($0), float($1)) }
    + binary("Maximum") { TensorCore.maximum(whole($0), whole($1)) } + binary("Minimum") { TensorCore.minimum(whole($0), whole($1)) }

  private static let comparisons =
    binary("Equal") { $0 .== $1 } + binary("NotEqual") { $0 .!= $1 } + binary("Greater") { $0 .> $1 } + binary("GreaterEqual") { $0 .>= $1 }
    + binary("Less") { $0 .< $1 } + binary("LessEqual") { $0 .<= $1 }
    + binary("LogicalAnd") { $0.cast(to: .bool) .&& $1.cast(to: .bool) } + binary("LogicalOr") { $0.cast(to: .bool) .|| $1.cast(to: .bool) }

  static func unary(_ names: String..., module: String = "numpy", body: @escaping @Sendable (Tensor) -> Tensor)
    -> [OperationDefinition]
  { names.map { OperationDefinition($0, module) { [body(try $0.tensor(0))] } } }

  private static let functions =
    unary("Negative") { -whole($0) } + unary("Absolute", "Abs") { abs(whole($0)) } + unary("Square") { square(whole($0)) }
    + unary("Sign") { sign(whole($0)) } + unary("Exp") { exp($0) } + unary("Expm1") { expm1($0) }
    + unary("Log") { log($0) } + unary("Log1p") { log1p($0) } + unary("Sqrt") { sqrt($0) }
    + unary("Sin") { sin($0) } + unary("Cos") { cos($0) } + unary("Tanh") { tanh($0) }
    + unary("Floor") { floor($0) } + unary("Ceil") { ceil($0) } + unary("Reciprocal") { 1 / $0 }
    + unary("Isfinite") { isFinite($0) } + unary("LogicalNot") { !$0.cast(to: .bool) }
    + unary("Rsqrt", module: "math") { 1 / sqrt($0) } + unary("Erf", module: "math") { erf($0) }
    + unary("StopGradient", module: "core") { stopGradient($0) } + unary("Copy") { $0 }
    + [
      OperationDefinition("Round", "numpy") { input in
        guard input.settings["decimals"]?.int ?? 0 == 0 else { throw input.refusal("'decimals' must be 0") }
        return [round(try input.floating())]
      },
      OperationDefinition("Clip", "numpy") { input in
        let x = try input.tensor(0), low = input.json(1, "x_min"), high = input.json(2, "x_max")
        guard let low = low.double, let high = high.double else { throw input.refusal("'x_min' and 'x_max' must be numbers") }
        let parts = promoted([whole(x), Tensor(number: low), Tensor(number: high)])
        return [clip(parts[0], parts[1], parts[2])]
      },
      OperationDefinition("ZerosLike", "numpy") { input in
        let x = try input.tensor(0)
        return [Tensor.zeros(x.shape, dtype: try input.dtype(input.settings["dtype"]) ?? x.dtype)]
      },
      OperationDefinition("OnesLike", "numpy") { input in
        let x = try input.tensor(0)
        return [Tensor.ones(x.shape, dtype: try input.dtype(input.settings["dtype"]) ?? x.dtype)]
      },
      OperationDefinition("Cast", "core") { input in
        guard let dtype = try input.dtype(input.json(1, "dtype")) else { throw input.refusal("'dtype' is missing") }
        return [try input.tensor(0).cast(to: dtype)]
      },
      // Keras records one between a Masking layer and some of those that take its mask.
      OperationDefinition("ConvertToTensor", "core") { input in
        if input.settings["sparse"]?.bool == true || input.settings["ragged"]?.bool == true {
          throw input.refusal("'sparse' and 'ragged' must not be true")
        }
        let x = try input.tensor(0)
        return [try input.dtype(input.settings["dtype"]).map { x.cast(to: $0) } ?? x]
      },
      OperationDefinition("OneHot", "nn") { input in
        guard let depth = input.json(1, "num_classes").int, depth > 0, input.settings["axis"]?.int ?? -1 == -1,
          input.settings["sparse"]?.bool != true
        else { throw input.refusal("'num_classes' is missing, 'axis' is not -1, or the result would be sparse") }
        return [try input.tensor(0).oneHot(depth: depth, dtype: try input.dtype(input.settings["dtype"]) ?? .float32)]
      },
    ]

  /// Keras's activation functions, which are operations of one tensor.
  private static let activations =
    [
      "Relu", "Relu6", "Sigmoid", "Softplus", "Softsign", "Silu", "LogSigmoid", "LeakyRelu", "HardSigmoid", "HardSilu", "Elu", "Selu",
      "Gelu", "Celu", "Glu", "TanhShrink", "HardTanh", "HardShrink", "SoftShrink", "Softmax", "LogSoftmax", "Squareplus", "SparsePlus",
      "Sparsemax", "SparseSigmoid",
    ].map { className in
      OperationDefinition(className, "nn") { input in
        let x = try input.floating()
        var settings = input.settings
        settings["name"] = nil
        let name = Layer.kerasName(ofClass: className)
        let known = try ActivationFunction(named: name).config
        let function = try ActivationFunction.catalog.value(named: name, settings: settings.dictionary.filter { known[$0.key] != nil })
        return [try function.applied(to: x)]
      }
    }

  // MARK: - Reductions

  static func reduction(
    _ names: String..., module: String = "numpy", body: @escaping @Sendable (OperationInput, Tensor, [Int]?) throws -> Tensor
  ) -> [OperationDefinition] {
    names.map { OperationDefinition($0, module) { input in
      let x = try input.tensor(0)
      return [try body(input, x, try input.axes(of: x))]
    } }
  }

  private static let reductions =
    reduction("Mean") { $1.mean(axes: $2, keepDims: $0.keepDims) } + reduction("Sum") { whole($1).sum(axes: $2, keepDims: $0.keepDims) }
    + reduction("Max", "Amax") { whole($1).max(axes: $2, keepDims: $0.keepDims) } + reduction("Min", "Amin") { whole($1).min(axes: $2, keepDims: $0.keepDims) }
    + reduction("Var") { $1.variance(axes: $2, keepDims: $0.keepDims) } + reduction("Std") { $1.std(axes: $2, keepDims: $0.keepDims) }
    + reduction("Any") { $1.cast(to: .bool).cast(to: .int32).max(axes: $2, keepDims: $0.keepDims) .!= 0 }
    + reduction("All") { $1.cast(to: .bool).cast(to: .int32).min(axes: $2, keepDims: $0.keepDims) .!= 0 }
    + reduction("Argmax") { input, x, axes in
      guard let axis = axes?.first else { throw input.refusal("'axis' is missing") }
      let result = whole(x).argmax(axis: axis)
      return input.keepDims ? result.expandingShape(at: axis < 0 ? axis + x.rank : axis) : result
    }
    + reduction("Argmin") { input, x, axes in
      guard let axis = axes?.first else { throw input.refusal("'axis' is missing") }
      let result = (-whole(x)).argmax(axis: axis)
      return input.keepDims ? result.expandingShape(at: axis < 0 ? axis + x.rank : axis) : result
    }
    + reduction("Logsumexp", module: "math") { input, x, axes in
      let x = float(x), greatest = stopGradient(x.max(axes: axes, keepDims: true))
      let sum = log(exp(x - greatest).sum(axes: axes, keepDims: true)) + greatest
      return input.keepDims ? sum : sum.sum(axes: axes)
    }
    + reduction("Norm", module: "linalg") { input, x, axes in
      guard input.settings["ord"] ?? .null == .null || input.settings["ord"]?.int == 2 && axes?.count == 1 else {
        throw input.refusal("'ord' is \(input.settings["ord"]!.shortText); only the Euclidean norm is known")
      }
      return sqrt(square(float(x)).sum(axes: axes, keepDims: input.keepDims))
    }
    + reduction("Normalize", module: "nn") { input, x, axes in
      guard input.settings["order"]?.int ?? 2 == 2 else { throw input.refusal("'order' must be 2") }
      let epsilon = input.settings["epsilon"]?.double ?? fuzz
      return float(x) * TensorCore.minimum(1 / sqrt(square(float(x)).sum(axes: axes, keepDims: true)), Tensor(number: 1 / epsilon))
    }

  // MARK: - Shapes

  private static let shapes: [OperationDefinition] = [
    OperationDefinition("Reshape", "numpy") { input in
      let x = try input.tensor(0)
      var shape = try input.ints(input.json(1, "newshape"))
      let known = shape.filter { $0 != -1 }.reduce(1, *)
      if let open = shape.firstIndex(of: -1), known > 0 { shape[open] = x.count / known }
      guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) == x.count, !shape.isEmpty else {
        throw input.refusal("rows of shape \(input.rowShape(x)) cannot take the shape \(try input.ints(input.json(1, "newshape")))")
      }
      return [x.reshaped(shape)]
    },
    OperationDefinition("Transpose", "numpy") { input in
      let x = try input.tensor(0)
      let order = try input.axes(of: x, "axes")
      guard order == nil || order!.map({ $0 < 0 ? $0 + x.rank : $0 }).sorted() == Array(0..<x.rank) else {
        throw input.refusal("'axes' \(order!) is no order of the axes of rows of shape \(input.rowShape(x))")
      }
      return [x.transposed(order)]
    },
    OperationDefinition("ExpandDims", "numpy") { input in
      var x = try input.tensor(0)
      for axis in try input.ints(input.json(1, "axis")) {
        guard axis >= -x.rank - 1 && axis <= x.rank else { throw input.refusal("axis \(axis) cannot be added to \(x.rank) axes") }
        x = x.expandingShape(at: axis < 0 ? axis + x.rank + 1 : axis)
      }
      return [x]
    },
    OperationDefinition("Squeeze", "numpy") { input in
      let x = try input.tensor(0)
      let axes = try input.axes(of: x)?.map { $0 < 0 ? $0 + x.rank : $0 } ?? (1..<x.rank).filter { x.shape[$0] == 1 }
      guard axes.allSatisfy({ x.shape[$0] == 1 }) else {
        throw input.refusal("axes \(axes) of rows of shape \(input.rowShape(x)) are not all of size 1")
      }
      return [x.reshaped((0..<x.rank).filter { !axes.contains($0) }.map { x.shape[$0] })]
    },
    OperationDefinition("Concatenate", "numpy") { input in
      let xs = try input.tensors(0, "xs")
      let axis = try input.axis(of: xs[0])
      for other in xs.dropFirst() {
        var expected = xs[0].shape
        if other.rank == expected.count { expected[axis] = other.shape[axis] }
        if other.shape != expected {
          throw input.refusal("rows of shapes \(input.rowShape(xs[0])) and \(input.rowShape(other)) cannot stand one after another along axis \(axis)")
        }
      }
      return [TensorCore.concatenate(xs, axis: axis)]
    },
    OperationDefinition("Stack", "numpy") { input in
      let xs = try input.tensors(0, "x")
      let axis = input.settings["axis"]?.int ?? 0
      if let other = xs.first(where: { $0.shape != xs[0].shape }) {
        throw input.refusal("rows of shapes \(input.rowShape(xs[0])) and \(input.rowShape(other)) cannot be stacked")
      }
      return [stack(xs, axis: axis < 0 ? axis + xs[0].rank + 1 : axis)]
    },
    OperationDefinition("Split", "numpy") { input in
      let x = try input.tensor(0)
      let axis = try input.axis(of: x, default: 0)
      let how = input.json(1, "indices_or_sections")
      var borders: [Int]
      if let parts = how.int {
        guard parts > 0, x.shape[axis] % parts == 0 else {
          throw input.refusal("axis \(axis) of rows of shape \(input.rowShape(x)) does not split into \(how.shortText) equal parts")
        }
        borders = (0...parts).map { $0 * (x.shape[axis] / parts) }
      } else {
        borders = [0] + (try input.ints(how)) + [x.shape[axis]]
        guard borders == borders.sorted() else { throw input.refusal("\(how.shortText) are no places to split at") }
      }
      return zip(borders, borders.dropFirst()).map { from, to in
        var starts = [Int](repeating: 0, count: x.rank), sizes = x.shape
        (starts[axis], sizes[axis]) = (from, to - from)
        return x.sliced(starts: starts, sizes: sizes)
      }
    },
    OperationDefinition("GetItem", "numpy") { input in [try item(of: try input.tensor(0), input.json(1, "key"), input)] },
    OperationDefinition("Tile", "numpy") { input in
      let x = try input.tensor(0)
      let repeats = try input.ints(input.json(1, "repeats"))
      guard repeats.count == x.rank, repeats.allSatisfy({ $0 >= 1 }) else { throw input.refusal("'repeats' is \(repeats) for \(x.rank) axes") }
      return [zip(repeats.indices, repeats).reduce(x) { x, pair in
        pair.1 == 1 ? x : TensorCore.concatenate([Tensor](repeating: x, count: pair.1), axis: pair.0)
      }]
    },
    OperationDefinition("Repeat", "numpy") { input in
      let x = try input.tensor(0)
      guard let count = input.json(1, "repeats").int, count >= 1, let axis = try input.axes(of: x)?.first else {
        throw input.refusal("'repeats' and 'axis' must be integers")
      }
      let own = axis < 0 ? axis + x.rank : axis
      var spread = x.shape
      spread.insert(count, at: own + 1)
      var shape = x.shape
      shape[own] *= count
      return [x.expandingShape(at: own + 1).broadcast(to: spread).reshaped(shape)]
    },
    OperationDefinition("Pad", "numpy") { input in
      let x = try input.tensor(0)
      let widths = try input.settings["pad_width"]?.array?.map { try input.ints($0) } ?? []
      guard widths.count == x.rank, widths.allSatisfy({ $0.count == 2 && $0[0] >= 0 && $0[1] >= 0 }), widths[0] == [0, 0] else {
        throw input.refusal("'pad_width' is \(widths) for rows of shape \(input.rowShape(x)); axis 0 counts the rows, and gets none")
      }
      let value = input.json(1, "constant_values").double ?? 0
      guard let mode = PaddingMode(rawValue: input.settings["mode"]?.string ?? "constant"), value == 0 || mode == .constant,
        mode == .constant || x.count > 0
      else { throw input.refusal("the mode \(input.settings["mode"]?.shortText ?? "") is not known here") }
      return [pad(x, widths.map { ($0[0], $0[1]) }, mode: mode, constantValue: value)]
    },
    OperationDefinition("Swapaxes", "numpy") { input in
      let x = try input.tensor(0)
      var order = Array(0..<x.rank)
      order.swapAt(try input.axis(of: x, "axis1"), try input.axis(of: x, "axis2"))
      return [x.transposed(order)]
    },
    OperationDefinition("Ravel", "numpy") { input in
      let x = try input.tensor(0)
      return [x.reshaped([x.count])]
    },
  ]

  /// `x[key]` with Python's slices, numbers and `None`.
  private static func item(of x: Tensor, _ key: JSONValue, _ input: OperationInput) throws -> Tensor {
    var starts: [Int] = [], sizes: [Int] = [], strides: [Int] = [], shape: [Int] = []
    let keys = key.array ?? [key]
    let ellipsis = keys.firstIndex { $0["class_name"]?.string == "__ellipsis__" }
    let named = keys.filter { $0 != .null && $0["class_name"]?.string != "__ellipsis__" }.count
    guard named <= x.rank else { throw input.refusal("\(named) subscripts for rows of shape \(input.rowShape(x))") }
    func keepAxes(_ count: Int) {
      for _ in 0..<count {
        let size = x.shape[starts.count]
        starts.append(0); sizes.append(size); strides.append(1); shape.append(size)
      }
    }
    for (place, key) in keys.enumerated() {
      if place == ellipsis { keepAxes(x.rank - named); continue }
      if key == .null { shape.append(1); continue }
      let size = x.shape[starts.count]
      if let number = key.int {
        let own = number < 0 ? number + size : number
        guard own >= 0 && own < size else { throw input.refusal("\(number) is out of range in rows of shape \(input.rowShape(x))") }
        starts.append(own); sizes.append(1); strides.append(1)
        continue
      }
      guard let slice = key["config"], key["class_name"]?.string == "__slice__" else { throw input.refusal("\(key.shortText) is no subscript") }
      let step = slice["step"]?.int ?? 1
      guard step > 0 else { throw input.refusal("a step of \(step) is not known") }
      func clamped(_ json: JSONValue?, _ standard: Int) -> Int {
        guard let place = json?.int else { return standard }
        return min(max(place < 0 ? place + size : place, 0), size)
      }
      let start = clamped(slice["start"], 0), stop = clamped(slice["stop"], size)
      let count = max(0, (stop - start + step - 1) / step)
      starts.append(min(start, max(size - 1, 0))); sizes.append(count); strides.append(step); shape.append(count)
    }
    keepAxes(x.rank - starts.count)
    return x.sliced(starts: starts, sizes: sizes, strides: strides).reshaped(shape)
  }

  // MARK: - Choices and products

  private static let choices: [OperationDefinition] = [
    OperationDefinition("Where", "numpy") { input in
      let both = promoted([try input.tensor(1, "x1"), try input.tensor(2, "x2")])
      let condition = try input.tensor(0, "condition").cast(to: .bool)
      guard let inner = broadcastShape(both[0].shape, both[1].shape), broadcastShape(condition.shape, inner) != nil else {
        throw input.refusal("rows of shapes \(input.rowShape(condition)), \(input.rowShape(both[0])) and \(input.rowShape(both[1])) do not fit")
      }
      return [select(condition, both[0], both[1])]
    },
    OperationDefinition("Matmul", "numpy") { input in
      let both = promoted([try input.tensor(0, "x1"), try input.tensor(1, "x2")]).map(float)
      let (a, b) = (both[0], both[1])
      guard a.rank > 0, b.rank > 0, a.shape[a.rank - 1] == b.shape[max(b.rank - 2, 0)],
        broadcastShape(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2))) != nil
      else { throw input.refusal("rows of shapes \(input.rowShape(a)) and \(input.rowShape(b)) cannot be multiplied") }
      return [matmul(a, b)]
    },
    OperationDefinition("Einsum", "numpy") { input in
      let text = input.json(0, "subscripts").string ?? ""
      let operands = promoted(input.arguments.positional.flatMap(\.tensors)).map(float)
      do {
        _ = try EinsumEquation(text).outputShape(operands.map(\.shape))
      } catch let error as DescentError {
        throw input.refusal(error.message)
      }
      return [einsum(text, operands)]
    },
    OperationDefinition("Take", "numpy") { input in
      let x = try input.tensor(0), indices = try input.tensor(1, "indices").cast(to: .int32)
      let axis = try input.axis(of: x, default: 0)
      if axis == 0 { return [x.gathering(indices)] }
      let moved = x.transposed([axis] + (0..<x.rank).filter { $0 != axis })
      let taken = moved.gathering(indices)
      // The taken axes stand in front; they go to where the axis was.
      let order = (0..<axis).map { $0 + indices.rank } + Array(0..<indices.rank) + ((axis + indices.rank)..<taken.rank)
      return [taken.transposed(order)]
    },
  ]
}
