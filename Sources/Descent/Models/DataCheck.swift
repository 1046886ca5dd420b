import TensorCore

/// Rows given to `fit` and its like, in memory and looked through.
struct CheckedData {
  /// In the order of the model's inputs.
  let inputs: [Rows]
  /// In the order of the model's outputs; nil for one that is not trained or judged. Empty without targets.
  let targets: [Rows?]
  /// For each target one number a row, or one for each of the first axes of a row, such as its steps; nil for none.
  let weights: [Rows?]

  var x: Rows { inputs[0] }
  var y: Rows? { targets.first ?? nil }
  var sampleWeight: Rows? { weights.first ?? nil }
  var count: Int { x.count }

  /// One input: rows in memory and how they become what the model sees.
  struct Rows {
    /// What errors call it: `x`, `validation y`.
    let name: String
    let input: any ModelInput
    let tensor: Tensor
    let buffer: Buffer
    let rowBytes: Int
    var count: Int { tensor.shape[0] }
    var rowShape: [Int] { Array(tensor.shape.dropFirst()) }
    var dtype: DType { tensor.dtype }

    /// - Parameter group: whose members look through a part of the rows each: nobody reads a file whole.
    /// - Throws: ``DescentError`` of kind `data` if there are no rows, or a number is NaN or infinite.
    init(_ input: any ModelInput, _ name: String, _ caller: String, group: (any ProcessGroup)? = nil) throws {
      let tensor = input.stored
      guard tensor.rank > 0 else {
        throw DescentError(.data, "\(caller): \(name) is a single number; expected a tensor whose axis 0 counts rows")
      }
      guard tensor.shape[0] > 0 else { throw DescentError(.data, "\(caller): \(name) has no rows") }
      self.name = name
      self.input = input
      self.tensor = tensor
      buffer = tensor.materialized()
      rowBytes = tensor.shape.dropFirst().reduce(1, *) * tensor.dtype.byteCount
      if let position = group.map({ Rows.firstNonFinite(tensor, RowShare(tensor.shape[0], of: $0).rows) }) ?? tensor.firstNonFinite() {
        throw DescentError(.data, "\(caller): \(name)\(Rows.subscripts(position, tensor.shape)) is \(Rows.text(tensor, position))")
      }
    }

    /// The place of the first element of some rows that is not finite.
    private static func firstNonFinite(_ tensor: Tensor, _ rows: Range<Int>) -> Int? {
      guard tensor.dtype.isFloatingPoint else { return nil }
      let elements = tensor.shape.dropFirst().reduce(1, *)
      // Pieces that need little memory beside the file.
      let length = max(1, (1 << 20) / max(elements, 1))
      for begin in stride(from: rows.lowerBound, to: rows.upperBound, by: length) {
        let piece = tensor[begin..<min(begin + length, rows.upperBound)]
        if let position = piece.firstNonFinite() { return begin * elements + position }
      }
      return nil
    }

    /// The elements as the step sees them.
    var values: [Double] { input is Tensor ? tensor.doubles : input.prepared(tensor).doubles }

    var preparation: PlanKey.Preparation? {
      if input is Tensor { return PlanKey.Preparation.none }
      return (input as? Pixels).map { .pixels(divisor: $0.divisor) }
    }

    /// `[12, 3, 4]`, the place of an element.
    static func subscripts(_ position: Int, _ shape: [Int]) -> [Int] {
      var rest = position
      return shape.reversed().map { size in
        defer { rest /= size }
        return rest % size
      }.reversed()
    }

    private static func text(_ tensor: Tensor, _ position: Int) -> String {
      let value = tensor.reshaped([tensor.count])[position..<position + 1].item()
      return value.isNaN ? "NaN" : "infinite"
    }
  }

