/// What is counted of a column's fields, row by row.
struct ColumnScan {
  /// More different texts than that are not told apart.
  static let greatestTextCount = 1 << 16
  /// Of columns of numbers, whose texts are of use for few of them only.
  private static let greatestNumberTextCount = 4_096
  /// More values than that are thinned out evenly for the median.
  private static let greatestSampleCount = 1 << 16

  private(set) var rows = 0, missing = 0, numberCount = 0
  private(set) var mean = 0.0, minimum = Double.infinity, maximum = -Double.infinity
  private var squares = 0.0
  private(set) var isWhole = true
  /// Whether each number is that of the row before it and one for each row between.
  private var rowOffset: Double?, followsRows = true
  private var sample: [Double] = [], stride = 1
  private(set) var texts = ByteTable()
  private(set) var counts: [Int] = []
  private(set) var hasAllTexts = true
  private var keepsTexts = true
  /// Whether numbers are told apart however many there are, as the column's values are said to be names.
  private let hasNames: Bool

  init(hasNames: Bool = false) { self.hasNames = hasNames }

  private var words = 0
  private(set) var firstOdd: String?
  private var dates: [DateScan]? = [DateScan(dayFirst: false), DateScan(dayFirst: true)]
  private var dateFailures = 0

  /// - Parameters:
  ///   - number: the row's.
  mutating func add(_ row: TableRow, _ column: Int, number rowNumber: Int) {
    rows += 1
    switch row.value(column) {
    case .missing:
      missing += 1
      return
    case .number(let number):
      numberCount += 1
      let difference = number - mean
      mean += difference / Double(numberCount)
      squares += difference * (number - mean)
      minimum = min(minimum, number)
      maximum = max(maximum, number)
      if isWhole && number != number.rounded() { isWhole = false }
      if followsRows {
        let offset = number - Double(rowNumber)
        if let rowOffset, rowOffset != offset { followsRows = false }
        rowOffset = offset
      }
      keep(number)
      if keepsTexts { row.withText(column) { count($0) } }
      if keepsTexts && !hasNames && texts.count > ColumnScan.greatestNumberTextCount && numberCount + missing == rows {
        texts = ByteTable()
        counts = []
        (hasAllTexts, keepsTexts) = (false, false)
      }
    case .text:
      followsRows = false
      row.withText(column) { addText($0) }
    }
  }

  private mutating func addText(_ text: UnsafeRawBufferPointer) {
    if firstOdd == nil { firstOdd = String(decoding: text, as: UTF8.self) }
    words += text.count { $0 == 0x20 } + 1
    if keepsTexts { count(text) }
    if var scans = dates {
      dates = nil
      var isDate = false
      for place in scans.indices where scans[place].add(text) { isDate = true }
      if !isDate { dateFailures += 1 }
      // What has no date in it at first is no column of dates.
      if dateFailures < 20 || dateFailures * 20 < scans[0].count { dates = scans }
    }
  }

  private mutating func count(_ text: UnsafeRawBufferPointer) {
    if let known = texts.place(of: text) {
      counts[known] += 1
    } else if texts.count < ColumnScan.greatestTextCount {
      texts.add(text)
      counts.append(1)
    } else {
      hasAllTexts = false
    }
  }

  private mutating func keep(_ number: Double) {
    if (numberCount - 1) % stride == 0 { sample.append(number) }
    guard sample.count > ColumnScan.greatestSampleCount else { return }
    sample = sample.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    stride *= 2
  }

  // MARK: - What was found

  var present: Int { rows - missing }
  var oddCount: Int { present - numberCount }
  /// The square root of the mean square distance from the mean; 1 where all are one.
  var deviation: Double {
    let deviation = numberCount > 0 ? (squares / Double(numberCount)).squareRoot() : 0
    return deviation > 1e-12 * max(abs(mean), 1e-300) ? deviation : 1
  }

  /// The middle value.
  var median: Double { ColumnScan.median(sample) }

  static func median(_ values: [Double]) -> Double {
    if values.isEmpty { return 0 }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// Different values, as far as they are told apart.
  var different: Int { hasAllTexts ? texts.count : max(texts.count, ColumnScan.greatestNumberTextCount + 1) }
  var areAllDifferent: Bool { hasAllTexts && texts.count == present }
  /// Whether the numbers count the rows.
  var countsRows: Bool { followsRows && numberCount == rows && rows > 1 && (rowOffset == 0 || rowOffset == 1) }
  var meanWordCount: Double { oddCount > 0 ? Double(words) / Double(oddCount) : 0 }

  /// How the dates are to be read, if the column holds some.
  var dateScan: DateScan? {
    guard numberCount == 0, present > 0, let dates else { return nil }
    // Where the order can be told by no date, it is what the separator is used with most.
    let monthFirst = dates[0], dayFirst = dates[1]
    let best = monthFirst.count == dayFirst.count ? (monthFirst.hasSlash ? monthFirst : dayFirst) : monthFirst.count > dayFirst.count ? monthFirst : dayFirst
    return Double(best.count) >= 0.95 * Double(present) ? best : nil
  }
}
