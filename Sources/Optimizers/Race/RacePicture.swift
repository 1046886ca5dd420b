import Foundation

/// A race as an SVG picture: a panel for each optimizer, so that no path hides another, over the same level lines.
public struct RacePicture {
  private let race: Race
  private let panelWidth = 460.0
  private let panelHeight = 300.0
  private let gap = 34.0
  private let left = 46.0
  private let header = 48.0
  private let footer = 34.0

  /// Okabe and Ito's colours without the yellow, which is too light on white: told apart by all kinds of colour vision.
  private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"]

  public init(_ race: Race) { self.race = race }

  private var xRange: ClosedRange<Double> { race.function.xRange }
  private var yRange: ClosedRange<Double> { race.function.yRange }

  /// The text of the SVG file.
  public var svg: String {
    let count = race.runs.count
    let columns = count == 1 ? 1 : count <= 4 ? 2 : 3
    let rows = (count + columns - 1) / columns
    let cellWidth = left + panelWidth + gap, cellHeight = header + panelHeight + footer
    let title = 44.0
    let width = cellWidth * Double(columns) + 6, height = title + cellHeight * Double(rows) + 6
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(number(width))" height="\(number(height))" \
      viewBox="0 0 \(number(width)) \(number(height))" font-family="Helvetica, Arial, sans-serif">
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(number(left))" y="28" font-size="18" font-weight="bold">\(escaped(race.function.name)): f(x, y) = \
      \(escaped(race.function.formula))</text>
      <defs>
      <clipPath id="panel"><rect width="\(number(panelWidth))" height="\(number(panelHeight))"/></clipPath>
      <g id="levels" fill="none" stroke="#b8b8b8" stroke-width="0.8">
      \(levelLines)
      </g>
      </defs>

      """
    for (index, run) in race.runs.enumerated() {
      let x = left + cellWidth * Double(index % columns), y = title + header + cellHeight * Double(index / columns)
      text += "<g transform=\"translate(\(number(x)) \(number(y)))\">\n"
      text += panel(run, colour: RacePicture.colours[index % RacePicture.colours.count])
      text += "</g>\n"
    }
    return text + "</svg>\n"
  }

  private func panel(_ run: Race.Run, colour: String) -> String {
    let label = Race.label(run.optimizer)
    let settings = shortened(label.settings, to: 76)
    var text = """
      <text x="0" y="-26" font-size="15" font-weight="bold" fill="\(colour)">\(escaped(label.name))</text>
      <text x="\(number(panelWidth))" y="-26" font-size="12" text-anchor="end" fill="#333">after \(run.points.count - 1) steps: \
      f = \(short(run.values.last ?? .nan))</text>
      <text x="0" y="-9" font-size="11" fill="#555">\(escaped(settings))</text>
      <g clip-path="url(#panel)">
      <rect width="\(number(panelWidth))" height="\(number(panelHeight))" fill="#fbfbfb"/>
      <use href="#levels"/>

      """
    for minimum in race.function.minima {
      let p = place(minimum)
      text += """
        <path d="M\(number(p.x - 5)) \(number(p.y))h10M\(number(p.x)) \(number(p.y - 5))v10" stroke="#222" stroke-width="1.6"/>

        """
    }
    text += path(run, colour)
    text += """
      </g>
      <rect width="\(number(panelWidth))" height="\(number(panelHeight))" fill="none" stroke="#444"/>

      """
    return text + ticks
  }

  private func path(_ run: Race.Run, _ colour: String) -> String {
    // Points far outside would only make the file large; a path that leaves the panel is cut there.
    let visible = run.points.prefix { $0.allSatisfy { $0.isFinite && $0.magnitude < 1e4 } }.map(place)
    guard let first = visible.first, let last = visible.last else { return "" }
    let line = visible.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    var text = "<polyline points=\"\(line)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.6\" stroke-linejoin=\"round\"/>\n"
    // A dot for each step shows the pace; past some hundred they would be a smear.
    if visible.count <= 400 {
      for point in visible.dropFirst() {
        text += "<circle cx=\"\(number(point.x))\" cy=\"\(number(point.y))\" r=\"2.1\" fill=\"\(colour)\"/>\n"
      }
    }
    text += "<circle cx=\"\(number(first.x))\" cy=\"\(number(first.y))\" r=\"4.5\" fill=\"white\" stroke=\"\(colour)\" stroke-width=\"2\"/>\n"
    text += """
      <rect x="\(number(last.x - 4))" y="\(number(last.y - 4))" width="8" height="8" fill="\(colour)" stroke="white"/>

      """
    return text
  }

  private var ticks: String {
    var text = ""
    for value in niceTicks(xRange) {
      let x = place([value, yRange.lowerBound]).x
      text += "<path d=\"M\(number(x)) \(number(panelHeight))v4\" stroke=\"#444\"/>"
      text += "<text x=\"\(number(x))\" y=\"\(number(panelHeight + 17))\" font-size=\"11\" text-anchor=\"middle\">\(tick(value))</text>\n"
    }
    for value in niceTicks(yRange) {
      let y = place([xRange.lowerBound, value]).y
      text += "<path d=\"M0 \(number(y))h-4\" stroke=\"#444\"/>"
      text += "<text x=\"-8\" y=\"\(number(y + 4))\" font-size=\"11\" text-anchor=\"end\">\(tick(value))</text>\n"
    }
    return text
  }

  private var levelLines: String {
    let columns = 121, rows = 91
    // The whole grid in one evaluation: a point for each position, its value by the function's own formula.
    let values = (0..<rows).map { row in
      (0..<columns).map { column in
        (
          xRange.lowerBound + (xRange.upperBound - xRange.lowerBound) * Double(column) / Double(columns - 1),
          yRange.lowerBound + (yRange.upperBound - yRange.lowerBound) * Double(row) / Double(rows - 1)
        )
      }
    }
    let value = compile { race.function($0) }
    let grid = values.map { $0.map { value(Tensor([$0.0, $0.1])).item() } }
    let contours = Contours(columns: columns, rows: rows, values: grid)
    return contours.levels(14).flatMap { contours.lines(at: $0) }.map { line in
      let points = line.map { point -> String in
        let x = point.x / Double(columns - 1) * panelWidth, y = panelHeight - point.y / Double(rows - 1) * panelHeight
        return "\(number(x)),\(number(y))"
      }
      return "<polyline points=\"\(points.joined(separator: " "))\"/>"
    }.joined(separator: "\n")
  }

  private func place(_ point: [Double]) -> (x: Double, y: Double) {
    (
      (point[0] - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) * panelWidth,
      panelHeight - (point[1] - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound) * panelHeight
    )
  }

  /// About five round numbers within a range.
  private func niceTicks(_ range: ClosedRange<Double>) -> [Double] {
    let rough = (range.upperBound - range.lowerBound) / 6
    let power = Foundation.pow(10, Foundation.floor(Foundation.log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
    let first = Foundation.ceil(range.lowerBound / step)
    return stride(from: first, through: range.upperBound / step, by: 1).map { $0 * step }
  }

  private func tick(_ value: Double) -> String { String(format: "%g", value == 0 ? 0 : value).replacingOccurrences(of: "-", with: "−") }
  private func short(_ value: Double) -> String { String(format: "%.3g", value).replacingOccurrences(of: "-", with: "−") }
  private func number(_ value: Double) -> String { String(format: "%.2f", value) }

  private func shortened(_ text: String, to length: Int) -> String {
    text.count <= length ? text : text.prefix(length - 1) + "…"
  }

  private func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
  }
}
