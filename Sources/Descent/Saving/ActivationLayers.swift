extension ReLU: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(
      maxValue: try options.optionalDouble("max_value"), negativeSlope: try options.double("negative_slope", default: 0),
      threshold: try options.double("threshold", default: 0), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { activation.options("max_value", "negative_slope", "threshold") }
}

extension LeakyReLU: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(
      negativeSlope: try options.double("negative_slope", default: 0.3), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { activation.options("negative_slope") }
}

extension ELU: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(alpha: try options.double("alpha", default: 1), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { activation.options("alpha") }
}

extension Softmax: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(axis: try options.int("axis", default: -1), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { activation.options("axis") }
}

extension ActivationFunction {
  /// Those of its settings, in that order.
  fileprivate func options(_ keys: String...) -> JSONObject { JSONObject(keys.map { ($0, config[$0] ?? .null) }) }
}
