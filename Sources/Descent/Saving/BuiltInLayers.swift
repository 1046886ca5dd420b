import TensorCore

// What each of Descent's layers writes into a model's description and reads from it, as Keras's `get_config` and `from_config` do.

extension Activation: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.named("activation", default: .linear), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject { JSONObject([("activation", try activation.layerJSON())]) }
}

extension Dense: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.refuse("quantization_config")
    try options.refuse("lora_rank")
    try options.refuse("lora_alpha")
    self.init(
      try options.int("units"), activation: try options.named("activation", default: .linear),
      useBias: try options.bool("use_bias", default: true),
      kernelInitializer: try options.named("kernel_initializer", default: .glorotUniform),
      biasInitializer: try options.named("bias_initializer", default: .zeros),
      kernelRegularizer: try options.optionalNamed("kernel_regularizer"),
      biasRegularizer: try options.optionalNamed("bias_regularizer"),
      activityRegularizer: try options.optionalNamed("activity_regularizer"),
      kernelConstraint: try options.optionalNamed("kernel_constraint"),
      biasConstraint: try options.optionalNamed("bias_constraint"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    var options = JSONObject()
    if let activityRegularizer { options["activity_regularizer"] = try activityRegularizer.json() }
    options["units"] = JSONValue(units)
    options["activation"] = try activation.layerJSON()
    options["use_bias"] = .bool(useBias)
    options["kernel_initializer"] = try kernelInitializer.json()
    options["bias_initializer"] = try biasInitializer.json()
    options["kernel_regularizer"] = try kernelRegularizer?.json() ?? .null
    options["bias_regularizer"] = try biasRegularizer?.json() ?? .null
    options["kernel_constraint"] = try kernelConstraint?.json() ?? .null
    options["bias_constraint"] = try biasConstraint?.json() ?? .null
    return options
  }
}

extension Dropout: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    // Keras's shape has the axis of rows in front, where only null and 1 mean anything.
    let noiseShape: [Int]?
    switch options.value("noise_shape") {
    case .null: noiseShape = nil
    case .array(let sizes) where sizes.first == .null && sizes.dropFirst().allSatisfy({ $0.int != nil }):
      noiseShape = sizes.dropFirst().compactMap(\.int)
    case let other:
      throw DescentError(
        .invalidArgument, "\(options.owner): 'noise_shape' is \(other.shortText); expected null, or a list that begins with null")
    }
    let seed = try options.optionalInt("seed")
    self.init(
      try options.double("rate"), noiseShape: noiseShape, seed: seed.map { UInt64(bitPattern: Int64($0)) },
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("rate", JSONValue(rate)), ("seed", seed.map { JSONValue(Int(bitPattern: UInt($0))) } ?? .null),
      ("noise_shape", noiseShape.map { .array([.null] + $0.map { JSONValue($0) }) } ?? .null),
    ])
  }
}

extension Embedding: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.refuse("mask_zero", unless: false)
    try options.refuse("lora_rank")
    try options.refuse("lora_alpha")
    try options.refuse("quantization_config")
    // Of older versions of Keras; it says nothing that the shape does not say.
    _ = options.value("input_length")
    self.init(
      try options.int("input_dim"), try options.int("output_dim"),
      embeddingsInitializer: try options.named("embeddings_initializer", default: .randomUniform()),
      embeddingsRegularizer: try options.optionalNamed("embeddings_regularizer"),
      activityRegularizer: try options.optionalNamed("activity_regularizer"),
      embeddingsConstraint: try options.optionalNamed("embeddings_constraint"), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([
      ("input_dim", JSONValue(inputDim)), ("output_dim", JSONValue(outputDim)),
      ("embeddings_initializer", try embeddingsInitializer.json()),
      ("embeddings_regularizer", try embeddingsRegularizer?.json() ?? .null),
      ("activity_regularizer", try activityRegularizer?.json() ?? .null),
      ("embeddings_constraint", try embeddingsConstraint?.json() ?? .null), ("mask_zero", false),
    ])
  }
}

extension GlobalAveragePooling1D: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.refuse("data_format", unless: "channels_last")
    self.init(
      keepDims: try options.bool("keepdims", default: false), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("data_format", "channels_last"), ("keepdims", .bool(keepDims))]) }
}

extension Flatten: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    // The other order changes nothing for rows of at most one axis, and is not there for the rest.
    try options.refuse("data_format", unless: "channels_last")
    self.init(name: options.name, inputShape: options.inputShape)
  }

  public func options() -> JSONObject { JSONObject([("data_format", "channels_last")]) }
}

extension Rescaling: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(
      try options.double("scale"), offset: try options.double("offset", default: 0), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("scale", JSONValue(scale)), ("offset", JSONValue(offset))]) }
}

extension Reshape: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.ints("target_shape"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("target_shape", .array(targetShape.map { JSONValue($0) }))]) }
}

extension ActivationFunction {
  /// As Keras writes the activation of a layer: a function by its name, one with settings as the layer that has them.
  func layerJSON() throws -> JSONValue {
    let json = try json()
    if let standard = try? ActivationFunction(named: name), standard.config == config { return .string(name) }
    let layers = ["relu": ("ReLU", "re_lu"), "leaky_relu": ("LeakyReLU", "leaky_re_lu"), "elu": ("ELU", "elu"), "softmax": ("Softmax", "softmax")]
    guard let (className, layerName) = layers[name] else {
      throw DescentError(
        .invalidArgument, "the activation \(self) has settings that Keras's files cannot hold; \(layers.keys.sorted().joined(separator: ", ")) can")
    }
    var config = JSONObject([("name", .string(layerName)), ("trainable", true)])
    for (key, value) in json["config"]?.object?.members ?? [] { config[key] = value }
    return ["module": "keras.layers", "class_name": .string(className), "config": .object(config), "registered_name": nil]
  }
}
