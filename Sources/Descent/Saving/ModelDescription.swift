import Foundation
import Optimizers
import TensorCore

/// Reads and writes layers as Keras's JSON does: `{"module": …, "class_name": …, "config": {…}, "registered_name": …}`.
enum LayerJSON {
  /// While a layer is described: its dtype, which layers in it have that are not built and were made without one.
  @TaskLocal static var around: DType?

  /// The description of a layer with all in it.
  static func json(of layer: Layer, dtype: DType) throws -> JSONValue {
    if type(of: layer) == Model.self, let model = layer as? Model, let graph = model.graph {
      return try FunctionalJSON.json(of: model, graph)
    }
    guard let configurable = layer as? any ConfigurableLayer else {
      throw DescentError(
        .state, "layer \(layer.name) is a \(type(of: layer)), which cannot be written to a file; make it a ConfigurableLayer")
    }
    let type = type(of: configurable)
    let registeredName = try LayerRegistry.registeredName(of: type)
    let own = layer is Model ? dtype : layer.requestedDType ?? (layer.isBuilt ? layer.builtDType : dtype)
    var config = JSONObject([("name", .string(layer.name)), ("trainable", .bool(layer.isTrainable)), ("dtype", policy(own))])
    for (key, value) in try $around.withValue(own, operation: { try configurable.options() }).members { config[key] = value }
    if !layer.hasTrainableOption { config["trainable"] = nil }
    let outside = (type as? any OutsideLayer.Type)?.kerasModule
    let module = registeredName != nil ? nil : outside ?? (layer is Model ? "keras" : "keras.layers")
    var result = KerasObject(
      type.className, module: module, config: config, registeredName: registeredName ?? outside.map { _ in type.className }).members
    if layer.isBuilt, !layer.isBuiltForRowCount, let shapes = layer.rowInputShapes, let first = shapes.first {
      if layer is Merge {
        result["build_config"] = ["input_shape": .array(shapes.map { rowShape($0) })]
      } else if shapes.count == 1 {
        result["build_config"] = ["input_shape": rowShape(first)]
      }
    }
    return .object(result)
  }

  /// The layer that a description tells of.
  /// - Parameters:
  ///   - dtype: that of the model it is to be a part of; nil for a model itself.
  ///   - elementLimit: how many elements the variables may have in all.
  ///   - place: where the description stands, for errors.
  static func layer(_ json: JSONValue, dtype: DType?, elementLimit: Int, place: String) throws -> Layer {
    let (object, config) = try objectAndConfig(json, place)
    let className = object.className
    let name = config["name"]?.string
    let owner = "\(place): layer '\(name ?? className)'"
    if let name { try checkName(name, owner: owner) }
    if className == "InputLayer" { return try input(config, owner: owner) }
    if FunctionalJSON.isGraph(className), config["layers"] != nil {
      return try FunctionalJSON.model(config, elementLimit: elementLimit, seed: nil, place: place)
    }
    let ownDType = try self.dtype(config["dtype"] ?? .null, owner: owner)
    var values = config
    let isTrainable = config["trainable"] ?? true
    let inputShape = try (config["batch_shape"] ?? config["batch_input_shape"]).map { try shape($0, owner: owner) }
    for key in ["name", "trainable", "dtype", "batch_shape", "batch_input_shape"] { values[key] = nil }
    guard let isTrainable = isTrainable == .null ? true : isTrainable.bool else {
      throw DescentError(.file, "\(owner): 'trainable' is \(isTrainable.shortText); expected true or false")
    }
    let type = try LayerRegistry.type(object, owner: owner)
    var options = LayerOptions(
      values, name: name ?? Layer.kerasName(ofClass: className), inputShape: inputShape, dtype: dtype ?? ownDType ?? .float32,
      elementLimit: elementLimit, owner: owner)
    let layer: Layer = try type.init(&options)
    try options.expectNothingLeft()
    layer.isMarkedTrainable = isTrainable
    layer.requestedDType = ownDType
    return layer
  }

