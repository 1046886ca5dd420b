import Foundation
import TensorCore

/// A graph of layers as SVG: a box for each layer, a frame around each nested model.
struct PlotDrawing {
  private typealias Point = (across: Double, along: Double)

  private let graph: PlotGraph
  private let direction: PlotOptions.Direction
  private let layout: PlotLayout
  private let inner: [Int: PlotDrawing]

  private static let characterWidth = 6.7, lineHeight = 15.0, titleHeight = 22.0, padding = 12.0, gap = 22.0, rowGap = 30.0, margin = 16.0
  /// Beside a layer that is called with its own result.
  private static let loopWidth = 18.0
  /// How far from the middle of its boxes a line that leads back ends, so that it is not taken for another.
  private static let aside = 14.0

  init(_ graph: PlotGraph, _ direction: PlotOptions.Direction) {
    self.graph = graph
    self.direction = direction
    var inner: [Int: PlotDrawing] = [:]
    for (number, node) in graph.nodes.enumerated() { inner[number] = node.inner.map { PlotDrawing($0, direction) } }
    self.inner = inner
    let loops = Set(graph.edges.filter { $0.from == $0.to }.map(\.from))
    let sizes = graph.nodes.enumerated().map { number, node -> (across: Double, along: Double) in
      let size = PlotDrawing.size(node, inner[number])
      let loop = loops.contains(number) ? PlotDrawing.loopWidth : 0
      return direction == .topToBottom ? (size.width + 2 * loop, size.height) : (size.height + 2 * loop, size.width)
    }
    layout = PlotLayout(sizes: sizes, edges: graph.edges.map { ($0.from, $0.to) }, gap: PlotDrawing.gap, rowGap: PlotDrawing.rowGap)
  }

  private static func size(_ node: PlotGraph.Node, _ inner: PlotDrawing?) -> (width: Double, height: Double) {
    let longest = ([node.title] + (inner == nil ? node.lines : [])).map(\.printable.count).max() ?? 0
    let width = Double(longest) * characterWidth + 2 * padding
    guard let inner else { return (width, titleHeight + (node.lines.isEmpty ? 0 : Double(node.lines.count) * lineHeight + 8)) }
    let own = inner.size
    return (max(width, own.width + 2 * padding), own.height + titleHeight + 2 * padding)
  }

  private var size: (width: Double, height: Double) {
    direction == .topToBottom ? (layout.across, layout.along) : (layout.along, layout.across)
  }

  /// Where what stands in a frame begins, seen from the frame's corner.
  private func offset(ofInner number: Int) -> (x: Double, y: Double) {
    let own = inner[number]!.size, frame = PlotDrawing.size(graph.nodes[number], inner[number])
    return ((frame.width - own.width) / 2, PlotDrawing.titleHeight + PlotDrawing.padding)
  }

  private func corner(of number: Int) -> (x: Double, y: Double) {
    let box = layout.boxes[number], size = PlotDrawing.size(graph.nodes[number], inner[number])
    let start = layout.start(of: number)
    return direction == .topToBottom ? (box.center - size.width / 2, start) : (start, box.center - size.height / 2)
  }

  // MARK: - Lines

  /// Where a line to or from a box ends: at the box, or inside a frame at the box that it means if that is next to the border.
  ///
  /// A line that leads back ends at the border: it would come to the wrong side of what lies within.
  private func port(_ number: Int, _ port: Int, isEntry: Bool, isBackward: Bool = false) -> Point {
    let box = layout.boxes[number], start = layout.start(of: number)
    let edge = isEntry ? start : start + box.along
    guard let inner = inner[number] else { return (box.center, edge) }
    let ends = isEntry ? inner.graph.inputs.map { ($0, 0) } : inner.graph.outputs.map { ($0.node, $0.output) }
    let end = ends[port < ends.count ? port : 0]
    let point = inner.port(end.0, end.1, isEntry: isEntry)
    let corner = corner(of: number), offset = offset(ofInner: number)
    let x = corner.x + offset.x, y = corner.y + offset.y
    let (across, along) = direction == .topToBottom ? (x + point.across, y + point.along) : (y + point.across, x + point.along)
    let isNext = inner.layout.boxes[end.0].row == (isEntry ? 0 : inner.layout.rows.count - 1)
    return (across, isNext && !isBackward ? along : edge)
  }

  /// The curve of a line as points: each third one is a place, the two between say how it bends.
  private func curve(_ line: PlotLayout.Line) -> [Point] {
    let edge = graph.edges[line.edge]
    let first = line.path[0], last = line.path[line.path.count - 1]
    var begin = port(first, line.isBackward ? edge.input : edge.output, isEntry: false, isBackward: line.isBackward)
    var end = port(last, line.isBackward ? edge.output : edge.input, isEntry: true, isBackward: line.isBackward)
    if line.isBackward {
      begin.across += PlotDrawing.aside
      end.across += PlotDrawing.aside
    }
    var points = [begin]
    func straight(to point: Point) {
      if abs(point.along - points[points.count - 1].along) > 0.01 { points += [points[points.count - 1], point, point] }
    }
    for (from, to) in zip(line.path, line.path.dropFirst()) {
      let leave = layout.starts[layout.boxes[from].row] + layout.depths[layout.boxes[from].row]
      let arrive = layout.starts[layout.boxes[to].row]
      let across = to == last ? end.across : layout.boxes[to].center
      straight(to: (points[points.count - 1].across, leave))
      let here = points[points.count - 1], middle = (leave + arrive) / 2
      points += [(here.across, middle), (across, middle), (across, arrive)]
    }
    straight(to: end)
    return line.isBackward ? points.reversed() : points
  }

