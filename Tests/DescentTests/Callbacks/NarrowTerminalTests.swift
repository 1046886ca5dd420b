import Descent
import DescentTestSupport
import Testing

/// The bar in terminals that are narrow, have no colours, or belong to somebody whose metrics have odd names.
@Suite struct NarrowTerminalTests {
  private let numbers = [("accuracy", 0.81), ("loss", 0.5), ("val_accuracy", 0.79), ("val_loss", 0.6)]

  /// What stands on the lines once the escapes are taken out.
  private func lines(_ text: String) -> [String] {
    text.replacing(/\u{1B}\[[0-9]*m/, with: "").replacing("\u{8}", with: "").replacing("\r", with: "").split(separator: "\n").map(String.init)
  }

  @Test(arguments: [30, 40, 50, 60, 80, 100, 200])
  func `No line is longer than the terminal, and no word is broken`(_ columns: Int) {
    var bar = ProgressBar(target: 1500, drawsBar: true, now: 100)
    let running = bar.text(step: 700, values: numbers.map { (name: $0.0, value: $0.1) }, isFinal: false, now: 101, columns: columns)
    #expect(lines(running).count == 1 && !running.contains("\n"))
    let last = bar.text(step: 1500, values: numbers.map { (name: $0.0, value: $0.1) }, isFinal: true, now: 102, columns: columns)
    for line in lines(running) + lines(last) { #expect(line.trimmingSuffix(" ").count < columns, "\(line)") }
    // Nothing is lost at the end.
    let words = lines(last).joined(separator: " ").split(separator: " ").joined(separator: " ")
    #expect(words.hasSuffix("- accuracy: 0.8100 - loss: 0.5000 - val_accuracy: 0.7900 - val_loss: 0.6000"), "\(words)")
  }

  @Test func `Without colours the two parts of the bar differ`() {
    var bar = ProgressBar(target: 10, drawsBar: true, usesColor: false, now: 100)
    let text = bar.text(step: 5, values: [("loss", 0.5)], isFinal: false, now: 101)
    #expect(!text.unicodeScalars.contains("\u{1B}"))
    #expect(text.contains(" ━━━━━━━━━━·········· "))
  }

  @Test func `Names of metrics do not steer the terminal`() {
    for drawsBar in [true, false] {
      var bar = ProgressBar(target: 10, drawsBar: drawsBar, usesColor: false, now: 100)
      let text = bar.text(step: 10, values: [("a\u{1B}[2J\u{9B}", 0.5)], isFinal: true, now: 101)
      #expect(text.contains("- a\\u{1B}[2J\\u{9B}: 0.5000"))
    }
  }
}

extension String {
  fileprivate func trimmingSuffix(_ letter: Character) -> String { String(reversed().drop { $0 == letter }.reversed()) }
}