  init(
    x: any ModelData, y: (any ModelData)?, sampleWeight: (any ModelData)?, of model: Model, _ caller: String, label: String = "",
    group: (any ProcessGroup)? = nil
  ) throws {
    inputs = try model.inputParts.ordered(x, caller, label: label).enumerated().map { place, part in
      try Rows(model.withFittingAxes(part!.input, place), part!.name, caller, group: group)
    }
    // Outputs of a model of its own forward pass are known once it is built.
    if y != nil { try model.build(inputs: inputs, caller) }
    let settings = try y == nil ? [] : model.training?.outputs(of: model) ?? []
    targets = try y.map {
      try model.outputParts("y").ordered($0, mayMiss: { !settings.indices.contains($0) || !settings[$0].needsTarget }, caller, label: label)
        .map { try $0.map { try Rows($0.input, $0.name, caller, group: group) } }
    } ?? []
    if y == nil && sampleWeight != nil {
      throw DescentError(.invalidArgument, "\(caller): \(label)sampleWeight is of no use without targets")
    }
    // One weight for all outputs, or one for each.
    let count = targets.count
    var weights: [Rows?] = targets.map { _ in nil }
    if let sampleWeight {
      var given: [(name: String, input: any ModelInput)?]
      if case .one(let input) = sampleWeight.parts {
        given = [(name: String, input: any ModelInput)?](repeating: (label + "sampleWeight", input), count: count)
      } else {
        given = try model.outputParts("sampleWeight").ordered(sampleWeight, mayMiss: { _ in true }, caller, label: label)
      }
      weights = try given.map { part in
        guard let part else { return nil }
        let weight = part.input.prepared(part.input.stored)
        // A column of weights says the same as a list of them, whatever their dtype.
        let isColumn = weight.rank > 1 && weight.shape.dropFirst().allSatisfy { $0 == 1 }
        return try Rows(isColumn ? weight.reshaped([weight.shape[0]]) : weight, part.name, caller)
      }
    }
    self.weights = weights
    for other in inputs.dropFirst() + (targets + weights).compactMap({ $0 }) where other.count != self.count {
      throw DescentError(.data, "\(caller): \(inputs[0].name) has \(self.count) rows but \(other.name) has \(other.count)")
    }
    let outputs = model.rowOutputShapes ?? []
    for (place, weights) in weights.enumerated() {
      guard let weights, !weights.rowShape.isEmpty, outputs.indices.contains(place) else { continue }
      let output = outputs[place]
      guard weights.rowShape.count <= output.count, zip(weights.rowShape, output).allSatisfy({ $0 == 1 || $1 == nil || $0 == $1 }) else {
        throw DescentError(
          .data,
          "\(caller): \(weights.name) is \(weights.dtype) \(weights.tensor.shape) for an output with rows of shape "
            + "\(output.text); expected one number a row, or one for each of the values that the loss has of a row")
      }
    }
  }
}

extension CheckedData.Rows {
  /// - Throws: ``DescentError`` of kind `data` if an element is no whole number in the range (and not the one that is ignored).
  func checkClasses(_ allowed: Range<Int>, orElse ignored: Int?, _ caller: String) throws {
    let values = values
    guard
      let position = values.firstIndex(where: { value in
        guard let label = Int(exactly: value) else { return true }
        return !allowed.contains(label) && label != ignored
      })
    else { return }
    let value = values[position]
    let text = Int(exactly: value).map(String.init) ?? "\(value)"
    throw DescentError(
      .data,
      "\(caller): \(name)\(CheckedData.Rows.subscripts(position, tensor.shape)) is \(text), but the model's output is \(allowed.count) wide: "
        + "labels are whole numbers from 0 to \(allowed.count - 1)")
  }
}

extension CheckedData.Rows {
  /// - Throws: ``DescentError`` of kind `data` if an element, without its fraction, is no row of a table.
  func checkRowNumbers(_ accepted: Range<Int>, _ caller: String) throws {
    // What is prepared on the way in, as pixels are, is divided by a number: smaller than what is stored.
    guard input is Tensor else { return }
    let position = tensor.withBytes { bytes -> Int? in
      switch tensor.dtype {
      case .int32: bytes.bindMemory(to: Int32.self).firstIndex { !accepted.contains(Int($0)) }
      case .uint8, .bool: bytes.bindMemory(to: UInt8.self).firstIndex { !accepted.contains(Int($0)) }
      case .float32: bytes.bindMemory(to: Float.self).firstIndex { !($0 > -1 && Double($0) < Double(accepted.upperBound)) }
      case .float64: bytes.bindMemory(to: Double.self).firstIndex { !($0 > -1 && $0 < Double(accepted.upperBound)) }
      }
    }
    guard let position else { return }
    let value = tensor.reshaped([tensor.count])[position..<position + 1].item()
    let text = Int(exactly: value).map(String.init) ?? "\(value)"
    throw DescentError(
      .data,
      "\(caller): \(name)\(CheckedData.Rows.subscripts(position, tensor.shape)) is \(text), but the model's embedding has \(accepted.count) rows: "
        + "numbers from 0 to \(accepted.upperBound - 1)")
  }
}

