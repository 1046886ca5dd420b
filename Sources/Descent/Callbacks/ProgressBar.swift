import Foundation

/// The text of a progress bar, as Keras's `Progbar` writes it.
package struct ProgressBar {
  private let target: Int
  private let drawsBar: Bool
  private let usesColor: Bool
  private static let width = 20
  private static let leastWidth = 5
  /// Seconds between two drawings.
  static let interval = 0.05

  private let start: Double
  private var lastDrawn = 0.0
  private var afterFirstStep: Double?
  private var printedWidth = 0

  package init(target: Int, drawsBar: Bool, usesColor: Bool = true, now: Double) {
    self.target = target
    self.drawsBar = drawsBar
    self.usesColor = usesColor
    start = now
  }

  /// Whether it is time to draw again.
  package mutating func isDue(after step: Int, now: Double) -> Bool {
    // The first step includes tracing and is not typical.
    if step == 1 { afterFirstStep = now }
    return drawsBar && now - lastDrawn >= ProgressBar.interval
  }

  /// What to print after a step; `isFinal` ends the line.
  /// - Parameter columns: how many characters a line of the terminal holds. A line that is drawn again has to stay one; the last one
  ///   goes on below itself where it is longer, between two numbers.
  package mutating func text(
    step: Int, values: [(name: String, value: Double)], note: String = "", isFinal: Bool, now: Double, columns: Int = .max
  ) -> String {
    lastDrawn = now
    let perStep = secondsPerStep(step, now)
    let parts = values.map { " - \($0.name.printable): \(ProgressBar.number($0.value))" } + (note.isEmpty ? [] : [note])
    let padding = String(repeating: " ", count: max(0, String(target).count - String(step).count))
    // How many steps a stream has may not be known.
    let count = target > 0 || step == 0 ? "\(padding)\(step)/\(target)" : "\(step)/Unknown"
    let elapsed = String(format: "%.0fs", now - start)
    guard drawsBar else {
      return isFinal ? "\(count) - \(elapsed) -\(ProgressBar.time(perStep))\(parts.joined())\n" : ""
    }
    let time = isFinal ? elapsed : ProgressBar.remaining(perStep * Double(max(0, target - step)))
    let speed = ProgressBar.time(perStep)
    // The last column is left free: some terminals begin a new line when it is filled.
    let room = columns == .max ? columns : columns - 1
    let fixed = count.count + 2 + time.count + speed.count
    let wanted = parts.reduce(fixed) { $0 + $1.count }
    let width = min(ProgressBar.width, max(ProgressBar.leastWidth, room - wanted))
    // A stream may give more than it says that it has.
    let done = target > 0 ? min(width, width * step / target) : width
    var total = fixed + width
    let shown = parts.prefix { part in
      if part.count > room - total { return false }
      total += part.count
      return true
    }
    var text = String(repeating: "\u{8}", count: printedWidth) + "\r"
    text += styled(count, "1") + " "
    if done > 0 { text += styled(String(repeating: "━", count: done), "32") }
    // Without colours the two parts must differ in themselves.
    text += styled(String(repeating: usesColor ? "━" : "·", count: width - done), "37")
    text += " " + styled(time, "1") + speed + shown.joined()
    text += String(repeating: " ", count: max(0, printedWidth - total))
    printedWidth = total
    return isFinal ? text + ProgressBar.lines(parts.dropFirst(shown.count), columns: room) + "\n" : text
  }

  private func styled(_ text: String, _ style: String) -> String { usesColor ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text }

  /// The numbers that found no room, on lines below.
  private static func lines(_ parts: ArraySlice<String>, columns: Int) -> String {
    var text = ""
    var used = Int.max
    for part in parts {
      if used > columns - part.count {
        text += "\n   "
        used = 3
      }
      text += part
      used += part.count
    }
    return text
  }

  private func secondsPerStep(_ step: Int, _ now: Double) -> Double {
    if step == 0 { return 0 }
    if let afterFirstStep, step > 1 { return (now - afterFirstStep) / Double(step - 1) }
    return (now - start) / Double(step)
  }

  static func number(_ value: Double) -> String {
    String(format: Swift.abs(value) > 1e-3 ? "%.4f" : "%.4e", value)
  }

  private static func remaining(_ seconds: Double) -> String {
    let whole = Int(max(0, min(seconds, 1e9)))
    if seconds > 3600 { return String(format: "%d:%02d:%02d", whole / 3600, whole % 3600 / 60, whole % 60) }
    if seconds > 60 { return String(format: "%d:%02d", whole / 60, whole % 60) }
    return "\(whole)s"
  }

  private static func time(_ perStep: Double) -> String {
    if perStep >= 1 || perStep == 0 { return String(format: " %.0fs/step", perStep) }
    if perStep >= 1e-3 { return String(format: " %.0fms/step", perStep * 1e3) }
    return String(format: " %.0fus/step", perStep * 1e6)
  }
}
