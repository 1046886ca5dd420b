import Optimizers

extension Chart {
  /// Where the axes' area lies, and where in it values do.
  private struct Frame {
    let left: Double, top: Double, width: Double, height: Double
    let xRange: ClosedRange<Double>, yRange: ClosedRange<Double>
    let xScale: ChartScale, yScale: ChartScale
    /// Rows are counted from above.
    let isOfRows: Bool

    func x(_ value: Double) -> Double { left + (xScale.position(value) - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) * width }

    func y(_ value: Double) -> Double {
      let part = (yScale.position(value) - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound)
      return top + (isOfRows ? part : 1 - part) * height
    }
  }

  private static let rightMargin = 12.0

  private func frame(legendRows: Int) -> Frame {
    let left = leftMargin, top = 26 + Double(legendRows) * 16, bottom = xLabel.isEmpty ? 24.0 : 40.0
    let values = series.flatMap { series in series.points.map(\.y) + series.band.flatMap { [$0.low, $0.high] } }
    var yRange = rowNames.map { -0.6...Double($0.count) - 0.4 } ?? yScale.range(values)
    if let yLimit { yRange = holdsYLimit ? yLimit : yRange.clamped(to: yLimit) }
    return Frame(
      left: left, top: top, width: width - left - Chart.rightMargin, height: height - top - bottom,
      xRange: xScale.range(series.flatMap { $0.points.map(\.x) } + marks.map(\.x)), yRange: yRange, xScale: xScale, yScale: yScale,
      isOfRows: rowNames != nil)
  }

  /// The content of an SVG element of ``width`` × ``height``.
  var body: String {
    let legend = legendRows, frame = frame(legendRows: legend.count)
    var text = "<text class=\"h\" x=\"\(rowNames == nil ? frame.left : 14)\" y=\"16\">\(SVGText.escaped(title))</text>\n"
    text += entries(of: legend, frame) + verticals(frame) + horizontals(frame)
    // A viewer cuts what leaves the area: a picture inside the picture.
    text += "<svg x=\"\(number(frame.left))\" y=\"\(number(frame.top))\" width=\"\(number(frame.width))\" height=\"\(number(frame.height))\" "
      + "viewBox=\"\(number(frame.left)) \(number(frame.top)) \(number(frame.width)) \(number(frame.height))\">\n"
    text += bands(frame) + lines(frame) + "</svg>\n" + labels(of: marks, frame)
    text += "<rect class=\"a\" x=\"\(number(frame.left))\" y=\"\(number(frame.top))\" width=\"\(number(frame.width))\" height=\"\(number(frame.height))\"/>\n"
    if !xLabel.isEmpty {
      text += "<text class=\"m q\" x=\"\(number(frame.left + frame.width / 2))\" y=\"\(number(height - 8))\">\(SVGText.escaped(xLabel))</text>\n"
    }
    if !yLabel.isEmpty {
      text += "<text class=\"e q\" x=\"\(number(width - Chart.rightMargin))\" y=\"16\">\(SVGText.escaped(yLabel))</text>\n"
    }
    return text
  }

  /// The legend.
  private func entries(of legend: [[(name: String, series: Series, offset: Double)]], _ frame: Frame) -> String {
    var text = ""
    for (row, entries) in legend.enumerated() {
      for entry in entries {
        let (at, middle) = (frame.left + entry.offset, 26 + Double(row) * 16)
        let style = "c\(entry.series.color % Picture.colorCount)"
        text += entry.series.hasLine
          ? "<path class=\"l \(style)\(entry.series.isDashed ? " d" : "")\" d=\"M\(number(at)) \(number(middle + 2))h18\"/>"
          : "<circle class=\"f \(style)\" cx=\"\(number(at + 9))\" cy=\"\(number(middle + 2))\" r=\"3\"/>"
        text += "<text x=\"\(number(at + 22))\" y=\"\(number(middle + 6))\">\(SVGText.escaped(entry.name))</text>\n"
      }
    }
    return text
  }

