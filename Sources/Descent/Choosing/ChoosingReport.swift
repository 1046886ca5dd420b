import Foundation
import Optimizers
import TensorCore

/// What a report tells of the circumstances.
public struct ReportCircumstances: Sendable {
  /// The data in a line.
  public var data: String
  /// The model in a line or two.
  public var model: String
  /// The command or program that made the comparison.
  public var command: String
  /// Of Descent.
  public var version: String

  /// An empty text leaves its line out of the report.
  /// - Parameters:
  ///   - data: what the data are, in a line.
  ///   - model: what the model is, in a line or two.
  ///   - command: the command or program that made the comparison.
  ///   - version: of Descent.
  public init(data: String = "", model: String = "", command: String = "", version: String = "") {
    self.data = data
    self.model = model
    self.command = command
    self.version = version
  }
}

extension OptimizerChoice {
  /// The comparison as one page of HTML that needs nothing else: no script, no other file; in the light, in the dark, on paper and on a
  /// telephone.
  public func html(_ circumstances: ReportCircumstances = ReportCircumstances()) -> String { ChoosingReport(self, circumstances).html }
}

/// The page of a comparison.
struct ChoosingReport {
  private let choice: OptimizerChoice
  private let circumstances: ReportCircumstances
  private let metric: String
  /// Finalists' colours are the same in all charts.
  private let colors: [String: Int]

  init(_ choice: OptimizerChoice, _ circumstances: ReportCircumstances) {
    self.choice = choice
    self.circumstances = circumstances
    metric = choice.metricName
    let names = choice.finalScores.map(\.name) + choice.probes.map(\.candidate)
    var colors: [String: Int] = [:]
    for name in names where colors[name] == nil { colors[name] = colors.count }
    self.colors = colors
  }

  var html: String {
    HTMLPage.text(
      title: "Which optimizer? \(choice.recommendedName ?? "no answer")",
      body: """
        <h1>Which optimizer?</h1>
        <p class="verdict">\(HTMLPage.escaped(choice.verdict))</p>
        \(paste)
        \(finalTable)
        \(HTMLPage.charts([differences, curves(againstTime: false), curves(againstTime: true), timeToTarget].compactMap { $0 } + [bestOf, costs, memory].compactMap { $0 }))
        <h2>Sensitivity to the learning rate</h2>
        <p>Every setting that was tried, judged at a ninth of a full run by \(HTMLPage.escaped(metric)), all on one scale. An optimizer whose good values span a wide range forgives a rate that is a little off.</p>
        \(widthTable)
        \(HTMLPage.charts(choice.probes.compactMap { sensitivity($0.candidate) }, areSmall: true))
        <h2>Every run</h2>
        \(allTrials)
        <h2>What was fixed</h2>
        \(fixed)
        """)
  }

  private var paste: String {
    guard let code = choice.code, let json = choice.recommended else { return "" }
    let schedule = json["config"]?["learning_rate"]?.object != nil
      ? "<p>Its schedule is for runs of \(Chart.short(choice.epochsOfARun)) epochs of these rows in batches of \(choice.options.batchSize).</p>" : ""
    return """
      <pre>\(HTMLPage.escaped(code))</pre>
      <p>On the command line: <code>descent train --optimizer recommended.json --epochs \(Int(choice.epochsOfARun.rounded()))</code></p>
      \(schedule)
      """
  }

  // MARK: - Tables

  private var finalTable: String {
    let hasTest = !choice.testScores.isEmpty
    let head = ["finalist", "\(metric)", "better than \(choice.baseline) by", "interval", "p", "seconds a run"] + (hasTest ? ["test \(metric)"] : [])
    let rows = choice.finalScores.map { name, values -> [String] in
      let good = values.filter(\.isFinite), diverged = values.count - good.count
      let mean = ChoosingReport.mean(good), comparison = choice.comparisons.first { $0.name == name }
      let seconds = ChoosingReport.mean(choice.trials.filter { $0.stage == .final && $0.candidate == name }.map(\.seconds))
      var cells = [name, "\(ChoosingReport.four(mean)) ± \(Chart.short(ChoosingReport.deviation(good)))" + (diverged > 0 ? ", \(diverged) of \(values.count) diverged" : "")]
      if let comparison {
        cells += [Chart.short(comparison.mean), "\(Chart.short(comparison.interval.lowerBound)) to \(Chart.short(comparison.interval.upperBound))", Chart.short(comparison.p)]
      } else {
        cells += ["", "", ""]
      }
      cells.append(Chart.short(seconds))
      if hasTest { cells.append(choice.testScores[name]?[metric].map(ChoosingReport.four) ?? "") }
      return cells
    }
    let sure = Int((choice.options.confidence * 100).rounded())
    return """
      <h2>The finalists</h2>
      \(HTMLPage.table(head, rows))
      <p>Mean ± standard deviation of \(HTMLPage.escaped(metric)) on the rows kept apart, after \(Chart.short(choice.epochsOfARun)) epochs; \(choice.options.seeds == choice.plan.seeds ? "" : "shortened for the budget: ")\(choice.finalScores.map(\.values.count).max() ?? 0) runs each, with the same seeds. Differences are between runs of one seed; the intervals hold all together with \(sure) % (t-tests, corrected after Holm).</p>
      """
  }

