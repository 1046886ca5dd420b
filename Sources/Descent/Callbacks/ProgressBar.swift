import Foundation

/// The text of a progress bar, as Keras's `Progbar` writes it.
package struct ProgressBar {
  private let target: Int
  private let drawsBar: Bool
  private let width = 20
  /// Seconds between two drawings.
  static let interval = 0.05

  private let start: Double
  private var lastDrawn = 0.0
  private var afterFirstStep: Double?
  private var printedWidth = 0

  package init(target: Int, drawsBar: Bool, now: Double) {
    self.target = target
    self.drawsBar = drawsBar
    start = now
  }

  /// Whether it is time to draw again.
  package mutating func isDue(after step: Int, now: Double) -> Bool {
    // The first step includes tracing and is not typical.
    if step == 1 { afterFirstStep = now }
    return drawsBar && now - lastDrawn >= ProgressBar.interval
  }

  /// What to print after a step; `isFinal` ends the line.
  package mutating func text(
    step: Int, values: [(name: String, value: Double)], note: String = "", isFinal: Bool, now: Double
  ) -> String {
    lastDrawn = now
    let perStep = secondsPerStep(step, now)
    let numbers = values.map { " - \($0.name): \(ProgressBar.number($0.value))" }.joined() + note
    let padding = String(repeating: " ", count: max(0, String(target).count - String(step).count))
    // How many steps a stream has may not be known.
    let count = target > 0 || step == 0 ? "\(padding)\(step)/\(target)" : "\(step)/Unknown"
    let elapsed = String(format: "%.0fs", now - start)
    guard drawsBar else {
      return isFinal ? "\(count) - \(elapsed) -\(ProgressBar.time(perStep))\(numbers)\n" : ""
    }
    let done = target > 0 ? width * step / target : width
    let time = isFinal ? elapsed : ProgressBar.remaining(perStep * Double(target - step))
    let tail = "\(ProgressBar.time(perStep))\(numbers)"
    var text = String(repeating: "\u{8}", count: printedWidth) + "\r"
    text += "\u{1B}[1m\(count)\u{1B}[0m "
    if done > 0 { text += "\u{1B}[32m\(String(repeating: "━", count: done))\u{1B}[0m" }
    text += "\u{1B}[37m\(String(repeating: "━", count: width - done))\u{1B}[0m"
    text += " \u{1B}[1m\(time)\u{1B}[0m\(tail)"
    let total = count.count + 1 + width + 1 + time.count + tail.count
    text += String(repeating: " ", count: max(0, printedWidth - total))
    printedWidth = total
    return isFinal ? text + "\n" : text
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
