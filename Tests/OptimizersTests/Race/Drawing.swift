import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What an SVG file draws, read by an XML parser.
final class Drawing: NSObject, XMLParserDelegate {
  struct Element {
    let name: String
    let attributes: [String: String]
    /// The shift of the groups around it.
    let x, y: Double
    /// The sizes of the font around it, the nearest last.
    let fontSize: Double
    var text = ""

    var kind: String { attributes["class"] ?? "" }
    func number(_ key: String) -> Double { attributes[key].flatMap(Double.init) ?? 0 }

    /// Where a text lies, as far as can be told without the font: at least this wide in any usual one.
    var box: (left: Double, right: Double, top: Double, bottom: Double) {
      let size = attributes["font-size"].flatMap(Double.init) ?? fontSize
      let width = Double(text.count) * size * 0.5
      let anchor = x + number("x"), base = y + number("y")
      let left = switch attributes["text-anchor"] {
      case "end": anchor - width
      case "middle": anchor - width / 2
      default: anchor
      }
      return (left, left + width, base - 0.75 * size, base + 0.2 * size)
    }
  }

  private(set) var elements: [Element] = []
  private var open: [Int] = []

  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    let isWellFormed = parser.parse()
    try #require(isWellFormed, "\(String(describing: parser.parserError))")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    let parent = open.last.map { elements[$0] }
    let shift = (attributes["transform"] ?? "").split { "( )".contains($0) }
    let isShift = shift.count == 3 && shift[0] == "translate"
    elements.append(
      Element(
        name: name, attributes: attributes, x: (parent?.x ?? 0) + (isShift ? Double(shift[1]) ?? .nan : 0),
        y: (parent?.y ?? 0) + (isShift ? Double(shift[2]) ?? .nan : 0),
        fontSize: attributes["font-size"].flatMap(Double.init) ?? parent?.fontSize ?? 16))
    open.append(elements.count - 1)
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if let element = open.last { elements[element].text += text }
  }

  func all(_ kind: String) -> [Element] { elements.filter { $0.kind == kind } }
  var texts: [Element] { elements.filter { $0.name == "text" } }
}
