import Foundation
import TensorCore

/// The finished runs of a comparison, one a line, so that one that was killed goes on where it was.
///
/// The first line tells what is compared: a journal of another comparison is refused.
final class TrialJournal {
  private(set) var entries: [JSONValue] = []
  private let file: FileHandle?
  private let path: String
  private let before: Double
  private let clock: () -> Double
  private let start: Double

  /// - Parameters:
  ///   - path: nil for none: nothing is kept.
  ///   - clock: seconds since any time.
  /// - Throws: ``DescentError`` telling what differs if the file is of another comparison.
  init(_ path: String?, conditions: JSONValue, clock: @escaping () -> Double = monotonicSeconds) throws {
    self.path = path ?? ""
    (self.clock, start) = (clock, clock())
    guard let path else {
      (file, before) = (nil, 0)
      return
    }
    let text = FileManager.default.fileExists(atPath: path) ? String(decoding: try ByteSource(path: path).allBytes(), as: UTF8.self) : ""
    var lines = text.split(separator: "\n", omittingEmptySubsequences: true).map { try? JSONValue(parsing: String($0), name: path) }
    // A process that was killed in the midst of a line leaves half of it.
    if !text.hasSuffix("\n") { _ = lines.popLast() }
    guard !lines.contains(nil) else { throw DescentError(.file, "\(path): is no journal of a comparison: a line is not JSON") }
    let whole = lines.compactMap { $0 }
    if let first = whole.first {
      let differences = RunConditions.differences(from: first["conditions"], to: conditions)
      if first["kind"] != "comparison" || !differences.isEmpty {
        throw DescentError(
          .state, "\(path): holds another comparison, whose \(differences.joined(separator: "; ")); choose another folder")
      }
    }
    entries = Array(whole.dropFirst())
    before = entries.last?["elapsed"]?.double ?? 0
    // What is whole is written anew, then lines are added.
    let kept = whole.isEmpty ? [JSONValue.object(JSONObject([("kind", "comparison"), ("conditions", conditions)]))] : whole
    try writeFile(path, text: kept.map { $0.text() + "\n" }.joined())
    guard let handle = FileHandle(forWritingAtPath: path) else { throw fileError(path, "cannot be written") }
    try handle.seekToEnd()
    file = handle
  }

  deinit { try? file?.close() }

  /// Takes up what the journal of another process has, where this one keeps none.
  func adopt(_ entries: [JSONValue]) { self.entries = entries }

  /// Seconds spent, those of earlier processes among them.
  var elapsed: Double { before + clock() - start }

  func add(_ entry: JSONValue) throws {
    var members = entry.object ?? JSONObject()
    members["elapsed"] = JSONValue(elapsed)
    entries.append(.object(members))
    do {
      try file?.write(contentsOf: Data((JSONValue.object(members).text() + "\n").utf8))
    } catch {
      throw DescentError(.file, "\(path): cannot be written: \(error.localizedDescription)")
    }
  }

  func first(_ kind: String, where isWanted: (JSONValue) -> Bool = { _ in true }) -> JSONValue? {
    entries.first { $0["kind"]?.string == kind && isWanted($0) }
  }
}
