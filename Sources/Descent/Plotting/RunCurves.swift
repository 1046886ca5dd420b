import Foundation
import TensorCore

/// The numbers of a run's epochs under a name: what ``HistoryPicture`` draws.
public struct RunCurves: Sendable {
  /// What legends call the run.
  public let name: String
  /// Counted from 0.
  public let epochs: [Int]
  /// For each name, one number an epoch; NaN where there is none.
  public let values: [String: [Double]]

  /// The numbers that `fit` gave.
  /// - Parameters:
  ///   - history: what it returned.
  ///   - name: what legends call the run.
  public init(_ history: History, name: String = "") {
    self.name = name
    epochs = history.epochs
    values = history.values
  }

  /// The numbers in a file that ``CSVLogger``, ``History/writeCSV(to:)`` or `descent train` wrote.
  /// - Parameters:
  ///   - path: the file, or the folder of a run, with its `history.csv`.
  ///   - name: the path if nil.
  /// - Throws: ``DescentError`` of kind `file` if it is no such file.
  public init(_ path: String, name: String? = nil) throws {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = exists && isFolder.boolValue ? (path.hasSuffix("/") ? path : path + "/") + "history.csv" : path
    let text = String(decoding: try ByteSource(path: file).allBytes(), as: UTF8.self)
    let rows = text.split(whereSeparator: \.isNewline).map { CSVLogger.cells(String($0), separator: ",") }
    guard let head = rows.first, head.first == "epoch" else {
      throw DescentError(.file, "\(file): is no table of epochs: its header does not begin with 'epoch'")
    }
    var columns = [[Double]](repeating: [], count: head.count)
    for (line, row) in rows.dropFirst().enumerated() {
      guard row.count == head.count else {
        throw DescentError(.file, "\(file): line \(line + 2) has \(row.count) cells, and the header has \(head.count)")
      }
      for (place, cell) in row.enumerated() {
        guard let number = cell == "NA" || cell.isEmpty ? .nan : Double(cell) else {
          throw DescentError(.file, "\(file): line \(line + 2): '\(cell)' is no number")
        }
        columns[place].append(number)
      }
    }
    guard columns[0].allSatisfy({ $0 >= 0 && $0 < 0x1p53 }) else { throw DescentError(.file, "\(file): its epochs are no whole numbers") }
    self.name = name ?? path
    epochs = columns[0].map { Int($0) }
    values = Dictionary(zip(head, columns).dropFirst()) { $1 }
  }

  /// Names without `val_`: the loss first, the learning rate last.
  static func panels(_ runs: [RunCurves]) -> [String] {
    let names = Set(runs.flatMap(\.values.keys).map { $0.hasPrefix("val_") ? String($0.dropFirst(4)) : $0 })
    func rank(_ name: String) -> Int { name == "loss" ? 0 : name == "learning_rate" ? 2 : 1 }
    return names.sorted { (rank($0), $0) < (rank($1), $1) }
  }

  func points(_ name: String) -> [(x: Double, y: Double)] {
    zip(epochs, values[name] ?? []).map { (Double($0 + 1), $1) }
  }
}

extension History {
  /// The curves of all numbers over the epochs, as an SVG picture: a panel for each, training and validation in one.
  public var svg: String { HistoryPicture([RunCurves(self)]).svg }

  /// Writes ``svg`` to a file, replacing it.
  /// - Throws: ``DescentError`` of kind `file`, or if no epoch came to its end.
  public func plot(_ path: String) throws {
    if epochs.isEmpty { throw DescentError(.state, "plot: the history has no epochs") }
    try writeFile(path, text: svg)
  }
}
