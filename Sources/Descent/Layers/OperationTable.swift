import TensorCore

/// The functions of Keras's that a graph may hold, by the names of their classes.
enum OperationTable {
  static func definition(_ className: String) -> OperationDefinition? { table[className] }

  static var names: [String] { table.keys.sorted() }

  /// A class that stands twice here is a programming error.
  private static let table = Dictionary(
    uniqueKeysWithValues: (arithmetic + comparisons + functions + activations + reductions + shapes + choices + windows + curves + numbers
      + notNumbers + orders + parts + matrices + spectra + layerFunctions + images).map { ($0.className, $0) })

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

  static func unary(
    _ names: String..., module: String = "numpy", argument: String = "x", body: @escaping @Sendable (Tensor) -> Tensor
  ) -> [OperationDefinition] { names.map { OperationDefinition($0, module) { [body(try $0.tensor(0, argument))] } } }

  private static let functions =
    unary("Negative") { -whole($0) } + unary("Absolute", "Abs") { abs(whole($0)) } + unary("Square") { square(whole($0)) }
    + unary("Sign") { sign(whole($0)) } + unary("Exp") { exp($0) } + unary("Expm1") { expm1($0) }
    + unary("Log") { log($0) } + unary("Log1p") { log1p($0) } + unary("Sqrt") { sqrt($0) }
    + unary("Sin") { sin($0) } + unary("Cos") { cos($0) } + unary("Tanh") { tanh($0) }
    + unary("Floor") { floor($0) } + unary("Ceil") { ceil($0) } + unary("Reciprocal") { 1 / $0 }
    + unary("Isfinite") { isFinite($0) } + unary("LogicalNot") { !$0.cast(to: .bool) }
    + unary("Rsqrt", module: "math") { 1 / sqrt($0) } + unary("Erf", module: "math") { erf($0) }
    + unary("StopGradient", module: "core", argument: "variable") { stopGradient($0) } + unary("Copy") { $0 }
    + [
      OperationDefinition("Round", "numpy") { input in
        guard try input.value("decimals", .reckoned(), default: 0) == 0 else { throw input.refusal("'decimals' must be 0") }
        return [round(try input.floating())]
      },
      OperationDefinition("Clip", "numpy") { input in
        let low = try input.value("x_min", .anyNumber, at: 1), high = try input.value("x_max", .anyNumber, at: 2)
        let parts = promoted([whole(try input.tensor(0)), Tensor(number: low), Tensor(number: high)])
        return [clip(parts[0], parts[1], parts[2])]
      },
      OperationDefinition("ZerosLike", "numpy") { input in
        let x = try input.tensor(0)
        return [Tensor.zeros(x.shape, dtype: try input.dtype() ?? x.dtype)]
      },
      OperationDefinition("OnesLike", "numpy") { input in
        let x = try input.tensor(0)
        return [Tensor.ones(x.shape, dtype: try input.dtype() ?? x.dtype)]
      },
      OperationDefinition("Cast", "core") { input in [try input.tensor(0).cast(to: input.value("dtype", .dtype, at: 1))] },
      // Keras records one between a Masking layer and some of those that take its mask.
      OperationDefinition("ConvertToTensor", "core") { input in
        try input.refuse("sparse", unless: false)
        try input.refuse("ragged", unless: false)
        let x = try input.tensor(0)
        return [try input.dtype().map { x.cast(to: $0) } ?? x]
      },
      OperationDefinition("OneHot", "nn") { input in
        let x = try input.tensor(0), depth = try input.classCount()
        try input.elementCount(x.shape + [depth])
        return [whole(x).oneHot(depth: depth, dtype: try input.dtype() ?? .float32)]
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
        return try input.naming {
          let name = Layer.kerasName(ofClass: className), known = try ActivationFunction(named: name).config.keys
          let function = try ActivationFunction.catalog.value(named: name, settings: input.given(known))
          if function.config["axis"] != nil { try input.checkElements(of: x) }
          return [try function.applied(to: x)]
        }
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

  /// A reduction to one of the elements, of which there must be one.
  static func choice(
    _ names: String..., module: String = "numpy", body: @escaping @Sendable (OperationInput, Tensor, [Int]?) throws -> Tensor
  ) -> [OperationDefinition] {
    names.flatMap {
      reduction($0, module: module) { input, x, axes in
        try input.checkElements(of: x, along: axes)
        return try body(input, x, axes)
      }
    }
  }

  private static func place(_ name: String, _ choose: @escaping @Sendable (Tensor, Int) -> Tensor) -> [OperationDefinition] {
    [
      OperationDefinition(name, "numpy") { input in
        let x = try input.tensor(0), axis = try input.axis(of: x)
        try input.checkElements(of: x, along: [axis])
        let result = choose(whole(x), axis)
        return [try input.keepDims ? result.expandingShape(at: axis) : result]
      }
    ]
  }

  private static func extremes(
    _ names: String..., body: @escaping @Sendable (Tensor, [Int]?, Bool) -> Tensor
  ) -> [OperationDefinition] {
    names.flatMap {
      choice($0) { input, x, axes in
        try input.refuse("initial")
        return body(whole(x), axes, try input.keepDims)
      }
    }
  }

  private static let reductions =
    reduction("Mean") { try $1.mean(axes: $2, keepDims: $0.keepDims) } + reduction("Sum") { try whole($1).sum(axes: $2, keepDims: $0.keepDims) }
    + extremes("Max", "Amax") { $0.max(axes: $1, keepDims: $2) } + extremes("Min", "Amin") { $0.min(axes: $1, keepDims: $2) }
    + reduction("Var") { try $1.variance(axes: $2, keepDims: $0.keepDims) } + reduction("Std") { try $1.std(axes: $2, keepDims: $0.keepDims) }
    + choice("Any") { try $1.cast(to: .bool).cast(to: .int32).max(axes: $2, keepDims: $0.keepDims) .!= 0 }
    + choice("All") { try $1.cast(to: .bool).cast(to: .int32).min(axes: $2, keepDims: $0.keepDims) .!= 0 }
    + place("Argmax") { $0.argmax(axis: $1) } + place("Argmin") { (-$0).argmax(axis: $1) }
    + choice("Logsumexp", module: "math") { input, x, axes in
      let x = float(x), greatest = stopGradient(x.max(axes: axes, keepDims: true))
      let sum = log(exp(x - greatest).sum(axes: axes, keepDims: true)) + greatest
      return try input.keepDims ? sum : sum.sum(axes: axes)
    }
    + reduction("Norm", module: "linalg") { input, x, axes in
      let order = try input.optional("ord", .any("null or 2"))
      guard order == nil || order?.int == 2 && axes?.count == 1 else {
        throw input.refusal("'ord' is \(order!.shortText); only the Euclidean norm is known")
      }
      return sqrt(square(float(x)).sum(axes: axes, keepDims: try input.keepDims))
    }
    + [
      OperationDefinition("Normalize", "nn") { input in
        let x = try input.floating()
        guard try input.value("order", .anyNumber, default: 2) == 2 else { throw input.refusal("'order' must be 2") }
        return [normalize(x, axes: try input.axes(of: x, default: [-1]), epsilon: try input.optional("epsilon", .anyNumber))]
      }
    ]

  // MARK: - Shapes

  private static let shapes: [OperationDefinition] = [
    OperationDefinition("Reshape", "numpy") { input in
      let x = try input.tensor(0), wanted = try input.value("newshape", .reckonedList(from: -1), at: 1)
      let known = try input.elementCount(wanted.filter { $0 != -1 })
      var shape = wanted
      if let open = shape.firstIndex(of: -1), known > 0 { shape[open] = x.count / known }
      guard shape.allSatisfy({ $0 >= 0 }), !shape.isEmpty, try input.elementCount(shape) == x.count else {
        throw input.refusal("rows of shape \(input.rowShape(x)) cannot take the shape \(wanted)")
      }
      return [x.reshaped(shape)]
    },
    OperationDefinition("Transpose", "numpy") { input in
      let x = try input.tensor(0)
      let order = try input.axes(of: x, "axes")
      guard order.map({ $0.count == x.rank }) ?? true else {
        throw input.refusal("'axes' \(order!) is no order of the axes of rows of shape \(input.rowShape(x))")
      }
      return [x.transposed(order)]
    },
    OperationDefinition("ExpandDims", "numpy") { input in
      let x = try input.tensor(0), axes = try input.value("axis", .reckonedList(), at: 1)
      let rank = x.rank + axes.count, own = axes.map { $0 < 0 ? $0 + rank : $0 }
      try input.elementCount(x.shape + axes.map { _ in 1 })
      guard Set(own).count == own.count, own.allSatisfy((0..<rank).contains) else {
        throw input.refusal("axis \(axes.count == 1 ? "\(axes[0])" : "\(axes)") cannot be added to \(x.rank) axes")
      }
      return [own.sorted().reduce(x) { $0.expandingShape(at: $1) }]
    },
    OperationDefinition("Squeeze", "numpy") { input in
      let x = try input.tensor(0)
      let axes = try input.axes(of: x) ?? x.shape.indices.dropFirst().filter { x.shape[$0] == 1 }
      guard axes.allSatisfy({ x.shape[$0] == 1 }) else {
        throw input.refusal("axes \(axes) of rows of shape \(input.rowShape(x)) are not all of size 1")
      }
      return [x.reshaped((0..<x.rank).filter { !axes.contains($0) }.map { x.shape[$0] })]
    },
    OperationDefinition("GetItem", "numpy") { input in
      [try item(of: try input.tensor(0), try input.value("key", .any("a subscript"), at: 1), input)]
    },
    OperationDefinition("Tile", "numpy") { input in
      let x = try input.tensor(0)
      let repeats = try input.value("repeats", .reckonedList(), at: 1)
      guard repeats.count == x.rank, repeats.allSatisfy({ $0 >= 1 }) else { throw input.refusal("'repeats' is \(repeats) for \(x.rank) axes") }
      // The copies are axes of their own for a while.
      try input.elementCount(zip(repeats, x.shape).flatMap { [$0, $1] })
      return [tile(x, repeats)]
    },
    OperationDefinition("Repeat", "numpy") { input in
      let x = try input.tensor(0), count = try input.value("repeats", .reckoned(from: 1), at: 1), axis = try input.axis(of: x)
      try input.elementCount(x.shape + [count])
      return [repeatElements(x, count, axis: axis)]
    },
    OperationDefinition("Pad", "numpy") { input in
      let x = try input.tensor(0)
      let widths = try input.value("pad_width", SettingKind<[Int]>.reckonedList().list(of: "pairs of integers"))
      guard widths.count == x.rank, widths.allSatisfy({ $0.count == 2 && $0[0] >= 0 && $0[1] >= 0 }), widths.first == [0, 0] else {
        throw input.refusal("'pad_width' is \(widths) for rows of shape \(input.rowShape(x)); axis 0 counts the rows, and gets none")
      }
      try input.elementCount(zip(x.shape, widths).map { $0 + $1[0] + $1[1] })
      let value = try input.optional("constant_values", .anyNumber, at: 1) ?? 0
      let mode = try input.value("mode", .choice(PaddingMode.self), default: .constant)
      guard value == 0 || mode == .constant, mode == .constant || x.count > 0 else {
        throw input.refusal("the mode \(mode.rawValue) has no 'constant_values', and needs elements in rows of shape \(input.rowShape(x))")
      }
      let parts = promoted([x, Tensor(number: value)])
      guard value == 0 || parts[0].dtype == x.dtype else { throw input.refusal("'constant_values' is \(value), which is no \(x.dtype)") }
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
    var starts: [Int] = [], sizes: [Int] = [], strides: [Int] = [], backwards: [Int] = [], shape: [Int] = []
    let keys = key.array ?? [key]
    try input.elementCount(keys.map { _ in 1 })
    let ellipses = keys.indices.filter { keys[$0]["class_name"]?.string == "__ellipsis__" }, ellipsis = ellipses.first
    guard ellipses.count <= 1 else { throw input.refusal("\(key.shortText) has more than one ellipsis") }
    let named = keys.filter { $0 != .null }.count - ellipses.count
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
      func part(_ name: String) throws -> Int? {
        guard let json = slice[name], json != .null else { return nil }
        return try input.naming { try SettingKind.integer.value(of: json, named: name) }
      }
      let given = try part("step") ?? 1
      guard given != 0 else { throw input.refusal("a step of 0 leads nowhere") }
      let places = AxisPlaces(from: try part("start"), to: try part("stop"), by: given, of: size)
      if given < 0 && places.count > 1 { backwards.append(starts.count) }
      starts.append(places.start); sizes.append(places.count); strides.append(places.step); shape.append(places.count)
    }
    keepAxes(x.rank - starts.count)
    let part = x.sliced(starts: starts, sizes: sizes, strides: strides)
    return (backwards.isEmpty ? part : flip(part, axes: backwards)).reshaped(shape)
  }

  // MARK: - Choices and products

  private static let choices: [OperationDefinition] = [
    OperationDefinition("Where", "numpy") { input in
      let both = promoted([try input.tensor(1, "x1"), try input.tensor(2, "x2")])
      let condition = try input.tensor(0, "condition").cast(to: .bool)
      guard let inner = broadcastShape(both[0].shape, both[1].shape), let shape = broadcastShape(condition.shape, inner) else {
        throw input.refusal("rows of shapes \(input.rowShape(condition)), \(input.rowShape(both[0])) and \(input.rowShape(both[1])) do not fit")
      }
      try input.elementCount(shape)
      return [select(condition, both[0], both[1])]
    },
    OperationDefinition("Matmul", "numpy") { input in
      let both = promoted([try input.tensor(0, "x1"), try input.tensor(1, "x2")]).map(float)
      let (a, b) = (both[0], both[1])
      guard a.rank > 0, b.rank > 0, a.shape[a.rank - 1] == b.shape[max(b.rank - 2, 0)],
        let batch = broadcastShape(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
      else { throw input.refusal("rows of shapes \(input.rowShape(a)) and \(input.rowShape(b)) cannot be multiplied") }
      // Both factors are stretched to the batch.
      let (m, k, n) = (a.rank > 1 ? a.shape[a.rank - 2] : 1, a.shape[a.rank - 1], b.rank > 1 ? b.shape[b.rank - 1] : 1)
      for shape in [[m, k], [k, n], [m, n]] { try input.elementCount(batch + shape) }
      return [matmul(a, b)]
    },
    OperationDefinition("Einsum", "numpy") { input in
      let isTextFirst = input.arguments.positional.first?.json?.string != nil
      let text = try input.value("subscripts", .text, at: isTextFirst ? 0 : nil)
      let operands = promoted(try input.arguments.positional.indices.dropFirst(isTextFirst ? 1 : 0).map { try input.tensor($0, "operand") }).map(float)
      try input.naming {
        let equation = try EinsumEquation(text), sizes = try equation.sizes(operands.map(\.shape))
        _ = try equation.outputShape(operands.map(\.shape))
        // On the way to the result there may be a tensor of nearly all axes.
        var count = 1
        for size in sizes.values {
          let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
          if overflow { throw DescentError(.invalidArgument, "'subscripts' \(text) of shapes \(operands.map(\.shape)) are too large") }
          count = product
        }
      }
      return [einsum(text, operands)]
    },
    OperationDefinition("Take", "numpy") { input in
      let x = try input.tensor(0), indices = try input.integers(1, "indices")
      // Without an axis the elements of a constant are one row of them; rows of a batch would become one.
      if case .constant = x.node.operation, try input.optional("axis", .reckoned()) == nil {
        try input.elementCount(indices.shape)
        return [take(x.reshaped([x.count]), indices, axis: 0)]
      }
      let axis = try input.axis(of: x, default: 0)
      try input.elementCount(indices.shape + x.shape.indices.filter { $0 != axis }.map { x.shape[$0] })
      return [take(x, indices, axis: axis)]
    },
  ]
}
