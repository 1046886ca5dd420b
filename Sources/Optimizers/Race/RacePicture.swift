import Foundation

/// A race as an SVG picture: a panel for each optimizer, so that no path hides another, over the same level lines.
///
/// A ring marks the start, a dot each step, a square the end, and a cross each minimum; the lower a level, the darker its line. Where a
/// path leaves the panel, the panel's heading says at which step. Below the panels the function is drawn over the steps, for the first start.
public struct RacePicture {
  private let race: Race
  private let isAnimated: Bool
  private let area: PlotArea
  private let headings: [Heading]

  private let margin = 46.0
  private let gap = 20.0
  private let title = 86.0
  private let footer = 40.0
  private let lineHeight = 15.0

  /// Okabe and Ito's colours without the yellow, which is too light on white: told apart by all kinds of colour vision.
  private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"]

  /// The picture of a race.
  /// - Parameters:
  ///   - race: what is drawn.
  ///   - isAnimated: whether a ball moves along each path, a step at a time and over and over; by SVG's own means, without a script.
  public init(_ race: Race, isAnimated: Bool = false) {
    self.race = race
    self.isAnimated = isAnimated
    let function = race.function
    let isAlone = race.runsByOptimizer.count == 1
    let area = PlotArea(
      x: function.xRange, y: function.yRange, maximumWidth: isAlone ? 560 : 460, maximumHeight: isAlone ? 480 : 380)
    self.area = area
    headings = race.runsByOptimizer.map { Heading($0[0], area, starts: $0.count) }
  }