  /// Layers' names become parts of paths in archives, which must not lead out of them.
  private static func checkName(_ name: String, owner: String) throws {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    if parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." || $0.hasSuffix(":") }) || name.contains("\\") || name.contains("\0") {
      throw DescentError(.file, "\(owner): its name is a path that leads somewhere else; expected a plain name")
    }
  }

  private static func input(_ config: JSONObject, owner: String) throws -> Input {
    var options = LayerOptions(
      config, name: config["name"]?.string ?? "input_layer", inputShape: nil, dtype: .float32, owner: owner)
    _ = options.value("name")
    _ = options.value("trainable")
    let dtype = try options.value("dtype").string.map { name in
      guard let dtype = TensorJSON.dtype(name) else {
        throw DescentError(.file, "\(owner): its dtype is '\(name)'; expected one of numbers, such as float32 or int32")
      }
      return dtype
    }
    try options.refuse("sparse", unless: false)
    try options.refuse("ragged", unless: false)
    let isOptional = try options.optionalBool("optional") ?? false
    let given = [options.value("batch_shape"), options.value("batch_input_shape")].first { $0 != .null }
    try options.expectNothingLeft()
    guard let given else { throw DescentError(.file, "\(owner): 'batch_shape' is missing") }
    return Input(
      shape: try shape(given, owner: owner), batchSize: given[0]?.int, name: options.name, dtype: dtype, optional: isOptional)
  }

  /// Fields beside those of every object: a graph's of its layers, and Keras 2's of a model.
  private static let fields = ["name", "inbound_nodes", "keras_version", "backend"]

  /// The object that describes a layer or model, and its options.
  static func objectAndConfig(_ json: JSONValue, _ place: String) throws -> (object: KerasObject, config: JSONObject) {
    let object = try KerasObject(json, place, kind: .file, orName: false, besides: fields)
    // The layers themselves, as Keras before 2.2.3 wrote them.
    if object.className == Sequential.className, let layers = object.config.array {
      return (object, JSONObject([("layers", .array(layers))]))
    }
    return (object, try object.settings(place, kind: .file, isOptional: false))
  }

  /// Keras's stand-in for an input.
  /// - Parameter input: has what else it was made with; nil for nothing.
  static func inputLayer(name: String, shape: [Int?], dtype: DType, of input: Input?) -> KerasObject {
    let config = JSONObject([
      ("batch_shape", rowShape(shape, batchSize: input?.batchSize)), ("dtype", .string("\(dtype)")), ("sparse", false), ("ragged", false),
      ("name", .string(name)), ("optional", .bool(input?.isOptional ?? false)),
    ])
    return KerasObject("InputLayer", module: "keras.layers", config: config)
  }

  // MARK: - Shapes and dtypes

  /// The shape of a row as Keras writes it, with an axis of rows in front: of any number unless one is given.
  static func rowShape(_ shape: [Int?], batchSize: Int? = nil) -> JSONValue { .array(([batchSize] + shape).map { JSONValue.optional($0) }) }

  /// As for a model's layers.
  private static let greatestRowCount = 1 << 40

  /// The shape of a row, nil where it is open. A number of rows that is fixed means nothing here; an ``Input`` keeps it.
  static func shape(_ json: JSONValue, owner: String) throws -> [Int?] {
    guard let sizes = json.array, !sizes.isEmpty, sizes.count <= 64 else {
      throw DescentError(.file, "\(owner): \(json.shortText) is not the shape of a batch")
    }
    var count = 1
    return try sizes.dropFirst().map { size in
      if size == .null { return nil }
      guard let size = size.int, size >= 0, case let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1)), !overflow,
        product < greatestRowCount
      else {
        throw DescentError(
          .file, "\(owner): a row of shape \(json.shortText) cannot be used: its sizes are not possible")
      }
      count = product
      return size
    }
  }

  static func policy(_ dtype: DType) -> JSONValue {
    KerasObject("DTypePolicy", module: "keras", config: JSONObject([("name", .string("\(dtype)"))])).json
  }

  /// What a layer's variables are. Keras's mixed policies keep them in float32 and compute in fewer bits; here both are float32.
  private static func dtype(_ json: JSONValue, owner: String) throws -> DType? {
    if json == .null { return nil }
    // A name, or a policy: an object with a name in it.
    let name = json.string ?? json["config"]?["name"]?.string
    switch name {
    case "float32", "mixed_bfloat16", "mixed_float16": return .float32
    case "float64": return .float64
    default:
      throw DescentError(
        .file, "\(owner): its dtype is \(name ?? json.shortText); Descent computes in float32 and float64")
    }
  }
}

