import Foundation
import TensorCore

/// What ``Model/dot(_:)`` and ``Model/svg(_:)`` show of each layer. (Keras: the arguments of `plot_model`.)
public struct PlotOptions: Sendable {
  /// Whether boxes tell the shapes of inputs and outputs.
  public var showShapes = false
  /// Whether boxes tell the dtype.
  public var showDType = false
  /// Whether boxes tell the layers' names.
  public var showLayerNames = true
  /// Whether boxes tell the activations.
  public var showLayerActivations = false
  /// Whether boxes tell what is trained.
  public var showTrainable = false
  /// Whether the layers of models that are layers are drawn in their place.
  public var expandNested = false

  /// See the properties.
  public init(
    showShapes: Bool = false, showDType: Bool = false, showLayerNames: Bool = true, showLayerActivations: Bool = false,
    showTrainable: Bool = false, expandNested: Bool = false
  ) {
    self.showShapes = showShapes
    self.showDType = showDType
    self.showLayerNames = showLayerNames
    self.showLayerActivations = showLayerActivations
    self.showTrainable = showTrainable
    self.expandNested = expandNested
  }
}

/// Draws a model's graph of layers into a file: `.svg`, a picture, or `.dot`, text for Graphviz. (Keras: `keras.utils.plot_model`.)
/// - Parameters:
///   - model: one of inputs and outputs, or a ``Sequential`` one whose input shape is known.
///   - path: its ending tells the kind.
///   - options: what to show of each layer.
/// - Throws: ``DescentError`` if the model is no graph, or the file cannot be written.
public func plotModel(_ model: Model, toFile path: String = "model.svg", _ options: PlotOptions = PlotOptions()) throws {
  let text: String
  if path.hasSuffix(".svg") {
    text = try model.svg(options)
  } else if path.hasSuffix(".dot") {
    text = try model.dot(options)
  } else {
    throw DescentError(.invalidArgument, "plotModel: \(path): the name must end in .svg or .dot")
  }
  do {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  } catch {
    throw DescentError(.file, "plotModel: \(path) cannot be written: \(error)")
  }
}

