import DescentTestSupport
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@testable import Descent

@Suite struct HistoryPictureTests {
  private func history(_ epochs: Int = 4, validation: Bool = true) throws -> History {
    let model = try SmallData.model(metrics: [.accuracy])
    let schedule = LearningRateScheduler { epoch, _ in 0.01 / Double(1 << epoch) }
    return try model.fit(
      SmallData.x(), SmallData.labels, epochs: epochs, verbose: 0, callbacks: [schedule], validationSplit: validation ? 0.2 : 0)
  }

  @Test func `a history has a panel for each number`() throws {
    let history = try history()
    #expect(RunCurves.panels([RunCurves(history)]) == ["loss", "accuracy", "learning_rate"])
    let svg = history.svg
    #expect(svg.components(separatedBy: "class=\"a\"").count == 4)
    #expect(svg.contains(">training<") && svg.contains(">validation<") && svg.contains("prefers-color-scheme:dark"))
    // XML that a parser takes.
    let parser = XMLParser(data: Data(svg.utf8))
    #expect(parser.parse())
    try withTemporaryFolder { folder in
      try history.plot(folder + "/h.svg")
      #expect(try String(contentsOfFile: folder + "/h.svg", encoding: .utf8) == svg)
    }
    #expect(failure(.state) { try History().plot("nowhere.svg") }.contains("no epochs"))
  }

  @Test func `curves are read back from what runs write`() throws {
    try withTemporaryFolder { folder in
      let history = try history()
      try history.writeCSV(to: folder + "/history.csv")
      let curves = try RunCurves(folder)
      #expect(curves.epochs == history.epochs && curves.values.keys.sorted() == history.names)
      for name in history.names { #expect(curves.values[name] == history[name]) }
      for (text, message) in [("a,b\n1,2\n", "does not begin with 'epoch'"), ("epoch,loss\n0\n", "line 2 has 1 cells"), ("epoch,loss\n0,x\n", "'x' is no number")] {
        try text.write(toFile: folder + "/bad.csv", atomically: true, encoding: .utf8)
        #expect(failure { try RunCurves(folder + "/bad.csv") }.contains(message))
      }
    }
  }

  @Test func `ticks are round numbers within the range`() {
    #expect(ChartScale.linear.ticks(0...1, about: 5).map { ($0 * 10).rounded() / 10 } == [0, 0.2, 0.4, 0.6, 0.8, 1])
    #expect(ChartScale.logarithmic.ticks(-4...0, about: 6).map(Chart.short) == ["0.0001", "0.001", "0.01", "0.1", "1"])
    #expect(ChartScale.logarithmic.ticks(-1.2...0.1, about: 6).map(Chart.short) == ["0.1", "0.2", "0.5", "1"])
    for scale in [ChartScale.linear, .logarithmic] {
      for (low, width) in [(-3.0, 1e-9), (1e6, 3), (-5, 1000), (0, 0.5)] where scale == .linear || width < 300 && low < 300 {
        let ticks = scale.ticks(low...(low + width), about: 5)
        #expect(ticks.count <= 25)
      }
    }
    #expect(ChartScale.logarithmic.range([0, -1, .nan]) == 0...1)
    let one = ChartScale.linear.range([5])
    #expect(one.contains(5) && one.upperBound > one.lowerBound)
  }

  @Test func `a terminal shows the curve`() {
    let text = TerminalPlot([("loss", [4, 3, 2, 1]), ("val_loss", [4, .nan, 3, 2])], width: 40, height: 4).text
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.count == 7 && lines[0].contains("• loss") && lines[0].contains("∘ val_loss"))
    // Down one line an epoch.
    let places = lines[1...4].compactMap { line in line.firstIndex(of: "•").map { line.distance(from: line.startIndex, to: $0) } }
    #expect(places == places.sorted() && Set(places).count >= 3)
    #expect(TerminalPlot([("loss", [.nan])]).text.isEmpty)
  }

  @Test func `the table has the first and the last epoch`() throws {
    let history = try history(50, validation: false)
    let lines = history.table(limit: 5).split(separator: "\n")
    #expect(lines.count == 6 && lines[1].contains("    1  ") && lines[5].contains("   50  "))
    #expect(Set(lines.map(\.count)).count == 1)
  }
}