extension Sequential: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    guard let layers = options.value("layers").array else {
      throw DescentError(.file, "\(options.owner): 'layers' is missing; expected a list")
    }
    let shape = options.value("build_input_shape")
    self.init(name: options.name, dtype: options.dtype)
    limitElements(to: options.elementLimit)
    for json in try Sequential.named(layers, owner: options.owner) {
      add(try LayerJSON.layer(json, dtype: options.dtype, elementLimit: options.elementLimit, place: options.owner))
    }
    if declaredInputShape == nil, shape != .null {
      try build(rows: try LayerJSON.shape(shape, owner: options.owner))
    } else {
      try buildIfDeclared()
    }
  }

  /// The layers with a name each: those without one are called after their classes, with numbers where there are several.
  private static func named(_ layers: [JSONValue], owner: String) throws -> [JSONValue] {
    var taken: Set<String> = []
    for case let name? in layers.map({ $0["config"]?["name"]?.string }) where !taken.insert(name).inserted {
      throw DescentError(.file, "\(owner): there are two layers named '\(name)'")
    }
    var numbers: [String: Int] = [:]
    return layers.map { json in
      guard case .object(var layer) = json, var config = layer["config"]?.object, config["name"]?.string == nil,
        let className = layer["class_name"]?.string
      else { return json }
      let base = Layer.kerasName(ofClass: className)
      var name = base, number = numbers[base] ?? 0
      if number > 0 { name = "\(base)_\(number)" }
      while !taken.insert(name).inserted {
        number += 1
        name = "\(base)_\(number)"
      }
      numbers[base] = number + 1
      config["name"] = .string(name)
      layer["config"] = .object(config)
      return .object(layer)
    }
  }

  public func options() throws -> JSONObject {
    try buildIfDeclared()
    let dtype = innerDType
    var layers = try layers.map { try LayerJSON.json(of: $0, dtype: dtype) }
    guard let inputShape = rowInputShapes?.first else { return JSONObject([("layers", .array(layers))]) }
    let input = LayerJSON.inputLayer(name: inputLayer?.name ?? "input_layer", shape: inputShape, dtype: dtype, of: inputLayer)
    layers.insert(input.json, at: 0)
    return JSONObject([("layers", .array(layers)), ("build_input_shape", LayerJSON.rowShape(inputShape, batchSize: inputLayer?.batchSize))])
  }
}

// MARK: - Whole models

extension Model {
  /// Sets how many elements variables that are still to be made may have.
  fileprivate func limitElements(to count: Int) {
    modelBuilder.elementsLeft = count
    for case let inner as Model in sublayers { inner.limitElements(to: count) }
  }

  /// The model's description as Keras's `Model.to_json` writes it: layers and options, shapes, and what `compile` was given.
  /// Weights are not in it.
  /// - Throws: ``DescentError`` naming what cannot be written: a layer that is no ``ConfigurableLayer`` or not registered, an
  ///   activation or a loss made from a closure.
  public func json() throws -> JSONValue {
    guard case .object(var result) = try LayerJSON.json(of: self, dtype: innerDType) else { return .null }
    if let training { result["compile_config"] = try training.json(of: self) }
    return .object(result)
  }

