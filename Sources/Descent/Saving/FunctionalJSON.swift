import Optimizers
import TensorCore

/// Reads and writes models that are graphs as Keras's `Functional` models: layers, each with the calls that were made of it.
enum FunctionalJSON {
  static let className = "Functional"

  /// Whether a class is that of a graph: Keras 2 has written both names.
  static func isGraph(_ className: String) -> Bool { className == self.className || className == "Model" }

  /// A truth that is written as a number.
  static func truth(_ json: JSONValue) -> Bool? { json.int == 0 ? false : json.int == 1 ? true : nil }

  // MARK: - Writing

  /// The description of a model that is a graph.
  static func json(of model: Model, _ graph: LayerGraph) throws -> JSONValue {
    let writer = try Writer(graph)
    var config = JSONObject([("name", .string(model.name)), ("trainable", .bool(model.isTrainable))])
    config["layers"] = .array(try graph.layers.map { try writer.layer($0, dtype: model.dtype) } + writer.standIns())
    config["input_layers"] = writer.structure(graph.inputs, graph.inputForm, graph.inputNesting)
    config["output_layers"] = writer.structure(graph.outputs, graph.outputForm, graph.outputNesting)
    var result = KerasObject(className, module: "keras.src.models.functional", config: config, registeredName: className).members
    result["build_config"] = ["input_shape": nil]
    return .object(result)
  }

  private struct Writer {
    let graph: LayerGraph
    /// The calls of each layer that belong to the model, in the order in which they were made.
    private let calls: [ObjectIdentifier: [LayerCall]]
    private let given: [Symbol.Identity: Symbol]

    init(_ graph: LayerGraph) throws {
      self.graph = graph
      let own = Set(graph.calls.map(ObjectIdentifier.init))
      var calls: [ObjectIdentifier: [LayerCall]] = [:]
      for layer in graph.layers { calls[ObjectIdentifier(layer)] = layer.calls.filter { own.contains(ObjectIdentifier($0)) } }
      self.calls = calls
      given = Dictionary(uniqueKeysWithValues: graph.inputs.filter { !$0.call.isInput }.map { ($0.identity, $0) })
    }

    /// What an input that another model's layer gives is called here.
    private func standInName(_ symbol: Symbol) -> String { "\(symbol.layer.name)_\(symbol.index)_input" }

    /// Inputs in place of what another model's layers give.
    func standIns() -> [JSONValue] {
      graph.inputs.filter { !$0.call.isInput }.map {
        FunctionalJSON.inputLayer(name: standInName($0), shape: $0.shape, dtype: $0.dtype, of: nil)
      }
    }

    func layer(_ layer: Layer, dtype: DType) throws -> JSONValue {
      if let input = layer as? Input {
        return FunctionalJSON.inputLayer(name: input.name, shape: input.symbol.shape, dtype: input.symbol.dtype, of: input)
      }
      var result: JSONObject
      if let operation = layer as? OperationLayer {
        let settings = [("name", JSONValue.string(operation.name))] + operation.settings.members.filter { $0.key != "name" }
        let (className, module) = (operation.definition.className, operation.definition.module)
        result = KerasObject(className, module: module, config: JSONObject(settings), registeredName: className).members
      } else {
        guard case .object(let json) = try LayerJSON.json(of: layer, dtype: dtype) else { return .null }
        result = json
      }
      result["name"] = .string(layer.name)
      result["inbound_nodes"] = .array(
        (calls[ObjectIdentifier(layer)] ?? []).map { call in
          let kwargs = JSONObject(
            call.arguments.named.map { argument in
              let json = value(argument.value)
              // Read as it stands, it would be taken for what Keras notes of each call. Python takes the number for the same.
              let isDefault = argument.name == "training" && json.bool != nil && json.bool == type(of: layer).trainingByDefault
              return (argument.name, isDefault ? JSONValue(json.bool! ? 1 : 0) : json)
            })
          return ["args": .array(call.arguments.positional.map(value)), "kwargs": .object(kwargs)]
        })
      return .object(result)
    }

