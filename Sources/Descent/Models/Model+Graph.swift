import TensorCore

extension Model {
  /// The inputs as symbols: what ``init(inputs:outputs:name:trainable:seed:)`` was given, or the input of a ``Sequential`` model. (Keras:
  /// `Model.inputs`.)
  /// - Throws: ``DescentError`` if the model is no graph: a subclass with a forward pass of its own, or a ``Sequential`` model
  ///   of unknown input shape.
  public var inputs: [Symbol] { get throws { try knownGraph().inputs } }

  /// The graph that the model is; nil for one with a forward pass of its own.
  /// - Throws: ``DescentError`` for a ``Sequential`` model of unknown input shape.
  var ownGraph: LayerGraph? { get throws { graph != nil || self is Sequential ? try knownGraph() : nil } }

  /// What the outputs are called in logs, in losses by name and in files of arrays. (Keras: `Model.output_names`.)
  public var outputNames: [String] { graph?.outputNames ?? [] }

  /// What the inputs are called: the names of the ``Input`` layers.
  public var inputNames: [String] { graph?.inputNames ?? [] }

  func knownGraph() throws -> LayerGraph {
    if let graph { return graph }
    try (self as? Sequential)?.makeGraph()
    guard let graph else {
      throw DescentError(.state, "\(name): it is not made of inputs and outputs, so that there are no symbols to name")
    }
    return graph
  }

  /// Takes the graph's layers as the model's, and traces it once.
  func adopt(_ graph: LayerGraph) throws {
    // Layers without names are numbered in the order in which they were made, as in Keras, by numbers that no name has.
    let isNamed = { (layer: Layer) in layer.hasGivenName || layer.parent != nil }
    for layer in graph.layers.filter(isNamed) + graph.layers.filter({ !isNamed($0) }).sorted(by: { $0.serial < $1.serial }) {
      sublayers.append(layer)
      if layer.parent == nil { layer.place(under: self) }
    }
    sublayers = graph.layers
    var names: Set<String> = []
    for layer in graph.layers where !names.insert(layer.name).inserted {
      throw DescentError(
        .invalidArgument, "\(name): there are two layers named '\(layer.name)'; give one of them another name")
    }
    try build(specifications: graph.inputs.map { ($0.shape, $0.dtype) })
  }
}

extension LayerGraph {
  /// The whole numbers that an input may hold, if they are numbers of rows of a table.
  func acceptedRowNumbers(ofInput index: Int) -> Range<Int>? {
    let identity = inputs[index].identity
    let tables = calls.filter { call in call.inputs.contains { $0.identity == identity } }.compactMap(\.layer.acceptedRowNumbers)
    return tables.min { $0.count < $1.count }
  }
}

extension Sequential {
  /// Calls the layers one after another in a graph, so that they have inputs and outputs.
  func makeGraph() throws {
    if graph != nil || sublayers.isEmpty { return }
    try buildIfDeclared()
    guard let shape = rowInputShapes?.first, isBuilt else {
      throw DescentError(.state, "\(name): its input's shape is not known; give its first layer an inputShape, or build it")
    }
    let input = inputLayer ?? Input(shape: shape)
    input.dtype = input.dtype ?? (acceptedRowNumbers == nil ? dtype : .int32)
    let start = input.symbol
    var symbol = start
    for layer in sublayers { symbol = try layer(symbol) }
    graph = try LayerGraph(inputs: start.structure, outputs: symbol.structure, name: name)
    if input.parent == nil { input.place(under: self) }
  }
}
