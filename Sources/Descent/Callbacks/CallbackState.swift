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