extension CheckedData {
  /// The same data with the weight of each of the first rows multiplied by that of its class.
  /// - Parameter takesClasses: whether the loss takes targets for class numbers.
  /// - Throws: ``DescentError`` if a row of targets is not of one class.
  func weighted(by classWeight: [Int: Double], takesClasses: Bool, rows: Int, _ caller: String) throws -> CheckedData {
    guard targets.count <= 1 else {
      throw DescentError(
        .invalidArgument, "\(caller): classWeight is for models of one output; weigh the rows of each output by sampleWeight")
    }
    guard let y else { throw DescentError(.invalidArgument, "\(caller): classWeight is of no use without targets") }
    for (name, weight) in classWeight { try NumberRange.nonNegative.check("classWeight of \(name)", weight, caller) }
    let width = y.rowShape.reduce(1, *)
    guard width == 1 || (y.rowShape.count == 1 && !takesClasses) else {
      let meaning = takesClasses ? "\(width) classes" : "no single class"
      throw DescentError(
        .data,
        "\(caller): classWeight needs one class a row, but a row of \(y.name) of shape \(y.rowShape) has \(meaning); weigh rows by sampleWeight")
    }
    if let sampleWeight, !sampleWeight.rowShape.isEmpty {
      throw DescentError(
        .invalidArgument,
        "\(caller): classWeight gives each row one weight, but \(sampleWeight.name) of shape \(sampleWeight.tensor.shape) gives it several; "
          + "multiply sampleWeight by the weights of the classes")
    }
    let values = y.values
    let own = sampleWeight?.tensor.doubles
    let weights = try (0..<count).map { row -> Double in
      let given = own?[row] ?? 1
      if row >= rows { return given }
      let cells = values[row * width..<(row + 1) * width]
      guard let number = CheckedData.classNumber(cells) else {
        throw DescentError(
          .data, "\(caller): classWeight needs class numbers or one-hot rows, but row \(row) of \(y.name) is \(Array(cells.prefix(4)))")
      }
      return (classWeight[number] ?? 1) * given
    }
    return CheckedData(inputs: inputs, targets: targets, weights: [try Rows(Tensor(weights), "classWeight", caller)])
  }

  /// The class that a row names: its only number, or the place of the greatest of shares of 1, as they are where labels are smoothed.
  private static func classNumber(_ cells: ArraySlice<Double>) -> Int? {
    if cells.count == 1 { return cells.first.flatMap { Int(exactly: $0) } }
    guard let greatest = cells.max(), cells.count(where: { $0 == greatest }) == 1, cells.allSatisfy({ $0 >= 0 }),
      abs(cells.reduce(0, +) - 1) < 1e-3
    else { return nil }
    return cells.firstIndex(of: greatest).map { $0 - cells.startIndex }
  }

  private init(inputs: [Rows], targets: [Rows?], weights: [Rows?]) {
    self.inputs = inputs
    self.targets = targets
    self.weights = weights
  }
}

extension Model {
  /// An input with a last axis of size 1 added or taken away, where the model's rows have one axis of that size more or less, as Keras does.
  fileprivate func withFittingAxes(_ input: any ModelInput, _ place: Int) -> any ModelInput {
    let shapes = isBuilt ? rowInputShapes : declaredInputShape.map { [$0] }
    guard let tensor = input as? Tensor, tensor.rank > 0, let shapes, shapes.indices.contains(place) else { return input }
    let known = shapes[place], rank = tensor.rank - 1
    if rank == known.count - 1, known.last == 1 { return tensor.reshaped(tensor.shape + [1]) }
    if rank == known.count + 1, tensor.shape.last == 1 { return tensor.reshaped(tensor.shape.dropLast()) }
    return input
  }
}