  private var allTrials: String {
    let rows = choice.trials.map { trial in
      [
        trial.candidate, trial.stage.rawValue, "\(trial.number)", "\(trial.seed)", "\(trial.points.last?.step ?? 0)", Chart.short(trial.learningRate),
        trial.hasDiverged ? "diverged" : ChoosingReport.four(trial.score), Chart.short(trial.seconds), ChoosingReport.settings(trial.optimizer),
      ]
    }
    return HTMLPage.table(["candidate", "stage", "setting", "seed", "steps", "learning rate", metric, "seconds", "settings"], rows, isSmall: true, texts: [1, 8])
  }

  /// What is not at its default, in a line, without what is in a column of its own.
  private static func settings(_ optimizer: JSONValue) -> String {
    (optimizer["config"]?.object?.members ?? []).filter { $0.key != "learning_rate" || $0.value.object != nil }.map { key, value in
      "\(key) \(value.object.map { _ in value["class_name"]?.string ?? "schedule" } ?? value.double.map { SVGText.number($0, "%.6g") } ?? value.text())"
    }.joined(separator: ", ")
  }

  /// How many decades of rates are good with each optimizer.
  private var widthTable: String {
    let rows = choice.probes.compactMap { probe -> [String]? in
      let trials = firstRung(probe.candidate).filter { $0.score.isFinite }
      guard let best = trials.map(\.score).max(by: { choice.isGreaterBetter ? $0 < $1 : $0 > $1 }) else { return [probe.candidate, "all diverged", "", ""] }
      let margin = 0.05 * abs(best)
      let good = trials.filter { abs($0.score - best) <= margin }.map(\.learningRate)
      let width = log10((good.max() ?? 1) / (good.min() ?? 1))
      return [probe.candidate, ChoosingReport.four(best), "\(good.count) of \(firstRung(probe.candidate).count)", Chart.short(width)]
    }
    return HTMLPage.table(["candidate", "best \(metric)", "settings within 5 % of it", "decades they span"], rows)
  }

  private var fixed: String {
    let options = choice.options
    let budget = switch options.budget {
      case .epochs(let amount)?: "\(Chart.short(amount)) epochs in all"
      case .seconds(let amount)?: "\(Chart.short(amount)) seconds"
      case nil: "none"
    }
    let rows: [(String, String)] = [
      ("Data", circumstances.data), ("Model", circumstances.model), ("Judged by", "\(metric) on the rows kept apart; \(choice.isGreaterBetter ? "greater" : "less") is better"),
      ("A full run", "\(Chart.short(choice.epochsOfARun)) epochs, \(choice.plan.fullSteps) steps of \(options.batchSize) rows, judged \(choice.plan.legs) times"),
      ("Candidates", choice.probes.map(\.candidate).joined(separator: ", ")),
      ("Tuning", "\(choice.plan.tuningTrials) settings each: the defaults, and a scrambled Halton sequence over the learning rate (1.5 decades to each side of the range test) and over what the optimizer says matters; the better third goes on at \(choice.plan.rungs[0]) and \(choice.plan.rungs[1]) of \(choice.plan.legs) legs\(choice.plan.stepsPerLeg == choice.tuningPlan.stepsPerLeg ? "" : " of \(choice.tuningPlan.stepsPerLeg) steps (the final runs were shortened for the budget)"); at a constant rate, judged with averaged weights"),
      ("Final runs", "\(choice.plan.seeds) seeds; " + (options.schedule == .cosine ? "rate rises over a twentieth of the steps and falls with a cosine, but for optimizers that average by themselves" : "constant rate")),
      ("Diverged", "a loss that is not finite, or four times that of the first batch for a fiftieth of a full run"),
      ("Smallest difference", options.smallestDifference == 0 ? "any" : Chart.short(options.smallestDifference)), ("Budget", "\(budget); took \(Chart.short(choice.seconds)) seconds"),
      ("Seed", "\(options.seed)"), ("Machine", ChoosingReport.machine), ("Version", circumstances.version), ("Command", circumstances.command),
    ]
    return "<dl>\n" + rows.filter { !$0.1.isEmpty }.map { "<dt>\(HTMLPage.escaped($0.0))</dt><dd>\(HTMLPage.escaped($0.1))</dd>\n" }.joined() + "</dl>"
  }

