import Optimizers
import TensorCore

/// Reads and writes models that are graphs as Keras's `Functional` models: layers, each with the calls that were made of it.
enum FunctionalJSON {
  static let className = "Functional"

  /// Whether a class is that of a graph: Keras 2 has written both names.
  static func isGraph(_ className: String) -> Bool { className == self.className || className == "Model" }

  // MARK: - Writing

  /// The description of a model that is a graph.
  static func json(of model: Model, _ graph: LayerGraph) throws -> JSONValue {
    let writer = try Writer(graph)
    var config = JSONObject([("name", .string(model.name)), ("trainable", .bool(model.isTrainable))])
    config["layers"] = .array(try graph.layers.map { try writer.layer($0, dtype: model.dtype) } + writer.standIns())
    config["input_layers"] = writer.structure(graph.inputs, graph.inputForm)
    config["output_layers"] = writer.structure(graph.outputs, graph.outputForm)
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
        FunctionalJSON.inputLayer(name: standInName($0), shape: $0.shape, dtype: $0.dtype)
      }
    }

    func layer(_ layer: Layer, dtype: DType) throws -> JSONValue {
      if let input = layer as? Input {
        return FunctionalJSON.inputLayer(name: input.name, shape: input.symbol.shape, dtype: input.symbol.dtype)
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
          let kwargs = JSONObject(call.arguments.named.map { ($0.name, value($0.value)) })
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
      case .tensor(let tensor):
        return ["class_name": "__tensor__", "config": ["value": nested(tensor), "dtype": .string("\(tensor.dtype)")]]
      }
    }

    private func nested(_ tensor: Tensor) -> JSONValue {
      if tensor.rank == 0 { return tensor.dtype.isFloatingPoint ? JSONValue(tensor.item()) : JSONValue(Int(tensor.item())) }
      return .array((0..<tensor.shape[0]).map { nested(tensor[$0..<$0 + 1].reshaped(Array(tensor.shape.dropFirst()))) })
    }

    /// - Parameter isEnd: whether it stands among the model's inputs or outputs, where a model that is a graph counts its own making
    ///   as its first call. In calls it does not.
    private func reference(_ symbol: Symbol, isEnd: Bool = false) -> JSONValue {
      if given[symbol.identity] != nil { return [.string(standInName(symbol)), 0, 0] }
      let layer = symbol.call.layer
      let number = calls[ObjectIdentifier(layer)]?.firstIndex { $0 === symbol.call } ?? 0
      return [.string(layer.name), JSONValue(number + (isEnd ? FunctionalJSON.firstCall(of: layer) : 0)), JSONValue(symbol.index)]
    }

    func structure(_ symbols: [Symbol], _ form: GraphForm) -> JSONValue {
      switch form {
      case .one: reference(symbols[0], isEnd: true)
      case .several: .array(symbols.map { reference($0, isEnd: true) })
      case .named(let names): .object(JSONObject(zip(names, symbols).map { ($0, reference($1, isEnd: true)) }))
      }
    }
  }

  private static func inputLayer(name: String, shape: [Int?], dtype: DType) -> JSONValue {
    var result = LayerJSON.inputLayer(name: name, shape: shape, dtype: dtype).members
    result["name"] = .string(name)
    result["inbound_nodes"] = []
    return .object(result)
  }

  private static func firstCall(of layer: Layer) -> Int { (layer as? Model).map { $0.graph != nil && !($0 is Sequential) } == true ? 1 : 0 }

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
    let model = try Model(
      graph: LayerGraph(inputs: inputs, outputs: outputs, name: owner), builder: reader.builder, seed: reader.seed, name: name)
    model.isTrainable = config["trainable"]?.bool ?? true
    return model
  }

  private struct Reader {
    let owner: String
    let seed: UInt64
    let builder: ModelBuilder
    private let order: [String]
    private var layers: [String: Layer] = [:]
    private var nodes: [String: [JSONValue]] = [:]
    private var calls: [String: [LayerCall]] = [:]

    init(_ config: JSONObject, elementLimit: Int, seed: UInt64?, owner: String) throws {
      self.owner = owner
      self.seed = seed ?? nextDefaultSeed()
      guard let descriptions = config["layers"]?.array else {
        throw DescentError(.file, "\(owner): 'layers' is missing; expected a list")
      }
      var order: [String] = [], layers: [String: Layer] = [:], nodes: [String: [JSONValue]] = [:]
      for json in descriptions {
        guard let name = json["name"]?.string ?? json["config"]?["name"]?.string, layers[name] == nil else {
          throw DescentError(.file, "\(owner): \(json.shortText) is not a layer with a name of its own")
        }
        let layer: Layer
        do {
          layer = try Reader.layer(json, name: name, elementLimit: elementLimit, owner: owner)
        } catch let error as DescentError where error.kind == .file {
          // Where in the graph: of layers in nested models, each on the way.
          let sources = Reader.sources(json["inbound_nodes"] ?? .null)
          let place = sources.isEmpty ? "" : "; '\(name)' is called with \(sources.map { "'\($0)'" }.joined(separator: ", "))"
          throw DescentError(.file, error.message + place)
        }
        order.append(name)
        layers[name] = layer
        nodes[name] = json["inbound_nodes"]?.array ?? []
      }
      (self.order, self.layers, self.nodes) = (order, layers, nodes)
      let dtype = order.lazy.compactMap { name in
        layers[name].flatMap { $0 is Input || $0 is OperationLayer ? nil : $0.requestedDType ?? ($0 as? Model)?.dtype }
      }.first
      let inputDType = order.lazy.compactMap { name in (layers[name] as? Input)?.dtype }.first { $0.isFloatingPoint }
      builder = ModelBuilder(dtype: dtype ?? inputDType ?? .float32, seed: self.seed)
      builder.elementsLeft = elementLimit
    }

    private static func layer(_ json: JSONValue, name: String, elementLimit: Int, owner: String) throws -> Layer {
      let (className, config) = try LayerJSON.classAndConfig(json, "\(owner): layer '\(name)'")
      // Keras's older files name no modules; there a layer says whether it is trained, and an operation does not.
      let isOperation = json["module"]?.string.map { $0.hasPrefix("keras.src.ops") }
        ?? (config["trainable"] == nil && OperationTable.definition(className) != nil)
      if isOperation {
        guard let definition = OperationTable.definition(className) else {
          throw DescentError(
            .file, "\(owner): '\(name)' is the operation \(className), which Descent does not have in graphs (it has \(OperationTable.names.joined(separator: ", ")))")
        }
        return OperationLayer(definition, settings: config, name: name)
      }
      if className == "TFOpLambda" || className == "SlicingOpLambda" || className == "TensorFlowOpLayer" {
        throw DescentError(
          .file, "\(owner): '\(name)' is the TensorFlow operation \(config["function"]?.string ?? className) that Keras 2 wrote, which Descent does not have in graphs")
      }
      let layer = try LayerJSON.layer(json, dtype: nil, elementLimit: elementLimit, place: owner)
      return layer
    }

    /// The layers whose results a layer is called with, in both forms of a description.
    private static func sources(_ json: JSONValue) -> [String] {
      var names: [String] = []
      func note(_ name: String?) { if let name, !names.contains(name) { names.append(name) } }
      func visit(_ json: JSONValue) {
        if let history = json["config"]?["keras_history"]?.array { return note(history.first?.string) }
        if let object = json.object { return object.members.forEach { visit($0.value) } }
        guard let list = json.array else { return }
        if let name = list.first?.string, list.count >= 3, list[1].int != nil, list[2].int != nil { return note(name) }
        list.forEach(visit)
      }
      visit(json)
      return names
    }

    /// Makes each call as soon as all that it is called with is there.
    mutating func makeCalls() throws {
      var waiting = order.filter { !(nodes[$0] ?? []).isEmpty }
      while !waiting.isEmpty {
        var progress = false
        var stuck: [String] = []
        for name in waiting {
          let all = nodes[name] ?? []
          var made = calls[name]?.count ?? 0
          while made < all.count, let arguments = try arguments(all[made], of: name) {
            let call = try LayerCall(layers[name]!, arguments, builder: builder)
            calls[name, default: []].append(call)
            made += 1
            progress = true
          }
          if made < all.count { stuck.append(name) }
        }
        guard progress else {
          throw DescentError(
            .file, "\(owner): the calls of \(stuck.map { "'\($0)'" }.joined(separator: ", ")) need results that nothing gives: the graph has a loop, or a call is missing")
        }
        waiting = stuck
      }
    }

    /// What a call is made with; nil while some of it is not there yet.
    private func arguments(_ node: JSONValue, of layer: String) throws -> CallArguments? {
      if let inputs = node.array { return try legacyArguments(inputs, of: layer) }
      guard let args = node["args"]?.array else {
        throw DescentError(.file, "\(owner): layer '\(layer)' is called with \(node.shortText); expected 'args'")
      }
      var result = CallArguments()
      for json in args {
        guard let value = try value(json, of: layer) else { return nil }
        result.positional.append(value)
      }
      for (name, json) in node["kwargs"]?.object?.members ?? [] where json != .null {
        // Keras notes the default of these layers' argument, which its models do not go by.
        if name == "training", json == true, layers[layer] is RandomImageLayer { continue }
        if name == "training", json == false, layers[layer] is RecurrentLayer { continue }
        guard let value = try value(json, of: layer) else { return nil }
        if value.symbols.isEmpty && !(layers[layer] is OperationLayer) && name != "training"
          && layers[layer]?.callOptionNames.contains(name) != true
        {
          throw DescentError(.file, "\(owner): layer '\(layer)' is called with '\(name)' \(json.shortText), which Descent has not")
        }
        if !value.symbols.isEmpty, !(layers[layer] is OperationLayer), name != "mask", layers[layer]?.argumentNames.contains(name) != true {
          throw DescentError(.file, "\(owner): layer '\(layer)' is called with a tensor '\(name)', which Descent has not")
        }
        result.named.append((name, value))
      }
      return result
    }

    /// Keras 2's form: `[[layer, call, result, {…}], …]`.
    private func legacyArguments(_ inputs: [JSONValue], of layer: String) throws -> CallArguments? {
      var symbols: [Symbol] = []
      var result = CallArguments()
      for input in inputs {
        guard let parts = input.array, parts.count >= 3 else {
          throw DescentError(.file, "\(owner): layer '\(layer)' is called with \(input.shortText); expected [layer, call, result]")
        }
        // Keras 2 counts the making of a model as its first call everywhere.
        let isModel = parts[0].string.flatMap { layers[$0] } is Model
        guard let symbol = try symbol(.array(Array(parts.prefix(3))), firstCall: isModel && parts[1].int ?? 0 > 0 ? 1 : 0) else {
          return nil
        }
        symbols.append(symbol)
        for (name, json) in parts.count > 3 ? parts[3].object?.members ?? [] : [] where json != .null {
          guard name == "training", json.bool != nil else {
            throw DescentError(.file, "\(owner): layer '\(layer)' is called with '\(name)' \(json.shortText), which Descent has not")
          }
          result.named = [(name, .json(json))]
        }
      }
      result.positional = symbols.count == 1 ? [.symbol(symbols[0])] : [.list(symbols.map { .symbol($0) })]
      return result
    }

    private func value(_ json: JSONValue, of layer: String) throws -> CallArguments.Value? {
      switch json["class_name"]?.string {
      case "__keras_tensor__":
        guard let history = json["config"]?["keras_history"] else {
          throw DescentError(.file, "\(owner): layer '\(layer)': a tensor says not where it comes from")
        }
        return try symbol(history).map { .symbol($0) }
      case "__tensor__", "__numpy__":
        return .tensor(try constant(json["config"], of: layer))
      default: break
      }
      guard let list = json.array, list.contains(where: hasTensor) else { return .json(json) }
      var values: [CallArguments.Value] = []
      for element in list {
        guard let value = try value(element, of: layer) else { return nil }
        values.append(value)
      }
      return .list(values)
    }

    private func hasTensor(_ json: JSONValue) -> Bool {
      if let list = json.array { return list.contains(where: hasTensor) }
      return ["__keras_tensor__", "__tensor__", "__numpy__"].contains(json["class_name"]?.string ?? "")
    }

    private func constant(_ config: JSONValue?, of layer: String) throws -> Tensor {
      guard let value = config?["value"], let dtype = config?["dtype"]?.string.flatMap(constantDType) else {
        let kind = config?["dtype"]?.shortText ?? "without a dtype"
        throw DescentError(.file, "\(owner): layer '\(layer)' is called with an array of a kind that Descent has not: \(kind)")
      }
      var shape: [Int] = [], numbers: [Double] = []
      func read(_ json: JSONValue, _ depth: Int) throws {
        guard let list = json.array else {
          guard depth == shape.count, let number = json.double ?? json.bool.map({ $0 ? 1 : 0 }) else {
            throw DescentError(.file, "\(owner): layer '\(layer)' is called with an array that is none")
          }
          numbers.append(number)
          return
        }
        if depth == shape.count && numbers.isEmpty { shape.append(list.count) }
        guard depth < shape.count, shape[depth] == list.count else {
          throw DescentError(.file, "\(owner): layer '\(layer)' is called with an array that is none")
        }
        for element in list { try read(element, depth + 1) }
      }
      try read(value, 0)
      if dtype == .int32, let wrong = numbers.first(where: { Int32(exactly: $0) == nil }) {
        throw DescentError(
          .file, "\(owner): layer '\(layer)' is called with an array that holds \(wrong), which is no int32; Descent has no wider whole numbers")
      }
      return Tensor(shape: shape, scalars: numbers).cast(to: dtype)
    }

    /// The dtype that holds the numbers of a constant: NumPy's whole numbers are `int64` unless a program says otherwise.
    private func constantDType(_ name: String) -> DType? {
      switch name {
      case "int8", "int16", "int64", "uint16", "uint32", "uint64": .int32
      case "float16", "bfloat16": .float32
      default: DType(rawValue: name)
      }
    }

    /// What `[layer, call, result]` names; nil while the call has not been made.
    private func symbol(_ json: JSONValue, firstCall: Int = 0) throws -> Symbol? {
      guard let parts = json.array, parts.count == 3, let name = parts[0].string, let number = parts[1].int, let index = parts[2].int,
        number >= 0, index >= 0
      else { throw DescentError(.file, "\(owner): \(json.shortText) names no result of a layer") }
      guard let layer = layers[name] else { throw DescentError(.file, "\(owner): there is no layer '\(name)'") }
      if let input = layer as? Input {
        guard number == 0, index == 0 else { throw DescentError(.file, "\(owner): \(json.shortText) names no result of an input") }
        return inputSymbols.symbol(of: input)
      }
      let own = number - firstCall
      guard let made = calls[name], made.indices.contains(own) else { return nil }
      guard index < made[own].results.count else { throw DescentError(.file, "\(owner): \(json.shortText) names no result of the layer") }
      return Symbol(call: made[own], index: index)
    }

    /// Keeps the calls of inputs, which nothing else keeps while the graph is made.
    private final class InputSymbols {
      private var kept: [ObjectIdentifier: Symbol] = [:]

      func symbol(of input: Input) -> Symbol {
        let key = ObjectIdentifier(input)
        if let known = kept[key] { return known }
        let made = input.symbol
        kept[key] = made
        return made
      }
    }
    private let inputSymbols = InputSymbols()

    func structure(_ json: JSONValue?, _ key: String) throws -> (symbols: [Symbol], form: GraphForm) {
      func one(_ json: JSONValue) throws -> Symbol {
        let layer = json[0]?.string.flatMap { layers[$0] }
        guard let symbol = try symbol(json, firstCall: layer.map { FunctionalJSON.firstCall(of: $0) } ?? 0) else {
          throw DescentError(.file, "\(owner): '\(key)' names \(json.shortText), which is no result of a call")
        }
        return symbol
      }
      guard let json else { throw DescentError(.file, "\(owner): '\(key)' is missing") }
      func isStructure(_ json: JSONValue) -> Bool { json.object != nil || json.array?.first?.array != nil || json.array?.first?.object != nil }
      if (json.object?.members.map(\.value) ?? json.array ?? []).contains(where: isStructure) {
        throw DescentError(
          .file,
          "\(owner): '\(key)' is a structure inside a structure (\(json.shortText)); Descent takes one tensor, a list of them or a dictionary of them: make the model with a flat list")
      }
      if let object = json.object {
        let names = object.keys.sorted()
        return (try names.map { try one(object[$0]!) }, .named(names))
      }
      guard let list = json.array, !list.isEmpty else { throw DescentError(.file, "\(owner): '\(key)' is \(json.shortText)") }
      if list.count == 3, list[0].string != nil { return ([try one(json)], .one) }
      return (try list.map(one), .several)
    }
  }
}
