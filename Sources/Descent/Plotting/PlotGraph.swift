import TensorCore

/// The layers of a model as boxes, and what goes from one to another.
struct PlotGraph {
  enum Kind {
    case input
    /// With weights of its own.
    case weighted
    case plain
  }

  struct Node {
    let title: String
    let lines: [String]
    let kind: Kind
    /// The layers of a model that is a layer, where they are drawn.
    var inner: PlotGraph?
  }

  /// A line from a result of one box to an argument of another; the numbers count only where these are models.
  struct Edge: Hashable {
    let from: Int
    let output: Int
    let to: Int
    let input: Int
  }

  private(set) var nodes: [Node] = []
  private(set) var edges: [Edge] = []
  /// The boxes of the model's inputs, and where its outputs come from.
  private(set) var inputs: [Int] = []
  private(set) var outputs: [(node: Int, output: Int)] = []

  /// - Throws: ``DescentError`` if shapes are not known.
  init(_ model: Model, _ options: PlotOptions) throws {
    guard model.graph != nil || model is Sequential else {
      guard let input = model.rowInputShapes?.first, let output = model.rowOutputShapes?.first else {
        throw DescentError(.state, "\(model.name): its shapes are not known; build it or call it first")
      }
      self.init(single: PlotGraph.node(model, options, inputs: [input], outputs: [(output, model.dtype)]))
      return
    }
    try self.init(model.knownGraph(), options)
  }

  private init(single node: Node) {
    nodes = [node]
    inputs = [0]
    outputs = [(0, 0)]
  }

  private init(_ graph: LayerGraph, _ options: PlotOptions) throws {
    var sources: [Symbol.Identity: (node: Int, output: Int)] = [:]
    var boxes: [ObjectIdentifier: Int] = [:]
    for input in graph.inputs {
      nodes.append(PlotGraph.node(input.layer, options, inputs: [], outputs: [(input.shape, input.dtype)], isInput: true))
      sources[input.identity] = (nodes.count - 1, 0)
      inputs.append(nodes.count - 1)
    }
    var known: Set<Edge> = []
    for call in graph.calls {
      let key = ObjectIdentifier(call.layer)
      if boxes[key] == nil {
        boxes[key] = nodes.count
        nodes.append(
          PlotGraph.node(
            call.layer, options, inputs: call.inputs.map(\.shape), outputs: call.results.map { ($0.shape, $0.dtype) }))
        if options.expandNested, let model = call.layer as? Model, let inner = try? model.knownGraph(), !inner.calls.isEmpty {
          nodes[nodes.count - 1].inner = try PlotGraph(inner, options)
        }
      }
      let box = boxes[key]!
      let isExpanded = nodes[box].inner != nil
      for (number, symbol) in call.inputs.enumerated() {
        guard let source = sources[symbol.identity] else { continue }
        let edge = Edge(
          from: source.node, output: nodes[source.node].inner == nil ? 0 : source.output, to: box, input: isExpanded ? number : 0)
        if known.insert(edge).inserted { edges.append(edge) }
      }
      for (number, symbol) in call.outputs.enumerated() where sources[symbol.identity] == nil {
        sources[symbol.identity] = (box, number)
      }
    }
    outputs = graph.outputs.map { sources[$0.identity]! }
  }

  private static func node(
    _ layer: Layer, _ options: PlotOptions, inputs: [[Int?]], outputs: [(shape: [Int?], dtype: DType)], isInput: Bool = false
  ) -> Node {
    func text(_ shapes: [[Int?]]) -> String {
      shapes.map { "(" + (["None"] + $0.map { $0.map(String.init) ?? "None" }).joined(separator: ", ") + ($0.isEmpty ? ",)" : ")") }.joined(separator: ", ")
    }
    var lines: [String] = []
    if options.showLayerActivations, !isInput, let activation = (layer as? any ConfigurableLayer).flatMap({ try? $0.options()["activation"] }) {
      lines.append("activation: " + (activation.string ?? activation["class_name"]?.string ?? "custom"))
    }
    if options.showShapes {
      if inputs.count > 2 {
        // Many, as of a layer that joins them, do not fit into a line.
        lines += stride(from: 0, to: inputs.count, by: 2).map { text(Array(inputs[$0..<min($0 + 2, inputs.count)])) }
        lines.append("→ " + text(outputs.map(\.shape)))
      } else {
        lines.append((inputs.isEmpty ? "" : text(inputs) + " → ") + text(outputs.map(\.shape)))
      }
    }
    if options.showDType {
      var dtypes: [String] = []
      for output in outputs where !dtypes.contains("\(output.dtype)") { dtypes.append("\(output.dtype)") }
      lines.append("dtype: " + dtypes.joined(separator: ", "))
    }
    let isWeighted = !layer.variables.isEmpty
    if options.showTrainable, isWeighted, !isInput { lines.append(layer.isTrainable ? "trainable" : "non-trainable") }
    let className = isInput ? "InputLayer" : layer.kerasClassName
    return Node(
      title: options.showLayerNames ? "\(layer.name) (\(className))" : className, lines: lines,
      kind: isInput ? .input : isWeighted ? .weighted : .plain)
  }
}
