import Foundation
import Optimizers
import TensorCore

extension Model {
  /// Prints the layers with their output shapes and numbers of parameters, as Keras does.
  /// - Parameters: as those of ``summaryText(lineLength:expandNested:showTrainable:)``.
  public func summary(lineLength: Int? = nil, expandNested: Bool = false, showTrainable: Bool = false) {
    print(summaryText(lineLength: lineLength, expandNested: expandNested, showTrainable: showTrainable), terminator: "")
  }

  /// What ``summary(lineLength:expandNested:showTrainable:)`` prints.
  /// - Parameters:
  ///   - lineLength: the width of the table, at least 40 and at most 4096; nil for 88 (100 with the column), or less if the terminal is narrower.
  ///   - expandNested: whether the layers of layers are listed too.
  ///   - showTrainable: whether there is a column that says what is trained.
  public func summaryText(lineLength: Int? = nil, expandNested: Bool = false, showTrainable: Bool = false) -> String {
    prepareToBeInspected()
    let branches = self is Sequential || graph?.isChain != false ? nil : graph
    var positions = branches == nil ? [0.45, 0.80, 1.0] : [0.3, 0.56, 0.74, 1.0]
    var length = branches == nil ? 88 : 108
    var header = ["Layer (type)", "Output Shape", "Param #"] + (branches == nil ? [] : ["Connected to"])
    let alignments: [SummaryTable.Alignment] = [.left, .left, .right] + (branches == nil ? [.center] : [.left, .center])
    if showTrainable {
      positions = positions.map { $0 * 0.9 } + [1.0]
      length += 12
      header.append("Trainable")
    }
    let table = SummaryTable(
      header: header, alignments: alignments, positions: positions,
      length: min(max(lineLength ?? min(length, Terminal.width - 4), 40), 1 << 12))
    var rows: [[String]] = []
    for layer in self is Sequential ? layers : sublayers {
      rows += summaryRows(layer, depth: 0, expandNested, showTrainable, branches)
    }

    var lines = ["Model: \"\(name.printable)\""] + table.lines(rows)
    let (trainable, fixed) = (trainableVariables, nonTrainableVariables)
    let optimizer = optimizerState?.stateVariables(ofTrained: Trainability(of: self).trained) ?? []
    // Keras counts the number of steps among them, and the learning rate if that is a number.
    let counters = optimizerState.map { $0.optimizer.options.learningRate.isSchedule ? 1 : 2 } ?? 0
    lines.append(SummaryTable.total("Total", trainable + fixed + optimizer, counters))
    lines.append(SummaryTable.total("Trainable", trainable))
    lines.append(SummaryTable.total("Non-trainable", fixed))
    if optimizerState != nil { lines.append(SummaryTable.total("Optimizer", optimizer, counters)) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func summaryRows(
    _ layer: Layer, depth: Int, _ expandNested: Bool, _ showTrainable: Bool, _ branches: LayerGraph?
  ) -> [[String]] {
    let prefix = depth == 0 ? "" : String(repeating: "   ", count: depth) + "└ "
    func text(_ shape: [Int?]) -> String { "(" + (["None"] + shape.map { $0.map(String.init) ?? "None" }).joined(separator: ", ") + ")" }
    let shapes = layer.rowOutputShapes ?? layer.calls.first?.results.map(\.shape) ?? []
    let shape = shapes.isEmpty ? "?" : shapes.count == 1 ? text(shapes[0]) : "[" + shapes.map(text).joined(separator: ", ") + "]"
    let count = SummaryTable.grouped(layer.countParameters())
    var row = [
      "\(prefix)\(layer.name.printable) (\(layer.kerasClassName.printable))", shape, layer.isBuilt || layer is Input || !layer.calls.isEmpty ? count : "0 (unbuilt)",
    ]
    if let branches { row.append(depth == 0 ? branches.connections(of: layer) : "-") }
    if showTrainable { row.append(layer.variables.isEmpty ? "-" : layer.isTrainable ? "Y" : "N") }
    let nested = expandNested ? layer.sublayers : []
    return [row] + nested.flatMap { summaryRows($0, depth: depth + 1, expandNested, showTrainable, branches) }
  }
}

extension LayerGraph {
  /// Whether each layer takes what the one before it gives, and nothing else.
  var isChain: Bool {
    let taken = calls.flatMap(\.inputs).map(\.identity)
    return inputs.count == 1 && outputs.count == 1 && calls.allSatisfy { $0.inputs.count == 1 }
      && Set(taken).count == taken.count && Set(calls.map { ObjectIdentifier($0.layer) }).count == calls.count
  }

  /// What the layer is called with in this graph, as Keras says it: `name[call][result]`.
  func connections(of layer: Layer) -> String {
    let own = calls.filter { $0.layer === layer }.flatMap(\.inputs).map { symbol in
      "\(symbol.layer.name)[\(symbol.layer.calls.firstIndex { $0 === symbol.call } ?? 0)][\(symbol.index)]"
    }
    return own.isEmpty ? "-" : own.joined(separator: ", ")
  }
}

/// A table drawn with box characters, each row under a line, too long cells broken at spaces.
struct SummaryTable {
  enum Alignment { case left, right, center }

  let header: [String]
  let alignments: [Alignment]
  /// What fits between a column's two spaces.
  let widths: [Int]

  init(header: [String], alignments: [Alignment], positions: [Double], length: Int) {
    self.header = header
    self.alignments = alignments
    var wanted: [Int] = []
    for position in positions { wanted.append(Int(position * Double(length)) - wanted.reduce(0, +)) }
    widths = SummaryTable.fitted(wanted)
  }

  func lines(_ rows: [[String]]) -> [String] {
    func rule(_ left: String, _ line: String, _ middle: String, _ right: String) -> String {
      left + widths.map { String(repeating: line, count: $0 + 2) }.joined(separator: middle) + right
    }
    var lines = [rule("┏", "━", "┳", "┓")] + drawn(header, "┃") + [rule("┡", "━", "╇", "┩")]
    for (index, row) in rows.enumerated() {
      if index > 0 { lines.append(rule("├", "─", "┼", "┤")) }
      lines += drawn(row, "│")
    }
    return lines + [rule("└", "─", "┴", "┘")]
  }

  private func drawn(_ row: [String], _ border: String) -> [String] {
    let cells = zip(row, widths).map { SummaryTable.broken($0, $1) }
    return (0..<(cells.map(\.count).max() ?? 0)).map { line in
      let parts = cells.indices.map { column in
        " " + aligned(line < cells[column].count ? cells[column][line] : "", column) + " "
      }
      return border + parts.joined(separator: border) + border
    }
  }

  private func aligned(_ text: String, _ column: Int) -> String {
    let space = max(0, widths[column] - text.count)
    switch alignments[column] {
    case .left: return text + String(repeating: " ", count: space)
    case .right: return String(repeating: " ", count: space) + text
    case .center: return String(repeating: " ", count: space / 2) + text + String(repeating: " ", count: space - space / 2)
    }
  }

  /// Words on lines of the width; a word that is longer is cut with an ellipsis.
  private static func broken(_ text: String, _ width: Int) -> [String] {
    var lines: [String] = []
    let indent = String(text.prefix { $0 == " " })
    for word in text.dropFirst(indent.count).split(separator: " ", omittingEmptySubsequences: false).map(String.init) {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append((lines.isEmpty ? indent : "") + word)
      }
    }
    return lines.map { $0.count <= width ? $0 : String($0.prefix(max(0, width - 1))) + "…" }
  }

  /// Column widths that leave room for borders and spaces, which is taken from all columns alike.
  private static func fitted(_ wanted: [Int]) -> [Int] {
    var excess = 3 * wanted.count + 1
    return wanted.enumerated().map { index, width in
      let share = Int((Double(excess) / Double(wanted.count - index)).rounded(.toNearestOrEven))
      excess -= share
      return max(1, width - share)
    }
  }

  // MARK: - Totals

  /// - Parameter counters: single numbers of four bytes beside the variables.
  static func total(_ what: String, _ variables: [Variable], _ counters: Int = 0) -> String {
    let count = variables.reduce(counters) { $0 + $1.count }
    let bytes = variables.reduce(4 * counters) { $0 + $1.count * $1.dtype.byteCount }
    return " \(what) params: \(grouped(count)) (\(readable(bytes: bytes)))"
  }

  /// `79,510`
  static func grouped(_ number: Int) -> String {
    var result = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return String(result.reversed())
  }

  /// `310.59 KB`
  private static func readable(bytes: Int) -> String {
    var size = Double(bytes)
    let units = ["B", "KB", "MB", "GB", "TB", "PB"]
    var unit = 0
    while size >= 1024 && unit < units.count - 1 {
      size /= 1024
      unit += 1
    }
    return String(format: "%.2f ", size) + units[unit]
  }
}
