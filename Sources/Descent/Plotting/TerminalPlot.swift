import Foundation

/// Curves in a terminal: marks in a grid of characters.
struct TerminalPlot {
  private let curves: [(name: String, mark: String, values: [Double])]
  private let width: Int
  private let height: Int

  /// - Parameters:
  ///   - curves: one number an epoch each.
  ///   - width: characters, with the numbers at the left.
  ///   - height: lines of the grid.
  init(_ curves: [(name: String, values: [Double])], width: Int = 60, height: Int = 8) {
    self.curves = zip(curves, ["•", "∘", "×", "+"]).map { ($0.name, $1, $0.values) }
    self.width = max(30, width)
    self.height = max(3, height)
  }

  var text: String {
    let all = curves.flatMap(\.values).filter(\.isFinite)
    guard let least = all.min(), let greatest = all.max() else { return "" }
    let count = curves.map(\.values.count).max() ?? 0
    let isLogarithmic = least > 0 && greatest > 30 * least
    let scale = isLogarithmic ? ChartScale.logarithmic : .linear
    let low = scale.position(least), range = max(scale.position(greatest) - low, 1e-300)
    let labelWidth = 9, columns = min(width - labelWidth - 1, max(count * 2 - 1, 10))
    var grid = [[String]](repeating: [String](repeating: " ", count: columns), count: height)
    for curve in curves {
      for (place, value) in curve.values.enumerated() where value.isFinite {
        let column = count < 2 ? 0 : place * (columns - 1) / (count - 1)
        let row = Int(((scale.position(greatest) - scale.position(value)) / range * Double(height - 1)).rounded())
        grid[min(max(row, 0), height - 1)][column] = curve.mark
      }
    }
    func label(_ row: Int) -> String {
      let position = scale.position(greatest) - range * Double(row) / Double(height - 1)
      let text = row == 0 || row == height - 1 || row == (height - 1) / 2
        ? String(format: "%.3g", isLogarithmic ? Foundation.pow(10, position) : position) : ""
      return String(repeating: " ", count: max(0, labelWidth - 1 - text.count)) + text
    }
    let legend = curves.map { "\($0.mark) \($0.name)" }.joined(separator: "   ")
    let lines = grid.enumerated().map { row, cells in
      var line = label(row) + " │" + cells.joined()
      while line.last == " " { line.removeLast() }
      return line
    }
    let last = "\(count)"
    let axis = String(repeating: " ", count: labelWidth) + "└" + String(repeating: "─", count: columns)
    let numbers = String(repeating: " ", count: labelWidth + 1) + "1" + String(repeating: " ", count: max(1, columns - 1 - last.count)) + last
    return ([String(repeating: " ", count: labelWidth + 1) + legend] + lines + [axis, numbers]).joined(separator: "\n")
  }
}

extension RunCurves {
  /// The loss, and each metric, over the epochs, as text for a terminal.
  /// - Parameter width: characters that a line may have.
  public func terminalPlot(width: Int = 60) -> String {
    RunCurves.panels([self]).filter { $0 != "learning_rate" }.map { name in
      TerminalPlot([name, "val_" + name].compactMap { name in values[name].map { (name, $0) } }, width: width).text
    }.joined(separator: "\n\n")
  }
}
