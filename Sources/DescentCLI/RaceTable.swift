import Descent
import Foundation

/// A race in numbers.
struct RaceTable {
  let race: Race

  init(_ race: Race) { self.race = race }

  var text: String {
    let steps = race.runs.first.map { $0.points.count - 1 } ?? 0
    let marks = Array(Set([0, steps / 4, steps / 2, steps * 3 / 4, steps])).sorted()
    let heading = ["optimizer"] + marks.map { "f after \($0)" } + ["end point"]
    let rows = race.runs.map { run in
      [Race.label(run.optimizer).name] + marks.map { number(run.values[$0]) } + [point(run.points.last ?? [])]
    }
    // The settings of a run may be long: below its numbers they need not be broken into narrow columns.
    var lines = TextTable(rows: [heading] + rows, rightAligned: Set(1...marks.count), indent: 0).text.components(separatedBy: "\n")
    for (index, run) in race.runs.enumerated().reversed() where index % race.startCount == race.startCount - 1 {
      let settings = wrapped(Race.label(run.optimizer).settings, to: TextTable.width - 2)
      lines.insert(contentsOf: settings.map { "  " + $0 }, at: index + 2)
    }
    return """
      \(race.function.name): f(x, y) = \(race.function.formula), \(race.function.about)
      from \(race.runs.prefix(race.startCount).map { point($0.points.first ?? []) }.joined(separator: ", ")), \(steps) steps

      \(lines.joined(separator: "\n"))
      """
  }

  private func point(_ point: [Double]) -> String { "(" + point.map(number).joined(separator: ", ") + ")" }

  private func number(_ value: Double) -> String { value.isNaN ? "nan" : String(format: "%.5g", value) }
}
