import TensorCore

extension LayerGraph {
  /// The layers as TensorBoard's page of graphs draws operations: TensorFlow's `GraphDef`, with a node for each call of a layer. The
  /// layers of a model that is a layer stand in a box of its name.
  var graphDefinition: ProtobufMessage {
    var nodes = GraphNodes()
    _ = nodes.add(self, prefix: "", arguments: nil)
    return ProtobufMessage { definition in
      for node in nodes.messages { definition.add(1, node) }
    }
  }
}

private struct GraphNodes {
  private(set) var messages: [ProtobufMessage] = []
  private var names: Set<String> = []

  /// - Parameter arguments: the nodes whose results go in; nil for the inputs' own.
  /// - Returns: the nodes that give the outputs.
  mutating func add(_ graph: LayerGraph, prefix: String, arguments: [String]?) -> [String] {
    var sources: [Symbol.Identity: String] = [:]
    for (place, input) in graph.inputs.enumerated() {
      sources[input.identity] = arguments.map { $0[place] }
        ?? add(prefix + input.layer.name, "InputLayer", inputs: [], [input.shape], numbers: 0)
    }
    for call in graph.calls {
      let inputs = call.inputs.compactMap { sources[$0.identity] }, name = prefix + call.layer.name
      var outputs: [String]
      if let model = call.layer as? Model, let inner = try? model.knownGraph(), !inner.calls.isEmpty, inner.inputs.count == inputs.count {
        outputs = add(inner, prefix: name + "/", arguments: inputs)
      } else {
        let numbers = call.layer.variables.reduce(0) { $0 + $1.count }
        let node = add(name, call.layer.kerasClassName, inputs: inputs, call.results.map { $0.shape }, numbers: numbers)
        outputs = call.outputs.map { _ in node }
      }
      for (symbol, node) in zip(call.outputs, outputs) where sources[symbol.identity] == nil { sources[symbol.identity] = node }
    }
    return graph.outputs.map { sources[$0.identity] ?? "" }
  }

  private mutating func add(
    _ name: String, _ operation: String, inputs: [String], _ results: [[Int?]], numbers: Int
  ) -> String {
    // A layer that is called again has another node.
    var own = name, number = 1
    while !names.insert(own).inserted { (own, number) = ("\(name)_call\(number)", number + 1) }
    messages.append(
      ProtobufMessage { node in
        node.add(1, own)
        node.add(2, operation)
        for input in inputs { node.add(3, input) }
        // An entry of a map: a key and an attribute.
        node.add(5, GraphNodes.entry("_output_shapes") { $0.add(1, ProtobufMessage { for result in results { $0.add(7, GraphNodes.shape(result)) } }) })
        if numbers > 0 { node.add(5, GraphNodes.entry("parameters") { $0.add(3, numbers) }) }
      })
    return own
  }

  private static func entry(_ key: String, _ build: (inout ProtobufMessage) -> Void) -> ProtobufMessage {
    let value = ProtobufMessage(build)
    return ProtobufMessage {
      $0.add(1, key)
      $0.add(2, value)
    }
  }

  /// Of a batch of any size, which is −1.
  private static func shape(_ row: [Int?]) -> ProtobufMessage {
    ProtobufMessage { shape in for size in [nil] + row { shape.add(2, ProtobufMessage { $0.add(1, size ?? -1) }) } }
  }
}
