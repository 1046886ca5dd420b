import Descent
import Foundation

/// Where a command's words go. Texts from files do not steer the terminal.
///
/// Of several processes with one command line, rank 0 speaks; errors are everybody's.
enum Output {
  /// Writes a text and a line's end to standard output.
  static func line(_ text: String) { plain(text.printableLines + "\n") }

  /// Writes text of our own making, such as numbers, to standard output as it is.
  static func plain(_ text: String) {
    if CommandGroup.isLeader { StandardOutput.write(text) }
  }

  /// Writes to standard error what somebody should know who reads nothing else.
  static func remark(_ text: String) {
    if CommandGroup.isLeader { error("Remark: \(text)") }
  }

  static func error(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data((text.printableLines + "\n").utf8)) }
}
