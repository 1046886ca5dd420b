import Foundation
import Optimizers

/// A small chart: lines, bands, points and marks over two axes. ``Picture`` makes SVG of one or several.
///
/// Colours and strokes are classes of ``Picture/style``, so that one page may hold many charts, in the light, in the dark and on paper.
package struct Chart {
  package struct Series {
    let name: String
    let points: [(x: Double, y: Double)]
    let color: Int
    var width = 1.8
    var isDashed = false
    var hasLine = true
    var hasDots = false
    /// What lies about the line at each of its points.
    var band: [(low: Double, high: Double)] = []
    /// Whether the legend names it.
    var isNamed = true

    package init(
      _ name: String, _ points: [(x: Double, y: Double)], color: Int, width: Double = 1.8, isDashed: Bool = false, hasLine: Bool = true,
      hasDots: Bool = false, band: [(low: Double, high: Double)] = [], isNamed: Bool = true
    ) {
      self.name = name
      self.points = points
      self.color = color
      self.width = width
      self.isDashed = isDashed
      self.hasLine = hasLine
      self.hasDots = hasDots
      self.band = band
      self.isNamed = isNamed
    }
  }

  /// A place on the horizontal axis.
  struct Mark {
    let x: Double
    let label: String
  }

  var title: String
  var xLabel = ""
  var yLabel = ""
  var xScale = ChartScale.linear
  var yScale = ChartScale.linear
  package var series: [Series] = []
  var marks: [Mark] = []
  /// Named places on the vertical axis, in place of numbers.
  var rowNames: [String]?
  /// No more of the vertical axis than this, in positions of its scale.
  var yLimit: ClosedRange<Double>?
  /// Whether the axis shows all of that, needed or not.
  var holdsYLimit = false
  var width = 440.0
  var height = 300.0

  static let fontSize = 12.0

  package init(title: String, xLabel: String = "", yLabel: String = "", xScale: ChartScale = .linear, yScale: ChartScale = .linear) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.xScale = xScale
    self.yScale = yScale
  }

  /// A number in a few characters: `0.0012`, `1.2e−5`, `12000`.
  static func short(_ value: Double) -> String {
    if value.magnitude >= 1000 && value.magnitude < 1e6 { return SVGText.number(value, "%.0f") }
    return SVGText.number(value, "%.3g").replacingOccurrences(of: "e+0", with: "e").replacingOccurrences(of: "e−0", with: "e−")
  }

  var leftMargin: Double {
    guard let rowNames else { return 58 }
    return min(width * 0.45, 14 + (rowNames.map { SVGText.width($0, size: Chart.fontSize) }.max() ?? 0))
  }

  /// The legend's entries in rows, with how far each stands from the left.
  var legendRows: [[(name: String, series: Series, offset: Double)]] {
    let named = series.filter(\.isNamed)
    if named.count < 2 { return [] }
    var rows: [[(name: String, series: Series, offset: Double)]] = [[]]
    var offset = 0.0
    for series in named {
      let name = SVGText.shortened(series.name, to: width - leftMargin - 40, size: Chart.fontSize)
      let length = 34 + SVGText.width(name, size: Chart.fontSize)
      if offset > 0 && leftMargin + offset + length > width {
        rows.append([])
        offset = 0
      }
      rows[rows.count - 1].append((name, series, offset))
      offset += length
    }
    return rows
  }

  func pair(_ point: (Double, Double)) -> String { number(point.0) + " " + number(point.1) }

  /// A tenth of a pixel is all that can be seen; far outside, paths need no more than a direction.
  func number(_ value: Double) -> String {
    let text = String(format: "%.1f", min(max(value, -1e5), 1e5))
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

/// Charts beside and below one another as one SVG file.
struct Picture {
  let charts: [Chart]
  let columns: Int
  var title = ""

  static let colorCount = 8

  init(_ charts: [Chart], columns: Int, title: String = "") {
    self.charts = charts
    self.columns = max(1, min(columns, charts.count))
    self.title = title
  }

  var svg: String {
    let cell = (width: charts.map(\.width).max() ?? 0, height: charts.map(\.height).max() ?? 0)
    let head = title.isEmpty ? 0.0 : 28
    let width = cell.width * Double(columns), height = head + cell.height * Double((charts.count + columns - 1) / columns)
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(width))" height="\(Int(height))" viewBox="0 0 \(Int(width)) \(Int(height))">
      <style>\(Picture.style)</style>
      <rect class="p" width="100%" height="100%"/>

      """
    if !title.isEmpty { text += "<text class=\"h\" x=\"14\" y=\"22\" style=\"font-size:16px\">\(SVGText.escaped(title))</text>\n" }
    for (place, chart) in charts.enumerated() {
      let (x, y) = (Double(place % columns) * cell.width, head + Double(place / columns) * cell.height)
      text += "<g transform=\"translate(\(x) \(y))\">\n\(chart.body)</g>\n"
    }
    return text + "</svg>\n"
  }

  /// One chart for a page that has ``style`` already.
  static func inline(_ chart: Chart) -> String {
    """
    <svg viewBox="0 0 \(Int(chart.width)) \(Int(chart.height))" role="img" aria-label="\(SVGText.escaped(chart.title).replacingOccurrences(of: "\"", with: "&quot;"))">
    \(chart.body)</svg>
    """
  }

  /// Okabe and Ito's colours, told apart by all kinds of colour vision, brighter in the dark; their yellow is a grey here.
  private static let light = ["#0072B2", "#D55E00", "#009E73", "#B5579B", "#56B4E9", "#C98500", "#333333", "#8a8a8a"]
  private static let dark = ["#4aa8e8", "#ff8b47", "#2fcf9f", "#e69fc8", "#9bd6fa", "#f5bf4a", "#e6e6e6", "#9a9a9a"]

  private static func colors(_ list: [String]) -> String {
    list.enumerated().map { "svg .l.c\($0){stroke:\($1)}svg .f.c\($0),svg .b.c\($0){fill:\($1)}" }.joined()
  }

  static let style =
    "svg text{font:12px Helvetica,Arial,sans-serif;fill:#333}svg .h{font-weight:bold;font-size:13px}svg .m{text-anchor:middle}svg .e{text-anchor:end}"
    + "svg .s{text-anchor:start}svg .q{fill:#666}svg .w{paint-order:stroke;stroke:#fff;stroke-width:3px}svg .p{fill:#fff}svg .a{fill:none;stroke:#888}svg .g{stroke:#e4e4e4;fill:none}"
    + "svg .k{stroke:#555;stroke-dasharray:2 3;fill:none}svg .l{fill:none;stroke-linejoin:round;stroke-width:1.8}svg .d{stroke-dasharray:5 3}svg .b{opacity:.18}"
    + colors(light)
    + "@media screen and (prefers-color-scheme:dark){svg text{fill:#ddd}svg .q{fill:#aaa}svg .w{stroke:#16181c}svg .p{fill:#16181c}svg .a{stroke:#777}svg .g{stroke:#2f3339}"
    + "svg .k{stroke:#bbb}svg .b{opacity:.25}" + colors(dark) + "}"
}
