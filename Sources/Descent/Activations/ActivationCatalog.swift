import Optimizers
import TensorCore

extension ActivationFunction {
  /// Names as Keras has them; of its layers those that are activation functions with settings are understood too.
  public static let catalog = Catalog<ActivationFunction>(
    \.keras,
    [
      .init(.relu, classes: ["ReLU"]) { s in
        .relu(
          negativeSlope: try s.double("negative_slope"), maxValue: try s.optionalDouble("max_value"),
          threshold: try s.double("threshold"))
      },
      .init(.relu6, classes: ["ReLU6"]),
      .init(.leakyReLU) { s in .leakyReLU(negativeSlope: try s.double("negative_slope")) },
      .init(.leakyReLU(negativeSlope: 0.3), classes: ["LeakyReLU"]) { s in
        .leakyReLU(negativeSlope: try s.double("negative_slope"))
      },
      .init(.elu, classes: ["ELU"]) { s in .elu(alpha: try s.double("alpha")) },
      .init(.celu) { s in .celu(alpha: try s.double("alpha")) },
      .init(.selu),
      .init(.sigmoid),
      .init(.logSigmoid),
      .init(.hardSigmoid),
      .init(.sparseSigmoid),
      .init(.tanh),
      .init(.hardTanh),
      .init(.softsign),
      .init(.silu, ["swish"]),
      .init(.hardSilu, ["hard_swish"]),
      .init(.gelu) { s in .gelu(approximate: try s.bool("approximate")) },
      .init(.mish),
      .init(.hardShrink) { s in .hardShrink(threshold: try s.double("threshold")) },
      .init(.softShrink) { s in .softShrink(threshold: try s.double("threshold")) },
      .init(.tanhShrink),
      .init(.linear),
      .init(.exponential),
      .init(.softplus),
      .init(.sparsePlus),
      .init(.squareplus) { s in .squareplus(b: try s.double("b")) },
      .init(.softmax, classes: ["Softmax"]) { s in .softmax(axis: try s.int("axis")) },
      .init(.logSoftmax) { s in .logSoftmax(axis: try s.int("axis")) },
      .init(.sparsemax) { s in .sparsemax(axis: try s.int("axis")) },
      .init(.glu) { s in .glu(axis: try s.int("axis")) },
    ], ignoring: ["name", "trainable", "dtype"])

  /// What Keras's `serialize` gives: the name alone, or for one with settings the layer that Keras writes in its place.
  public func json() throws -> JSONValue {
    guard let className, !keras.isOwn else { return try describedJSON() }
    try validated()
    if try ActivationFunction(named: className).config == config { return .string(className) }
    guard let layer = Self.catalog.layerClass(of: className) else {
      return KerasObject(className, module: Self.kerasModule, config: JSONObject(byName: config)).json
    }
    let own = JSONObject([("name", .string(Layer.kerasName(ofClass: layer))), ("trainable", true)] + JSONObject(byName: config).members)
    return KerasObject(layer, module: "keras.layers", config: own).json
  }

  /// As Keras writes the activation of a layer.
  /// - Throws: ``DescentError`` where it has settings and Keras has no layer with them.
  func layerJSON() throws -> JSONValue {
    let json = try json()
    if json["module"]?.string == Self.kerasModule {
      throw DescentError(.invalidArgument, "the activation \(self) has settings that Keras's files cannot hold")
    }
    return json
  }

  /// Those of its settings, in that order.
  func options(_ keys: String...) -> JSONObject { JSONObject(keys.map { ($0, config[$0] ?? .null) }) }
}