  /// The lines of the x axis with their numbers.
  private func verticals(_ frame: Frame) -> String {
    var text = ""
    var labelled = -Double.infinity
    for value in xScale.ticks(frame.xRange, about: 6) where frame.x(value) >= frame.left - 0.5 && frame.x(value) <= frame.left + frame.width + 0.5 {
      text += "<path class=\"g\" d=\"M\(number(frame.x(value))) \(number(frame.top))v\(number(frame.height))\"/>"
      let label = Chart.short(value), reach = SVGText.width(label, size: Chart.fontSize) / 2
      // A line without a number is better than numbers on one another.
      if frame.x(value) - reach < labelled { continue }
      labelled = frame.x(value) + reach + 2
      text += "<text class=\"m\" x=\"\(number(frame.x(value)))\" y=\"\(number(frame.top + frame.height + 15))\">\(label)</text>\n"
    }
    return text
  }

  /// The lines of the y axis with their numbers, or the rows with their names.
  private func horizontals(_ frame: Frame) -> String {
    var text = ""
    if let rowNames {
      for (row, name) in rowNames.enumerated() {
        text += "<path class=\"g\" d=\"M\(number(frame.left)) \(number(frame.y(Double(row))))h\(number(frame.width))\"/>"
        text += "<text class=\"e\" x=\"\(number(frame.left - 6))\" y=\"\(number(frame.y(Double(row)) + 4))\">\(SVGText.escaped(name))</text>\n"
      }
    } else {
      for value in yScale.ticks(frame.yRange, about: 5) where frame.yRange.contains(yScale.position(value)) {
        text += "<path class=\"g\" d=\"M\(number(frame.left)) \(number(frame.y(value)))h\(number(frame.width))\"/>"
        text += "<text class=\"e\" x=\"\(number(frame.left - 6))\" y=\"\(number(frame.y(value) + 4))\">\(Chart.short(value))</text>\n"
      }
    }
    return text
  }

  /// What lies around lines.
  private func bands(_ frame: Frame) -> String {
    var text = ""
    for line in series where !line.band.isEmpty {
      let shown = zip(line.points, line.band).filter { xScale.shows($0.x) && yScale.shows($1.low) && yScale.shows($1.high) }
      if shown.isEmpty { continue }
      let outline = shown.map { (frame.x($0.x), frame.y($1.high)) } + shown.reversed().map { (frame.x($0.x), frame.y($1.low)) }
      text += "<path class=\"b c\(line.color % Picture.colorCount)\" d=\"M\(outline.map(pair).joined(separator: "L"))Z\"/>\n"
    }
    return text
  }

  /// Lines and points.
  private func lines(_ frame: Frame) -> String {
    var text = ""
    for line in series {
      let style = "c\(line.color % Picture.colorCount)"
      let pieces = line.points.split { !xScale.shows($0.x) || !yScale.shows($0.y) }
      if line.hasLine {
        for piece in pieces where piece.count > 1 {
          let path = piece.map { pair((frame.x($0.x), frame.y($0.y))) }.joined(separator: "L")
          text += "<path class=\"l \(style)\(line.isDashed ? " d" : "")\" style=\"stroke-width:\(line.width)px\" d=\"M\(path)\"/>\n"
        }
      }
      for piece in pieces where line.hasDots || piece.count == 1 {
        for point in piece {
          text += "<circle class=\"f \(style)\" cx=\"\(number(frame.x(point.x)))\" cy=\"\(number(frame.y(point.y)))\" r=\"3\"/>"
        }
      }
      text += "\n"
    }
    return text
  }

  /// Lines at places of the x axis with their texts.
  private func labels(of marks: [Mark], _ frame: Frame) -> String {
    var text = ""
    for (row, mark) in marks.enumerated() where xScale.shows(mark.x) {
      let place = frame.x(mark.x)
      // On the side where there is room.
      let isLeft = place > frame.left + frame.width / 2
      text += "<path class=\"k\" d=\"M\(number(place)) \(number(frame.top))v\(number(frame.height))\"/>"
      text += "<text class=\"w \(isLeft ? "e" : "s")\" x=\"\(number(place + (isLeft ? -4 : 4)))\" y=\"\(number(frame.top + 12 + 15 * Double(row)))\">\(SVGText.escaped(mark.label))</text>\n"
    }
    return text
  }
}
