import TensorCore

/// Inputs or outputs of a model as they were given: one, several in order, or by name.
public protocol SymbolStructure {
  /// The symbols in order, and how they were given.
  var structure: (symbols: [Symbol], form: GraphForm) { get }
}

/// How a model takes its inputs or gives its outputs.
public enum GraphForm: Sendable, Equatable {
  /// A tensor.
  case one
  /// Tensors in order.
  case several
  /// Tensors by name, in alphabetical order.
  case named([String])
}

extension Symbol: SymbolStructure {
  /// The symbols in order, and how they were given.
  public var structure: (symbols: [Symbol], form: GraphForm) { ([self], .one) }
}

extension Input: SymbolStructure {
  /// The symbols in order, and how they were given.
  public var structure: (symbols: [Symbol], form: GraphForm) { ([symbol], .one) }
}

extension Array: SymbolStructure where Element: Symbolic {
  /// The symbols in order, and how they were given.
  public var structure: (symbols: [Symbol], form: GraphForm) { (map(\.symbol), .several) }
}

extension Dictionary: SymbolStructure where Key == String, Value: Symbolic {
  /// The symbols in order, and how they were given.
  public var structure: (symbols: [Symbol], form: GraphForm) {
    let names = keys.sorted()
    return (names.map { self[$0]!.symbol }, .named(names))
  }
}

/// The calls of layers between the inputs and the outputs of a model.
final class LayerGraph {
  let inputs: [Symbol], outputs: [Symbol]
  let inputForm: GraphForm, outputForm: GraphForm
  /// Where a file has structures in structures: the same with the numbers of the symbols in their places, to be written again.
  let inputNesting: JSONValue?, outputNesting: JSONValue?
  /// The calls in an order in which they can be run, without those of inputs.
  let calls: [LayerCall]
  /// The layers in Keras's order: by their distance from the outputs, the farthest first.
  let layers: [Layer]

  /// - Throws: ``DescentError`` naming an input that the outputs need and the model has not, or two layers of one name.
  init(
    inputs: (symbols: [Symbol], form: GraphForm), outputs: (symbols: [Symbol], form: GraphForm), name: String,
    inputNesting: JSONValue? = nil, outputNesting: JSONValue? = nil
  ) throws {
    (self.inputNesting, self.outputNesting) = (inputNesting, outputNesting)
    (self.inputs, inputForm) = inputs
    (self.outputs, outputForm) = outputs
    guard !inputs.symbols.isEmpty, !outputs.symbols.isEmpty else {
      throw DescentError(.invalidArgument, "\(name): a model needs at least one input and one output")
    }
    let given = Set(inputs.symbols.map(\.identity))
    guard given.count == inputs.symbols.count else {
      throw DescentError(.invalidArgument, "\(name): an input stands twice among the inputs")
    }
    var search = GraphSearch(given: given)
    for output in outputs.symbols { search.visit(output) }
    // A call that gives an input is not run; what it was called with does not belong to the model.
    calls = search.finished.filter { call in !call.isInput }
    for call in search.finished where call.isInput && !given.contains(Symbol(call: call, index: 0).identity) {
      throw DescentError(
        .invalidArgument, "\(name): the outputs need the input '\(call.layer.name)', which is not among the model's inputs")
    }
    layers = search.layersInOrder(inputs: inputs.symbols)
  }

  /// The results for tensors in place of the inputs.
  func run(_ tensors: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    var values: [Symbol.Identity: Tensor] = [:]
    for (symbol, tensor) in zip(inputs, tensors) { values[symbol.identity] = tensor }
    for call in calls {
      let results = try call.run(call.inputs.map { values[$0.identity]! }, context)
      for (symbol, result) in zip(call.outputs, results) where values[symbol.identity] == nil { values[symbol.identity] = result }
    }
    return outputs.map { values[$0.identity]! }
  }

  /// The names of the outputs: those that they were given, or those of their layers. (Keras: `output_names`.)
  var outputNames: [String] {
    if case .named(let names) = outputForm { return names }
    return LayerGraph.unique(outputs.map(\.layer.name))
  }

  /// The names of the inputs: those of their layers. (Keras: `input_names`.)
  var inputNames: [String] { LayerGraph.unique(inputs.map(\.layer.name)) }

  /// As Keras tells equal names apart: `dense`, `dense_1`.
  private static func unique(_ names: [String]) -> [String] {
    var taken: Set<String> = []
    return names.map { name in
      var result = name, number = 1
      while !taken.insert(result).inserted {
        result = "\(name)_\(number)"
        number += 1
      }
      return result
    }
  }
}

/// The walk from a model's outputs to its inputs, in Keras's order (`keras.src.ops.function.map_graph`).
private struct GraphSearch {
  let given: Set<Symbol.Identity>
  private(set) var finished: [LayerCall] = []
  private var seen: Set<ObjectIdentifier> = []
  private var firstMet: [ObjectIdentifier: Int] = [:]

  init(given: Set<Symbol.Identity>) { self.given = given }

  /// Without recursion, so that a graph may be as deep as it likes.
  mutating func visit(_ output: Symbol) {
    var stack: [(call: LayerCall, next: Int)] = []
    enter(output, &stack)
    while let top = stack.last {
      if top.next < top.call.inputs.count {
        stack[stack.count - 1].next += 1
        enter(top.call.inputs[top.next], &stack)
      } else {
        finished.append(top.call)
        stack.removeLast()
      }
    }
  }

  private mutating func enter(_ symbol: Symbol, _ stack: inout [(call: LayerCall, next: Int)]) {
    if isBoundary(symbol) || !seen.insert(ObjectIdentifier(symbol.call)).inserted { return }
    let layer = ObjectIdentifier(symbol.call.layer)
    if firstMet[layer] == nil { firstMet[layer] = firstMet.count }
    stack.append((symbol.call, 0))
  }

  /// What another model's layer gives and is taken for an input: the walk ends there.
  private func isBoundary(_ symbol: Symbol) -> Bool { given.contains(symbol.identity) && !symbol.call.isInput }

  func layersInOrder(inputs: [Symbol]) -> [Layer] {
    var depths: [ObjectIdentifier: Int] = [:], layerDepths: [ObjectIdentifier: Int] = [:], firstMet = firstMet
    var layers: [ObjectIdentifier: Layer] = [:]
    for call in finished.reversed() {
      let layer = ObjectIdentifier(call.layer)
      layers[layer] = call.layer
      let depth = max(depths[ObjectIdentifier(call)] ?? 0, layerDepths[layer] ?? 0)
      depths[ObjectIdentifier(call)] = depth
      layerDepths[layer] = depth
      for input in call.inputs where !isBoundary(input) {
        let key = ObjectIdentifier(input.call)
        depths[key] = max(depths[key] ?? 0, depth + 1)
      }
    }
    for input in inputs where input.call.isInput {
      let layer = ObjectIdentifier(input.layer)
      if layerDepths[layer] == nil {
        layers[layer] = input.layer
        layerDepths[layer] = 0
        firstMet[layer] = -1
      }
    }
    return layers.keys.sorted {
      (-layerDepths[$0]!, firstMet[$0]!) < (-layerDepths[$1]!, firstMet[$1]!)
    }.map { layers[$0]! }
  }
}
