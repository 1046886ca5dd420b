/// What is counted of a column's dates if they are read in one order.
struct DateScan {
  let dayFirst: Bool
  private(set) var count = 0
  private(set) var areAllAmbiguous = true
  private(set) var hasSlash = false, hasTime = false
  private(set) var minimum = Double.infinity, maximum = -Double.infinity
  private var weekdays: Set<Int> = [], months: Set<Int> = [], daysOfMonth: Set<String> = []
  private var sample: [Double] = [], stride = 1, mean = 0.0, squares = 0.0

  init(dayFirst: Bool) { self.dayFirst = dayFirst }

  mutating func add(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let date = TableDate(text, dayFirst: dayFirst) else { return false }
    count += 1
    areAllAmbiguous = areAllAmbiguous && date.isAmbiguous
    if text.contains(UInt8(ascii: "/")) { hasSlash = true }
    if date.hasTime && date.days != date.days.rounded(.down) { hasTime = true }
    minimum = min(minimum, date.days)
    maximum = max(maximum, date.days)
    let difference = date.days - mean
    mean += difference / Double(count)
    squares += difference * (date.days - mean)
    if count <= 10_000 {
      weekdays.insert(Int(DatePart.weekday.value(date.days, origin: 0)))
      let day = TableDate.text(days: date.days.rounded(.down))
      months.insert(Int(day.dropFirst(5).prefix(2)) ?? 0)
      daysOfMonth.insert(String(day.suffix(2)))
    }
    if (count - 1) % stride == 0 { sample.append(date.days) }
    if sample.count > 1 << 16 {
      sample = sample.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      stride *= 2
    }
    return true
  }

  var median: Double { ColumnScan.median(sample) }
  var meanDays: Double { mean }
  var deviation: Double { max((squares / Double(max(count, 1))).squareRoot(), 1e-6) }

  /// The parts that differ from row to row.
  var parts: [DatePart] {
    var parts: [DatePart] = [.elapsed]
    if months.count > 2 && maximum - minimum > 60 { parts += [.yearSine, .yearCosine] }
    if hasTime { parts += [.daySine, .dayCosine] }
    if weekdays.count > 1 && daysOfMonth.count > 1 { parts.append(.weekday) }
    return parts
  }
}
