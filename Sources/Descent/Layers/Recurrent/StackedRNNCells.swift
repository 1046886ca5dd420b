import TensorCore

/// Cells one upon the other, each of which takes what the one before it gives: one cell with the states of all. (Keras:
/// `keras.layers.StackedRNNCells`.)
public final class StackedRNNCells: RNNCell {
  /// The cells, the first first.
  public let cells: [RNNCell]

  /// - Parameters:
  ///   - cells: the cells, the first first; at least one.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(_ cells: [RNNCell], name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.cells = cells
    super.init(name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    if cells.isEmpty { throw settingsError(reasonForNoStates) }
  }

  override var reasonForNoStates: String { cells.isEmpty ? "there are no cells; expected at least one" : super.reasonForNoStates }
  public override var stateShapes: [[Int]] { cells.flatMap(\.stateShapes) }
  private var firstStateOfLast: Int { cells.dropLast().reduce(0) { $0 + $1.stateShapes.count } }
  public override var outputState: Int? { cells.last?.outputState.map { firstStateOfLast + $0 } }
  override var heldState: Int { firstStateOfLast }

  public override func initialState(rows: Int, dtype: DType) -> [Tensor] { cells.flatMap { $0.initialState(rows: rows, dtype: dtype) } }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    let state = Array(inputs.dropFirst())
    try checkState(state, rows: inputs[0].shape[0])
    return try through(state) { cell, x, own in
      let results = try cell.outputs([x ?? inputs[0]] + own, context)
      return (results[0], Array(results.dropFirst()))
    }
  }

  public override func prepare(_ x: Tensor, _ context: ForwardContext) throws -> [Tensor] {
    context.enter(cells[0])
    defer { context.leave() }
    return try cells[0].prepare(x, context)
  }

  public override func step(_ x: [Tensor], _ state: [Tensor], _ context: ForwardContext) throws -> (output: Tensor, state: [Tensor]) {
    let results = try through(state) { cell, output, own in
      context.enter(cell)
      defer { context.leave() }
      guard let output else { return try cell.step(x, own, context) }
      let parts = try cell.prepare(output.expandingShape(at: 0), context).map { $0.reshaped(Array($0.shape.dropFirst())) }
      return try cell.step(parts, own, context)
    }
    return (results[0], Array(results.dropFirst()))
  }

  /// Hands each cell the output of the one before it (nil for the first) and its own states. Gives the last output and all new states.
  private func through(
    _ state: [Tensor], _ body: (RNNCell, Tensor?, [Tensor]) throws -> (output: Tensor, state: [Tensor])
  ) throws -> [Tensor] {
    var rest = state[...]
    var output: Tensor?
    var states: [Tensor] = []
    for cell in cells {
      let count = cell.stateShapes.count
      let (next, new) = try body(cell, output, Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
      output = next
      states += new
    }
    guard let output else { throw settingsError(reasonForNoStates) }
    return [output] + states
  }
}

extension StackedRNNCells: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.layers("cells", "a cell"), name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([("cells", .array(try cells.map { try LayerJSON.json(of: $0, dtype: $0.builtDType) }))])
  }
}