  /// A line from a box around its corner to itself.
  private func loop(_ number: Int) -> [Point] {
    let box = layout.boxes[number], start = layout.start(of: number), end = start + box.along
    let side = box.center + box.across / 2 - PlotDrawing.loopWidth, out = side + PlotDrawing.loopWidth
    let inside = side - 14, reach = PlotDrawing.rowGap * 0.45
    return [(inside, end), (inside, end + reach), (out, end + reach), (out, end - 4), (out, start + 4), (out, start + 4), (out, start + 4), (out, start - reach), (inside, start - reach), (inside, start)]
  }

  // MARK: - Text

  var svg: String {
    let (width, height) = (size.width + 2 * PlotDrawing.margin, size.height + 2 * PlotDrawing.margin)
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(number(width))\" height=\"\(number(height))\" viewBox=\"0 0 \(number(width)) \(number(height))\">",
      "<style>text{font:11px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1b2330;text-anchor:middle}.t{font-weight:bold;fill:#fff}"
        + ".b{fill:#fff;stroke:#51607a}.f{fill:#f1f3f6;stroke:#51607a;stroke-dasharray:5 3}.n{font-weight:bold;text-anchor:start;paint-order:stroke;stroke:#f1f3f6;stroke-width:4}"
        + ".input{fill:#3f7a52}.weighted{fill:#2f5597}.plain{fill:#5b6472}.l{fill:none;stroke:#51607a;stroke-width:1.2;marker-end:url(#a)}.r{stroke-dasharray:5 3}</style>",
      "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#51607a\"/></marker></defs>",
      "<rect width=\"\(number(width))\" height=\"\(number(height))\" fill=\"#fff\"/>",
    ]
    draw(at: (PlotDrawing.margin, PlotDrawing.margin), to: &lines)
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private func draw(at origin: (x: Double, y: Double), to lines: inout [String]) {
    // Frames lie under lines, their names and boxes upon them.
    var titles: [String] = []
    for (index, node) in graph.nodes.enumerated() where inner[index] != nil {
      let corner = corner(of: index), size = PlotDrawing.size(node, inner[index])
      let (x, y) = (origin.x + corner.x, origin.y + corner.y)
      lines.append("<rect class=\"f\" x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(size.width))\" height=\"\(number(size.height))\" rx=\"6\"/>")
      titles.append("<text class=\"n\" x=\"\(number(x + PlotDrawing.padding))\" y=\"\(number(y + 16))\">\(escaped(node.title))</text>")
      let offset = offset(ofInner: index)
      inner[index]!.draw(at: (x + offset.x, y + offset.y), to: &lines)
    }
    let loops = Set(graph.edges.filter { $0.from == $0.to }.map(\.from)).sorted()
    for (points, isBackward) in layout.lines.map({ (curve($0), $0.isBackward) }) + loops.map({ (loop($0), true) }) {
      let places = points.map { point in
        let (x, y) = direction == .topToBottom ? (point.across, point.along) : (point.along, point.across)
        return "\(number(origin.x + x)) \(number(origin.y + y))"
      }
      var path = "M" + places[0]
      for start in stride(from: 1, to: places.count, by: 3) { path += "C\(places[start]) \(places[start + 1]) \(places[start + 2])" }
      lines.append("<path class=\"l\(isBackward ? " r" : "")\" d=\"\(path)\"/>")
    }
    lines += titles
    for (index, node) in graph.nodes.enumerated() where inner[index] == nil {
      let corner = corner(of: index), size = PlotDrawing.size(node, nil)
      let (x, y) = (origin.x + corner.x, origin.y + corner.y), middle = number(x + size.width / 2)
      let (left, top, width) = (number(x), number(y), number(size.width))
      lines.append("<rect class=\"b\" x=\"\(left)\" y=\"\(top)\" width=\"\(width)\" height=\"\(number(size.height))\"/>")
      lines.append("<rect class=\"\(node.kind)\" x=\"\(left)\" y=\"\(top)\" width=\"\(width)\" height=\"\(number(PlotDrawing.titleHeight))\"/>")
      lines.append("<text class=\"t\" x=\"\(middle)\" y=\"\(number(y + 15))\">\(escaped(node.title))</text>")
      for (line, content) in node.lines.enumerated() {
        lines.append("<text x=\"\(middle)\" y=\"\(number(y + PlotDrawing.titleHeight + 14 + Double(line) * PlotDrawing.lineHeight))\">\(escaped(content))</text>")
      }
    }
  }

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }

  private func escaped(_ text: String) -> String {
    text.printable.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
