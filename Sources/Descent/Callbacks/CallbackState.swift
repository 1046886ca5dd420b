import TensorCore

/// What a callback remembers from epoch to epoch, for a checkpoint: the best number so far, how long it has waited.
public struct CallbackState {
  /// Numbers and words.
  public var values: JSONObject
  /// Arrays by name.
  public var tensors: [(name: String, tensor: Tensor)]

  /// - Parameters:
  ///   - values: numbers and words.
  ///   - tensors: arrays by name.
  public init(_ values: JSONObject = JSONObject(), tensors: [(name: String, tensor: Tensor)] = []) {
    self.values = values
    self.tensors = tensors
  }

  /// The value of that name.
  public subscript(name: String) -> JSONValue? { values[name] }

  /// The whole number of that name; nil if there is none.
  /// - Parameters:
  ///   - range: what such a number may be: counts with which more can be counted.
  ///   - owner: the callback, for errors.
  /// - Throws: ``DescentError`` of kind `file` for anything else.
  func integer(_ name: String, in range: ClosedRange<Int> = 0...ElementCount.limit, of owner: Callback) throws -> Int? {
    guard let value = values[name], value != .null else { return nil }
    guard let number = value.int, range.contains(number) else { throw fault(name, "a whole number from \(range.lowerBound) to \(range.upperBound)", of: owner) }
    return number
  }

  /// The error for a value that is not what the callback writes.
  func fault(_ name: String, _ expected: String, of owner: Callback) -> DescentError {
    DescentError(.file, "\(type(of: owner)): its state in the checkpoint has '\(name)' \((values[name] ?? .null).shortText); expected \(expected)")
  }

  /// The tensor of that name, if there is one.
  public func tensor(_ name: String) -> Tensor? { tensors.first { $0.name == name }?.tensor }
}

extension Monitor {
  /// The best number so far as JSON.
  var state: JSONValue { best.map { JSONValue($0) } ?? .null }

  /// A monitor that has seen the best number that ``state`` told.
  init(_ name: String, mode: MonitorMode, minDelta: Double, in model: Model, state: JSONValue?) {
    self.init(name, mode: mode, minDelta: minDelta, in: model)
    if let best = state?.double { accept(best) }
  }
}
