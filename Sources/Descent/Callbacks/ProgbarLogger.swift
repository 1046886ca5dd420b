import Foundation

/// Shows progress: in a terminal one line that is drawn again, elsewhere one line an epoch. `fit`, `evaluate` and `predict` add
/// one unless `verbose` is 0. (Keras: `keras.callbacks.ProgbarLogger`.)
public final class ProgbarLogger: Callback {
  private let output: ProgressOutput
  private let drawsBar: Bool
  private let clock: () -> Double
  private var bar: ProgressBar
  private var isTraining = false
  private var seen = 0
  /// What stands before the bar: on a line above it, or before the numbers in the one line of an epoch.
  private var heading = ""
  /// Tells how many seconds were spent waiting for data so far.
  var secondsWaited: (() -> Double)?
  private var waitedBefore = 0.0
  /// Tells how many rows an epoch has seen so far, on all members of a group.
  var rowsCounted: (() -> Int)?
  /// When the last batch ended.
  private var trainedUntil = 0.0
  private var began = 0.0

  /// Nil if nothing is to be shown.
  convenience init?(_ verbosity: Verbosity, output: ProgressOutput = .standard) {
    guard let drawsBar = verbosity.drawsBar(onTerminal: output.isTerminal) else { return nil }
    self.init(drawsBar: drawsBar, output: output, clock: monotonicSeconds)
  }

  package init(drawsBar: Bool, output: ProgressOutput, clock: @escaping () -> Double) {
    self.drawsBar = drawsBar
    self.output = output
    self.clock = clock
    bar = ProgressBar(target: 0, drawsBar: drawsBar, now: 0)
  }

  public override var runsOnEveryRank: Bool { false }

  public override func onTrainBegin() { isTraining = true }

  public override func onEpochBegin(_ epoch: Int) {
    begin()
    if parameters.epochs > 1 { heading = "Epoch \(epoch + 1)/\(parameters.epochs)" }
    if drawsBar && !heading.isEmpty { output.write(heading + "\n") }
  }

  public override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) { step(batch, logs) }
  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) { end(logs) }

  public override func onTrainEnd(_ logs: Logs) {
    isTraining = false
    // An epoch that was cut short leaves a bar without its line's end.
    if seen > 0 && drawsBar { output.write("\n") }
  }

  // Validation within `fit` is silent.
  public override func onTestBegin() { if !isTraining { begin() } }
  public override func onTestBatchEnd(_ batch: Int, _ logs: Logs) { if !isTraining { step(batch, logs) } }
  public override func onTestEnd(_ logs: Logs) { if !isTraining { end(logs) } }

  public override func onPredictBegin() { begin() }
  public override func onPredictBatchEnd(_ batch: Int) { step(batch, nil) }
  public override func onPredictEnd() { end(nil) }

  private func begin() {
    began = clock()
    waitedBefore = secondsWaited?() ?? 0
    bar = ProgressBar(target: parameters.steps, drawsBar: drawsBar, usesColor: output.usesColor, now: began)
    seen = 0
    heading = ""
  }

  private func step(_ batch: Int, _ logs: Logs?) {
    seen = batch + 1
    let now = clock()
    trainedUntil = now
    // Reading the numbers costs more than a step, so it is done only when they are shown.
    guard bar.isDue(after: seen, now: now) else { return }
    output.write(bar.text(step: seen, values: values(logs), note: note(now), isFinal: false, now: now, columns: output.width()))
  }

  private func end(_ logs: Logs?) {
    let now = clock()
    let text = bar.text(
      step: seen, values: values(logs), note: note(now), isFinal: true, now: now, columns: output.width())
    output.write(drawsBar || heading.isEmpty ? text : heading + " - " + text)
    seen = 0
  }

  /// The pace of a group, and the part of the time that was spent waiting for data, if it was more than a tenth.
  private func note(_ now: Double) -> String {
    guard now > began else { return "" }
    var text = ""
    if let rowsCounted, isTraining, trainedUntil > began { text = " - \(Int((Double(rowsCounted()) / (trainedUntil - began)).rounded())) rows/s" }
    guard let secondsWaited else { return text }
    let part = (secondsWaited() - waitedBefore) / (now - began)
    return part > 0.1 ? text + " - \(Int((100 * part).rounded()))% waiting for data" : text
  }

  private func values(_ logs: Logs?) -> [(name: String, value: Double)] {
    guard let logs else { return [] }
    return logs.names.compactMap { name in logs[name].map { (name, $0) } }
  }
}

/// Seconds on a clock that nobody sets.
package func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
