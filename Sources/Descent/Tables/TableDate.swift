import Foundation

/// A date, a time of day, or both, as people write them in tables.
///
/// Dates are `2024-01-31`, `31.01.2024`, `31/01/2024`, `01/31/2024`, `31 Jan 2024`, `Jan 31, 2024`, `2024년 1월 31일`, with any of `-`, `/`, `.` and spaces
/// between the parts; a time may follow (`T12:30`, ` 12:30:15.5`, with `Z` or `+09:00`), or stand alone. Years have four digits.
struct TableDate: Equatable {
  /// From 1970-01-01, 00:00 UTC on; of a time alone, the part of the day.
  let days: Double
  /// Whether the order of day and month could be told only by a rule.
  let isAmbiguous: Bool
  /// Whether a time of day was written.
  let hasTime: Bool

  /// - Parameter dayFirst: whether the day stands before the month where both are numbers.
  init?(_ text: UnsafeRawBufferPointer, dayFirst: Bool) {
    guard (4...40).contains(text.count) else { return nil }
    var parts: [(value: Int, digits: Int)] = []
    var month: Int?
    var place = 0
    // The date: three numbers, or two and the name of a month.
    func isDigit(_ place: Int) -> Bool { place < text.count && text[place] &- 0x30 < 10 }
    var seconds: Double?
    while place < text.count {
      let byte = text[place]
      if isDigit(place) {
        let start = place
        var value = 0
        while isDigit(place), place - start < 9 {
          value = value * 10 + Int(text[place] - 0x30)
          place += 1
        }
        if isDigit(place) { return nil }
        if place < text.count, text[place] == UInt8(ascii: ":"), parts.isEmpty && month == nil || parts.count + (month == nil ? 0 : 1) == 3 {
          guard place - start <= 2, let time = TableDate.time(text, from: start) else { return nil }
          seconds = time
          place = text.count
          break
        }
        parts.append((value, place - start))
        if parts.count > 3 { return nil }
      } else if byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") {
        let start = place
        while place < text.count, text[place] | 0x20 >= UInt8(ascii: "a") && text[place] | 0x20 <= UInt8(ascii: "z") { place += 1 }
        if place - start == 1 && byte | 0x20 == UInt8(ascii: "t") && parts.count == 3 { continue }
        guard month == nil, place - start >= 3, parts.count < 3 else { return nil }
        let word = String(decoding: text[start..<place], as: UTF8.self).lowercased()
        guard let found = TableDate.months.firstIndex(where: { $0 == word || $0.prefix(3) == word || ($0.prefix(4) == word && word == "sept") })
        else { return nil }
        month = found + 1
      } else if byte < 0x80 {
        guard [UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: ","), 0x20].contains(byte) else { return nil }
        // Numbers and words begin with none.
        if place == 0 { return nil }
        place += 1
      } else {
        // 년, 월, 일.
        guard !parts.isEmpty, let mark = TableDate.koreanMarks.first(where: { text[place...].starts(with: $0) }) else { return nil }
        place += mark.count
      }
    }
    hasTime = seconds != nil
    if parts.isEmpty && month == nil {
      guard let seconds else { return nil }
      (days, isAmbiguous) = (seconds / 86_400, false)
      return
    }
    let (year, monthNumber, day, ambiguous): (Int, Int, Int, Bool)
    if let month {
      guard parts.count == 2 else { return nil }
      (year, day) = parts[0].digits == 4 ? (parts[0].value, parts[1].value) : (parts[1].value, parts[0].value)
      guard parts.contains(where: { $0.digits == 4 }) else { return nil }
      (monthNumber, ambiguous) = (month, false)
    } else {
      guard parts.count == 3 else { return nil }
      let values = parts.map(\.value)
      if parts[0].digits == 4 {
        guard parts[1].digits <= 2, parts[2].digits <= 2 else { return nil }
        (year, monthNumber, day, ambiguous) = (values[0], values[1], values[2], false)
      } else {
        guard parts[2].digits == 4, parts[0].digits <= 2, parts[1].digits <= 2 else { return nil }
        (year, ambiguous) = (values[2], values[0] <= 12 && values[1] <= 12)
        (day, monthNumber) = dayFirst ? (values[0], values[1]) : (values[1], values[0])
      }
    }
    guard let whole = TableDate.days(year: year, month: monthNumber, day: day) else { return nil }
    days = Double(whole) + (seconds ?? 0) / 86_400
    isAmbiguous = ambiguous
  }

  private static let months = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
  ]
  private static let koreanMarks: [[UInt8]] = ["년", "월", "일"].map { Array($0.utf8) }

  /// Seconds of `12:30`, `12:30:15.5`, with AM or PM, `Z` or a distance from UTC behind it.
  private static func time(_ text: UnsafeRawBufferPointer, from start: Int) -> Double? {
    var rest = String(decoding: text[start...], as: UTF8.self).trimmingCharacters(in: .whitespaces).lowercased()
    var shift = 0.0, hours: Double?
    for (ending, offset) in [("am", 0.0), ("pm", 12.0)] where rest.hasSuffix(ending) {
      rest = rest.dropLast(2).trimmingCharacters(in: .whitespaces)
      hours = offset
    }
    if rest.hasSuffix("z") {
      rest.removeLast()
    } else if let sign = rest.lastIndex(where: { $0 == "+" || $0 == "-" }) {
      let zone = rest[rest.index(after: sign)...].filter { $0 != ":" }
      guard zone.count == 4 || zone.count == 2, let number = Int(zone) else { return nil }
      let (hour, minute) = zone.count == 4 ? (number / 100, number % 100) : (number, 0)
      shift = Double(hour * 60 + minute) * (rest[sign] == "+" ? -60 : 60)
      rest = String(rest[..<sign])
    }
    let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, var hour = Int(parts[0]), let minute = Int(parts[1]), let second = parts.count == 3 ? Double(parts[2]) : 0,
      (0...24).contains(hour), (0..<60).contains(minute), second >= 0, second < 61
    else { return nil }
    if let hours {
      guard (1...12).contains(hour) else { return nil }
      hour = hour % 12 + Int(hours)
    }
    return Double(hour * 3_600 + minute * 60) + second + shift
  }

  /// Days from 1970-01-01 of a day of the Gregorian calendar; nil if there is none.
  static func days(year: Int, month: Int, day: Int) -> Int? {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...9_999).contains(year), (1...12).contains(month), (1...lengths[month - 1]).contains(day) else { return nil }
    // Years that begin in March, in cycles of 400 (Hinnant, "chrono-compatible low-level date algorithms").
    let shifted = month > 2 ? year : year - 1
    let cycle = shifted / 400, yearOfCycle = shifted % 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return cycle * 146_097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear - 719_468
  }

  /// The day as `2024-01-31`, with the time where there is one.
  static func text(days: Double) -> String {
    let whole = Int(days.rounded(.down))
    let shifted = whole + 719_468
    let cycle = Int((Double(shifted) / 146_097).rounded(.down)), dayOfCycle = shifted - cycle * 146_097
    let yearOfCycle = (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
    let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let number = month < 10 ? month + 3 : month - 9
    func padded(_ value: Int, _ count: Int) -> String { String(repeating: "0", count: max(0, count - String(value).count)) + String(value) }
    let date = "\(padded(yearOfCycle + cycle * 400 + (number <= 2 ? 1 : 0), 4))-\(padded(number, 2))-\(padded(day, 2))"
    let minutes = Int(((days - Double(whole)) * 1_440).rounded())
    return minutes == 0 ? date : "\(date) \(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
  }
}

/// A part of a date that is a number or a category of its own.
public enum DatePart: String, Sendable, CaseIterable {
  /// Days since the first date of the training rows.
  case elapsed
  /// The sine and the cosine of the place in the year, of a turn from 1 January on.
  case yearSine = "year_sine", yearCosine = "year_cosine"
  /// The sine and the cosine of the time of the day, of a turn from midnight on.
  case daySine = "day_sine", dayCosine = "day_cosine"
  /// Monday to Sunday.
  case weekday

  /// The names of the weekdays by number.
  static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

  /// - Parameter days: since 1970-01-01.
  func value(_ days: Double, origin: Double) -> Double {
    let turn = 2 * Double.pi
    switch self {
    case .elapsed: return days - origin
    case .yearSine: return sin(turn * days / 365.2425)
    case .yearCosine: return cos(turn * days / 365.2425)
    case .daySine: return sin(turn * (days - days.rounded(.down)))
    case .dayCosine: return cos(turn * (days - days.rounded(.down)))
    // 1 January 1970 was a Thursday.
    case .weekday: return Double(((Int(days.rounded(.down)) + 3) % 7 + 7) % 7)
    }
  }
}
