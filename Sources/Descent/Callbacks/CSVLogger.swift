import Foundation
import TensorCore

/// Writes the numbers of each epoch to a file as soon as it ends: `epoch`, then the names in alphabetical order.
///
/// The names are those of the first epoch it sees, and with validation also their `val_` counterparts; a number that an epoch
/// lacks is written as `NA`. A header that is appended to has to have all names of this run. Folders on the way to the file are made. A file that
/// is replaced stays as it is until there is a first line to write, or training has ended without one: a run that cannot begin leaves it alone.
/// (Keras: `keras.callbacks.CSVLogger`; here the file is closed however training ends.)
public final class CSVLogger: Callback {
  /// The file; see the initializer.
  public let path: String
  /// What stands between numbers.
  public let separator: String
  /// Goes on in a file that is there, under its header.
  public let append: Bool

  private var file: FileHandle?
  private var names: [String] = []
  /// What the file is to hold before the next line; nil if it holds it.
  private var beginning: [UInt8]?
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
    guard !separator.isEmpty, !separator.contains(where: { $0 == "\"" || $0.isNewline }) else {
      throw DescentError(.invalidArgument, "CSVLogger: separator is \(separator.debugDescription); expected a text without quotes and line breaks")
    }
    (names, file, beginning) = ([], nil, nil)
    let existing = append ? try readHeader() : nil
    isFirstAppended = existing != nil
    if let existing {
      names = Array(existing.dropFirst())
      try open()
    } else {
      try checkWritable(path)
      beginning = []
    }
  }

  private func open() throws {
    do {
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      try handle.seekToEnd()
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
    if names.isEmpty && !isFirstAppended {
      names = expected
      try write(CSVLogger.line(["epoch"] + names, separator: separator))
    }
    if isFirstAppended, let lost = expected.first(where: { !names.contains($0) }) {
      let columns = names.isEmpty ? "no columns" : names.joined(separator: ", ")
      throw DescentError(.file, "\(path): CSVLogger: its header has no '\(lost)', which this run logs: \(columns); it is not appended to")
    }
    isFirstAppended = false
    let cells = names.map { logs[$0].map { "\($0)" } ?? "NA" }
    try write(CSVLogger.line([String(epoch)] + cells, separator: separator))
  }

  /// The file so far: lines that were written after the checkpoint will be written again.
  public override func state() throws -> CallbackState? {
    guard let bytes = try beginning ?? contents() else { return nil }
    if let text = String(validating: bytes, as: UTF8.self) { return CallbackState(JSONObject([("text", .string(text))])) }
    // What another program has begun may be in any encoding.
    return CallbackState(JSONObject(), tensors: [("bytes", Tensor(bytes))])
  }

  private func contents() throws -> [UInt8]? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let source = try ByteSource(path: path)
    return try source.bytes(at: 0, count: source.count)
  }

  public override func restore(_ state: CallbackState) throws {
    guard let bytes = state["text"]?.string.map({ Array($0.utf8) }) ?? state.tensor("bytes").map({ $0.scalars(as: UInt8.self) }) else { return }
    names = try header(bytes[...]).map { Array($0.dropFirst()) } ?? []
    beginning = bytes
  }

  public override func onTrainEnd(_ logs: Logs) throws {
    defer {
      try? file?.close()
      file = nil
    }
    if model?.hasFailed != true { try writeBeginning() }
    beginning = nil
  }

  /// Replaces the file by what it is to begin with, at once or not at all.
  private func writeBeginning() throws {
    guard let bytes = beginning else { return }
    try? file?.close()
    file = nil
    try writeFile(path) { try $0.write(bytes) }
    beginning = nil
    try open()
  }

  private func write(_ text: String) throws {
    try writeBeginning()
    do {
      guard let file else { return }
      // A file that somebody has edited may lack the end of its last line.
      let end = try file.offset()
      if end > 0 {
        try file.seek(toOffset: end - 1)
        if try file.read(upToCount: 1) != Data("\n".utf8) { try file.write(contentsOf: Data("\n".utf8)) }
      }
      try file.write(contentsOf: Data(text.utf8))
    } catch {
      throw DescentError(.file, "\(path): cannot be written: \(error.localizedDescription)")
    }
  }

  /// The columns of the file that is there, or nil if there is none.
  private func readHeader() throws -> [String]? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    return try header(Array(try handle.read(upToCount: CSVLogger.longestHeader) ?? Data())[...])
  }

  private static let longestHeader = 1 << 16

  /// The columns of a file that begins so.
  private func header(_ bytes: ArraySlice<UInt8>) throws -> [String]? {
    let longest = CSVLogger.longestHeader
    let start = bytes.prefix(longest)
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
