import Foundation
import TensorCore

/// What ``Model/dot(_:)`` and ``Model/svg(_:)`` show of each layer. (Keras: the arguments of `model_to_dot`.)
public struct PlotOptions: Sendable {
  /// Which way a picture goes from the inputs to the outputs. (Keras: `rankdir`, `"TB"` and `"LR"`.)
  public enum Direction: Sendable {
    /// Inputs above, outputs below.
    case topToBottom
    /// Inputs at the left, outputs at the right.
    case leftToRight
  }

  /// Whether boxes tell the shapes of inputs and outputs.
  public var showShapes = false
  /// Whether boxes tell the dtype of the result.
  public var showDType = false
  /// Whether boxes tell the layers' names before their classes.
  public var showLayerNames = true
  /// Which way the picture goes.
  public var direction = Direction.topToBottom
  /// Whether models that are layers are frames with their layers inside.
  public var expandNested = false
  /// Whether boxes tell the activations.
  public var showLayerActivations = false
  /// Whether boxes tell whether training changes the layers.
  public var showTrainable = false

  /// - Parameters:
  ///   - showShapes: whether to show the shapes that come in and go out.
  ///   - showDType: whether to show the dtype of the result.
  ///   - showLayerNames: whether to show names before classes.
  ///   - direction: which way the picture goes.
  ///   - expandNested: whether models that are layers are frames with their layers inside.
  ///   - showLayerActivations: whether to show the activations of layers that have one.
  ///   - showTrainable: whether to show of layers with weights if these are trained.
  public init(
    showShapes: Bool = false, showDType: Bool = false, showLayerNames: Bool = true, direction: Direction = .topToBottom,
    expandNested: Bool = false, showLayerActivations: Bool = false, showTrainable: Bool = false
  ) {
    self.showShapes = showShapes
    self.showDType = showDType
    self.showLayerNames = showLayerNames
    self.direction = direction
    self.expandNested = expandNested
    self.showLayerActivations = showLayerActivations
    self.showTrainable = showTrainable
  }
}

/// Draws a model's graph of layers into a file: `.svg`, a picture of any size, or `.dot`, text for Graphviz. (Keras:
/// `keras.utils.plot_model`, whose `dpi` means nothing here.)
///
/// As in Keras, a layer is one box however often it is called, and a subclass with a forward pass of its own is a single box.
/// - Parameters:
///   - model: the model, whose input shape is known.
///   - path: its ending tells the kind.
///   - showShapes: whether to show the shapes that come in and go out.
///   - showDType: whether to show the dtype of the result.
///   - showLayerNames: whether to show names before classes.
///   - direction: which way the picture goes.
///   - expandNested: whether models that are layers are frames with their layers inside.
///   - showLayerActivations: whether to show the activations of layers that have one.
///   - showTrainable: whether to show of layers with weights if these are trained.
/// - Throws: ``DescentError`` if the model's shapes are not known, or the file cannot be written.
public func plotModel(
  _ model: Model, toFile path: String = "model.svg", showShapes: Bool = false, showDType: Bool = false, showLayerNames: Bool = false,
  direction: PlotOptions.Direction = .topToBottom, expandNested: Bool = false, showLayerActivations: Bool = false,
  showTrainable: Bool = false
) throws {
  let options = PlotOptions(
    showShapes: showShapes, showDType: showDType, showLayerNames: showLayerNames, direction: direction, expandNested: expandNested,
    showLayerActivations: showLayerActivations, showTrainable: showTrainable)
  let text: String
  if hasEnding(path, ".svg") {
    text = try model.svg(options)
  } else if hasEnding(path, ".dot") {
    text = try model.dot(options)
  } else {
    throw DescentError(.invalidArgument, "plotModel: \(path): the name must end in .svg or .dot, which other programs turn into .png or .pdf")
  }
  do {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  } catch {
    throw DescentError(.file, "plotModel: \(path) cannot be written: \(error)")
  }
}

extension Model {
  /// The graph of layers as text for Graphviz. (Keras: `keras.utils.model_to_dot`.)
  /// - Throws: ``DescentError`` if shapes are not known.
  public func dot(_ options: PlotOptions = PlotOptions()) throws -> String {
    var writer = DotWriter()
    return writer.text(try PlotGraph(self, options), options.direction)
  }

  /// The graph of layers as a picture.
  /// - Throws: ``DescentError`` if shapes are not known.
  public func svg(_ options: PlotOptions = PlotOptions()) throws -> String {
    PlotDrawing(try PlotGraph(self, options), options.direction).svg
  }
}

/// Writes a graph in Graphviz's language: nested models are clusters.
private struct DotWriter {
  private var count = 0
  private var lines: [String] = []

  mutating func text(_ graph: PlotGraph, _ direction: PlotOptions.Direction) -> String {
    lines = [
      "digraph model {", "  rankdir=\(direction == .topToBottom ? "TB" : "LR");",
      "  node [shape=box, style=filled, fillcolor=\"#f4f6fb\", fontname=Helvetica, fontsize=11];",
    ]
    _ = write(graph, indent: "  ")
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  /// - Returns: the identifiers of the boxes that the graph's inputs and outputs are.
  private mutating func write(_ graph: PlotGraph, indent: String) -> (inputs: [String], outputs: [String]) {
    var ends: [(inputs: [String], outputs: [String])] = []
    for node in graph.nodes {
      let name = "n\(count)"
      count += 1
      if let inner = node.inner {
        lines += ["\(indent)subgraph cluster_\(name) {", "\(indent)  label=\"\(quoted(node.title))\"; labeljust=l; style=dashed; fontname=Helvetica; fontsize=11;"]
        ends.append(write(inner, indent: indent + "  "))
        lines.append("\(indent)}")
      } else {
        lines.append("\(indent)\(name) [label=\"\(([node.title] + node.lines).map(quoted).joined(separator: "\\n"))\"];")
        ends.append(([name], [name]))
      }
    }
    func end(_ names: [String], _ port: Int) -> String { names[names.count > port ? port : 0] }
    for edge in graph.edges {
      lines.append("\(indent)\(end(ends[edge.from].outputs, edge.output)) -> \(end(ends[edge.to].inputs, edge.input));")
    }
    return (
      graph.inputs.map { end(ends[$0].inputs, 0) },
      graph.outputs.map { end(ends[$0.node].outputs, $0.output) }
    )
  }

  private func quoted(_ text: String) -> String {
    text.printable.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }
}
