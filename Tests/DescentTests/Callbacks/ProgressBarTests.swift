import Descent
import DescentTestSupport
import Testing

/// A bar behind a reference, since expectations cannot change what they look at.
private final class Bar {
  private var bar: ProgressBar
  init(target: Int, drawsBar: Bool, now: Double) { bar = ProgressBar(target: target, drawsBar: drawsBar, now: now) }
  func isDue(after step: Int, now: Double) -> Bool { bar.isDue(after: step, now: now) }
  func text(step: Int, values: [(name: String, value: Double)], isFinal: Bool, now: Double) -> String {
    bar.text(step: step, values: values, isFinal: isFinal, now: now)
  }
}

/// What Keras 3.15.1's `Progbar` writes at the same times.
@Suite struct ProgressBarTests {
  private func back(_ count: Int) -> String { String(repeating: "\u{8}", count: count) }

  @Test func `In a terminal`() {
    let bar = Bar(target: 1500, drawsBar: true, now: 100)
    #expect(bar.isDue(after: 1, now: 100.5))
    #expect(bar.text(step: 1, values: [("accuracy", 0.1), ("loss", 2.3)], isFinal: false, now: 100.5)
      == "\r\u{1B}[1m   1/1500\u{1B}[0m \u{1B}[37m━━━━━━━━━━━━━━━━━━━━\u{1B}[0m \u{1B}[1m12:29\u{1B}[0m 500ms/step - accuracy: 0.1000 - loss: 2.3000")
    #expect(!bar.isDue(after: 2, now: 100.51))
    #expect(bar.isDue(after: 300, now: 100.6))
    #expect(bar.text(step: 300, values: [("accuracy", 0.5), ("loss", 0.00012)], isFinal: false, now: 100.6)
      == back(81) + "\r\u{1B}[1m 300/1500\u{1B}[0m \u{1B}[32m━━━━\u{1B}[0m\u{1B}[37m━━━━━━━━━━━━━━━━\u{1B}[0m \u{1B}[1m0s\u{1B}[0m 334us/step - accuracy: 0.5000 - loss: 1.2000e-04")
    // What a shorter line would leave of the longer one before is painted over.
    #expect(bar.text(step: 1499, values: [("accuracy", 0.8), ("loss", 0.5)], isFinal: false, now: 101.9)
      == back(82) + "\r\u{1B}[1m1499/1500\u{1B}[0m \u{1B}[32m━━━━━━━━━━━━━━━━━━━\u{1B}[0m\u{1B}[37m━\u{1B}[0m \u{1B}[1m0s\u{1B}[0m 935us/step - accuracy: 0.8000 - loss: 0.5000    ")
    #expect(bar.text(step: 1500, values: [("accuracy", 0.81), ("loss", 0.5), ("val_loss", 0.4)], isFinal: true, now: 102)
      == back(78) + "\r\u{1B}[1m1500/1500\u{1B}[0m \u{1B}[32m━━━━━━━━━━━━━━━━━━━━\u{1B}[0m\u{1B}[37m\u{1B}[0m \u{1B}[1m2s\u{1B}[0m 1ms/step - accuracy: 0.8100 - loss: 0.5000 - val_loss: 0.4000\n")
  }

  @Test func `Long times`() {
    let bar = Bar(target: 10, drawsBar: true, now: 100)
    _ = bar.isDue(after: 1, now: 200.5)
    #expect(bar.text(step: 1, values: [("loss", 2.3)], isFinal: false, now: 200.5).hasSuffix("\u{1B}[1m15:04\u{1B}[0m 100s/step - loss: 2.3000"))
    #expect(bar.text(step: 2, values: [("loss", 2.2)], isFinal: false, now: 1100).hasSuffix("\u{1B}[1m1:59:56\u{1B}[0m 900s/step - loss: 2.2000"))
    #expect(bar.text(step: 10, values: [("loss", 0.5)], isFinal: true, now: 9100).hasSuffix("\u{1B}[1m9000s\u{1B}[0m 989s/step - loss: 0.5000  \n"))
  }

  @Test func elsewhere() {
    let bar = Bar(target: 1500, drawsBar: false, now: 100)
    #expect(!bar.isDue(after: 1, now: 100.5))
    #expect(bar.text(step: 1500, values: [("accuracy", 0.81), ("loss", 0.5), ("val_loss", 0.4)], isFinal: true, now: 102)
      == "1500/1500 - 2s - 1ms/step - accuracy: 0.8100 - loss: 0.5000 - val_loss: 0.4000\n")
  }

  /// What a run shows, on a clock that goes on by 10 ms whenever somebody looks.
  private func shown(drawsBar: Bool, _ run: (Model, Callback) throws -> Void) throws -> String {
    var (text, time) = ("", 0.0)
    let logger = ProgbarLogger(drawsBar: drawsBar, output: ProgressOutput(isTerminal: drawsBar) { text += $0 }) {
      time += 0.01
      return time
    }
    try run(try SmallData.model(metrics: [.accuracy]), logger)
    return text
  }

  @Test func `One line an epoch`() throws {
    let text = try shown(drawsBar: false) { model, logger in
      try model.fit(
        SmallData.x(), SmallData.labels, batchSize: 4, epochs: 2, verbose: 0, callbacks: [logger], validationSplit: 0.2)
    }
    let lines = text.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("Epoch 1/2 - 12/12 - 0s - 11ms/step - accuracy: 0."))
    #expect(lines[1].contains(" - loss: ") && lines[1].contains(" - val_accuracy: ") && lines[1].contains(" - val_loss: "))
    let evaluation = try shown(drawsBar: false) { model, logger in
      try model.evaluate(SmallData.x(), SmallData.labels, verbose: 0, callbacks: [logger])
      _ = try model.predict(SmallData.x(), verbose: 0, callbacks: [logger])
    }
    #expect(evaluation.hasPrefix("2/2 - 0s - 20ms/step - accuracy: ") && evaluation.hasSuffix("\n2/2 - 0s - 20ms/step\n"))
  }

  @Test func `One line that is drawn again`() throws {
    let text = try shown(drawsBar: true) { model, logger in
      try model.fit(SmallData.x(), SmallData.labels, batchSize: 2, epochs: 2, verbose: 0, callbacks: [logger])
    }
    #expect(text.hasPrefix("Epoch 1/2\n\r") && text.contains("\nEpoch 2/2\n\r"))
    // Drawn every fifth of the 30 steps, 10 ms each, and at the end.
    #expect(text.split(separator: "\r").count == 1 + 2 * 7)
    #expect(text.split(separator: "\n").count == 4)
  }
}
