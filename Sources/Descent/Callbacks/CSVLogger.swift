import Foundation
import TensorCore

/// Writes the numbers of each epoch to a file as soon as it ends: `epoch`, then the names in alphabetical order.
///
/// The names are those of the first epoch it sees, and with validation also their `val_` counterparts; a number that an epoch
/// lacks is written as `NA`. A header that is appended to has to have all names of this run. Folders on the way to the file are made. (Keras: `keras.callbacks.CSVLogger`; here the file is closed however training ends.)
public final class CSVLogger: Callback {
  /// The file; see the initializer.
  public let path: String
  /// What stands between numbers.
  public let separator: String
  /// Goes on in a file that is there, under its header.
  public let append: Bool

  private var file: FileHandle?
  private var names: [String] = []
  /// The next line is the first under a header that was there.
  private var isFirstAppended = false

  /// - Parameters:
  ///   - path: the file, with a line for each epoch.
  ///   - separator: what stands between numbers.
  ///   - append: whether lines are added to a file that is there; otherwise it is replaced.
  public init(_ path: String, separator: String = ",", append: Bool = false) {
    self.path = path
    self.separator = separator
    self.append = append
  }

  public override var runsOnEveryRank: Bool { false }

  public override func onTrainBegin() throws {
    names = []
    let existing = append ? try header() : nil
    isFirstAppended = existing != nil
    if let existing {
      names = Array(existing.dropFirst())
    } else {
      try writeFile(path, text: "")
    }
    do {
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      let end = try handle.seekToEnd()
      // A file that somebody has edited may lack the end of its last line.
      if end > 0 {
        try handle.seek(toOffset: end - 1)
        let last = try handle.read(upToCount: 1)
        try handle.seekToEnd()
        if last != Data("\n".utf8) { try handle.write(contentsOf: Data("\n".utf8)) }
      }
      file = handle
    } catch {
      throw DescentError(.file, "\(path): cannot be written: \(error.localizedDescription)")
    }
  }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    var expected = logs.names
    if parameters.hasValidation && !expected.contains(where: { $0.hasPrefix("val_") }) {
      expected += expected.filter { $0 != "learning_rate" }.map { "val_" + $0 }
    }
    if names.isEmpty {
      names = expected
      try write(CSVLogger.line(["epoch"] + names, separator: separator))
    }
    if isFirstAppended, let lost = expected.first(where: { !names.contains($0) }) {
      throw DescentError(
        .file, "\(path): CSVLogger: its header has no '\(lost)', which this run logs: \(names.joined(separator: ", ")); it is not appended to")
    }
    isFirstAppended = false
    let cells = names.map { logs[$0].map { "\($0)" } ?? "NA" }
    try write(CSVLogger.line([String(epoch)] + cells, separator: separator))
  }

  /// The file so far: lines that were written after the checkpoint will be written again.
  public override func state() throws -> CallbackState? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return CallbackState(JSONObject([("text", .string(text))]))
  }

  public override func restore(_ state: CallbackState) throws {
    guard let text = state["text"]?.string, let file else { return }
    do {
      try file.truncate(atOffset: 0)
      try file.write(contentsOf: Data(text.utf8))
    } catch {
      throw DescentError(.file, "\(path): cannot be written: \(error.localizedDescription)")
    }
    names = try header().map { Array($0.dropFirst()) } ?? []
  }

  public override func onTrainEnd(_ logs: Logs) throws {
    try? file?.close()
    file = nil
  }

  private func write(_ text: String) throws {
    do {
      try file?.write(contentsOf: Data(text.utf8))
    } catch {
      throw DescentError(.file, "\(path): cannot be written: \(error.localizedDescription)")
    }
  }

  /// The columns of the file that is there, or nil if there is none.
  private func header() throws -> [String]? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    let longest = 1 << 16
    let start = try handle.read(upToCount: longest) ?? Data()
    if start.isEmpty { return nil }
    guard let end = start.firstIndex(of: UInt8(ascii: "\n")) ?? (start.count < longest ? start.endIndex : nil) else {
      throw DescentError(.file, "\(path): CSVLogger: it has no header line in its first \(longest) bytes; it is not appended to")
    }
    let columns = CSVLogger.cells(String(decoding: start[..<end], as: UTF8.self), separator: separator)
    guard columns.first == "epoch" else {
      throw DescentError(.file, "\(path): CSVLogger: its header does not begin with 'epoch'; it is not appended to")
    }
    return columns
  }

  /// The cells of a header that another program may have written: with a byte order mark, with `\r\n` at its end, with quotes.
  static func cells(_ line: String, separator: String) -> [String] {
    var text = Substring(line)
    if text.unicodeScalars.first == "\u{FEFF}" { text = Substring(text.unicodeScalars.dropFirst()) }
    while text.unicodeScalars.last == "\r" { text = Substring(text.unicodeScalars.dropLast()) }
    var cells: [String] = []
    var cell = "", isQuoted = false
    while !text.isEmpty {
      if text.hasPrefix("\"\"") && isQuoted {
        cell += "\""
        text = text.dropFirst(2)
      } else if text.first == "\"" {
        isQuoted.toggle()
        text = text.dropFirst()
      } else if !isQuoted && text.hasPrefix(separator) {
        cells.append(cell)
        cell = ""
        text = text.dropFirst(separator.count)
      } else {
        cell.append(text.removeFirst())
      }
    }
    return (cells + [cell]).map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// Cells that hold the separator, a quote or a line break are quoted.
  static func line(_ cells: [String], separator: String) -> String {
    cells.map { cell in
      let isPlain = !cell.contains(separator) && !cell.contains("\"") && !cell.contains("\n")
      return isPlain ? cell : "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }.joined(separator: separator) + "\n"
  }
}