extension Model {
  /// The graph of layers as text for Graphviz. (Keras: `keras.utils.model_to_dot`.)
  /// - Throws: ``DescentError`` if the model is no graph.
  public func dot(_ options: PlotOptions = PlotOptions()) throws -> String {
    let plot = try ModelPlot(self, options)
    var lines = ["digraph model {", "  rankdir=TB;", "  node [shape=box, style=filled, fillcolor=\"#f4f6fb\", fontname=Helvetica, fontsize=11];"]
    for (number, node) in plot.nodes.enumerated() {
      let label = ([node.title] + node.lines).map { $0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") }.joined(separator: "\\n")
      lines.append("  n\(number) [label=\"\(label)\"];")
    }
    for edge in plot.edges { lines.append("  n\(edge.from) -> n\(edge.to);") }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  /// The graph of layers as a picture.
  /// - Throws: ``DescentError`` if the model is no graph.
  public func svg(_ options: PlotOptions = PlotOptions()) throws -> String { PlotDrawing(try ModelPlot(self, options)).svg }
}

/// The layers of a model as boxes, and what goes from one to another.
struct ModelPlot {
  struct Node {
    let title: String
    let lines: [String]
  }

  struct Edge: Hashable {
    let from: Int
    let to: Int
  }

  private(set) var nodes: [Node] = []
  private(set) var edges: [Edge] = []
  private let options: PlotOptions

  init(_ model: Model, _ options: PlotOptions) throws {
    self.options = options
    let graph = try model.knownGraph()
    _ = add(graph, prefix: "", sources: nil)
  }

  /// Adds a graph's layers.
  /// - Parameter sources: the nodes that its inputs come from, if it is inside another one.
  /// - Returns: the nodes of its outputs.
  private mutating func add(_ graph: LayerGraph, prefix: String, sources: [Int]?) -> [Int] {
    var places: [Symbol.Identity: Int] = [:]
    var ofLayer: [ObjectIdentifier: Int] = [:]
    for (number, input) in graph.inputs.enumerated() {
      let node = append(input.layer, prefix, input.call.isInput ? nil : "input", shapes: [input.shape], input.dtype)
      places[input.identity] = node
      if let sources { connect(sources[number], node) }
    }
    for call in graph.calls {
      let from = call.inputs.compactMap { places[$0.identity] }
      if options.expandNested, let inner = call.layer as? Model, let nested = try? inner.knownGraph(), !nested.calls.isEmpty {
        for (symbol, node) in zip(call.outputs, add(nested, prefix: prefix + inner.name + "/", sources: from)) {
          if places[symbol.identity] == nil { places[symbol.identity] = node }
        }
        continue
      }
      let key = ObjectIdentifier(call.layer)
      let node = ofLayer[key] ?? append(call.layer, prefix, nil, shapes: call.results.map(\.shape), call.results[0].dtype, inputs: call.inputs.map(\.shape))
      ofLayer[key] = node
      for source in from { connect(source, node) }
      for symbol in call.outputs where places[symbol.identity] == nil { places[symbol.identity] = node }
    }
    return graph.outputs.map { places[$0.identity]! }
  }

  private mutating func connect(_ from: Int, _ to: Int) {
    let edge = Edge(from: from, to: to)
    if from != to && !edges.contains(edge) { edges.append(edge) }
  }

  private mutating func append(
    _ layer: Layer, _ prefix: String, _ role: String?, shapes: [[Int]], _ dtype: DType, inputs: [[Int]] = []
  ) -> Int {
    func text(_ shapes: [[Int]]) -> String {
      shapes.map { "(" + (["None"] + $0.map(String.init)).joined(separator: ", ") + ")" }.joined(separator: ", ")
    }
    var lines: [String] = []
    if options.showLayerActivations, let activation = (layer as? any ConfigurableLayer).flatMap({ try? $0.options()["activation"] }) {
      lines.append("activation: " + (activation.string ?? activation["class_name"]?.string ?? "custom"))
    }
    if options.showShapes { lines.append((inputs.isEmpty ? "" : text(inputs) + " → ") + text(shapes)) }
    if options.showDType { lines.append("dtype: \(dtype)") }
    if options.showTrainable, !layer.variables.isEmpty { lines.append(layer.isTrainable ? "trainable" : "frozen") }
    let className = role ?? layer.kerasClassName
    nodes.append(Node(title: options.showLayerNames ? "\(prefix)\(layer.name) (\(className))" : className, lines: lines))
    return nodes.count - 1
  }
}

/// The boxes in rows by their distance from the inputs, with as few crossings as a few sweeps leave, and lines around the boxes.
private struct PlotDrawing {
  private struct Box {
    /// Nil for a place where a long line passes a row.
    let node: Int?
    let width: Double
    let height: Double
    var x = 0.0
    var row: Int
  }

  private let plot: ModelPlot
  private var boxes: [Box] = []
  private var rows: [[Int]] = []
  private var links: [(from: Int, to: Int)] = []
  /// The boxes of each line, from its beginning to its end.
  private var paths: [[Int]] = []

  private static let characterWidth = 6.6, lineHeight = 15.0, gap = 24.0, rowGap = 34.0

  init(_ plot: ModelPlot) {
    self.plot = plot
    var depth = [Int](repeating: 0, count: plot.nodes.count)
    // Shared layers can make a ring of boxes; so many rounds are enough without one.
    for _ in plot.nodes.indices {
      var changed = false
      for edge in plot.edges where depth[edge.to] < depth[edge.from] + 1 && depth[edge.from] + 1 < plot.nodes.count {
        depth[edge.to] = depth[edge.from] + 1
        changed = true
      }
      if !changed { break }
    }
    rows = [[Int]](repeating: [], count: (depth.max() ?? 0) + 1)
    for (number, node) in plot.nodes.enumerated() {
      let longest = ([node.title] + node.lines).map(\.count).max() ?? 0
      add(Box(
        node: number, width: Double(longest) * PlotDrawing.characterWidth + 20,
        height: Double(1 + node.lines.count) * PlotDrawing.lineHeight + 12, row: depth[number]))
    }
    for edge in plot.edges {
      var path = [edge.from]
      for row in (depth[edge.from] + 1)..<max(depth[edge.from] + 1, depth[edge.to]) { path.append(add(Box(node: nil, width: 10, height: 0, row: row))) }
      path.append(edge.to)
      for (from, to) in zip(path, path.dropFirst()) { links.append((from, to)) }
      paths.append(path)
    }
    order()
    place()
  }

  @discardableResult
  private mutating func add(_ box: Box) -> Int {
    boxes.append(box)
    rows[box.row].append(boxes.count - 1)
    return boxes.count - 1
  }

  /// Puts the boxes of each row in the order of the middle of their neighbours, down and up again.
  private mutating func order() {
    var above = [[Int]](repeating: [], count: boxes.count), below = above
    for link in links {
      above[link.to].append(link.from)
      below[link.from].append(link.to)
    }
    for sweep in 0..<6 {
      var position = [Double](repeating: 0, count: boxes.count)
      for row in rows { for (place, box) in row.enumerated() { position[box] = Double(place) } }
      let down = sweep % 2 == 0
      for number in down ? Array(rows.indices) : rows.indices.reversed() {
        let neighbours = down ? above : below
        let key = Dictionary(uniqueKeysWithValues: rows[number].map { box -> (Int, Double) in
          let near = neighbours[box].map { position[$0] }
          return (box, near.isEmpty ? position[box] : near.reduce(0, +) / Double(near.count))
        })
        rows[number] = rows[number].enumerated().sorted { (key[$0.element]!, $0.offset) < (key[$1.element]!, $1.offset) }.map(\.element)
        for (place, box) in rows[number].enumerated() { position[box] = Double(place) }
      }
    }
  }

  /// Moves the boxes toward the middle of their neighbours as far as those beside them let them.
  private mutating func place() {
    for row in rows {
      var x = 0.0
      for box in row {
        boxes[box].x = x + boxes[box].width / 2
        x += boxes[box].width + PlotDrawing.gap
      }
      let middle = x / 2
      for box in row { boxes[box].x -= middle }
    }
    var near = [[Int]](repeating: [], count: boxes.count)
    for link in links {
      near[link.from].append(link.to)
      near[link.to].append(link.from)
    }
    for sweep in 0..<12 {
      for row in sweep % 2 == 0 ? rows : rows.reversed() {
        let wanted = row.map { box in
          near[box].isEmpty ? boxes[box].x : near[box].reduce(0) { $0 + boxes[$1].x } / Double(near[box].count)
        }
        // As near as can be without touching: from the left and from the right, then the mean of both.
        var left = [Double](repeating: 0, count: row.count), right = left
        for place in row.indices {
          left[place] = wanted[place]
          if place > 0 { left[place] = max(left[place], left[place - 1] + distance(row[place - 1], row[place])) }
        }
        for place in row.indices.reversed() {
          right[place] = wanted[place]
          if place + 1 < row.count { right[place] = min(right[place], right[place + 1] - distance(row[place], row[place + 1])) }
        }
        for place in row.indices { boxes[row[place]].x = (left[place] + right[place]) / 2 }
      }
    }
  }

  private func distance(_ a: Int, _ b: Int) -> Double { (boxes[a].width + boxes[b].width) / 2 + PlotDrawing.gap }

  var svg: String {
    let margin = 20.0
    let least = boxes.map { $0.x - $0.width / 2 }.min() ?? 0, greatest = boxes.map { $0.x + $0.width / 2 }.max() ?? 0
    var tops: [Double] = []
    var y = margin
    for row in rows {
      tops.append(y)
      y += (row.map { boxes[$0].height }.max() ?? 0) + PlotDrawing.rowGap
    }
    let width = greatest - least + 2 * margin, height = y - PlotDrawing.rowGap + margin
    func x(_ box: Int) -> Double { boxes[box].x - least + margin }
    func rowHeight(_ row: Int) -> Double { rows[row].map { boxes[$0].height }.max() ?? 0 }
    func text(_ number: Double) -> String { String(format: "%.1f", number) }
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(text(width))\" height=\"\(text(height))\" viewBox=\"0 0 \(text(width)) \(text(height))\">",
      "<style>text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#1b2330}.t{font-weight:600}"
        + "rect{fill:#f4f6fb;stroke:#51607a}path{fill:none;stroke:#51607a;stroke-width:1.2}"
        + "@media(prefers-color-scheme:dark){text{fill:#e6ebf5}rect{fill:#232b3a;stroke:#9fb0d0}path{stroke:#9fb0d0}}</style>",
      "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" style=\"fill:#51607a;stroke:none\"/></marker></defs>",
    ]
    for path in paths {
      let start = path[0], end = path[path.count - 1]
      var point = (x: x(start), y: tops[boxes[start].row] + boxes[start].height)
      var d = "M\(text(point.x)) \(text(point.y))"
      for box in path.dropFirst() {
        let target = (x: x(box), y: tops[boxes[box].row])
        let middle = (point.y + target.y) / 2
        d += "C\(text(point.x)) \(text(middle)) \(text(target.x)) \(text(middle)) \(text(target.x)) \(text(target.y))"
        point = target
        if box != end {
          // Straight on through the row.
          point.y += rowHeight(boxes[box].row)
          d += "L\(text(point.x)) \(text(point.y))"
        }
      }
      lines.append("<path d=\"\(d)\" marker-end=\"url(#a)\"/>")
    }
    for (number, box) in boxes.enumerated() {
      guard let node = box.node.map({ plot.nodes[$0] }) else { continue }
      let top = tops[box.row]
      lines.append(
        "<rect x=\"\(text(x(number) - box.width / 2))\" y=\"\(text(top))\" width=\"\(text(box.width))\" height=\"\(text(box.height))\" rx=\"4\"/>")
      for (line, content) in ([node.title] + node.lines).enumerated() {
        let escaped = content.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        lines.append(
          "<text\(line == 0 ? " class=\"t\"" : "") x=\"\(text(x(number)))\" y=\"\(text(top + 17 + Double(line) * PlotDrawing.lineHeight))\" text-anchor=\"middle\">\(escaped)</text>")
      }
    }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }
}