  private static var machine: String {
    let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let name = info.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    return "\(name ?? "unknown processor"), \(ProcessorCount.available) cores, \(instructionSet)"
  }

  // MARK: - Charts

  private func finals(_ name: String) -> [OptimizerTrial] { choice.trials.filter { $0.stage == .final && $0.candidate == name } }
  private func firstRung(_ name: String) -> [OptimizerTrial] {
    choice.trials.filter { $0.stage == .tune && $0.candidate == name && $0.rung == 0 }
  }

  private var differences: Chart? {
    let shown = choice.comparisons.filter { $0.interval.lowerBound.isFinite }
    if shown.isEmpty { return nil }
    var chart = Chart(title: "Better than \(choice.baseline) by, run by run", xLabel: "\(metric), with intervals")
    chart.rowNames = shown.map(\.name)
    chart.height = 90 + 36 * Double(shown.count)
    for (row, comparison) in shown.enumerated() {
      let color = colors[comparison.name] ?? 0
      chart.series.append(
        Chart.Series(
          comparison.name, [(comparison.interval.lowerBound, Double(row)), (comparison.interval.upperBound, Double(row))], color: color, width: 5, isNamed: false))
      chart.series.append(
        Chart.Series("", comparison.differences.map { ($0, Double(row) - 0.25) }, color: color, hasLine: false, hasDots: true, isNamed: false))
    }
    chart.marks = [Chart.Mark(x: 0, label: "no difference")]
    return chart
  }

  private func curves(againstTime: Bool) -> Chart? {
    var chart = Chart(title: "\(metric) of the finalists", xLabel: againstTime ? "seconds of training" : "steps")
    for (name, _) in choice.finalScores {
      let runs = finals(name).filter { !$0.hasDiverged }
      guard let length = runs.map(\.points.count).min(), length > 0 else { continue }
      var points: [(x: Double, y: Double)] = [], band: [(low: Double, high: Double)] = []
      for place in 0..<length {
        let values = runs.map { $0.points[place].value }, x = runs.map { againstTime ? $0.points[place].seconds : Double($0.points[place].step) }
        points.append((ChoosingReport.mean(x), ChoosingReport.mean(values)))
        band.append((values.min()!, values.max()!))
      }
      chart.series.append(Chart.Series(name, points, color: colors[name] ?? 0, isDashed: name == choice.baseline, band: band))
    }
    return chart.series.isEmpty ? nil : chart
  }

  /// Values to reach: the one given, or the baseline's mean at 50, 80 and 100 % of its gain.
  private var targets: [Double] {
    if let target = choice.options.target { return [target] }
    let runs = finals(choice.baseline).filter { !$0.hasDiverged }
    guard let length = runs.map(\.points.count).min(), length > 1 else { return [] }
    let means = (0..<length).map { place in ChoosingReport.mean(runs.map { $0.points[place].value }) }
    return [0.5, 0.8, 1].map { means[0] + $0 * (means[length - 1] - means[0]) }
  }

  private var timeToTarget: Chart? {
    let targets = targets
    if targets.isEmpty || choice.finalScores.isEmpty { return nil }
    var chart = Chart(title: "Seconds to a value (bars: medians; no bar: not reached)", xLabel: "seconds of training")
    chart.rowNames = choice.finalScores.flatMap { name, _ in targets.map { "\(name) → \(ChoosingReport.four($0))" } }
    chart.height = 80 + 18 * Double(chart.rowNames?.count ?? 0)
    var row = 0
    for (name, _) in choice.finalScores {
      for target in targets {
        let times = finals(name).map { trial in
          trial.points.first { choice.isGreaterBetter ? $0.value >= target : $0.value <= target }?.seconds ?? .infinity
        }.sorted()
        let median = times.isEmpty ? Double.infinity : times[times.count / 2]
        let color = colors[name] ?? 0
        chart.series.append(Chart.Series("", times.filter(\.isFinite).map { ($0, Double(row)) }, color: color, hasLine: false, hasDots: true, isNamed: false))
        if median.isFinite { chart.series.append(Chart.Series("", [(0, Double(row)), (median, Double(row))], color: color, width: 4, isNamed: false)) }
        row += 1
      }
    }
    return chart.series.contains { !$0.points.isEmpty } ? chart : nil
  }

