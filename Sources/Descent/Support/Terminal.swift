import Foundation

/// What standard output is written on.
package enum Terminal {
  private static var environment: [String: String] { ProcessInfo.processInfo.environment }

  /// Whether standard output is a terminal on which a line can be drawn again.
  package static var canRedraw: Bool { isatty(STDOUT_FILENO) != 0 && environment["TERM"] != "dumb" }

  /// Whether colours are wanted: not where `NO_COLOR` is set to anything (<https://no-color.org>).
  package static var usesColor: Bool { canRedraw && (environment["NO_COLOR"] ?? "").isEmpty }

  /// How many characters a line holds: what `COLUMNS` says, or the terminal itself; nil if there is none.
  package static var columns: Int? {
    if let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 { return columns }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// ``columns``, or 80.
  package static var width: Int { columns ?? 80 }
}