  /// ``json()`` as text.
  /// - Parameter indent: spaces a level; nil for one line.
  public func toJSON(indent: Int? = nil) throws -> String { try json().text(indent: indent) }
}

extension Model {
  /// The model that a description tells of, with new weights; compiled if the description says how: a ``Sequential`` one, one of
  /// inputs and outputs, or a registered class of the program's own. (Keras: `model_from_json`.)
  ///
  /// Asked of ``Sequential``, it reads models of inputs and outputs too if their layers follow one another.
  /// - Parameters:
  ///   - json: the description.
  ///   - name: what to call the description in errors: a file's name.
  ///   - compiled: whether to compile the model as the description says.
  ///   - seed: for the initial weights, the order of rows and dropout; nil for one derived from ``setRandomSeed(_:)``'s.
  ///   - elementLimit: how many elements the variables may have in all; nil for as many as the machine's memory has room for.
  /// - Throws: ``DescentError`` naming the layer, the operation or the option that Descent lacks, and its place; and if the model is
  ///   not of the class that was asked.
  public static func fromJSON(
    _ json: JSONValue, name: String = "JSON", compiled: Bool = true, seed: UInt64? = nil, elementLimit: Int? = nil
  ) throws -> Self {
    func make() throws -> Self { try self.make(json, name: name, compiled: compiled, seed: seed, elementLimit: elementLimit) }
    return try naming(name) { try seed.map { try withDefaultSeeds(from: $0, make) } ?? make() }
  }

  private static func make(
    _ json: JSONValue, name: String, compiled: Bool, seed: UInt64?, elementLimit: Int?
  ) throws -> Self {
    let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    let limit = elementLimit ?? memory / MemoryLayout<Float>.size
    let (object, config) = try LayerJSON.objectAndConfig(json, name)
    let className = object.className
    let layer: Layer
    switch className {
    case FunctionalJSON.className where self == Sequential.self:
      let chain = try FunctionalChain.sequentialConfig(config, owner: name)
      layer = try LayerJSON.layer(KerasObject(Sequential.className, module: "keras", config: chain).json, dtype: nil, elementLimit: limit, place: name)
    case _ where FunctionalJSON.isGraph(className) && config["layers"] != nil:
      layer = try FunctionalJSON.model(config, elementLimit: limit, seed: seed, place: name)
    default:
      layer = try LayerJSON.layer(json, dtype: nil, elementLimit: limit, place: name)
    }
    guard let model = layer as? Self else {
      let hint = layer is Model ? "; Model.fromJSON and Model.load read all kinds of models" : ""
      throw DescentError(.file, "\(name): the model is a \(className), not a \(Self.self)\(hint)")
    }
    if model.graph == nil, !model.isBuilt, let shape = json["build_config"]?["input_shape"], shape != .null {
      try model.build(rows: try LayerJSON.shape(shape, owner: name))
    }
    model.limitElements(to: .max)
    if let seed, model.seed != seed { model.seed = seed }
    if compiled, let config = json["compile_config"]?.object, !config.isEmpty {
      try CompileSettings(config, name: name)?.compile(model)
    }
    return model
  }

  /// The same from text.
  /// - Parameters:
  ///   - text: the description.
  ///   - name: what to call the description in errors: a file's name.
  ///   - compiled: whether to compile the model as the description says.
  ///   - seed: for the initial weights, the order of rows and dropout; nil for one derived from ``setRandomSeed(_:)``'s.
  /// - Throws: ``DescentError`` as for a description that was read, and with the line and column of what is no JSON.
  public static func fromJSON(
    _ text: String, name: String = "JSON", compiled: Bool = true, seed: UInt64? = nil
  ) throws -> Self {
    try fromJSON(JSONValue(parsing: text, name: name), name: name, compiled: compiled, seed: seed)
  }
}
