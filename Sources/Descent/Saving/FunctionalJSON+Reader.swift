import TensorCore

extension FunctionalJSON {
  /// Makes the layers of a configuration and the calls of them.
  struct Reader {
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
      let (object, config) = try LayerJSON.objectAndConfig(json, "\(owner): layer '\(name)'")
      let className = object.className
      // Keras's older files name no modules; there a layer says whether it is trained, and an operation does not.
      let isOperation = json["module"]?.string.map { $0.hasPrefix("keras.src.ops") }
        ?? (config["trainable"] == nil && OperationTable.definition(className) != nil)
      if isOperation {
        guard let definition = OperationTable.definition(className) else {
          let hint = nearestName(to: className, in: OperationTable.names).map { "; did you mean '\($0)'?" } ?? ""
          throw DescentError(.file, "\(owner): '\(name)' is the operation \(className), which Descent does not have in graphs\(hint)")
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

    /// A call by its layer and its number among the layer's.
    private struct CallKey: Hashable {
      let layer: String
      let number: Int
    }

    /// What the last arguments that were asked for lacked.
    private final class Lack { var call: CallKey? }
    private let lack = Lack()

    /// Makes each call as soon as all that it is called with is there: in rounds over the layers in their order, in which a layer that lacks a
    /// call is passed over until that has been made.
    mutating func makeCalls() throws {
      let order = order.filter { !(nodes[$0] ?? []).isEmpty }
      // Of this round, the first one last; and of the next.
      var due = Array(order.indices.reversed()), later: [Int] = []
      var waiting: [CallKey: [Int]] = [:]
      while !due.isEmpty || !later.isEmpty {
        guard let place = due.popLast() else {
          (due, later) = (later.sorted(by: >), [])
          continue
        }
        let name = order[place], all = nodes[name] ?? []
        while let node = all.dropFirst(calls[name]?.count ?? 0).first {
          guard let arguments = try arguments(node, of: name) else {
            if let call = lack.call { waiting[call, default: []].append(place) }
            break
          }
          let number = calls[name]?.count ?? 0
          calls[name, default: []].append(try LayerCall(layers[name]!, arguments, builder: builder))
          let woken = waiting.removeValue(forKey: CallKey(layer: name, number: number)) ?? []
          later += woken.filter { $0 < place }
          let others = woken.filter { $0 > place }
          if !others.isEmpty { due = (due + others).sorted(by: >) }
        }
      }
      let stuck = order.filter { calls[$0]?.count ?? 0 < nodes[$0]?.count ?? 0 }
      if !stuck.isEmpty {
        throw DescentError(
          .file, "\(owner): the calls of \(stuck.map { "'\($0)'" }.joined(separator: ", ")) need results that nothing gives: the graph has a loop, or a call is missing")
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
        if let called = layers[layer], !(called is OperationLayer), called.isBuiltIn, json != .null {
          let place = result.positional.count
          if place > 0, let training = json.bool {
            if training != type(of: called).trainingByDefault { result.named.append(("training", .json(json))) }
            continue
          }
          var isTensor = true
          if case .json = value { isTensor = false }
          if !isTensor || place >= called.argumentNames.count {
            let names = called.argumentNames.joined(separator: ", ")
            throw DescentError(
              .file, "\(owner): layer '\(layer)' is called with \(isTensor ? "a tensor" : json.shortText) in place \(place); tensors are \(names), all else is read by name")
          }
        }
        result.positional.append(value)
      }
      for (name, json) in node["kwargs"]?.object?.members ?? [] where json != .null {
        if name == "training", let called = layers[layer], !(called is OperationLayer) {
          if json.bool != nil && json.bool == type(of: called).trainingByDefault { continue }
          guard let training = json.bool ?? FunctionalJSON.truth(json) else {
            throw DescentError(.file, "\(owner): layer '\(layer)' is called with 'training' \(json.shortText); expected true or false")
          }
          result.named.append((name, .json(.bool(training))))
          continue
        }
        guard let value = try value(json, of: layer) else { return nil }
        if value.symbols.isEmpty && !(layers[layer] is OperationLayer) && layers[layer]?.callOptionNames.contains(name) != true {
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
      case let name? where TensorJSON.classNames.contains(name):
        return .tensor(try TensorJSON.tensor(config: json["config"], "\(owner): layer '\(layer)' is called with"))
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
      return (["__keras_tensor__"] + TensorJSON.classNames).contains(json["class_name"]?.string ?? "")
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
      guard let made = calls[name], made.indices.contains(own) else {
        lack.call = CallKey(layer: name, number: own)
        return nil
      }
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

    func structure(_ json: JSONValue?, _ key: String) throws -> (symbols: [Symbol], form: GraphForm, nesting: JSONValue?) {
      func one(_ json: JSONValue) throws -> Symbol {
        let layer = json[0]?.string.flatMap { layers[$0] }
        guard let symbol = try symbol(json, firstCall: layer.map { FunctionalJSON.firstCall(of: $0) } ?? 0) else {
          throw DescentError(.file, "\(owner): '\(key)' names \(json.shortText), which is no result of a call")
        }
        return symbol
      }
      guard let json else { throw DescentError(.file, "\(owner): '\(key)' is missing") }
      func isResult(_ json: JSONValue) -> Bool { json.array.map { $0.count == 3 && $0[0].string != nil } ?? false }
      let parts = json.object?.members.map(\.value) ?? json.array ?? []
      if !isResult(json), !parts.allSatisfy(isResult) {
        // Structures in a structure: Keras's order of all that is in them, dictionaries by name.
        var symbols: [Symbol] = []
        func flattened(_ json: JSONValue) throws -> JSONValue {
          if isResult(json) || json.object == nil && json.array == nil {
            symbols.append(try one(json))
            return JSONValue(symbols.count - 1)
          }
          if let list = json.array { return .array(try list.map(flattened)) }
          let object = json.object!
          return .object(JSONObject(try object.keys.sorted().map { ($0, try flattened(object[$0]!)) }))
        }
        let nesting = try flattened(json)
        return (symbols, .several, nesting)
      }
      if let object = json.object {
        let names = object.keys.sorted()
        return (try names.map { try one(object[$0]!) }, .named(names), nil)
      }
      guard let list = json.array, !list.isEmpty else { throw DescentError(.file, "\(owner): '\(key)' is \(json.shortText)") }
      if list.count == 3, list[0].string != nil { return ([try one(json)], .one, nil) }
      return (try list.map(one), .several, nil)
    }
  }
}