  /// The best of k settings drawn at random from those that were tried, on average: in closed form, from the order of the results.
  private var bestOf: Chart? {
    var chart = Chart(title: "Best of k settings, on average", xLabel: "settings tried (k)")
    for probe in choice.probes {
      let all = firstRung(probe.candidate).map(\.score)
      let good = all.filter(\.isFinite)
      guard !good.isEmpty else { continue }
      // From the worst to the best; runs that diverged count as the worst that there is.
      let ordered = good.sorted { choice.isGreaterBetter ? $0 < $1 : $0 > $1 }
      let sorted = Array(repeating: ordered[0], count: all.count - good.count) + ordered
      let n = sorted.count
      let points = (1...n).map { k -> (x: Double, y: Double) in
        let means = sorted.enumerated().map { rank, value -> Double in
          // The chance that the best of k without repetition is that of this rank: choose(rank, k − 1) / choose(n, k).
          rank + 1 < k ? 0 : value * Foundation.exp(ChoosingReport.logChoose(rank, k - 1) - ChoosingReport.logChoose(n, k))
        }
        return (Double(k), means.reduce(0, +))
      }
      let color = colors[probe.candidate] ?? 0
      chart.series.append(Chart.Series(probe.candidate, points, color: color, isDashed: color >= Picture.colorCount, hasDots: true))
    }
    return chart.series.isEmpty ? nil : chart
  }

  private static func logChoose(_ n: Int, _ k: Int) -> Double {
    lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1)
  }

  private func bars(_ title: String, _ label: String, _ value: (OptimizerProbe) -> Double) -> Chart? {
    if choice.probes.isEmpty { return nil }
    var chart = Chart(title: title, xLabel: label)
    chart.rowNames = choice.probes.map(\.candidate)
    chart.height = 90 + 26 * Double(choice.probes.count)
    for (row, probe) in choice.probes.enumerated() {
      chart.series.append(
        Chart.Series("", [(0, Double(row)), (value(probe), Double(row))], color: colors[probe.candidate] ?? 0, width: 10, isNamed: false))
    }
    return chart
  }

  /// Over the whole run with a candidate's own settings: probes are short, and a machine may be busy meanwhile.
  private var costs: Chart? {
    bars("Time of a step", "microseconds") { probe in
      let last = choice.trials.first { $0.stage == .defaults && $0.candidate == probe.candidate }?.points.last
      return 1e6 * (last.map { $0.seconds / Double(max(1, $0.step)) } ?? probe.secondsPerStep)
    }
  }
  private var memory: Chart? {
    let isLarge = choice.probes.contains { $0.stateBytes >= 1 << 20 }
    return bars("Memory of the optimizer's state", isLarge ? "mebibytes" : "kibibytes") { Double($0.stateBytes) / (isLarge ? 0x1p20 : 0x1p10) }
  }

  private func sensitivity(_ name: String) -> Chart? {
    let trials = firstRung(name)
    let good = trials.filter { $0.score.isFinite }.sorted { $0.learningRate < $1.learningRate }
    if good.isEmpty { return nil }
    var chart = Chart(title: name, xLabel: "learning rate", xScale: .logarithmic)
    chart.width = 300
    chart.height = 210
    chart.series = [Chart.Series(name, good.map { ($0.learningRate, $0.score) }, color: colors[name] ?? 0, width: 1, hasDots: true)]
    // One scale for all, so that they can be compared.
    let all = choice.probes.flatMap { firstRung($0.candidate) }.map(\.score).filter(\.isFinite)
    chart.yLimit = ChartScale.linear.range(all)
    chart.holdsYLimit = true
    for trial in trials where !trial.score.isFinite { chart.marks.append(Chart.Mark(x: trial.learningRate, label: "diverged")) }
    return chart
  }

  // MARK: - Numbers

  private static func mean(_ values: [Double]) -> Double { values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count) }
  private static func deviation(_ values: [Double]) -> Double {
    let mean = mean(values)
    return values.count < 2 ? .nan : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }
  private static func four(_ value: Double) -> String { SVGText.number(value, "%.4g") }
}