  /// The text of the SVG file.
  public var svg: String {
    let count = race.runsByOptimizer.count
    let columns = count == 1 ? 1 : count <= 4 ? 2 : 3
    // Each row's panels start at one height, below the longest of its headings.
    let headers = stride(from: 0, to: count, by: columns).map { first in
      20 + lineHeight * Double(headings[first..<min(first + columns, count)].map(\.lines.count).max() ?? 0)
    }
    let cellWidth = margin + area.width + gap
    let width = cellWidth * Double(columns)
    let panelsEnd = title + headers.reduce(0) { $0 + $1 + area.height + footer }
    let height = panelsEnd + (hasCurve ? curveHeight + 76 : 0)
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(number(width))" height="\(number(height))" \
      viewBox="0 0 \(number(width)) \(number(height))" font-family="Helvetica, Arial, sans-serif" font-size="11">
      <rect width="100%" height="100%" fill="white"/>
      \(titleLines(width: width - margin - gap))
      <defs>
      <clipPath id="panel"><rect width="\(number(area.width))" height="\(number(area.height))"/></clipPath>
      <g id="levels" fill="none" stroke-width="0.8">
      \(levelLines)
      </g>
      </defs>

      """
    var y = title
    for (index, runs) in race.runsByOptimizer.enumerated() {
      let header = headers[index / columns]
      if index % columns == 0 { y += header }
      let x = margin + cellWidth * Double(index % columns)
      text += "<g class=\"panel\" transform=\"translate(\(number(x)) \(number(y)))\">\n"
      text += heading(headings[index], colour: RacePicture.colour(index), top: -header)
      text += panel(runs, colour: RacePicture.colour(index))
      text += "</g>\n"
      if index % columns == columns - 1 { y += area.height + footer }
    }
    if hasCurve { text += curve(width: width - margin - gap, top: panelsEnd) }
    return text + "</svg>\n"
  }

  private let curveHeight = 190.0
  private var hasCurve: Bool { (race.runs.first?.values.count ?? 0) > 1 && !curveRange.isEmpty }

  /// A number in no more characters than there is room for beside a panel: `12.3`, `−2e3`.
  private static func short(_ value: Double) -> String {
    if value == 0 || value.magnitude >= 0.01 && value.magnitude < 1000 { return SVGText.number(value, "%.2f").count <= 5 ? SVGText.number(value, "%.3g") : SVGText.number(value, "%.0f") }
    return SVGText.number(value, "%.0e").replacingOccurrences(of: "e+0", with: "e").replacingOccurrences(of: "e−0", with: "e−")
  }

  /// Values of the first start's runs that can be drawn.
  private var curveRange: [Double] { race.runsByOptimizer.flatMap { $0[0].values.filter { $0.isFinite && $0.magnitude < 1e12 } } }

  /// The function over the steps: by its logarithm where it is greater than 0 throughout, since it falls by powers.
  private func curve(width: Double, top: Double) -> String {
    let values = curveRange
    let isLogarithmic = values.allSatisfy { $0 >= 0 } && (values.max() ?? 0) > 10 * (values.min() ?? 0)
    // Below this nothing is to be told apart.
    let floor = max(1e-12, values.filter { $0 > 0 }.min() ?? 1e-12)
    func position(_ value: Double) -> Double { isLogarithmic ? Foundation.log10(max(value, floor)) : value }
    let low = values.map(position).min()!, high = max(values.map(position).max()!, low + 1e-12)
    let steps = Double(max(1, (race.runs.first?.values.count ?? 1) - 1))
    func y(_ position: Double) -> Double { (high - position) / (high - low) * curveHeight }
    var text = "<g class=\"curve\" transform=\"translate(\(number(margin)) \(number(top + 26)))\">\n"
    text += "<text class=\"curve-title\" x=\"0\" y=\"-10\" font-size=\"13\" font-weight=\"bold\">f over the steps</text>\n"
    text += "<rect width=\"\(number(width))\" height=\"\(number(curveHeight))\" fill=\"#fcfcfc\" stroke=\"#444\"/>\n"
    for part in 0...4 {
      let place = low + (high - low) * Double(part) / 4
      let shown = isLogarithmic ? Foundation.pow(10, place) : place
      text += "<text class=\"tick\" x=\"-8\" y=\"\(number(y(place) + 4))\" text-anchor=\"end\">\(RacePicture.short(shown))</text>"
      let step = (steps * Double(part) / 4).rounded()
      text += "<text class=\"tick\" x=\"\(number(step / steps * width))\" y=\"\(number(curveHeight + 17))\" text-anchor=\"\(part == 4 ? "end" : "middle")\">\(Int(step))</text>\n"
    }
    for (index, runs) in race.runsByOptimizer.enumerated() {
      let points = runs[0].values.enumerated().prefix { $0.element.isFinite && $0.element.magnitude < 1e12 }
        .map { "\(number(Double($0.offset) / steps * width)) \(number(y(position($0.element))))" }
      if points.count < 2 { continue }
      text += "<path class=\"f\" d=\"M\(points.joined(separator: "L"))\" fill=\"none\" stroke=\"\(RacePicture.colour(index))\" stroke-width=\"1.6\"/>\n"
    }
    return text + "</g>\n"
  }

  private static func colour(_ index: Int) -> String { colours[index % colours.count] }

  private func titleLines(width: Double) -> String {
    let formula = "f(x, y) = \(race.function.formula)"
    let size = min(13, width / (SVGText.averageWidth * Double(formula.count)))
    let minimum = race.function.minima.isEmpty ? "" : """
      <path d="M153 0h10M158 -5v10" stroke="#222" stroke-width="1.6"/><text class="key" x="169" y="4">minimum</text>
      """
    return """
      <text class="title" x="\(number(margin))" y="26" font-size="18" font-weight="bold">\(SVGText.escaped(race.function.name))</text>
      <text class="title" x="\(number(margin))" y="46" font-size="\(number(size))">\(SVGText.escaped(formula))</text>
      <g transform="translate(\(number(margin)) 67)" fill="#444">
      <circle cx="5" cy="0" r="4.5" fill="white" stroke="#444" stroke-width="2"/><text class="key" x="15" y="4">start</text>
      <circle cx="59" cy="0" r="2.1"/><text class="key" x="67" y="4">step</text>
      <rect x="105" y="-4" width="8" height="8"/><text class="key" x="119" y="4">end</text>\(minimum)
      </g>
      """
  }

  private func heading(_ heading: Heading, colour: String, top: Double) -> String {
    var text = """
      <text class="name" x="0" y="\(number(top + 12))" font-size="15" font-weight="bold" fill="\(colour)">\
      \(SVGText.escaped(heading.name))</text>
      <text class="result" x="\(number(area.width))" y="\(number(top + 12))" font-size="12" text-anchor="end" fill="#333">\
      \(SVGText.escaped(heading.result))</text>

      """
    for (index, line) in heading.lines.enumerated() {
      let style = line.isNote ? "font-style=\"italic\" fill=\"#222\"" : "fill=\"#555\""
      text += """
        <text class="\(line.isNote ? "note" : "settings")" x="0" y="\(number(top + 12 + lineHeight * Double(index + 1)))" \
        \(style)>\(SVGText.escaped(line.text))</text>

        """
    }
    return text
  }

  private func panel(_ runs: [Race.Run], colour: String) -> String {
    let size = "width=\"\(number(area.width))\" height=\"\(number(area.height))\""
    var text = "<g clip-path=\"url(#panel)\">\n<rect \(size) fill=\"#fcfcfc\"/>\n<use href=\"#levels\"/>\n"
    for run in runs { text += path(run, colour) }
    for minimum in race.function.minima {
      let p = area.place(minimum)
      text += """
        <path d="M\(number(p.x - 5)) \(number(p.y))h10M\(number(p.x)) \(number(p.y - 5))v10" stroke="#222" stroke-width="1.6"/>

        """
    }
    return text + "</g>\n<rect \(size) fill=\"none\" stroke=\"#444\"/>\n" + ticks
  }

  /// The path and its marks, as far as they lie within the panel.
  private func path(_ run: Race.Run, _ colour: String) -> String {
    // Further out the clipping would overflow, and the line's direction says nothing any more.
    let points = Array(run.points.prefix { $0.allSatisfy { $0.magnitude < 1e150 } })
    var line = ""
    var pen: [Double]?
    for (start, end) in zip(points, points.dropFirst()) {
      guard let part = area.visiblePart(from: start, to: end) else { continue }
      if part.start != pen { line += "M" + pair(part.start) }
      line += "L" + pair(part.end)
      pen = part.end
    }
    var text = ""
    if !line.isEmpty {
      text += "<path class=\"way\" d=\"\(line)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>\n"
    }
    let inside = points.filter(area.contains)
    // A dot for each step shows the pace; past some hundred they would be a smear.
    if inside.count <= 400 {
      let radius = inside.count <= 80 ? 2.1 : 1.5
      text += "<g fill=\"\(colour)\">\n"
      for point in inside.map(area.place) { text += "<circle cx=\"\(number(point.x))\" cy=\"\(number(point.y))\" r=\"\(radius)\"/>\n" }
      text += "</g>\n"
    }
    if let first = points.first, area.contains(first) {
      let p = area.place(first)
      text += """
        <circle class="start" cx="\(number(p.x))" cy="\(number(p.y))" r="4.5" fill="white" stroke="\(colour)" stroke-width="2"/>

        """
    }
    if let last = run.points.last, points.count == run.points.count, area.contains(last) {
      let p = area.place(last)
      text += """
        <rect class="end" x="\(number(p.x - 4))" y="\(number(p.y - 4))" width="8" height="8" fill="\(colour)" stroke="white"/>

        """
    }
    if isAnimated, points.count > 1 { text += ball(points.map(area.place), colour) }
    return text
  }

  /// A ball that goes through all places in a few seconds, and rests at the end.
  private func ball(_ places: [(x: Double, y: Double)], _ colour: String) -> String {
    let seconds = min(20, max(4, 0.15 * Double(places.count))), rest = 0.15
    let last = places.count - 1
    // Past some hundreds the eye sees no single steps.
    let stride = max(1, places.count / 400)
    let shown = Array(Swift.stride(from: 0, to: last, by: stride)) + [last]
    let times = shown.map { String(format: "%.4f", Double($0) / Double(last) * (1 - rest)) } + ["1"]
    func animate(_ attribute: String, _ values: [Double]) -> String {
      let list = (values + [values[values.count - 1]]).map { number(min(max($0, -1e4), 1e4)) }.joined(separator: ";")
      return "<animate attributeName=\"\(attribute)\" values=\"\(list)\" keyTimes=\"\(times.joined(separator: ";"))\" dur=\"\(number(seconds))s\" repeatCount=\"indefinite\"/>"
    }
    // Where nothing moves, it lies at the start.
    return "<circle class=\"ball\" cx=\"\(number(places[0].x))\" cy=\"\(number(places[0].y))\" r=\"5.5\" fill=\"\(colour)\" stroke=\"white\" stroke-width=\"1.5\">"
      + animate("cx", shown.map { places[$0].x }) + animate("cy", shown.map { places[$0].y }) + "</circle>\n"
  }

  private var ticks: String {
    var text = "<g stroke=\"#444\">"
    let (xTicks, yTicks) = (area.ticks(area.x), area.ticks(area.y))
    for value in xTicks { text += "<path d=\"M\(number(area.place([value, 0]).x)) \(number(area.height))v4\"/>" }
    for value in yTicks { text += "<path d=\"M0 \(number(area.place([0, value]).y))h-4\"/>" }
    text += "</g>\n"
    for value in xTicks {
      let x = area.place([value, 0]).x
      text += "<text class=\"tick\" x=\"\(number(x))\" y=\"\(number(area.height + 17))\" text-anchor=\"middle\">\(tick(value))</text>"
    }
    for value in yTicks {
      let y = area.place([0, value]).y
      text += "<text class=\"tick\" x=\"-8\" y=\"\(number(y + 4))\" text-anchor=\"end\">\(tick(value))</text>"
    }
    return text + "\n"
  }

  private var levelLines: String {
    // Finer than a valley is wide.
    let columns = 241
    let rows = Int((240 * area.height / area.width).rounded()) + 1
    let contours = Contours(columns: columns, rows: rows, values: race.function.values(columns: columns, rows: rows))
    // A function of many pits has so much line at each level that fourteen levels would be one grey: fewer can be followed.
    let room = 34 * Double(columns)
    func drawn(_ count: Int) -> [(level: Double, lines: [[(x: Double, y: Double)]])] {
      contours.levels(count).map { ($0, contours.lines(at: $0)) }
    }
    var levels = drawn(14)
    let length = RacePicture.length(levels.flatMap(\.lines))
    if length > room { levels = drawn(max(3, Int(14 * room / length))) }
    return levels.enumerated().map { index, level in
      let lines = level.lines.map { line in
        let points = line.map { point in
          number(point.x / Double(columns - 1) * area.width) + "," + number((1 - point.y / Double(rows - 1)) * area.height)
        }
        return "<polyline points=\"\(points.joined(separator: " "))\"/>"
      }
      // The darker, the lower: otherwise pits could not be told from hills.
      let tone = 130 + 90 * index / levels.count
      return "<g stroke=\"rgb(\(tone),\(tone),\(tone))\">\n\(lines.joined(separator: "\n"))\n</g>"
    }.joined(separator: "\n")
  }

  private static func length(_ lines: [[(x: Double, y: Double)]]) -> Double {
    lines.reduce(0) { sum, line in
      zip(line, line.dropFirst()).reduce(sum) { $0 + (($1.0.x - $1.1.x) * ($1.0.x - $1.1.x) + ($1.0.y - $1.1.y) * ($1.0.y - $1.1.y)).squareRoot() }
    }
  }

  private func pair(_ point: [Double]) -> String {
    let place = area.place(point)
    return number(place.x) + " " + number(place.y)
  }

  private func tick(_ value: Double) -> String { SVGText.number(value, "%g") }

  /// A tenth of a pixel is all that can be seen.
  private func number(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

/// What stands above a panel.
private struct Heading {
  let name: String
  let result: String
  let lines: [(text: String, isNote: Bool)]

  init(_ run: Race.Run, _ area: PlotArea, starts: Int) {
    let label = Race.label(run.optimizer)
    result = "after \(run.points.count - 1) steps: f = \(SVGText.number(run.values.last ?? .nan, "%.3g"))"
    let room = area.width - SVGText.width(result, size: 12) - 10
    name = SVGText.shortened(label.name, to: room, size: 15)
    let settings = SVGText.lines(label.settings, width: area.width, size: 11, atMost: 2)
    lines = settings.map { ($0, false) } + (Heading.note(run, area, starts: starts).map { [($0, true)] } ?? [])
  }

  /// What cannot be seen in the panel.
  private static func note(_ run: Race.Run, _ area: PlotArea, starts: Int) -> String? {
    if starts > 1 { return "\(starts) starts; the number is the first one's" }
    let isInside = run.points.map(area.contains)
    guard isInside.contains(false) else { return nil }
    let notFinite = run.points.firstIndex { !$0.allSatisfy(\.isFinite) }.map { ", not finite from step \($0)" } ?? ""
    guard let last = isInside.lastIndex(of: true), let first = isInside.firstIndex(of: true) else {
      return "never in the picture" + notFinite
    }
    if last < isInside.count - 1 { return "leaves the picture at step \(last + 1)" + notFinite }
    if !isInside[first...].contains(false) { return "comes into the picture at step \(first)" }
    return "leaves the picture and comes back"
  }
}