    private func value(_ value: CallArguments.Value) -> JSONValue {
      switch value {
      case .symbol(let symbol):
        return [
          "class_name": "__keras_tensor__",
          "config": [
            "shape": LayerJSON.rowShape(symbol.shape), "dtype": .string("\(symbol.dtype)"), "keras_history": reference(symbol),
          ],
        ]
      case .list(let values): return .array(values.map(self.value))
      case .json(let json): return json
      case .tensor(let tensor): return TensorJSON.object(tensor, className: "__tensor__")
      }
    }

    /// - Parameter isEnd: whether it stands among the model's inputs or outputs, where a model that is a graph counts its own making
    ///   as its first call. In calls it does not.
    private func reference(_ symbol: Symbol, isEnd: Bool = false) -> JSONValue {
      if given[symbol.identity] != nil { return [.string(standInName(symbol)), 0, 0] }
      let layer = symbol.call.layer
      let number = calls[ObjectIdentifier(layer)]?.firstIndex { $0 === symbol.call } ?? 0
      return [.string(layer.name), JSONValue(number + (isEnd ? FunctionalJSON.firstCall(of: layer) : 0)), JSONValue(symbol.index)]
    }

    func structure(_ symbols: [Symbol], _ form: GraphForm, _ nesting: JSONValue?) -> JSONValue {
      func filled(_ nesting: JSONValue) -> JSONValue {
        if let place = nesting.int { return reference(symbols[place], isEnd: true) }
        if let list = nesting.array { return .array(list.map(filled)) }
        return .object(JSONObject((nesting.object?.members ?? []).map { ($0.key, filled($0.value)) }))
      }
      if let nesting { return filled(nesting) }
      switch form {
      case .one: return reference(symbols[0], isEnd: true)
      case .several: return .array(symbols.map { reference($0, isEnd: true) })
      case .named(let names): return .object(JSONObject(zip(names, symbols).map { ($0, reference($1, isEnd: true)) }))
      }
    }
  }

  private static func inputLayer(name: String, shape: [Int?], dtype: DType, of input: Input?) -> JSONValue {
    var result = LayerJSON.inputLayer(name: name, shape: shape, dtype: dtype, of: input).members
    result["name"] = .string(name)
    result["inbound_nodes"] = []
    return .object(result)
  }

  static func firstCall(of layer: Layer) -> Int { (layer as? Model).map { $0.graph != nil && !($0 is Sequential) } == true ? 1 : 0 }

  // MARK: - Reading

  /// The model that a configuration tells of, with new weights.
  /// - Parameters:
  ///   - elementLimit: how many elements the variables may have in all.
  ///   - seed: for the initial weights, the order of rows and dropout.
  ///   - place: where the description stands, for errors.
  static func model(_ config: JSONObject, elementLimit: Int, seed: UInt64?, place: String) throws -> Model {
    let name = config["name"]?.string
    let owner = name.map { "\(place): model '\($0)'" } ?? place
    var reader = try Reader(config, elementLimit: elementLimit, seed: seed, owner: owner)
    try reader.makeCalls()
    let inputs = try reader.structure(config["input_layers"], "input_layers")
    let outputs = try reader.structure(config["output_layers"], "output_layers")
    for (key, value) in config.members
    where !["name", "trainable", "layers", "input_layers", "output_layers"].contains(key) && value != .null {
      // Keras 2 says here what every layer says itself.
      if key == "dtype" || key == "build_input_shape" || key == "batch_input_shape" { continue }
      throw DescentError(.file, "\(owner): the option '\(key)' (\(value.shortText)) is not known")
    }
    let graph = try LayerGraph(
      inputs: (inputs.symbols, inputs.form), outputs: (outputs.symbols, outputs.form), name: owner, inputNesting: inputs.nesting,
      outputNesting: outputs.nesting)
    let model = try Model(graph: graph, builder: reader.builder, seed: reader.seed, name: name)
    model.isMarkedTrainable = config["trainable"]?.bool ?? true
    return model
  }
}
