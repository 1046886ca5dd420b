import TensorCore

/// Rows given to `fit` and its like, in memory and looked through.
struct CheckedData {
  let x: Rows
  let y: Rows?
  /// One number a row, or nil.
  let sampleWeight: Rows?
  var count: Int { x.count }

  /// One input: rows in memory and how they become what the model sees.
  struct Rows {
    let input: any ModelInput
    let tensor: Tensor
    let buffer: Buffer
    let rowBytes: Int
    var count: Int { tensor.shape[0] }
    var rowShape: [Int] { Array(tensor.shape.dropFirst()) }
    var dtype: DType { tensor.dtype }

    /// - Throws: ``DescentError`` of kind `data` if there are no rows, or a number is NaN or infinite.
    init(_ input: any ModelInput, _ name: String, _ caller: String) throws {
      let tensor = input.stored
      guard tensor.rank > 0 else {
        throw DescentError(.data, "\(caller): \(name) is a single number; expected a tensor whose axis 0 counts rows")
      }
      guard tensor.shape[0] > 0 else { throw DescentError(.data, "\(caller): \(name) has no rows") }
      self.input = input
      self.tensor = tensor
      buffer = tensor.materialized()
      rowBytes = tensor.shape.dropFirst().reduce(1, *) * tensor.dtype.byteCount
      if let position = tensor.firstNonFinite() {
        throw DescentError(.data, "\(caller): \(name)\(Rows.subscripts(position, tensor.shape)) is \(Rows.text(tensor, position))")
      }
    }

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

  init(x: any ModelInput, y: (any ModelInput)?, sampleWeight: Tensor?, _ caller: String, label: String = "") throws {
    self.x = try Rows(x, label + "x", caller)
    self.y = try y.map { try Rows($0, label + "y", caller) }
    self.sampleWeight = try sampleWeight.map { try Rows($0, label + "sampleWeight", caller) }
    for (name, other) in [("y", self.y), ("sampleWeight", self.sampleWeight)] {
      if let other, other.count != self.x.count {
        throw DescentError(
          .data, "\(caller): \(label)x has \(self.x.count) rows but \(label)\(name) has \(other.count)")
      }
    }
    if let weights = self.sampleWeight, weights.rowShape != [] || !weights.dtype.isFloatingPoint {
      throw DescentError(
        .data, "\(caller): \(label)sampleWeight is \(weights.dtype) \(weights.tensor.shape); expected one number a row")
    }
  }
}

extension CheckedData.Rows {
  /// - Throws: ``DescentError`` of kind `data` if an element is no whole number in the range (and not the one that is ignored).
  func checkClasses(_ allowed: Range<Int>, orElse ignored: Int?, _ caller: String) throws {
    let values = tensor.doubles
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
      "\(caller): y\(CheckedData.Rows.subscripts(position, tensor.shape)) is \(text), but the model's output is \(allowed.count) wide: "
        + "labels are whole numbers from 0 to \(allowed.count - 1)")
  }
}

extension CheckedData.Rows {
  /// - Throws: ``DescentError`` of kind `data` if an element, without its fraction, is no row of a table.
  func checkRowNumbers(_ accepted: Range<Int>, _ what: String) throws {
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
      "\(what)\(CheckedData.Rows.subscripts(position, tensor.shape)) is \(text), but the model's embedding has \(accepted.count) rows: "
        + "numbers from 0 to \(accepted.upperBound - 1)")
  }
}

extension CheckedData {
  /// The same data with each row's weight multiplied by that of its class.
  func weighted(by classWeight: [Int: Double], _ caller: String) throws -> CheckedData {
    guard let y else { return self }
    if let (name, weight) = classWeight.first(where: { !$0.value.isFinite || $0.value < 0 }) {
      throw DescentError(.invalidArgument, "\(caller): classWeight of \(name) is \(weight); it must be at least 0")
    }
    let width = y.rowShape.reduce(1, *)
    let values = y.tensor.doubles
    let own = sampleWeight?.tensor.doubles
    let weights = try (0..<count).map { row -> Double in
      let cells = values[row * width..<(row + 1) * width]
      // A row of several numbers is one-hot.
      let label = width == 1 ? cells.first : cells.max().flatMap { cells.firstIndex(of: $0) }.map { Double($0 - row * width) }
      guard let label, let number = Int(exactly: label) else {
        throw DescentError(
          .data, "\(caller): classWeight needs class numbers or one-hot rows, but row \(row) of y is \(Array(cells.prefix(4)))")
      }
      return (classWeight[number] ?? 1) * (own?[row] ?? 1)
    }
    return CheckedData(x: x, y: y, sampleWeight: try Rows(Tensor(weights), "classWeight", caller))
  }

  private init(x: Rows, y: Rows?, sampleWeight: Rows?) {
    self.x = x
    self.y = y
    self.sampleWeight = sampleWeight
  }
}
