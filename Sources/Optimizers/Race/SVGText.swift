import Foundation

/// Text for a picture whose viewer chooses the font: widths can only be estimated.
package enum SVGText {
  /// The width of a letter as a part of the font's size, wide enough for the usual sans-serif fonts.
  package static let averageWidth = 0.6

  package static func width(_ text: String, size: Double) -> Double { averageWidth * size * Double(text.count) }

  /// As much as fits, with an ellipsis in place of the rest.
  package static func shortened(_ text: String, to width: Double, size: Double) -> String {
    let count = max(1, Int(width / (averageWidth * size)))
    return text.count <= count ? text : text.prefix(count - 1) + "…"
  }

  /// A list with commas, broken between its items; what does not fit into the last line is shortened.
  package static func lines(_ list: String, width: Double, size: Double, atMost limit: Int) -> [String] {
    var lines: [String] = []
    for item in list.components(separatedBy: ", ") {
      let longer = lines.last.map { $0 + ", " + item }
      if let longer, lines.count == limit || self.width(longer + ",", size: size) <= width {
        lines[lines.count - 1] = longer
      } else {
        if !lines.isEmpty { lines[lines.count - 1] += "," }
        lines.append(item)
      }
    }
    return lines.map { shortened($0, to: width, size: size) }
  }

  /// XML's text, without the characters that it cannot hold.
  package static func escaped(_ text: String) -> String {
    let held = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
    return String(String.UnicodeScalarView(held)).replacingOccurrences(of: "&", with: "&amp;")
      .replacingOccurrences(of: "<", with: "&lt;")
  }

  /// A number with a minus sign in place of a hyphen.
  package static func number(_ value: Double, _ format: String) -> String {
    // C may print a sign before it.
    value.isNaN ? "nan" : String(format: format, value == 0 ? 0 : value).replacingOccurrences(of: "-", with: "−")
  }
}
